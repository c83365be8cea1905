"""Corpora: decoding once, drawing crops, holding files out."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from trainer.corpus import LEVEL, Corpus, levelled, open_corpus


def test_a_folder_is_decoded_to_one_rate_and_level(priors: tuple[list[Corpus], list[Corpus]]) -> None:
    noise = priors[1][0]
    assert noise.name == "noise" and len(noise.starts) == 4
    assert noise.hours * 3600 == pytest.approx(6, abs=0.01)
    for begin, end in zip(noise.starts, noise.starts[1:], strict=False):
        assert np.std(noise.samples[begin:end] / 32768) == pytest.approx(LEVEL, rel=0.02)


def test_the_cache_is_used_until_a_file_changes(folder: Path) -> None:
    cache = folder / "cache"
    open_corpus(folder / "clean", cache)
    made = {path: path.stat().st_mtime_ns for path in cache.iterdir()}
    open_corpus(folder / "clean", cache)
    assert {path: path.stat().st_mtime_ns for path in cache.iterdir()} == made
    os.utime(folder / "clean" / "0.wav", (1, 1))
    open_corpus(folder / "clean", cache)
    assert len(list(cache.iterdir())) == 2 * len(made)


def test_crops_have_the_length_asked_for(priors: tuple[list[Corpus], list[Corpus]]) -> None:
    corpus = priors[0][0]
    rng = np.random.default_rng(0)
    for length in (1, 16000, 3 * len(corpus.samples)):
        assert corpus.crop(rng, length).shape == (length,)


def test_held_out_files_are_not_trained_on(priors: tuple[list[Corpus], list[Corpus]]) -> None:
    short = priors[1][0]
    corpus = replace(short, samples=np.tile(short.samples, 4), starts=tuple(range(0, 4 * 96000 + 1, 32000)))
    training, held_out = corpus.split(0.5)
    assert len(training.samples) == len(held_out.samples) == len(corpus.samples) // 2
    assert np.array_equal(held_out.samples[:32000], corpus.samples[32000:64000])


def test_of_a_few_files_the_ends_are_held_out(priors: tuple[list[Corpus], list[Corpus]]) -> None:
    corpus = priors[1][0]
    training, held_out = corpus.split(0.25)
    assert training.starts == (0, 24000, 48000, 72000) and held_out.starts == (0, 8000, 16000, 24000)
    assert np.array_equal(held_out.samples[:8000], corpus.samples[24000:32000])


def test_silence_stays_silent() -> None:
    assert not levelled(np.zeros(100, np.float32)).any()
    assert levelled(np.zeros(0, np.float32)).shape == (0,)


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no audio"):
        open_corpus(tmp_path, tmp_path / "cache")
