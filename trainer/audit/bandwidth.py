"""How far up a recording really goes, whatever its sample rate says."""

import numpy as np
from numpy.typing import NDArray

_SMOOTH = 5  # bins
_BELOW, _ABOVE, _GAP = 400.0, 200.0, 300.0  # Hz
_CLIFF = 20.0  # dB
_LOWEST = 1000.0  # Hz; lower, a cliff is more likely the sound's own


def true_bandwidth(mean: NDArray[np.float64], bin_hz: float) -> float:
    """Where the mean spectrum falls off a cliff behind which there is nothing any more, in Hz; else half the rate.

    A cliff is what resampling and lossy codecs leave: 20 dB or more within 300 Hz, and no bin above comes back.  The
    gentle roll-off of a voice or a microphone is none.  An mp3 whose limit lies below the recording's own noise
    cannot be told.

    Args:
        mean: mean power of each bin from 0 Hz to half the sample rate, (bins,).
        bin_hz: distance of the bins.
    """
    kernel = np.ones(_SMOOTH) / _SMOOTH
    padded = np.pad(mean, _SMOOTH // 2, mode="edge")
    level = 10 * np.log10(np.convolve(padded, kernel, "valid") + 1e-16)
    below, gap = round(_BELOW / bin_hz), round(_GAP / bin_hz)
    first = max(round(_LOWEST / bin_hz), below)
    last = len(level) - gap - round(_ABOVE / bin_hz)
    if first >= last:
        return (len(mean) - 1) * bin_hz
    total = np.concatenate(([0.0], np.cumsum(level)))
    edge = np.arange(first, last)
    inside = (total[edge] - total[edge - below]) / below
    highest_above = np.maximum.accumulate(level[::-1])[::-1][edge + gap]
    drop = inside - highest_above
    if drop.max() < _CLIFF:
        return (len(mean) - 1) * bin_hz
    cliff = int(np.argmax(drop))
    middle = (inside[cliff] + highest_above[cliff]) / 2
    start = edge[cliff]
    still_inside = np.flatnonzero(level[start : start + gap + 1] >= middle)
    return float((start + still_inside.max(initial=0)) * bin_hz)
