"""The picture of a whole recording on disk: columns of bytes, each level a quarter as many, read while it is written.

A folder holds, for each level, `levels.N` (columns one after the other, each of `Grid.rows` bytes) and `waveform.N`
(two int16 per column: the highest sample of all channels, and the lowest with its sign turned, so that both are pooled
as peaks). The length of a file says how many columns are there; `meta.json` says of what, and when they are complete.
"""

import json
import math
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from app.picture.spectrum import Grid, waveform_steps

VERSION = 1
POOL = 4  # columns of one level in a column of the next
TOP_COLUMNS = 1024  # the highest level has no more than this
BATCH = 64  # columns computed at once, always the same: an FFT's last bit depends on how many are done together


def level_count(columns: int) -> int:
    """Levels of a pyramid with `columns` columns at the bottom."""
    levels = 1
    while columns > TOP_COLUMNS:
        columns, levels = -(-columns // POOL), levels + 1
    return levels


class PyramidWriter:
    """Writes the pyramid of a recording of `frames` samples per channel as its blocks come, into a folder of its own.

    Same samples, same bytes, however they are cut into blocks. An older pyramid in the folder is replaced.
    Raises OSError where the folder cannot be written.
    """

    def __init__(self, folder: Path, sample_rate: int, frames: int) -> None:
        self._folder, self._frames = folder, frames
        self._grid = Grid(sample_rate)
        self._columns = -(-frames // self._grid.hop)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "meta.json").unlink(missing_ok=True)
        self._files: list[tuple[BinaryIO, BinaryIO]] = []
        for level in range(level_count(self._columns)):
            names = (folder / f"levels.{level}", folder / f"waveform.{level}")
            self._files.append((names[0].open("wb"), names[1].open("wb")))
        self._pending = [
            (np.empty((0, self._grid.rows), np.uint8), np.empty((0, 2), np.int16)) for _ in self._files[1:]
        ]
        self._write_meta(complete=False)
        # The samples of one batch (channels, samples), made when the channels are known.
        self._held = np.empty((0, (BATCH - 1) * self._grid.hop + self._grid.size), np.float32)
        self._lead = (self._grid.size - self._grid.hop) // 2  # samples of a column's window before the column
        self._filled = self._lead  # the first window begins that much before the recording
        self._added = self._done = 0

    def __enter__(self) -> "PyramidWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def add(self, block: NDArray[np.floating]) -> None:
        """Add the next samples, shape (any number, channels), full scale ±1. Raises ValueError for too many."""
        if self._added + len(block) > self._frames:
            raise ValueError(f"{self._added + len(block)} samples for a picture of {self._frames}")
        self._added += len(block)
        if not len(self._held):
            self._held = np.zeros((block.shape[1], self._held.shape[1]), np.float32)
        self._fill(block)

    def close(self) -> None:
        """Close the files; once all samples were added, the last columns are written and the pyramid is complete."""
        if not self._files:
            return
        try:
            if self._added == self._frames:
                while self._done < self._columns:
                    self._fill(np.zeros((self._held.shape[1] - self._filled, 1), np.float32))
                for level, (columns, waveform) in enumerate(self._pending, 1):
                    if len(columns):
                        self._append(level, columns.max(axis=0)[None], waveform.max(axis=0)[None])
                self._write_meta(complete=True)
        finally:
            for file in (file for pair in self._files for file in pair):
                file.close()
            self._files = []

    def _fill(self, block: NDArray[np.floating]) -> None:
        while len(block):
            part = block[: self._held.shape[1] - self._filled]
            block = block[len(part) :]
            self._held[:, self._filled : self._filled + len(part)] = part.T
            self._filled += len(part)
            if self._filled == self._held.shape[1]:
                self._write_batch()

    def _write_batch(self) -> None:
        """Turn the held samples into columns, and keep those that the next batch needs too."""
        hop, used = self._grid.hop, BATCH * self._grid.hop
        columns = self._grid.levels(sliding_window_view(self._held, self._grid.size, axis=1)[:, :used:hop])
        samples = self._held[:, self._lead : self._lead + used].reshape(-1, BATCH, hop)
        waveform = waveform_steps(samples.max(axis=(0, 2)), samples.min(axis=(0, 2)))
        wanted = min(BATCH, self._columns - self._done)
        self._append(0, columns[:wanted], waveform[:wanted])
        self._done += wanted
        self._held[:, :-used] = self._held[:, used:]
        self._filled -= used

    def _append(self, level: int, columns: NDArray[np.uint8], waveform: NDArray[np.int16]) -> None:
        """Write columns of a level, and those of the next one that they complete."""
        for file, data in zip(self._files[level], (columns, waveform.astype("<i2")), strict=True):
            file.write(data.tobytes())
            file.flush()
        if level == len(self._pending):
            return
        columns = np.concatenate((self._pending[level][0], columns))
        waveform = np.concatenate((self._pending[level][1], waveform))
        whole = len(columns) // POOL * POOL
        self._pending[level] = columns[whole:], waveform[whole:]
        if whole:
            pooled = columns[:whole].reshape(-1, POOL, columns.shape[1]).max(axis=1)
            self._append(level + 1, pooled, waveform[:whole].reshape(-1, POOL, 2).max(axis=1))

    def _write_meta(self, complete: bool) -> None:
        meta = {"version": VERSION, "sample_rate": self._grid.sample_rate, "frames": self._frames, "complete": complete}
        temporary = self._folder / "meta.json.new"
        temporary.write_text(json.dumps(meta), encoding="utf-8")
        temporary.replace(self._folder / "meta.json")


class Pyramid:
    """Reads a pyramid, also while it is being written; it keeps no file open, so threads can share it.

    Attributes:
        grid: the columns and rows; level N has columns of hop·4^N samples.
        frames, columns, levels: samples per channel, columns at level 0, number of levels.

    Raises:
        OSError, ValueError: there is no pyramid in the folder, or one of another version.
    """

    def __init__(self, folder: Path) -> None:
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        if not isinstance(meta, dict) or meta.get("version") != VERSION:
            raise ValueError(f"{folder} holds a picture of another version")
        self._folder = folder
        self.grid, self.frames = Grid(int(meta["sample_rate"])), int(meta["frames"])
        self.columns = -(-self.frames // self.grid.hop)
        self.levels = level_count(self.columns)
        self._complete = bool(meta["complete"])

    @property
    def complete(self) -> bool:
        """Whether all columns are there."""
        if not self._complete:
            meta = json.loads((self._folder / "meta.json").read_text(encoding="utf-8"))
            self._complete = bool(meta["complete"])
        return self._complete

    def step(self, level: int) -> int:
        """Samples that a column of a level covers."""
        return self.grid.hop * POOL**level

    def level_for(self, samples: float) -> int:
        """The highest level whose columns cover no more than `samples`; 0 where none does."""
        level = math.floor(math.log(max(1.0, samples / self.grid.hop), POOL) + 1e-9)
        return min(level, self.levels - 1)

    def ready(self, level: int = 0) -> int:
        """How many columns of a level can be read."""
        return (self._folder / f"waveform.{level}").stat().st_size // 4

    def read(self, level: int, first: int, count: int) -> NDArray[np.uint8]:
        """Bytes (rows, columns) of `count` columns from `first` on; fewer where fewer are ready."""
        rows = self.grid.rows
        data = np.fromfile(self._folder / f"levels.{level}", np.uint8, count * rows, offset=first * rows)
        return data[: len(data) // rows * rows].reshape(-1, rows).T

    def waveform(self, level: int, first: int, count: int) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
        """Lowest and highest sample of `count` columns from `first` on, ±32767 being full scale."""
        data = np.fromfile(self._folder / f"waveform.{level}", "<i2", count * 2, offset=first * 4)
        highest, turned = data[: len(data) // 2 * 2].reshape(-1, 2).astype(np.int16).T
        return -turned, highest
