"""Mixing down to a file: unchanged at unity, loudness and peaks as asked for."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from engine.delivery import Delivery
from engine.errors import UsageError
from engine.mixdown import MixdownResult, Output, mixdown
from engine.model import load_model
from engine.recording import open_recording
from engine.remix import Remix
from engine.separator import Separator
from engine.split import Separation, split


@pytest.fixture(scope="module")
def separator(model_path: Path) -> Separator:
    return Separator(load_model(str(model_path)), "cpu", window=4)


def mixed(
    path: Path, separator: Separator, remix: Remix, output: Path, delivery: Delivery | None = None
) -> MixdownResult:
    """One file, mixed down to one."""
    source = Separation(open_recording(path), separator)
    return mixdown(source, [Output(output, remix, delivery or Delivery())])[0]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    audio = 0.05 * rng.standard_normal((8 * 16000, 2)) * (1 + np.sin(np.arange(8 * 16000) / 4000))[:, None]
    soundfile.write(tmp_path / "in.wav", audio, 16000, "PCM_16")
    return tmp_path / "in.wav"


@pytest.mark.parametrize("suffix", ["wav", "flac"])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_unity_keeps_every_sample(
    separator: Separator, source: Path, tmp_path: Path, suffix: str, subtype: str
) -> None:
    audio, rate = soundfile.read(source)
    soundfile.write(tmp_path / "a.wav", np.clip(audio * 19, -1, 1), rate, subtype)  # loud, and partly clipped
    out = tmp_path / f"out.{suffix}"
    result = mixed(tmp_path / "a.wav", separator, Remix(), out)
    assert np.array_equal(soundfile.read(out, dtype="int32")[0], soundfile.read(tmp_path / "a.wav", dtype="int32")[0])
    assert result.clipped == 0 and result.loudness == pytest.approx(result.loudness_before)


def test_silenced_noise_is_the_speech_track(separator: Separator, source: Path, tmp_path: Path) -> None:
    mixed(source, separator, Remix(noise_db=-math.inf), tmp_path / "out.wav")
    speech = split(Separation(open_recording(source), separator), tmp_path).tracks["speech"]
    assert np.array_equal(soundfile.read(tmp_path / "out.wav")[0], soundfile.read(speech)[0])


def test_loudness_and_ceiling_are_met(separator: Separator, source: Path, tmp_path: Path) -> None:
    result = mixed(source, separator, Remix(noise_db=-6), tmp_path / "out.wav", Delivery(-20, -2))
    assert result.loudness == pytest.approx(-20, abs=0.5)
    assert result.true_peak <= -1.9
    assert soundfile.info(tmp_path / "out.wav").frames == 8 * 16000
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["in.wav", "out.wav"]


def test_silence_stays_silence(separator: Separator, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "in.wav", np.zeros((20000, 1)), 16000)
    result = mixed(tmp_path / "in.wav", separator, Remix(), tmp_path / "out.wav", Delivery(-16))
    assert result.loudness == -math.inf and not soundfile.read(tmp_path / "out.wav")[0].any()


def test_many_outputs_in_one_pass_are_what_each_is_alone(separator: Separator, source: Path, tmp_path: Path) -> None:
    wanted = [(Remix(noise_db=-9), Delivery(-20)), (Remix(speech_db=-math.inf), Delivery()), (Remix(), Delivery(-23))]
    outputs = [Output(tmp_path / f"{number}.wav", *each) for number, each in enumerate(wanted)]
    together = mixdown(Separation(open_recording(source), separator), outputs)
    for output, result in zip(outputs, together, strict=True):
        one = mixed(source, separator, output.remix, tmp_path / "one.wav", output.delivery)
        assert one.output.read_bytes() == result.output.read_bytes()
        assert (one.loudness, one.true_peak) == (result.loudness, result.true_peak)


def test_progress_counts_the_passes(separator: Separator, source: Path, tmp_path: Path) -> None:
    seen: list[tuple[float, float]] = []
    outputs = [Output(tmp_path / "a.wav", Remix(), Delivery(-20)), Output(tmp_path / "b.wav", Remix())]
    mixdown(Separation(open_recording(source), separator), outputs, lambda *at: seen.append(at))
    assert seen == [(4, 16), (8, 16), (12, 16), (16, 16)]


@pytest.mark.parametrize("delivery", [{"loudness": 3}, {"loudness": math.nan}, {"true_peak": 1}, {"true_peak": -99}])
def test_impossible_deliveries_are_refused(delivery: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Delivery(**delivery)
