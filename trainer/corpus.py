"""Corpora: folders of recordings as memory-mapped 16-bit mono audio at the model's rate.

The first use decodes every file once, levels it and keeps the result in a cache folder; after that, opening is instant
and a random crop costs one page fault.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from engine.recording import open_recording
from trainer.listing import audio_files

LEAST_HELD_OUT = 4  # files: fewer say little of a corpus
LEVEL = 0.05  # RMS that every file is brought to, -26 dBFS


@dataclass(frozen=True)
class Corpus:
    """One prior, or a part of one.

    Attributes:
        name: as it appears in the model card.
        licence: SPDX name or plain words.
        speakers: how many voices; 0 for noise or when unknown.
        weight: share of the draws, relative to the other corpora of its prior.
        sample_rate: of `samples`, Hz.
        samples: int16, mono, all files end to end.
        starts: first sample of each file, and the total length at the end.
    """

    name: str
    licence: str
    speakers: int
    weight: float
    sample_rate: int
    samples: NDArray[np.int16]
    starts: tuple[int, ...]

    @property
    def hours(self) -> float:
        return len(self.samples) / self.sample_rate / 3600

    def crop(self, rng: np.random.Generator, length: int) -> NDArray[np.float32]:
        """`length` samples from a random place (running over file ends, wrapping at the last), full scale ±1."""
        start = int(rng.integers(len(self.samples)))
        piece = self.samples[start : start + length]
        while len(piece) < length:
            piece = np.concatenate((piece, self.samples[: length - len(piece)]))
        return piece.astype(np.float32) / np.float32(32768)

    def split(self, held_out: float) -> tuple["Corpus", "Corpus"]:
        """(training part, held-out part): about the share `held_out` of the files, chosen by place, is kept apart.

        Where there are too few files for that to be fair, the share is the end of every file.
        """
        every = max(2, round(1 / held_out))
        files = list(pairwise(self.starts))
        if len(files) < LEAST_HELD_OUT * every:
            cuts = [end - round(held_out * (end - start)) for start, end in files]
            kept = [(start, cut) for (start, _), cut in zip(files, cuts, strict=True)]
            return self._take(kept), self._take([(cut, end) for (_, end), cut in zip(files, cuts, strict=True)])
        kept = [span for index, span in enumerate(files) if index % every != every - 1]
        return self._take(kept), self._take(files[every - 1 :: every])

    def _take(self, spans: Sequence[tuple[int, int]]) -> "Corpus":
        pieces = [self.samples[start:end] for start, end in spans]
        starts = tuple(np.cumsum([0, *map(len, pieces)]).tolist())
        samples = np.concatenate(pieces) if pieces else self.samples[:0]
        return Corpus(self.name, self.licence, self.speakers, self.weight, self.sample_rate, samples, starts)


def read_mono(path: Path, sample_rate: int) -> NDArray[np.float32]:
    """A whole file as mono float32 at `sample_rate`, all channels averaged.

    Raises:
        InputError: the file is unreadable.
    """
    recording = open_recording(path)
    audio = recording.read(0, recording.frames).mean(axis=1, dtype=np.float32)
    return soxr.resample(audio, recording.sample_rate, sample_rate)


def levelled(audio: NDArray[np.float32]) -> NDArray[np.int16]:
    """Audio brought to `LEVEL`, or as near as its peak allows, as int16."""
    rms = float(np.sqrt(np.mean(np.square(audio)))) if len(audio) else 0.0
    peak = float(np.abs(audio).max(initial=0.0))
    gain = min(LEVEL / rms, 0.99 / peak) if rms > 1e-5 else 0.0
    return np.rint(audio * gain * 32767).astype(np.int16)


def open_corpus(
    folder: Path,
    cache: Path,
    sample_rate: int = 16000,
    *,
    name: str = "",
    licence: str = "not stated",
    speakers: int = 0,
    weight: float = 1.0,
    excluded: frozenset[Path] = frozenset(),
) -> Corpus:
    """The recordings below `folder`, decoded into `cache` on first use.

    Args:
        excluded: files to leave out, as `trainer.exclusions.read_exclusions` gives them.

    Raises:
        FileNotFoundError: `folder` holds no audio, or none that is not excluded.
        InputError: `folder` or one of the files is unreadable.
    """
    found = audio_files(folder)
    files = [path for path in found if path not in excluded]
    if not files:
        raise FileNotFoundError(f"no audio files in {folder}{' but those excluded' if found else ''}")
    top = folder.resolve()
    stats = [(path, path.stat()) for path in files]
    stamp = [(str(path.relative_to(top)), stat.st_size, stat.st_mtime_ns) for path, stat in stats]
    key = hashlib.sha256(json.dumps([str(top), sample_rate, stamp]).encode()).hexdigest()[:16]
    audio, index = cache / f"{key}.npy", cache / f"{key}.json"
    if not index.exists():
        cache.mkdir(parents=True, exist_ok=True)
        pieces = [levelled(read_mono(path, sample_rate)) for path in files]
        part = audio.with_suffix(f".{os.getpid()}.npy")
        np.save(part, np.concatenate(pieces))
        part.replace(audio)
        index.write_text(json.dumps(np.cumsum([0, *map(len, pieces)]).tolist()))
    starts = tuple(json.loads(index.read_text()))
    return Corpus(name or folder.name, licence, speakers, weight, sample_rate, np.load(audio, mmap_mode="r"), starts)
