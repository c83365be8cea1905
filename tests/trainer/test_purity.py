"""Noisy files of clean speech are found, and each is measured once."""

from pathlib import Path

import pytest
import soundfile

from tests.trainer.sounds import RATE, hiss, voice
from trainer.purity import impure


def test_noisy_and_short_files_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, memory = tmp_path / "clean", tmp_path / "cache" / "purity.json"
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
