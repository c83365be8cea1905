"""Copies are found whatever their level and format; other recordings are not taken for copies."""

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from tests.trainer.sounds import RATE, hiss, resampled, voice
from trainer.audit.copies import difference, groups_of_copies
from trainer.audit.measures import measure


@pytest.mark.parametrize(
    ("suffix", "subtype", "rate", "gain"),
    [
        ("wav", "PCM_16", 16000, 0.1),
        ("wav", "PCM_16", 8000, 1),
        ("flac", "PCM_24", 48000, 1),
        ("wav", "ULAW", 16000, 0.5),
        ("mp3", None, 44100, 0.7),
        ("ogg", "VORBIS", 16000, 1),
    ],
)
def test_a_copy_in_another_format(tmp_path: Path, suffix: str, subtype: str | None, rate: int, gain: float) -> None:
    audio = voice(5)
    sf.write(tmp_path / "x.wav", audio, RATE)
    copy = tmp_path / f"copy.{suffix}"
    sf.write(copy, gain * resampled(audio, rate), rate, subtype)
    (one, traces), (other, copied) = measure(tmp_path / "x.wav"), measure(copy)
    assert difference(traces.fingerprint, copied.fingerprint) < 0.15
    prints, seconds = [traces.fingerprint, b"", copied.fingerprint], [one.seconds, 5.0, other.seconds]
    assert groups_of_copies(prints, seconds) == [[0, 2]]


def test_other_recordings_are_no_copies(tmp_path: Path) -> None:
    prints: list[bytes] = []
    for seed in range(12):
        sf.write(tmp_path / "x.wav", voice(5, seed) if seed % 2 else hiss(5, seed), RATE)
        prints.append(measure(tmp_path / "x.wav")[1].fingerprint)
    nearest = min(difference(a, b) for index, a in enumerate(prints) for b in prints[:index])
    assert nearest > 0.25
    assert groups_of_copies(prints, [5.0] * len(prints)) == []


def test_copies_of_copies_are_one_group_and_durations_count() -> None:
    prints = [np.random.default_rng(seed).bytes(56) for seed in (0, 1, 0, 1, 0)]
    assert groups_of_copies(prints, [3.0, 9.0, 3.1, 9.0, 3.05]) == [[0, 2, 4], [1, 3]]
    assert groups_of_copies(prints, [3.0, 9.0, 6.0, 12.0, 1.0]) == []
    assert groups_of_copies([], []) == [] and groups_of_copies([b""], [1.0]) == []


def test_many_files_take_little_time() -> None:
    prints = [np.random.default_rng(seed).bytes(56) for seed in range(5000)] + [np.random.default_rng(7).bytes(56)]
    assert groups_of_copies(prints, [10.0] * len(prints)) == [[7, 5000]]


def test_difference_of_nothing() -> None:
    assert difference(b"", b"x") == 1
    assert difference(b"\x00", b"\x01") == 1 / 8
