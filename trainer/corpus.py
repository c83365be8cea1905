"""Corpora: folders of recordings as memory-mapped 16-bit mono audio at the model's rate.

The first use decodes every file once, levels it and keeps the result in a cache folder; after that, opening is instant
and a random crop costs one page fault.
"""

import hashlib
import json
import os
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.hearing import heard
from engine.recording import open_recording
from trainer.listing import audio_files

LEAST_HELD_OUT = 4  # files: fewer say little of a corpus
HEADER_BYTES, BLOCK_FRAMES = 128, 1 << 18
LEVEL = 0.05  # RMS that every file is brought to, -26 dBFS
DECODING = 2  # counts the ways of `_decode`; what was decoded by an earlier one is decoded anew


@dataclass(frozen=True)
class Corpus:
    """One prior, or a part of one.

    Attributes:
        name: as it appears in the model card.
        licence: SPDX name or plain words.
        speakers: how many voices; 0 for noise or when unknown.
        weight: share of the draws, relative to the other corpora of its prior.
        sample_rate: of `samples`, Hz.
        samples: int16, mono, all files end to end; usually on disk.
        spans: first sample and end of every stretch that belongs to it, a file or part of one.
    """

    name: str
    licence: str
    speakers: int
    weight: float
    sample_rate: int
    samples: NDArray[np.int16]
    spans: tuple[tuple[int, int], ...]

    @cached_property
    def ends(self) -> list[int]:
        """Samples up to the end of every span, in the spans laid end to end."""
        return list(accumulate(end - start for start, end in self.spans))

    @property
    def hours(self) -> float:
        return self.ends[-1] / self.sample_rate / 3600

    def crop(self, rng: np.random.Generator, length: int) -> NDArray[np.float32]:
        """`length` samples from a random place on, over the ends of spans, wrapping at the last; full scale ±1."""
        at = int(rng.integers(self.ends[-1]))
        index, pieces = bisect_right(self.ends, at), []
        skip = at - (self.ends[index - 1] if index else 0)
        while length:
            start, end = self.spans[index % len(self.spans)]
            pieces.append(self.samples[start + skip : min(end, start + skip + length)])
            length, index, skip = length - len(pieces[-1]), index + 1, 0
        return np.concatenate(pieces).astype(np.float32) / np.float32(32768)

    def split(self, held_out: float) -> tuple["Corpus", "Corpus"]:
        """(training part, held-out part): about the share `held_out` of the files, chosen by place, is kept apart.

        Where there are too few files for that to be fair, the share is the end of every file.
        """
        every = max(2, round(1 / held_out))
        if len(self.spans) < LEAST_HELD_OUT * every:
            cuts = [end - round(held_out * (end - start)) for start, end in self.spans]
            kept = tuple((start, cut) for (start, _), cut in zip(self.spans, cuts, strict=True))
            return replace(self, spans=kept), replace(
                self, spans=tuple((cut, end) for (_, end), cut in zip(self.spans, cuts, strict=True))
            )
        kept = tuple(span for index, span in enumerate(self.spans) if index % every != every - 1)
        return replace(self, spans=kept), replace(self, spans=self.spans[every - 1 :: every])


def read_mono(path: Path, sample_rate: int) -> NDArray[np.float32]:
    """A whole file as mono float32 at `sample_rate`, as `engine.hearing` makes it.

    Raises:
        InputError: the file is unreadable.
    """
    recording = open_recording(path)
    pieces = heard(recording.blocks(BLOCK_FRAMES), recording.sample_rate, sample_rate)
    return np.concatenate((np.zeros(0, np.float32), *pieces))


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
    kept_as: str = "",
) -> Corpus:
    """The recordings below `folder`, decoded into `cache` on first use.

    Args:
        excluded: files to leave out, as `trainer.exclusions.read_exclusions` gives them.
        kept_as: names the files in the cache: what was once decoded by that name is opened whatever has become of the
            folder.  Without it, another content of the folder is decoded anew.

    Raises:
        FileNotFoundError: `folder` holds no audio, or none that is not excluded.
        InputError: `folder` or one of the files is unreadable.
    """
    key, files = kept_as, list[Path]()
    if not (key and (cache / f"{key}.json").exists()):
        found = audio_files(folder)
        files = [path for path in found if path not in excluded]
        if not files:
            raise FileNotFoundError(f"no audio files in {folder}{' but those excluded' if found else ''}")
        key = key or _fingerprint(folder.resolve(), files, sample_rate)
    index, audio = cache / f"{key}.json", cache / f"{key}.npy"
    if not index.exists():
        cache.mkdir(parents=True, exist_ok=True)
        _decode(files, sample_rate, audio, index)
    starts = json.loads(index.read_text())
    samples = np.load(audio, mmap_mode="r")
    return Corpus(name or folder.name, licence, speakers, weight, sample_rate, samples, tuple(pairwise(starts)))


def _fingerprint(top: Path, files: Sequence[Path], sample_rate: int) -> str:
    stats = [(path, path.stat()) for path in files]
    stamp = [(str(path.relative_to(top)), stat.st_size, stat.st_mtime_ns) for path, stat in stats]
    return hashlib.sha256(json.dumps([DECODING, str(top), sample_rate, stamp]).encode()).hexdigest()[:16]


def _decode(files: Sequence[Path], sample_rate: int, audio: Path, index: Path) -> None:
    """Write all files to `audio`, one at a time in memory, and last where each starts and the last ends to `index`."""
    starts, part = [0], audio.with_suffix(f".{os.getpid()}.part")
    with part.open("wb") as file:
        file.write(bytes(HEADER_BYTES))  # its length is known at the end only
        for path in files:
            piece = levelled(read_mono(path, sample_rate))
            file.write(piece.tobytes())
            starts.append(starts[-1] + len(piece))
        file.seek(0)
        header = {"descr": "<i2", "fortran_order": False, "shape": (starts[-1],)}
        np.lib.format.write_array_header_1_0(file, header)
    part.replace(audio)
    part.write_text(json.dumps(starts))
    part.replace(index)
