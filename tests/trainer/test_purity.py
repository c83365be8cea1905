"""Noisy files of clean speech are found, and what is noise in the others is known; each is measured once."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from tests.trainer.sounds import RATE, hiss, voice
from trainer.corpus import open_corpus
from trainer.purity import impure, ovrl, purified


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


def test_a_file_is_purified_once_and_stays_whole_where_a_moment_of_it_would_be_lost(tmp_path: Path) -> None:
    folder = tmp_path / "clean"
    folder.mkdir()
    for number in range(2):
        soundfile.write(folder / f"{number}.wav", voice(4, number), RATE)
    corpus, heard = open_corpus(folder, tmp_path), 0

    def enhance(audio: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
        nonlocal heard
        heard += 1
        return audio * np.float32(0.5 if heard == 1 else 0.1)

    (half, kept) = corpus.spans
    for _ in range(2):
        pure = purified(corpus, enhance, tmp_path, "a-model").pure
        assert pure is not None and heard == 2
        assert np.allclose(pure[slice(*half)], corpus.samples[slice(*half)] / 2, atol=1)
        assert np.array_equal(pure[slice(*kept)], corpus.samples[slice(*kept)])
