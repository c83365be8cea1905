"""Clipped samples, also where the level was changed after the clipping."""

import numpy as np
from numpy.typing import NDArray

_AUDIBLE = 0.01  # a block with less than this peak is not looked at
_TOP = 0.95  # of the block's peak: where flat tops are looked for
_FLAT = 0.01  # of the peak: how much a flat top may change from sample to sample
_CORNER = 4  # times that: how much the wave changes where it runs into the flat top
_SECONDS = 0.00019  # the least length of a flat top: 3 samples at 16 kHz


def clipped_samples(block: NDArray, sample_rate: int) -> int:
    """How many samples of a block, (frames, channels), are part of a flat top near its highest or lowest value.

    A flat top has a corner on one side at least, which the round tops of hum and of low voices do not have.  Clipping
    that a lossy format or a change of rate made uneven is found only in part.
    """
    return sum(
        _in_flat_tops(side, max(3, round(_SECONDS * sample_rate)), max(1, round(sample_rate / 16000)))
        for channel in block.T
        for side in (channel, -channel)
    )


def _in_flat_tops(wave: NDArray, least: int, step: int) -> int:
    """Samples in flat tops of at least `least` samples; the slope beside them is taken over `step`."""
    peak = float(wave.max(initial=0.0))
    if peak < _AUDIBLE:
        return 0
    high = np.flatnonzero(wave >= _TOP * peak)
    flat = (np.diff(high) == 1) & (np.abs(np.diff(wave[high])) <= _FLAT * peak)
    ends = np.flatnonzero(np.diff(np.concatenate(([False], flat, [False]))))
    first, last = high[ends[::2]], high[ends[1::2]]
    before = wave[first] - wave[np.maximum(first - step, 0)]
    after = wave[last] - wave[np.minimum(last + step, len(wave) - 1)]
    length = last - first + 1
    return int(length[(length >= least) & (np.maximum(before, after) > _CORNER * _FLAT * peak)].sum())
