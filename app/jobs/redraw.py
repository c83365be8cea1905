"""Drawing a stretch of a finished picture anew, in its place, in the files that `app.picture.pyramid` describes."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.picture.pyramid import BATCH, POOL, Pyramid, PyramidWriter

_BLOCK = 1 << 16  # frames


def redraw(folder: Path, first: int, last: int, read: Callable[[int, int], NDArray[np.floating]]) -> None:
    """Bring the picture in a folder up to date where frames `first` to `last` have changed.

    The bytes are those that a `PyramidWriter` would write for all of the recording.

    Args:
        read: gives samples (frames, channels) from one frame of the recording to another.
    """
    picture = Pyramid(folder)
    grid, batch = picture.grid, BATCH * picture.grid.hop
    # All columns that hear the stretch, in whole batches; one batch more on either side, of which nothing is kept.
    begin = max(0, (first - grid.size) // batch * batch)
    end = min(picture.frames, -(-(last + grid.size) // batch) * batch)
    start, stop = max(0, begin - batch), min(picture.frames, end + batch)
    with tempfile.TemporaryDirectory(dir=folder.parent) as place:
        with PyramidWriter(Path(place), grid.sample_rate, stop - start) as writer:
            for at in range(start, stop, _BLOCK):
                writer.add(read(at, min(at + _BLOCK, stop)))
        skip, count = (begin - start) // grid.hop, -(-(end - begin) // grid.hop)
        drawn = {name: _columns(Path(place) / f"{name}.0", kind, skip, count) for name, kind in _kinds(grid.rows)}
    for name, kind in _kinds(grid.rows):
        at, columns = begin // grid.hop, drawn[name]
        for level in range(picture.levels):
            if level:
                at, until = at // POOL, -(-(at + len(columns)) // POOL)
                below = _columns(folder / f"{name}.{level - 1}", kind, at * POOL, (until - at) * POOL)
                columns = np.maximum.reduceat(below, np.arange(0, len(below), POOL))
            with (folder / f"{name}.{level}").open("r+b") as file:
                file.seek(at * kind.itemsize)
                file.write(columns.tobytes())


def _kinds(rows: int) -> list[tuple[str, np.dtype]]:
    """The files of a level, and what a column is in each."""
    return [("levels", np.dtype(("u1", (rows,)))), ("waveform", np.dtype(("<i2", (2,))))]


def _columns(path: Path, kind: np.dtype, first: int, count: int) -> NDArray:
    """Columns of one file from `first` on."""
    return np.fromfile(path, kind, count, offset=first * kind.itemsize)
