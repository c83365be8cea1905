"""Drawing a stretch of a finished picture anew, in its place."""

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
        drawn, skip, count = Pyramid(Path(place)), (begin - start) // grid.hop, -(-(end - begin) // grid.hop)
        columns, waveform = drawn.read(0, skip, count), drawn.waveform(0, skip, count)
    at = begin // grid.hop
    for level in range(picture.levels):
        if level:
            at, until = at // POOL, -(-(at + len(columns)) // POOL)
            below = level - 1, at * POOL, (until - at) * POOL
            columns, waveform = (
                np.maximum.reduceat(values, np.arange(0, len(values), POOL))
                for values in (picture.read(*below), picture.waveform(*below))
            )
        for name, values in (("levels", columns), ("waveform", waveform.astype("<i2"))):
            with (folder / f"{name}.{level}").open("r+b") as file:
                file.seek(at * values[0].nbytes)
                file.write(values.tobytes())
