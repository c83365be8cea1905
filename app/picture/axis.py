"""The frequency axis: where a frequency lies, which rows make a line of pixels, and the figures beside it."""

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from app.document.view import Axis
from app.picture.peaks import PeakMap
from app.picture.spectrum import Grid

LOWEST_LOG = 40.0  # Hz, at the bottom of the logarithmic axis
ROUND = (  # frequencies worth a figure, the most telling first
    (100, 1_000, 10_000),
    (200, 500, 2_000, 5_000, 20_000, 50),
    (300, 700, 3_000, 7_000, 15_000, 30_000, 50_000, 70_000),
    (4_000, 6_000, 8_000, 12_000, 40_000, 60_000, 80_000),
)


@dataclass(frozen=True)
class FrequencyAxis:
    """An axis over `height` pixels, from the top (half of `sample_rate`) to the bottom (0 Hz, or 40 Hz for "log")."""

    kind: Axis
    sample_rate: int
    height: int

    def y(self, hertz: float) -> float:
        """Pixels from the top."""
        low, high = self._ends
        return self.height * (high - float(self._warped(np.float64(hertz)))) / (high - low)

    def frequency(self, y: float) -> float:
        """The inverse of `y`, in Hz."""
        low, high = self._ends
        return float(self._unwarped(np.float64(high - y / self.height * (high - low))))

    def ticks(self, apart: float) -> list[tuple[float, str]]:
        """Round frequencies at least `apart` pixels from each other, with their figures: "500", "2k"."""
        top = self.sample_rate / 2
        if self.kind == "linear":
            steps = (s * 10**e for e in range(1, 6) for s in (1, 2, 5))
            step = next(s for s in steps if s / top * self.height >= apart)
            chosen = [step * n for n in range(1, math.ceil(top / step))]
        else:
            chosen = []
            for hertz in (f for tier in ROUND for f in tier if LOWEST_LOG < f < top):
                if all(abs(self.y(hertz) - self.y(other)) >= apart for other in chosen):
                    chosen.append(hertz)
        return [(float(f), f"{f / 1000:g}k" if f >= 1000 else f"{f:g}") for f in sorted(chosen)]

    def row_edges(self, grid: Grid) -> NDArray[np.float64]:
        """Where the edges between lines of pixels lie, from the bottom up, in rows of `grid`; (height + 1,)."""
        hertz = self._unwarped(np.linspace(*self._ends, self.height + 1))
        between = (grid.edges - 0.5) * (grid.sample_rate / grid.size)  # frequencies between rows
        edges = np.interp(hertz, between, np.arange(len(between)) - 0.5)
        edges[-1] = grid.rows - 0.5
        return edges

    @cached_property
    def _ends(self) -> tuple[float, float]:
        """Bottom and top on the axis' own scale."""
        return float(self._warped(np.float64(0))), float(self._warped(np.float64(self.sample_rate / 2)))

    def _warped(self, hertz: NDArray[np.float64] | np.float64) -> NDArray[np.float64]:
        if self.kind == "log":
            return np.log(np.maximum(hertz, LOWEST_LOG))
        return np.log1p(hertz / 700) if self.kind == "mel" else np.asarray(hertz)

    def _unwarped(self, value: NDArray[np.float64] | np.float64) -> NDArray[np.float64]:
        if self.kind == "log":
            return np.exp(value)
        return 700 * np.expm1(value) if self.kind == "mel" else np.asarray(value)


@lru_cache(maxsize=16)
def pixel_map(kind: Axis, grid: Grid, height: int) -> PeakMap:
    """Brings rows (rows, …) to lines of pixels (height, …), from the bottom up."""
    return PeakMap(FrequencyAxis(kind, grid.sample_rate, height).row_edges(grid), grid.rows)
