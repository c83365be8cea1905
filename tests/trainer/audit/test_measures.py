"""What is measured of one file, against sounds of which it is known."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from numpy.typing import NDArray

from engine.errors import InputError
from tests.trainer.sounds import RATE, hiss, in_room, mixed, resampled, voice
from trainer.audit.measures import Measures, Traces, measure
from trainer.audit.spectra import BANDS, EDGES, SpectraMeter
from trainer.audit.voice import VoiceMeter

Measure = Callable[..., tuple[Measures, Traces]]


@pytest.fixture
def measured(tmp_path: Path) -> Measure:
    """Writes samples to a file and measures it."""

    def run(audio: NDArray, rate: int = RATE, suffix: str = "wav", subtype: str = "PCM_16") -> tuple[Measures, Traces]:
        path = tmp_path / f"x.{suffix}"
        sf.write(path, audio, rate, subtype)
        return measure(path)

    return run


def test_a_tone_lands_in_its_band_with_its_power_at_every_rate() -> None:
    for rate in (8000, 16000, 44100, 48000, 192000):
        meter = SpectraMeter(rate)
        tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(rate) / rate).astype(np.float32)
        for start in range(0, rate, 997):
            meter.add(tone[start : start + 997])
        seen = meter.result()
        assert len(seen.powers) == pytest.approx(61.5, abs=1.5)
        band = int(np.searchsorted(EDGES, 1000, "right")) - 1
        others = np.delete(np.arange(BANDS), [band - 1, band, band + 1])
        assert seen.powers.sum(1) == pytest.approx(0.125, rel=0.01)
        assert seen.powers[:, others].sum() < 1e-5 * seen.powers.sum()


def test_blocks_make_no_difference() -> None:
    audio = voice(3).astype(np.float32)
    one, many = SpectraMeter(RATE), SpectraMeter(RATE)
    one.add(audio)
    for start in range(0, len(audio), 1234):
        many.add(audio[start : start + 1234])
    assert np.allclose(one.result().powers, many.result().powers, rtol=1e-4, atol=1e-12)


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_where_speech_is_does_not_depend_on_blocks_or_rate(rate: int) -> None:
    silence = np.zeros(2 * RATE)
    audio = resampled(np.concatenate((silence, voice(6), silence)), rate).astype(np.float32)
    times = np.arange(0, 10, 0.1)
    one, many = VoiceMeter(rate), VoiceMeter(rate)
    one.add(audio)
    for start in range(0, len(audio), 997):
        many.add(audio[start : start + 997])
    found = one.result(times)
    assert np.mean((many.result(times) > 0.5) == (found > 0.5)) > 0.97
    speaking = times[found > 0.5]
    assert 1.8 < speaking.min() < 3 and 7 < speaking.max() < 8.6 and len(speaking) > 25


def test_levels_peak_and_offset(measured: Measure) -> None:
    time = np.arange(2 * RATE) / RATE
    found, _ = measured(0.5 * np.sin(2 * np.pi * 440 * time) + 0.1)
    assert found.seconds == 2
    assert found.level_dbfs == pytest.approx(10 * np.log10(0.125 + 0.01), abs=0.1)
    assert found.peak_dbfs == pytest.approx(20 * np.log10(0.6), abs=0.1)
    assert found.dc == pytest.approx(0.1, abs=1e-3)
    assert found.speech == 0 and found.snr_db is None and found.speech_dbfs is None


def test_speech_is_told_from_noise(measured: Measure) -> None:
    assert measured(voice(8))[0].speech > 0.8
    assert measured(mixed(voice(8), hiss(8), 15))[0].speech > 0.7
    assert measured(hiss(8))[0].speech < 0.02
    assert measured(0.3 * np.sin(2 * np.pi * 150 * np.arange(8 * RATE) / RATE))[0].speech < 0.02


@pytest.mark.parametrize("ratio", [10, 20, 30])
def test_the_ratio_of_known_mixtures(measured: Measure, ratio: int) -> None:
    found = [measured(mixed(voice(10, seed), hiss(10, seed), ratio))[0].snr_db for seed in range(3)]
    assert found == pytest.approx([ratio] * 3, abs=4)


@pytest.mark.parametrize("gain", [0.002, 0.03, 3])
def test_speech_is_found_at_any_level(measured: Measure, gain: float) -> None:
    assert measured(gain * voice(6), subtype="FLOAT")[0].speech == pytest.approx(measured(voice(6))[0].speech, abs=0.1)


def test_rooms_are_heard(measured: Measure) -> None:
    dry, room = measured(voice(10))[0], measured(in_room(voice(10), 0.8))[0]
    assert dry.decay_seconds is not None and dry.decay_seconds < 0.2
    assert room.decay_seconds is not None and 0.5 < room.decay_seconds < 1.2
    assert measured(mixed(in_room(voice(10), 0.8), hiss(10), 8))[0].decay_seconds is None


@pytest.mark.parametrize(("rate", "through"), [(16000, 8000), (48000, 8000), (44100, 11025), (48000, 16000)])
def test_what_was_upsampled_is_found_out(measured: Measure, rate: int, through: int) -> None:
    found, _ = measured(resampled(mixed(voice(5), hiss(5), 30), rate, through), rate)
    assert 0.9 * through / 2 < found.bandwidth_hz <= through / 2


def test_an_mp3_in_a_wav_is_found_out(measured: Measure, tmp_path: Path) -> None:
    wide = np.random.default_rng(0).standard_normal(5 * 48000) * 0.05
    assert measured(wide, 48000)[0].bandwidth_hz == 24000
    sf.write(tmp_path / "x.mp3", wide, 48000, bitrate_mode="CONSTANT", compression_level=0.7)
    lossy, rate = sf.read(tmp_path / "x.mp3")
    assert measured(lossy, rate)[0].bandwidth_hz < 21000


def test_clipping_is_found_at_any_level(measured: Measure) -> None:
    speech = voice(6)
    limit = np.quantile(np.abs(speech), 0.995)
    clipped = np.clip(speech, -limit, limit)
    for gain in (1, 0.1):
        assert 0.001 < measured(gain * clipped)[0].clipped < 0.01
    assert measured(clipped + 0.02)[0].clipped > 0.001
    assert measured(speech)[0].clipped < 0.0001


@pytest.mark.parametrize("hz", [30, 50, 100, 300, 1000])
@pytest.mark.parametrize("rate", [16000, 48000])
def test_round_tops_are_not_clipped(measured: Measure, hz: int, rate: int) -> None:
    assert measured(np.sin(2 * np.pi * hz * np.arange(2 * rate) / rate) * 0.9, rate)[0].clipped == 0


def test_channels_that_cancel(measured: Measure) -> None:
    speech = voice(3)
    both = measured(np.stack((speech, speech), 1))[0]
    assert both.cancelled_db == 0 and both.channels == 2
    assert measured(np.stack((speech, -0.9 * speech), 1))[0].cancelled_db > 20
    assert measured(np.stack((speech, -speech), 1), subtype="FLOAT")[0].cancelled_db == 99


def test_content_does_not_depend_on_the_container(measured: Measure) -> None:
    speech = np.round(32768 * voice(3)).astype(np.int16)
    one = measured(speech)[1]
    for suffix, subtype in (("flac", "PCM_16"), ("aiff", "PCM_16"), ("flac", "PCM_24")):
        assert measured(speech, suffix=suffix, subtype=subtype)[1].content == one.content
    assert measured(speech // 2)[1].content != one.content
    assert measured(speech, 8000)[1].content != one.content


@pytest.mark.parametrize("frames", [1, 2, 100, 511, 512, 513, 3000])
@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_very_short_files(measured: Measure, frames: int, rate: int) -> None:
    found, traces = measured(np.full(frames, 0.25), rate)
    assert found.peak_dbfs == pytest.approx(-12, abs=0.1) and found.speech == 0
    assert traces.fingerprint == b"" and traces.voice is None


@pytest.mark.parametrize("rate", [11, 100, 1000, 4000])
def test_strange_rates(measured: Measure, rate: int) -> None:
    found, _ = measured(0.1 * np.random.default_rng(0).standard_normal(5 * rate), rate)
    assert found.level_dbfs == pytest.approx(-20, abs=1.5)


def test_silence(measured: Measure) -> None:
    found, traces = measured(np.zeros(2 * RATE))
    assert found.level_dbfs == found.peak_dbfs == -np.inf
    assert found.silence == 1 and found.speech == 0 and traces.fingerprint == b""


def test_absurd_samples_are_an_error(measured: Measure) -> None:
    assert measured(32768 * voice(5), subtype="FLOAT")[0].speech > 0.7
    with pytest.raises(InputError, match="times full scale"):
        measured(np.full(RATE, 1e30), subtype="FLOAT")
