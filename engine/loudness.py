"""Loudness and true peak of a stream, after ITU-R BS.1770-5 (annexes 1 to 3) and EBU Tech 3341 (section 2)."""

from array import array
from itertools import combinations_with_replacement
from math import inf, log10

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from engine.errors import InputError

Floats = NDArray[np.float64]

# BS.1770-5 annex 1, tables 1 and 2: the shelf and the high-pass at 48 kHz, as rows b0 b1 b2 a0 a1 a2.
K_48K = np.array(
    [
        [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585],
        [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621],
    ]
)
ABSOLUTE_GATE = 10 ** ((-70 + 0.691) / 10)  # as power
# 5.1 is L R C LFE Ls Rs; 7.1 is L R C LFE Lb Rb Ls Rs (the order of WAVE files), where annex 3 raises only the sides.
WEIGHTS = {6: (1, 1, 1, 0, 1.41, 1.41), 8: (1, 1, 1, 0, 1, 1, 1.41, 1.41)}


def k_weighting(sample_rate: int) -> Floats:
    """The K filter for any rate (Hz, ≥ 4000) as second-order sections (2, 6); at 48 kHz the coefficients of BS.1770-5.

    The published coefficients are taken back to their analogue prototypes and forth again by bilinear transforms that
    hold each prototype's own frequency (38 Hz, 1682 Hz) and gain.  What the transform bends elsewhere changes the
    response below 3 kHz by 0.01 dB at most from 44.1 kHz up, 0.06 dB at 16 kHz and 0.21 dB at 8 kHz.
    """
    swap = np.array([[1, 2, 1], [1, 0, -1], [1, -2, 1]])  # (1, z⁻¹, z⁻²) to (1, s, s²) and, but for a factor 4, back
    prototype = K_48K.reshape(2, 2, 3) @ swap
    at_48k = np.sqrt(prototype[:, 1, 0] / prototype[:, 1, 2])  # tan(π f / 48000)
    ratio = at_48k / np.tan(np.arctan(at_48k) * 48000 / sample_rate)
    digital = prototype * ratio[:, None, None] ** np.arange(3) @ swap
    return (digital / digital[:, 1:, :1]).reshape(2, 6)


class Interpolator:
    """Finds peaks between samples by 4-fold oversampling (BS.1770-5 annex 2); 2-fold from 96 kHz, none from 192 kHz.

    A windowed sinc of 24 taps a phase: within ±0.04 dB up to 0.417 of the sample rate (20 kHz at 48 kHz).  A stretch of
    samples is oversampled, by one matrix product, only where its greatest sample times the filter's greatest gain
    exceeds a floor; what is skipped provably stays below it.
    """

    stretch = 64  # frames looked at together
    taps = 24
    before = taps // 2 - 1  # frames needed ahead of a stretch; taps // 2 are needed after it

    def __init__(self, sample_rate: int) -> None:
        factor = 4 if sample_rate < 96000 else 2 if sample_rate < 192000 else 1
        distance = np.arange(self.taps) - self.before - np.arange(1, factor)[:, None] / factor
        window = np.i0(5 * np.sqrt(1 - (distance / (self.taps / 2)) ** 2))
        phases = np.sinc(distance) * window
        phases /= phases.sum(1, keepdims=True)
        self._gain = max(1.0, float(np.abs(phases).sum(1).max(initial=0)))
        self._phases = factor - 1
        self._matrix = np.zeros((self.stretch + self.taps - 1, self._phases * self.stretch))
        for i in range(self.stretch):
            self._matrix[i : i + self.taps, i :: self.stretch] = phases.T

    def peaks(self, x: Floats, floor: float) -> tuple[NDArray[np.intp], Floats]:
        """Peaks between the samples of `x`, shape (channels, taps - 1 + n * stretch), full scale ±1.

        Returns the stretches (0 … n-1) that may exceed `floor` (linear) and, for each, the greatest magnitude over
        channels after each of its frames, before the next: shape (found, stretch).
        """
        windows = sliding_window_view(x, len(self._matrix), axis=1)[:, :: self.stretch]
        bound = np.maximum(windows.max((0, 2)), -windows.min((0, 2)))
        found = np.flatnonzero(bound * self._gain > floor)
        between = windows[:, found].reshape(-1, len(self._matrix)) @ self._matrix
        between = between.reshape(len(x), len(found), self._phases, self.stretch)
        return found, np.abs(between).max((0, 2), initial=0)


