"""What the audit sees of a recording: band powers of short frames, and the mean spectrum.

Frames of 32 ms every 16 ms, whatever the sample rate, so that all that is derived from them is in Hz and seconds.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Floats = NDArray[np.float32]

FRAMES_PER_SECOND = 62.5
BANDS = 24
_MEL = np.linspace(1127 * np.log1p(50 / 700), 1127 * np.log1p(8000 / 700), BANDS + 1)
EDGES = 700 * np.expm1(_MEL / 1127)  # Hz; the bands' limits, evenly spaced in mel
VOICE_BANDS = slice(2, 18)  # 220 to 4014 Hz, what a telephone carries too
_BATCH = 2048  # frames transformed together
_FAST = 32  # the transform's length is a multiple of it, as 1411 samples (44.1 kHz) are slow


@dataclass(frozen=True)
class Spectra:
    """A recording in frames.

    Attributes:
        powers: mean square in each band, full scale ±1, (frames, BANDS); zero above half the sample rate.
        mean: mean power of each bin, 0 Hz to half the sample rate.
        bin_hz: distance of two bins.
        times: the middle of each frame in s, (frames,).
    """

    powers: Floats
    mean: NDArray[np.float64]
    bin_hz: float
    times: NDArray[np.float64]


class SpectraMeter:
    """Takes a mono recording block by block.  Memory: 6 kB a second."""

    def __init__(self, sample_rate: int) -> None:
        self._size = max(2, round(2 * sample_rate / FRAMES_PER_SECOND))
        self._hop = self._size // 2
        self._length = -(-self._size // _FAST) * _FAST
        self._window = np.hanning(self._size + 1)[:-1].astype(np.float32)
        self._scale = np.float32(2 / (self._length * float(self._window @ self._window)))
        self._rate, self._bin_hz = sample_rate, sample_rate / self._length
        frequencies = np.arange(self._length // 2 + 1) * self._bin_hz
        self._top = int(np.searchsorted(frequencies, EDGES[-1]))
        self._matrix = np.zeros((self._top, BANDS), np.float32)
        inside = frequencies[: self._top] >= EDGES[0]
        band = np.searchsorted(EDGES, frequencies[: self._top], "right") - 1
        self._matrix[np.flatnonzero(inside), band[inside]] = 1
        self._rest = np.zeros(0, np.float32)
        self._powers: list[Floats] = []
        self._sum = np.zeros(self._length // 2 + 1)

    def add(self, mono: Floats) -> None:
        """Take the next samples, (samples,), full scale ±1."""
        x = np.concatenate((self._rest, mono))
        if len(x) >= self._size:
            frames = sliding_window_view(x, self._size)[:: self._hop]
            for start in range(0, len(frames), _BATCH):
                self._add_frames(frames[start : start + _BATCH])
            x = x[len(frames) * self._hop :]
        self._rest = x

    def result(self) -> Spectra:
        """What was taken; a recording shorter than a frame counts as one, silence added."""
        if not self._powers:
            self._add_frames(np.pad(self._rest, (0, self._size - len(self._rest)))[None])
        powers = np.concatenate(self._powers)
        times = (np.arange(len(powers)) * self._hop + self._size / 2) / self._rate
        return Spectra(powers, self._sum / len(powers), self._bin_hz, times)

    def _add_frames(self, frames: Floats) -> None:
        spectrum = np.fft.rfft(frames * self._window, self._length, axis=1)
        power = (np.square(spectrum.real) + np.square(spectrum.imag)) * self._scale
        self._sum += power.sum(0, dtype=np.float64)
        self._powers.append(power[:, : self._top] @ self._matrix)
