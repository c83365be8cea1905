"""Peaks: values on one grid brought to another so that no peak is lost."""

import numpy as np
from numpy.typing import NDArray


class PeakMap:
    """Brings `count` values, which lie at 0, 1, 2 …, into cells: the peak of those within, or, where there are none,
    the straight line between the neighbours at the middle of the cell.

    Args:
        edges: of the cells, rising, in steps of the values; shape (cells + 1,). Beyond the ends they are held.
    """

    def __init__(self, edges: NDArray[np.floating], count: int) -> None:
        first = np.clip(np.ceil(edges), 0, count).astype(np.intp)
        middle = np.clip((edges[:-1] + edges[1:]) / 2, 0, count - 1)
        self._stop = first[-1]
        self._starts = np.minimum(first[:-1], count - 1)
        self._between = np.flatnonzero(first[:-1] >= first[1:])
        self._below = middle[self._between].astype(np.intp)
        self._above = np.minimum(self._below + 1, count - 1)
        self._share = (middle[self._between] - self._below).astype(np.float32)

    def __call__(self, values: NDArray) -> NDArray:
        """Map `values` of shape (count, …) to a new array (cells, …) of the same type."""
        stop = max(int(self._stop), int(self._starts[-1]) + 1)
        cells = np.maximum.reduceat(values[:stop], self._starts, axis=0)
        if len(self._between):
            share = self._share.reshape(-1, *(1,) * (values.ndim - 1))
            low = values[self._below].astype(np.float32)
            low += share * (values[self._above] - low)
            cells[self._between] = low if values.dtype.kind == "f" else np.rint(low)
        return cells
