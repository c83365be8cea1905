"""What a lane shows: columns for any stretch and width, from the best that there is."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.picture.peaks import PeakMap
from app.picture.pyramid import Pyramid
from app.picture.sampling import Preview, Read, Strip, sampled
from app.picture.spectrum import Grid

Seconds = tuple[float, float]


class LaneSource:
    """The picture of one track of a recording. All methods may be called from any thread.

    Args:
        folder: of its pyramid, which may still be growing, or not be there yet; None for a short track without one.
        read: its samples start to stop as (samples, channels), from any thread; None if they cannot be read yet.
        sample_rate: Hz.
        frames: samples per channel.
        ready: how many samples of the track `read` can give by now; None if all.
        changed: stretches in seconds in which the pyramid is out of date and `read` is to be asked.
    """

    def __init__(
        self,
        folder: Path | None,
        read: Read | None,
        sample_rate: int,
        frames: int,
        ready: Callable[[], int] | None = None,
        changed: tuple[Seconds, ...] = (),
    ) -> None:
        self.folder, self.sample_rate, self.frames = folder, sample_rate, frames
        self.grid = Grid(sample_rate)
        self._read, self._ready, self._changed = read, ready, changed
        self._pyramid: Pyramid | None = None
        self._complete = False  # once it is, the files need not be asked any more
        self.preview = None
        if read and self.done() == frames and not self.complete():
            self.preview = Preview(read, self.grid, frames)

    def done(self) -> int:
        """How many samples of the track there are to see."""
        if self._complete:
            return self.frames
        if self._read is None:
            return self._covered(0)
        return min(self.frames, self._ready()) if self._ready else self.frames

    def progress(self) -> tuple[int, int]:
        """Two numbers of samples that rise while the picture grows: what is there to see, what the pyramid covers."""
        return self.done(), self._covered(0)

    def complete(self) -> bool:
        """Whether the picture will not change any more."""
        if self.folder is None:
            return self.done() == self.frames
        pyramid = self._found()
        try:
            self._complete = self._complete or bool(pyramid and pyramid.complete and self.done() == self.frames)
        except (OSError, ValueError):
            return False
        return self._complete

    def state(self, start: float, stop: float, columns: int) -> tuple[float, bool, int]:
        """A value that is another one as soon as `strip` with the same arguments would give a better picture."""
        step, stop = (stop - start) / columns, min(stop, self.frames)
        done = min(stop, self.done())
        if self._read and step < self.grid.hop:
            return done, True, 0
        if self._covered(self._level(step)) >= stop:
            return stop, True, 0
        return done, False, self.preview.passes if self.preview else 0

    def strip(self, start: float, stop: float, columns: int) -> Strip:
        """Columns of equal width over the samples `start` to `stop`, silent where there is nothing yet.

        They come from the pyramid; from the samples where it is not there yet or too coarse; or from the preview, if
        that is fine enough. Errors are OSError and those of `read`.
        """
        step = (stop - start) / columns
        middles = start + (np.arange(columns) + 0.5) * step
        level = self._level(step)
        by_samples = np.full(columns, bool(self._read))
        if step >= self.grid.hop or not self._read:
            by_samples &= np.maximum(middles, 0) >= self._covered(level)
        for begin, end in self._changed:
            by_samples |= (middles >= begin * self.sample_rate) & (middles < end * self.sample_rate)
        source = np.where(by_samples, 2, 1) * (middles < (self.done() if self._read else self._covered(level)))
        strip = Strip.empty(self.grid, columns)
        bounds = [0, *(np.flatnonzero(np.diff(source)) + 1).tolist(), columns]
        for first, last in pairwise(bounds):
            if source[first]:
                edges = start + np.arange(first, last + 1) * step
                part = self._sampled(edges) if source[first] == 2 else self._pooled(level, edges)
                strip.levels[first:last], strip.waveform[first:last] = part.levels, part.waveform
        return strip

    def _sampled(self, edges: NDArray[np.floating]) -> Strip:
        """Columns between `edges`, in samples, from `read` or the preview of it."""
        columns = len(edges) - 1
        if self.preview:
            seen = self.preview.strip
            per_column = self.frames / len(seen.levels)
            if (edges[-1] - edges[0]) / columns >= per_column * 0.99:
                return _mapped(seen, edges / per_column)
        assert self._read
        return sampled(self._read, self.grid, self.done(), edges[0], edges[-1], columns)

    def _pooled(self, level: int, edges: NDArray[np.floating]) -> Strip:
        """Columns between `edges`, in samples, from a level of the pyramid."""
        pyramid = self._found()
        assert pyramid
        edges = edges / pyramid.step(level)
        first = max(0, int(edges[0]) - 1)
        count = int(edges[-1]) + 2 - first
        lowest, highest = pyramid.waveform(level, first, count)
        found = Strip(pyramid.read(level, first, count).T, np.stack((highest, -lowest), axis=1))
        if not len(found.waveform):  # it has just been begun anew
            return Strip.empty(self.grid, len(edges) - 1)
        return _mapped(found, edges - first)

    def _level(self, step: float) -> int:
        pyramid = self._found()
        return pyramid.level_for(step) if pyramid else 0

    def _covered(self, level: int) -> int:
        """How many samples a level of the pyramid covers."""
        if self._complete:
            return self.frames
        pyramid = self._found()
        try:
            return min(self.frames, pyramid.ready(level) * pyramid.step(level)) if pyramid else 0
        except OSError:  # it has just been removed, or is about to be written
            return 0

    def _found(self) -> Pyramid | None:
        """The pyramid, as soon as there is one of this recording."""
        if self._pyramid is None and self.folder:
            try:
                pyramid = Pyramid(self.folder)
            except (OSError, ValueError, KeyError):
                return None
            if (pyramid.grid, pyramid.frames) == (self.grid, self.frames):
                self._pyramid = pyramid
        return self._pyramid


def _mapped(strip: Strip, edges: NDArray[np.floating]) -> Strip:
    """A strip with columns between `edges`, which count columns of the given one."""
    count = min(len(strip.levels), len(strip.waveform))
    to_columns = PeakMap(edges - 0.5, count)
    return Strip(to_columns(strip.levels[:count]), to_columns(strip.waveform[:count]))
