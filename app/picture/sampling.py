"""Columns computed from the samples themselves: where the pyramid is too coarse, or not there yet."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from app.picture.courtesy import give_way
from app.picture.peaks import PeakMap
from app.picture.spectrum import Grid, waveform_steps

Read = Callable[[int, int], NDArray[Any]]  # samples start to stop, shape (stop - start, channels), full scale ±1

FINEST = 32  # transforms per window length, beyond which they would show nothing new
DENSE = 8  # columns of up to so many hops are read in one go, wider ones only around their middles
GLANCE = 4  # windows at the middle of a wider column
TOGETHER = 64  # columns computed at once: bounds the memory
PREVIEW_COLUMNS = 2048
FIRST_STRIDE = 8  # a preview begins with every eighth column


@dataclass(frozen=True)
class Strip:
    """Columns of a picture: `levels` (columns, rows) as in `Grid`, `waveform` (columns, 2) as in a pyramid's files."""

    levels: NDArray[np.uint8]
    waveform: NDArray[np.int16]

    @classmethod
    def empty(cls, grid: Grid, columns: int) -> "Strip":
        """A strip of silence."""
        return cls(np.zeros((columns, grid.rows), np.uint8), np.zeros((columns, 2), np.int16))


def sampled(read: Read, grid: Grid, frames: int, start: float, stop: float, columns: int) -> Strip:
    """Columns of equal width over the samples `start` to `stop` (fractions allowed) of a recording of `frames`.

    Of columns wider than 8 hops (128 ms) only the middle is read; errors are those of `read`.
    """
    strip, step = Strip.empty(grid, columns), (stop - start) / columns
    together = TOGETHER if step <= DENSE * grid.hop else 1
    reach = step / 2 if together > 1 else min(step, GLANCE * grid.hop) / 2
    for first in range(0, columns, together):
        give_way()
        last = min(columns, first + together) - 1
        begin, end = start + (first + 0.5) * step - reach, start + (last + 0.5) * step + reach
        part = _detail(read, grid, frames, begin, end, last + 1 - first)
        strip.levels[first : last + 1], strip.waveform[first : last + 1] = part.levels, part.waveform
    return strip


def _detail(read: Read, grid: Grid, frames: int, start: float, stop: float, columns: int) -> Strip:
    """Columns from all samples between `start` and `stop`."""
    step = (stop - start) / columns
    # Narrow columns lie between transforms, whose places don't depend on `start`, so that strips fit together.
    spacing = max(step, grid.size / FINEST)
    first, last = np.floor(start / spacing - 0.5), np.ceil(stop / spacing - 0.5)
    if spacing == step:
        first, last = start / step, start / step + columns - 1
    spots = (np.arange(first, last + 0.5) + 0.5) * spacing
    each = max(1, round(spacing / grid.hop))
    middles = (spots[:, None] + (np.arange(each) - (each - 1) / 2) * grid.hop).ravel()
    begins = np.floor(middles).astype(np.intp) - grid.size // 2
    samples = _padded(read, frames, int(begins[0]), int(begins[-1]) + grid.size)
    windows = sliding_window_view(samples, grid.size, axis=1)[:, begins - begins[0]]
    levels = grid.levels(windows).reshape(len(spots), each, grid.rows).max(axis=1)
    edges = start + np.arange(columns + 1) * step
    to_columns = PeakMap(edges - begins[0], samples.shape[1])
    waveform = waveform_steps(to_columns(samples.max(axis=0)), -to_columns(-samples.min(axis=0)))
    return Strip(PeakMap(edges / spacing - 0.5 - first, len(spots))(levels), waveform)


def _padded(read: Read, frames: int, start: int, stop: int) -> NDArray[np.float32]:
    """Samples (channels, stop - start), zero outside the recording."""
    begin = min(max(0, start), frames)
    end = max(begin, min(stop, frames))
    samples = read(begin, end)
    padded = np.zeros((samples.shape[1], stop - start), np.float32)
    padded[:, begin - start : end - start] = samples.T
    return padded


class Preview:
    """A whole recording at a glance, finer with every pass: 2048 columns, or a column a hop if that is fewer.

    Attributes:
        strip: what has been seen so far.
        passes: how many passes were made; 0 means that the strip is still empty.
    """

    def __init__(self, read: Read, grid: Grid, frames: int) -> None:
        self._read, self._grid, self._frames = read, grid, frames
        columns = min(PREVIEW_COLUMNS, -(-frames // grid.hop))
        self.strip = Strip.empty(grid, columns)
        self.passes = 0
        self._step = frames / columns
        self._stride = FIRST_STRIDE if self._step > DENSE * grid.hop else 1

    @property
    def complete(self) -> bool:
        """Whether all columns have been seen."""
        return self._stride == 0

    def refine(self) -> None:
        """Make one more pass. Errors are those of `read`."""
        stride, levels, waveform = self._stride, self.strip.levels, self.strip.waveform
        if stride == 1 and self.passes == 0:
            whole = sampled(self._read, self._grid, self._frames, 0, self._frames, len(levels))
            levels[:], waveform[:] = whole.levels, whole.waveform
        else:
            first, apart = (0, stride) if self.passes == 0 else (stride, 2 * stride)
            for column in range(first, len(levels), apart):
                at = column * self._step, (column + 1) * self._step
                seen = sampled(self._read, self._grid, self._frames, *at, 1)
                levels[column : column + stride], waveform[column : column + stride] = seen.levels, seen.waveform
        self.passes += 1
        self._stride //= 2
