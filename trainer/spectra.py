"""What the audit sees of a recording: band powers and periodicity of short frames, and the mean spectrum.

Frames of 32 ms every 16 ms, whatever the sample rate, so that all that is derived from them is in Hz and seconds.
"""

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Floats = NDArray[np.float32]

FRAMES_PER_SECOND = 62.5
BANDS = 24
_MEL = np.linspace(*1127 * np.log1p(np.array([50, 8000]) / 700), BANDS + 1)
EDGES = 700 * np.expm1(_MEL / 1127)  # Hz; the bands' limits, evenly spaced in mel
VOICE_BANDS = slice(2, 18)  # 220 to 4014 Hz, what a telephone carries too
_PITCH = (80, 400)  # Hz
_PITCH_TOP = 4000  # Hz; what the periodicity is judged on
_PITCH_BOTTOM = 90  # Hz; hum and rumble below it would pass for a pitch
_BATCH = 2048  # frames transformed together


@dataclass(frozen=True)
class Spectra:
    """A recording in frames.

    Attributes:
        powers: mean square in each band, full scale ±1, (frames, BANDS); zero above half the sample rate.
        periodicity: 0 (none) to 1 of each frame at the pitch of voices, (frames,).
        mean: mean power of each bin, 0 Hz to half the sample rate.
        bin_hz: distance of two bins.
    """

    powers: Floats
    periodicity: Floats
    mean: NDArray[np.float64]
    bin_hz: float


class SpectraMeter:
    """Takes a mono recording block by block.  Memory: 6 kB a second."""

    def __init__(self, sample_rate: int) -> None:
        self._size = max(2, round(2 * sample_rate / FRAMES_PER_SECOND))
        self._hop = self._size // 2
        self._length = scipy.fft.next_fast_len(self._size, real=True)
        self._window = np.hanning(self._size + 1)[:-1].astype(np.float32)
        self._scale = np.float32(2 / (self._length * float(self._window @ self._window)))
        self._bin_hz = sample_rate / self._length
        frequencies = np.arange(self._length // 2 + 1) * self._bin_hz
        self._top = int(np.searchsorted(frequencies, EDGES[-1]))
        self._matrix = np.zeros((self._top, BANDS), np.float32)
        inside = frequencies[: self._top] >= EDGES[0]
        band = np.searchsorted(EDGES, frequencies[: self._top], "right") - 1
        self._matrix[np.flatnonzero(inside), band[inside]] = 1
        self._bins = round(_PITCH_TOP / self._bin_hz)
        lag_hz = 2 * self._bins * self._bin_hz  # the lags' own sample rate
        self._lags = slice(round(lag_hz / _PITCH[1]), round(lag_hz / _PITCH[0]) + 1)
        self._rest = np.zeros(0, np.float32)
        self._powers: list[Floats] = []
        self._periodicity: list[Floats] = []
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
        return Spectra(powers, np.concatenate(self._periodicity), self._sum / len(powers), self._bin_hz)

    def _add_frames(self, frames: Floats) -> None:
        spectrum = scipy.fft.rfft(frames * self._window, self._length, axis=1)
        power = (np.square(spectrum.real) + np.square(spectrum.imag)) * self._scale
        self._sum += power.sum(0, dtype=np.float64)
        self._powers.append(power[:, : self._top] @ self._matrix)
        # The fourth root flattens formants and tilt: what stays periodic over frequency are the harmonics of a voice.
        flat = np.zeros((len(power), self._bins + 1), np.float32)
        low = round(_PITCH_BOTTOM / self._bin_hz)
        part = power[:, low : self._bins + 1]
        flat[:, low : low + part.shape[1]] = np.sqrt(np.sqrt(part))
        correlation = scipy.fft.irfft(flat, axis=1)
        self._periodicity.append(correlation[:, self._lags].max(1) / np.maximum(correlation[:, 0], 1e-9))
