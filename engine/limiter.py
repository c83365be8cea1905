"""A look-ahead limiter that holds the true peak (ITU-R BS.1770-5 annex 2) of a stream under a ceiling."""

import numpy as np
from numpy.typing import NDArray

from engine.loudness import Floats, Interpolator

FADED = 0.01  # dB; a reduction that has decayed to this ends, so that untouched audio stays bit-identical


class Limiter:
    """Streaming true-peak limiter with one gain for all channels; output and input correspond frame by frame.

    `sample_rate` in Hz, `ceiling_dbtp` in dBTP, `look_ahead` in seconds (the fade into a reduction), `release` in
    seconds, above 0 (a reduction, in dB, falls to 1/e in this time).  Samples pass bit-identical except from
    `look_ahead` before a peak over the ceiling until its reduction has decayed to 0.01 dB (six to eight times
    `release`) plus `look_ahead`.  The output does not depend, in any bit, on how the stream is cut into blocks.  Memory
    is bounded by the block, `look_ahead` and 4096 frames.
    """

    _step = 4096  # frames worked on at a time, always at the same places of the stream; a multiple of the stretch

    def __init__(
        self, sample_rate: int, channels: int, ceiling_dbtp: float, look_ahead: float = 0.005, release: float = 0.1
    ) -> None:
        self._interpolator = Interpolator(sample_rate)
        self._ceiling = 10 ** (ceiling_dbtp / 20)
        self._reach = max(1, round(look_ahead * sample_rate))
        self._decay = np.arange(1, self._step + 1) / (release * sample_rate)  # nepers
        window = np.hanning(self._reach + 3)[1:-1]
        self._window = window / window.sum()
        self._dtype = np.dtype(np.float64)
        # Three stretches of the stream, one behind the other: frames not yet looked at, from `before` frames ahead of
        # the next; reductions (dB) wanted by frames already looked at; the frames whose gain those decide.
        self._ahead = np.zeros((channels, Interpolator.taps - 1))
        self._wanted = np.zeros(2 * self._reach)
        self._held = np.zeros((channels, self._reach))
        self._last = 0.0  # reduction at the last frame looked at
        self._taken = 0
        self._given = -self._reach - Interpolator.taps // 2  # what comes out first lies before the stream

    def process(self, block: NDArray) -> NDArray:
        """Takes the next `block`, (frames, channels), float32 or float64, finite, full scale ±1, any number of frames.

        Returns the frames that are ready, (ready, channels), in the same type; they follow on those returned before.
        Raises ValueError for another shape.
        """
        if block.ndim != 2 or block.shape[1] != len(self._ahead):
            raise ValueError(f"expected (frames, {len(self._ahead)}), got {block.shape}")
        self._dtype = block.dtype
        self._taken += len(block)
        return self._advance(block)

    def flush(self) -> NDArray:
        """Ends the stream and returns the rest, (frames, channels): total out is total in.  Call once, last."""
        silence = np.zeros((self._taken - self._given + self._step, len(self._ahead)))
        rest = self._taken - max(0, self._given)
        return self._advance(silence)[:rest]

    def _advance(self, block: NDArray) -> NDArray:
        ready = [np.empty((0, len(self._ahead)), self._dtype)]
        need = self._step + Interpolator.taps - 1
        for start in range(0, len(block), self._step):
            self._ahead = np.concatenate((self._ahead, block[start : start + self._step].T), axis=1)
            if self._ahead.shape[1] >= need:
                y = self._limit(self._ahead[:, :need])
                ready.append(y[:, max(0, -self._given) :].T.astype(self._dtype))
                self._given += self._step
                self._ahead = self._ahead[:, self._step :]
        return np.concatenate(ready)

    def _limit(self, x: Floats) -> Floats:
        self._wanted = np.concatenate((self._wanted[-2 * self._reach :], self._reduction(x)))
        now = x[:, Interpolator.before : Interpolator.before + self._step]
        held = np.concatenate((self._held, now), axis=1)
        self._held = held[:, self._step :]
        y = held[:, : self._step]
        if not self._wanted.any():
            return y
        # The greatest reduction wanted within reach ahead, then the average of that over as much behind: every value
        # averaged covers the frame itself, so the smooth gain is nowhere above the gain wanted.
        from scipy.ndimage import maximum_filter1d  # not at the top: it takes long, and few streams are limited

        size = self._reach + 1
        greatest = maximum_filter1d(self._wanted, size)[size // 2 :][: self._step + self._reach]
        return y * np.power(10.0, np.convolve(greatest, self._window, "valid") / -20)

    def _reduction(self, x: Floats) -> Floats:
        """The reduction in dB (≥ 0) wanted at each frame of the step, decaying after each peak."""
        peak = np.abs(x[:, Interpolator.before : Interpolator.before + self._step]).max(0)
        found, between = self._interpolator.peaks(x, self._ceiling)
        stretches = peak.reshape(-1, Interpolator.stretch)
        # A peak after a frame is charged to that frame alone: until the next one the reduction barely decays.
        stretches[found] = np.maximum(stretches[found], between)
        if self._last == 0 and peak.max() <= self._ceiling:
            return np.zeros(self._step)
        # d[n] = max(wanted[n], d[n-1] e^(-1/release)) is, in logarithms, a running maximum over a slope.
        wanted = 20 * np.log10(np.maximum(peak / self._ceiling, 1))
        with np.errstate(divide="ignore"):
            slope = np.maximum.accumulate(np.log(wanted) + self._decay)
            decayed = np.exp(np.maximum(slope, np.log(self._last)) - self._decay)
        reduction = np.where(decayed > FADED, decayed, wanted)
        self._last = float(reduction[-1])
        return reduction
