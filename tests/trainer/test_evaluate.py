"""Folders of recordings are paired, read and scored in order; what does not fit is told in one line."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.errors import InputError
from trainer import evaluate
from trainer.evaluate import Audio, evaluate_folder

RATE = 16000


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """(noisy, clean) with a stereo WAV and a FLAC each; scores are stand-ins, so that only the pairing is tested."""
    rng = np.random.default_rng(0)
    for folder, noise in (("noisy", 0.1), ("clean", 0.0)):
        (tmp_path / folder).mkdir()
        soundfile.write(
            tmp_path / folder / "b.wav", noise * rng.standard_normal((800, 2)) + [0.25, 0.75], RATE, "FLOAT"
        )
        soundfile.write(tmp_path / folder / "a.flac", noise * rng.standard_normal(400) + 0.25, RATE)
    (tmp_path / "noisy" / "notes.txt").touch()
    monkeypatch.setattr(evaluate, "dnsmos", lambda audio, rate: {"OVRL": float(audio.mean())})
    monkeypatch.setattr(
        evaluate, "paired_scores", lambda audio, reference, rate: {"STOI": float(np.abs(audio - reference).max())}
    )
    return tmp_path / "noisy", tmp_path / "clean"


def constant(audio: Audio, rate: int) -> Audio:
    """An "enhancer" that knows the clean recordings."""
    assert rate == RATE and audio.dtype == np.float32
    return np.full_like(audio, {800: 0.5, 400: 0.25}[len(audio)])


def test_every_file_is_scored_against_its_namesake_in_order(folders: tuple[Path, Path]):
    seen: list[tuple[int, int]] = []
    scores = evaluate_folder(constant, *folders, report=lambda done, total: seen.append((done, total)))
    assert list(scores.output) == list(scores.input) == ["a.flac", "b.wav"]
    assert scores.output["b.wav"] == {"STOI": pytest.approx(0, abs=1e-4), "OVRL": 0.5}
    assert all(row["STOI"] > 0.1 for row in scores.input.values())
    assert scores.output_mean["OVRL"] == pytest.approx(0.375)
    assert seen == [(0, 2), (1, 2), (2, 2)]
    assert scores.table().splitlines()[0] == "|  | STOI | OVRL |"
    assert scores.table().splitlines()[-1] == "| output | 0.000 | 0.38 |"


def test_without_references_there_is_only_dnsmos(folders: tuple[Path, Path]):
    assert list(evaluate_folder(constant, folders[0]).output["a.flac"]) == ["OVRL"]


def test_what_does_not_fit_is_told_in_one_line(folders: tuple[Path, Path], tmp_path: Path):
    noisy, clean = folders
    with pytest.raises(InputError, match="no audio files"):
        evaluate_folder(constant, tmp_path)
    with pytest.raises(InputError, match=r"2 of 2 references, the first is a\.flac"):
        evaluate_folder(constant, noisy, tmp_path)
    soundfile.write(clean / "a.flac", np.zeros(399), RATE)
    with pytest.raises(InputError, match=r"a\.flac has 400 samples at 16000 Hz, its reference 399"):
        evaluate_folder(constant, noisy, clean)
    (clean / "a.flac").write_bytes(b"")
    with pytest.raises(InputError, match=r"a\.flac is empty") as error:
        evaluate_folder(constant, noisy, clean)
    assert "\n" not in str(error.value)
