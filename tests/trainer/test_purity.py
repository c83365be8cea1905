"""Noisy files of clean speech are found, and each is measured once."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.trainer.sounds import RATE, hiss, voice
from trainer.purity import impure, purified


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


def test_copies_are_without_noise_but_keep_rumble_and_every_moment_of_speech(tmp_path: Path) -> None:
    folder, out = tmp_path / "clean", tmp_path / "pure"
    (folder / "a").mkdir(parents=True)
    speech, rumble = voice(4), 0.1 * np.sin(2 * np.pi * 30 * np.arange(4 * RATE) / RATE)
    whole = (speech + rumble + 0.1 * hiss(4)).astype(np.float32)
    for name in ("a/noisy", "a/taken", "excluded"):
        soundfile.write(folder / f"{name}.wav", whole, RATE)
    out.mkdir()
    soundfile.write(out / "stranger.wav", speech, RATE)
    answers = [speech.astype(np.float32), np.zeros_like(whole)]

    def fill() -> frozenset[Path]:
        excluded = frozenset({folder.resolve() / "excluded.wav"})
        return purified(folder, out, lambda audio, rate: answers.pop(0), RATE, excluded)

    assert {path.name for path in fill()} == {"stranger.wav"}
    assert not (out / "excluded.flac").exists()
    copy, same = (soundfile.read(out / "a" / f"{name}.flac")[0] for name in ("noisy", "taken"))
    middle = slice(RATE // 2, -RATE // 2)
    assert np.sqrt(np.mean((copy - speech - rumble)[middle] ** 2)) < 0.3 * np.sqrt(np.mean((0.1 * hiss(4)) ** 2))
    assert np.abs(same - whole).max() < 1e-4
    assert {path.name for path in fill()} == {"stranger.wav"}, "copies that are there are not made again"
