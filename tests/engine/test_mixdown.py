"""Mixing down to a file: unchanged at unity, loudness and peaks as asked for."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from engine.errors import UsageError
from engine.delivery import Delivery
from engine.mixdown import mixdown
from engine.model import load_model
from engine.recording import open_recording
from engine.remix import Remix
from engine.separator import Separator
from engine.split import split


@pytest.fixture(scope="module")
def separator(model_path: Path) -> Separator:
    return Separator(load_model(str(model_path)), "cpu", window=4)


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
    result = mixdown(open_recording(tmp_path / "a.wav"), separator, Remix(), out)
    assert np.array_equal(soundfile.read(out, dtype="int32")[0], soundfile.read(tmp_path / "a.wav", dtype="int32")[0])
    assert result.clipped == 0 and result.loudness == pytest.approx(result.loudness_before)


def test_silenced_noise_is_the_speech_track(separator: Separator, source: Path, tmp_path: Path) -> None:
    recording = open_recording(source)
    mixdown(recording, separator, Remix(noise_db=-math.inf), tmp_path / "out.wav")
    speech = split(recording, separator, tmp_path).tracks["speech"]
    assert np.array_equal(soundfile.read(tmp_path / "out.wav")[0], soundfile.read(speech)[0])


def test_loudness_and_ceiling_are_met(separator: Separator, source: Path, tmp_path: Path) -> None:
    result = mixdown(open_recording(source), separator, Remix(noise_db=-6), tmp_path / "out.wav", Delivery(-20, -2))
    assert result.loudness == pytest.approx(-20, abs=0.5)
    assert result.true_peak <= -1.9
    assert soundfile.info(tmp_path / "out.wav").frames == 8 * 16000
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["in.wav", "out.wav"]


def test_silence_stays_silence(separator: Separator, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "in.wav", np.zeros((20000, 1)), 16000)
    result = mixdown(open_recording(tmp_path / "in.wav"), separator, Remix(), tmp_path / "out.wav", Delivery(-16))
    assert result.loudness == -math.inf and not soundfile.read(tmp_path / "out.wav")[0].any()


@pytest.mark.parametrize("delivery", [{"loudness": 3}, {"loudness": math.nan}, {"true_peak": 1}, {"true_peak": -99}])
def test_impossible_deliveries_are_refused(delivery: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Delivery(**delivery)
