"""Two small corpora, made on the spot."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from trainer.corpus import Corpus, open_corpus


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Folders `clean` (bursts of tones) and `noise` (hiss), three files each, at two rates."""
    rng = np.random.default_rng(0)
    for name in ("clean", "noise"):
        (tmp_path / name).mkdir()
        for number, rate in enumerate((16000, 16000, 48000)):
            time = np.arange(2 * rate) / rate
            tone = np.sin(2 * np.pi * 300 * (number + 1) * time) * (np.sin(2 * np.pi * 2 * time) > 0)
            audio = 0.1 * (tone if name == "clean" else rng.standard_normal(len(time)))
            soundfile.write(tmp_path / name / f"{number}.wav", audio, rate)
    return tmp_path


@pytest.fixture
def priors(folder: Path) -> tuple[list[Corpus], list[Corpus]]:
    """(clean, noise), as the mixer wants them."""
    clean, noise = (open_corpus(folder / name, folder / "cache") for name in ("clean", "noise"))
    return [clean], [noise]
