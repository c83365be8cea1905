"""Track files: they add up to the input, keep its format, and appear whole or not at all."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.errors import InputError, UsageError
from engine.model import load_model
from engine.recording import open_recording
from engine.report import SplitReport
from engine.separator import Separator
from engine.split import Separation, separate, split, split_arrays


@pytest.fixture(scope="module")
def separator(model_path: Path) -> Separator:
    return Separator(load_model(str(model_path)), "cpu", window=2)


def write(path: Path, subtype: str, rate: int = 16000, channels: int = 2, loudness: float = 0.1) -> Path:
    audio = np.random.default_rng(0).standard_normal((5 * rate, channels)) * loudness
    soundfile.write(path, np.clip(audio, -1, 1), rate, subtype)
    return path


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "PCM_32"])
@pytest.mark.parametrize("loudness", [0.1, 1.0])
def test_integer_tracks_add_up_exactly(separator: Separator, tmp_path: Path, subtype: str, loudness: float) -> None:
    source = write(tmp_path / "in.wav", subtype, loudness=loudness)
    result = split(Separation(open_recording(source), separator), tmp_path)
    parts = [soundfile.read(result.tracks[track], dtype="int32")[0].astype(np.int64) for track in ("speech", "noise")]
    assert np.array_equal(parts[0] + parts[1], soundfile.read(source, dtype="int32")[0])
    assert soundfile.info(result.tracks["speech"]).subtype == subtype
    assert result.null_dbfs == -300


def test_float_tracks_add_up(separator: Separator, tmp_path: Path) -> None:
    source = write(tmp_path / "in.wav", "FLOAT", 44100)
    result = split(Separation(open_recording(source), separator), tmp_path)
    parts = [soundfile.read(path)[0] for path in result.tracks.values()]
    assert np.abs(parts[0] + parts[1] - soundfile.read(source)[0]).max() <= 1e-6
    assert result.null_dbfs < -120


def test_speech_beyond_full_scale_still_adds_up() -> None:
    mixture = np.array([[1 - 2**-15], [-1.0], [0.5]], np.float32)
    part = split_arrays(0, mixture, np.array([[1.3], [1.2], [-1.4]], np.float32), "PCM_16")
    assert np.array_equal(part.speech + part.noise, mixture)
    for track in (part.speech, part.noise):
        assert track.min() >= -1 and track.max() <= 1 - 2**-15
        assert np.array_equal(track * 2**15, np.rint(track * 2**15))


def test_only_the_wanted_track(separator: Separator, tmp_path: Path) -> None:
    result = split(Separation(open_recording(write(tmp_path / "a.wav", "PCM_16")), separator), tmp_path, ["noise"])
    assert list(result.tracks) == ["noise"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.noise.wav", "a.wav"]
    with pytest.raises(UsageError, match="music"):
        split(Separation(open_recording(tmp_path / "a.wav"), separator), tmp_path, ["music"])


def test_failure_on_the_way_leaves_nothing(separator: Separator, tmp_path: Path) -> None:
    source = write(tmp_path / "in.wav", "FLOAT")
    audio, rate = soundfile.read(source)
    audio[-100] = np.nan
    soundfile.write(source, audio, rate, "FLOAT")
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(InputError):
        split(Separation(open_recording(source), separator), out)
    assert list(out.iterdir()) == []


def test_progress_moves_to_the_end(separator: Separator, tmp_path: Path) -> None:
    seen: list[tuple[float, float]] = []
    source = Separation(open_recording(write(tmp_path / "in.wav", "PCM_16")), separator)
    split(source, tmp_path, progress=lambda *at: seen.append(at))
    assert seen == [(2, 5), (4, 5), (5, 5)]


@pytest.mark.parametrize(("start", "stop"), [(0, 3), (2, 4), (3, 9), (8, 20)])
def test_a_stretch_is_what_it_is_within_the_whole(
    separator: Separator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: int, stop: int
) -> None:
    rate = 8000
    monkeypatch.setattr("engine.separator.multiplies_bfloat16", lambda device: False)  # whose rounding is larger
    audio = np.random.default_rng(0).standard_normal((20 * rate, 1)) * 0.1
    soundfile.write(tmp_path / "in.wav", audio, rate, "FLOAT")
    recording = open_recording(tmp_path / "in.wav")
    whole = np.concatenate([part.speech for part in separate(recording, separator, SplitReport())])
    parts = list(separate(recording, separator, SplitReport(), None, start * rate, stop * rate))
    assert parts[0].start == start * rate
    speech = np.concatenate([part.speech for part in parts])
    assert speech.shape == ((stop - start) * rate, 1)
    assert np.abs(speech - whole[start * rate : stop * rate]).max() < 1e-4
