"""Corpora: decoding once, drawing crops, holding files out."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from trainer.corpus import LEVEL, Corpus, levelled, open_corpus, read_mono


def test_a_folder_is_decoded_to_one_rate_and_level(priors: tuple[list[Corpus], list[Corpus]]) -> None:
    noise = priors[1][0]
    assert noise.name == "noise" and len(noise.spans) == 3
    assert noise.hours * 3600 == pytest.approx(6, abs=0.01)
    for begin, end in noise.spans:
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


def test_what_a_training_began_with_stays_whatever_becomes_of_the_folder(folder: Path) -> None:
    cache = folder / "cache"
    first = open_corpus(folder / "clean", cache, kept_as="clean")
    samples = np.array(first.samples)
    shutil.rmtree(folder / "clean")
    again = open_corpus(folder / "clean", cache, kept_as="clean")
    assert again.spans == first.spans and np.array_equal(again.samples, samples)


def test_crops_have_the_length_asked_for(priors: tuple[list[Corpus], list[Corpus]]) -> None:
    corpus = priors[0][0]
    rng = np.random.default_rng(0)
    for length in (1, 16000, 3 * len(corpus.samples)):
        assert corpus.crop(rng, length).shape == (length,)


def test_crops_run_over_the_ends_of_spans_and_wrap() -> None:
    spans = ((2, 5), (5, 5), (7, 9))
    corpus = Corpus("", "", 0, 1.0, 16000, np.arange(10, dtype=np.int16), spans)
    laid = [2, 3, 4, 7, 8]
    for seed in range(20):
        at = int(np.random.default_rng(seed).integers(5))
        found = 32768 * corpus.crop(np.random.default_rng(seed), 12)
        assert found.tolist() == [laid[(at + index) % 5] for index in range(12)]


def test_held_out_files_are_not_trained_on(priors: tuple[list[Corpus], list[Corpus]]) -> None:
    corpus = replace(priors[1][0], spans=tuple((1000 * n, 1000 * n + 900) for n in range(12)))
    training, held_out = corpus.split(0.5)
    assert held_out.spans == corpus.spans[1::2] and training.spans == corpus.spans[::2]
    assert training.hours == held_out.hours == pytest.approx(corpus.hours / 2)


def test_of_a_few_files_the_ends_are_held_out(priors: tuple[list[Corpus], list[Corpus]]) -> None:
    training, held_out = priors[1][0].split(0.25)
    assert training.spans == ((0, 24000), (32000, 56000), (64000, 88000))
    assert held_out.spans == ((24000, 32000), (56000, 64000), (88000, 96000))


def test_a_recording_is_read_up_to_the_top_of_the_models_band(tmp_path: Path) -> None:
    time = np.arange(96000) / 48000
    tone = 0.5 * np.sin(2 * np.pi * 7900 * time)
    soundfile.write(tmp_path / "tone.wav", np.stack((tone, tone), 1), 48000, "FLOAT")
    mono = read_mono(tmp_path / "tone.wav", 16000)
    assert len(mono) == 32000
    assert np.std(mono[4000:-4000]) == pytest.approx(0.5 / np.sqrt(2), rel=0.01)


def test_silence_stays_silent() -> None:
    assert not levelled(np.zeros(100, np.float32)).any()
    assert levelled(np.zeros(0, np.float32)).shape == (0,)


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no audio"):
        open_corpus(tmp_path, tmp_path / "cache")
