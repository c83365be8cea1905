"""Noisy files of clean speech are found, and each is measured once."""

from pathlib import Path

import pytest
import soundfile

from tests.trainer.sounds import RATE, hiss, voice
from trainer.purity import impure, ovrl


def test_noisy_and_short_files_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, memory = tmp_path / "clean", tmp_path / "cache"
    folder.mkdir()
    sounds = {
        "pure": voice(8),
        "noisy": voice(8, 1) + 0.05 * hiss(8),
        "good short": voice(0.4),
        "bad short": voice(0.4),
    }
    for name, sound in sounds.items():
        soundfile.write(folder / f"{name}.wav", sound, RATE)

    found = impure(folder, 30.0, ["good*"], memory)
    assert {path.stem for path in found} == {"noisy", "bad short"}

    monkeypatch.setattr("trainer.purity.measure", lambda path: pytest.fail(f"{path} was measured again"))
    assert impure(folder, 30.0, ["good*"], memory) == found
    assert impure(folder, 0.0, ["*"], memory) == frozenset()
    monkeypatch.chdir(tmp_path)
    assert impure(Path("clean"), 30.0, ["good*"], memory) == found, "a relative folder is the same folder"


def test_of_pure_files_those_with_a_poor_voice_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("speechmos")
    folder, memory = tmp_path / "clean", tmp_path / "cache"
    folder.mkdir()
    for name, sound in {"pure": voice(8), "noisy": voice(8, 1) + 0.05 * hiss(8), "short": voice(0.4)}.items():
        soundfile.write(folder / f"{name}.wav", sound, RATE)
    score = ovrl(folder / "pure.wav")
    assert 1 < score < 5

    def left_out(least_ovrl: float) -> set[str]:
        return {path.stem for path in impure(folder, 30.0, ["*"], memory, least_ovrl)}

    assert left_out(score - 0.01) == {"noisy"} and left_out(score + 0.01) == {"noisy", "pure"}
    monkeypatch.setattr("trainer.purity.dnsmos", lambda audio, rate: pytest.fail("scored again"))
    assert left_out(score - 0.01) == {"noisy"}
