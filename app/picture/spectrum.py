"""Short-time spectra as columns of bytes: levels from −120 to 0 dBFS on rows that serve every frequency axis."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

HOP_SECONDS = 0.016
WINDOW_SECONDS = 2048 / 48000
FLOOR_DB, CEILING_DB = -120.0, 0.0  # what the bytes 0 and 255 stand for
SINGLE_BINS = 128  # a row is one bin up to about here; above, rows widen in proportion to frequency


@dataclass(frozen=True)
class Grid:
    """The columns and rows of the spectrogram of any recording at `sample_rate` Hz.

    Column c covers the samples c·hop to (c + 1)·hop; its spectrum is that of a Hann window around their middle.
    Rows go from low to high frequency.
    """

    sample_rate: int

    @cached_property
    def hop(self) -> int:
        """Samples per column."""
        return max(1, round(HOP_SECONDS * self.sample_rate))

    @cached_property
    def size(self) -> int:
        """Samples per window: even, and quick to transform."""
        size = max(8, round(WINDOW_SECONDS / 2 * self.sample_rate))
        while not _is_quick(size):
            size += 1
        return 2 * size

    @cached_property
    def edges(self) -> NDArray[np.intp]:
        """First bin of each row, and the number of bins at the end; shape (rows + 1,)."""
        bins = self.size // 2 + 1
        edges = list(range(min(SINGLE_BINS, bins)))
        while edges[-1] < bins:
            edges.append(min(bins, edges[-1] + max(1, round(edges[-1] / SINGLE_BINS))))
        return np.array(edges, np.intp)

    @property
    def rows(self) -> int:
        """Number of rows: about 400 at 48 kHz."""
        return len(self.edges) - 1

    @cached_property
    def frequencies(self) -> NDArray[np.float64]:
        """Middle of each row in Hz, rising from 0; shape (rows,)."""
        return (self.edges[:-1] + self.edges[1:] - 1) / 2 * (self.sample_rate / self.size)

    @cached_property
    def window(self) -> NDArray[np.float32]:
        """The window, scaled so that a sine of full scale has a power of 1 in its bin."""
        window = np.hanning(self.size + 1)[:-1]
        return (window * (2 / window.sum())).astype(np.float32)

    def levels(self, segments: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Bytes (columns, rows) of windows of samples (channels, columns, size): the loudest channel counts.

        The loudest, and not their mean, as channels may cancel each other.
        """
        from scipy.fft import rfft  # not at the top: it takes 0.2 s, and only threads that draw need it

        spectrum = np.asarray(rfft(segments * self.window))
        power = (np.real(spectrum) ** 2 + np.imag(spectrum) ** 2).max(axis=0)
        return level_bytes(np.maximum.reduceat(power, self.edges[:-1], axis=1))


def _is_quick(size: int) -> bool:
    """Whether a number has small factors only; scipy can tell, but takes 0.15 s to load, and a window waits for it."""
    for prime in (2, 3, 5):
        while size % prime == 0:
            size //= prime
    return size == 1


def level_bytes(power: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Power, relative to full scale, as bytes of 120/255 dB each; what lies outside −120 to 0 dBFS is held there."""
    steps = 10 * 255 / (CEILING_DB - FLOOR_DB) * np.log10(power + np.float32(1e-20)) + np.float32(255)
    return np.clip(np.rint(steps), 0, 255).astype(np.uint8)


def level_db(byte: int) -> float:
    """The level in dBFS that a byte stands for."""
    return FLOOR_DB + byte * (CEILING_DB - FLOOR_DB) / 255


def waveform_steps(highest: NDArray[np.floating], lowest: NDArray[np.floating]) -> NDArray[np.int16]:
    """The highest samples, and the lowest with their sign turned, as int16 (columns, 2); ±1 is ±32767, and the most."""
    return np.rint(np.clip(np.stack((highest, -lowest), axis=1), -1, 1) * 32767).astype(np.int16)
