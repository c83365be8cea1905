"""What the meters beside the faders show: loudness, true peak, clipping."""

from collections import deque
from dataclasses import dataclass
from math import inf, log10

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.loudness import Interpolator, LoudnessMeter

KEPT_BLOCKS = 1000  # peaks kept while nobody asks


@dataclass(frozen=True)
class Levels:
    """Momentary (400 ms) and short-term (3 s) loudness in LUFS, −∞ for silence.

    `true_peak` is the greatest since the last asking in dBTP, −∞ if nothing was played; `clipped`: a sample since then
    was at or beyond full scale.
    """

    momentary: float = -inf
    short_term: float = -inf
    true_peak: float = -inf
    clipped: bool = False


def warm_up() -> None:
    """Load what measuring needs: scipy's filters, which take half a second that a player has not."""
    LoudnessMeter(48000, 1).add(np.zeros((1, 1)))


class Meters:
    """Measures a stream of blocks; one thread adds, another asks, and neither ever waits for the other.

    Below 4000 Hz no loudness can be measured (see `LoudnessMeter`): it stays −∞.
    """

    def __init__(self, sample_rate: int, channels: int) -> None:
        self._format = sample_rate, channels
        self._interpolator = Interpolator(sample_rate)
        self._peaks: deque[tuple[float, bool]] = deque(maxlen=KEPT_BLOCKS)
        self.reset()

    def reset(self) -> None:
        """Begin again, as after a jump to another place; for the thread that adds."""
        try:
            self._loudness = LoudnessMeter(*self._format)
        except InputError:
            self._loudness = None
        self._tail = np.zeros((self._format[1], Interpolator.taps - 1))
        self._shown = -inf, -inf

    def add(self, block: NDArray[np.floating]) -> None:
        """Take the next block, (frames, channels), full scale ±1."""
        if self._loudness:
            self._loudness.add(block)
            self._shown = self._loudness.momentary(), self._loudness.short_term()
        peak = float(np.abs(block).max(initial=0))
        self._peaks.append((max(peak, self._between(block, peak)), peak >= 1))

    def levels(self) -> Levels:
        """The levels now; for the thread that asks."""
        peak, clipped = 0.0, False
        while self._peaks:
            block_peak, block_clipped = self._peaks.popleft()
            peak, clipped = max(peak, block_peak), clipped or block_clipped
        return Levels(*self._shown, 20 * log10(peak) if peak > 0 else -inf, clipped)

    def _between(self, block: NDArray[np.floating], floor: float) -> float:
        """The greatest peak between samples, `floor` if none exceeds it."""
        x = np.concatenate((self._tail, block.T), axis=1, dtype=np.float64)
        whole = (x.shape[1] - Interpolator.taps + 1) // Interpolator.stretch * Interpolator.stretch
        self._tail = x[:, whole:]
        if not whole:
            return floor
        _, peaks = self._interpolator.peaks(x[:, : whole + Interpolator.taps - 1], floor)
        return float(peaks.max(initial=floor))