class HopPowers:
    """K-weighted mean power in each full 100 ms of one stream, or of streams that run together and their products.

    With the powers of a and b and of a·b, that of any sum g·a + h·b is known: g²·aa + 2gh·ab + h²·bb.  Channels are
    weighed as `LoudnessMeter` says.  Values do not depend on how the streams are cut into blocks.

    Attributes:
        frames: taken so far.
        rest: energies since the last full 100 ms, (pairs,).

    Raises:
        InputError: the sample rate is below 4 kHz.
    """

    def __init__(self, sample_rate: int, channels: int, streams: int = 1) -> None:
        if sample_rate < 4000:
            raise InputError(f"Loudness cannot be measured at {sample_rate} Hz; the lowest sample rate is 4000 Hz.")
        self._rate = sample_rate
        self._weights = np.array(WEIGHTS.get(channels, (1,) * channels), dtype=np.float64)
        self._sections = k_weighting(sample_rate)
        self._state = np.zeros((2, streams, channels, 2))
        self._pairs = list(combinations_with_replacement(range(streams), 2))
        self._hops = self.frames = 0
        self.rest = np.zeros(len(self._pairs))

    def add(self, x: Floats) -> Floats:
        """Takes the next frames, (streams, channels, frames); returns the powers of the hops that this completes.

        Their shape is (hops, pairs): for streams a and b the pairs are aa, ab, bb.
        """
        from scipy.signal import sosfilt  # not at the top: it takes half a second, and who only reads does without

        y, state = sosfilt(self._sections, x, axis=-1, zi=self._state)
        self._state = np.where(np.abs(state) < 1e-30, 0, state)  # numbers that fade below 1e-308 are very slow
        energy = np.stack([self._weights @ (y[a] * y[b]) for a, b in self._pairs])
        done, self.frames = self.frames, self.frames + x.shape[-1]
        powers: list[Floats] = []
        start = 0
        while (due := (self._hops + 1) * self._rate // 10) <= self.frames:
            length = due - self._hops * self._rate // 10
            powers.append((self.rest + energy[:, start : due - done].sum(1)) / length)
            self.rest, start = np.zeros_like(self.rest), due - done
            self._hops += 1
        self.rest = self.rest + energy[:, start:].sum(1)
        return np.reshape(powers, (-1, len(self._pairs)))


def gated_loudness(powers: Floats) -> float:
    """Integrated loudness in LUFS from the mean powers of successive 100 ms, (hops,).

    Gated at -70 LUFS and at -10 LU, in blocks of 400 ms that overlap by 75 %; -inf where no block passes.  Fewer than
    four hops count ungated.
    """
    if len(powers) < 4:
        return _lufs(float(powers.mean())) if len(powers) else -inf
    blocks = sliding_window_view(powers, 4).mean(1)
    blocks = blocks[blocks > ABSOLUTE_GATE]
    return _lufs(float(blocks[blocks > blocks.mean() / 10].mean())) if len(blocks) else -inf


class LoudnessMeter:
    """Streaming loudness and true-peak meter (BS.1770-5, EBU Tech 3341 section 2) for any rate from 4 kHz up.

    Channels are weighed as mono, stereo, 5.1 (L R C LFE Ls Rs) or 7.1 (L R C LFE Lb Rb Ls Rs); in other counts each
    weighs 1.  Mono is one channel of weight 1.  Values do not depend on how the stream is cut into blocks.  Memory:
    80 bytes a second.  Raises InputError for a lower rate.
    """

    def __init__(self, sample_rate: int, channels: int) -> None:
        self._rate, self._channels = sample_rate, channels
        self._powers = HopPowers(sample_rate, channels)
        self._hops = array("d")  # mean power of each full 100 ms
        self._interpolator = Interpolator(sample_rate)
        self._tail = np.zeros((channels, Interpolator.taps - 1))  # frames still needed to find peaks between samples
        self._peak = 0.0

    def add(self, block: NDArray) -> None:
        """Takes the next `block`, (frames, channels), float32 or float64, finite, full scale ±1, any number of frames.

        Raises ValueError for another shape.
        """
        if block.ndim != 2 or block.shape[1] != self._channels:
            raise ValueError(f"expected (frames, {self._channels}), got {block.shape}")
        step = self._rate // 2  # fits the processor's cache, and bounds memory
        for start in range(0, len(block), step):
            x = np.ascontiguousarray(block[start : start + step].T, dtype=np.float64)
            self._hops.extend(self._powers.add(x[None])[:, 0])
            self._add_peak(x)

    def integrated(self) -> float:
        """Loudness of the programme so far in LUFS, as `gated_loudness` says.

        A stream shorter than one block gets the ungated loudness of what is there.
        """
        if len(self._hops) < 4:
            energy = sum(self._hops) * self._rate / 10 + float(self._powers.rest[0])
            return _lufs(energy / max(self._powers.frames, 1))
        return gated_loudness(np.array(self._hops))

    def momentary(self) -> float:
        """Loudness of the last 400 ms in LUFS, ungated, renewed every 100 ms; before the stream there was silence."""
        return _lufs(sum(self._hops[-4:]) / 4)

    def short_term(self) -> float:
        """Loudness of the last 3 s in LUFS, ungated, renewed every 100 ms; before the stream there was silence."""
        return _lufs(sum(self._hops[-30:]) / 30)

    def true_peak(self) -> float:
        """Greatest true peak so far in dBTP, as if silence followed; never below the sample peak; -inf for silence."""
        missing = -(self._tail.shape[1] - Interpolator.taps + 1) % Interpolator.stretch
        silence = np.zeros((len(self._tail), Interpolator.stretch + missing))
        peak = self._greatest(np.concatenate((self._tail, silence), axis=1))
        return 20 * log10(peak) if peak > 0 else -inf

    def _add_peak(self, x: Floats) -> None:
        self._peak = max(self._peak, float(x.max()), -float(x.min()))
        x = np.concatenate((self._tail, x), axis=1)
        whole = (x.shape[1] - Interpolator.taps + 1) // Interpolator.stretch * Interpolator.stretch
        if whole:
            self._peak = self._greatest(x[:, : whole + Interpolator.taps - 1])
        self._tail = x[:, whole:]

    def _greatest(self, x: Floats) -> float:
        return float(self._interpolator.peaks(x, self._peak)[1].max(initial=self._peak))


def _lufs(power: float) -> float:
    return 10 * log10(power) - 0.691 if power > 0 else -inf
