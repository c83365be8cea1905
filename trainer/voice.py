"""Where in a recording somebody speaks: a logistic function of eight features of the second around each frame."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, minimum_filter1d

from trainer.spectra import VOICE_BANDS, Spectra

FLOOR = 1e-10  # mean square that is added to each band: below it is only the noise of 16 bits
_HALF_SECOND = 31  # frames
_FLOOR_REACH = 94  # frames, 1.5 s

# Fitted by `python -m tests.benchmarks.audit fit` on every other file of the corpora there.
WEIGHTS = np.array([-3.12, 5.59, 2.44, -16.8, 1.18, 0.86, -1.15, 4.47])
BIAS = -6.96


def voice_probability(spectra: Spectra) -> NDArray[np.float64]:
    """How likely somebody speaks in each frame or just beside it, 0 to 1, (frames,).

    Pauses up to about 0.2 s count as speech.  Singing and babble may pass for it.  On the development clips of
    SHARE_SECTION
    """
    return 1 / (1 + np.exp(-(voice_features(spectra) @ WEIGHTS + BIAS)))


def voice_features(spectra: Spectra) -> NDArray[np.float64]:
    """What `voice_probability` weighs, (frames, 8), each of the order of 1."""
    decibels = 10 * np.log10(spectra.powers[:, VOICE_BANDS] + FLOOR)
    level = 10 * np.log10(spectra.powers[:, VOICE_BANDS].sum(1) + FLOOR)
    pitch = spectra.periodicity
    smooth_level, smooth_pitch = around(level, 2), around(pitch, 2)
    floor = minimum_filter1d(smooth_level, 2 * _FLOOR_REACH + 1)
    # Faster than syllables: where much of the movement is, it is noise.
    jitter = around(np.square(decibels - around(decibels, 3)).mean(1), _HALF_SECOND)
    flux = around(np.square(np.diff(decibels, axis=0, prepend=decibels[:1])).mean(1), _HALF_SECOND)
    # Vowels and sibilants by turns.
    tilt = decibels[:, :6].mean(1) - decibels[:, -6:].mean(1)
    together = around(pitch * level, _HALF_SECOND) - around(pitch, _HALF_SECOND) * around(level, _HALF_SECOND)
    return np.stack(
        [
            10 * minimum_filter1d(smooth_pitch, 2 * _HALF_SECOND + 1),
            np.log(jitter + 0.1),
            spread(tilt, _HALF_SECOND) / 10,
            np.sqrt(flux) / 10,
            10 * around(pitch, 6),
            (smooth_level - floor) / 10,
            (maximum_filter1d(smooth_level, 2 * _FLOOR_REACH + 1) - floor) / 10,
            # Voices are loud where they are voiced.
            together / (spread(pitch, _HALF_SECOND) * spread(level, _HALF_SECOND) + 0.05),
        ],
        axis=1,
    )


def around(values: NDArray, reach: int) -> NDArray[np.float64]:
    """The mean over `reach` frames on both sides, along the first axis; fewer at the ends."""
    total = np.concatenate((np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0, dtype=np.float64)))
    index = np.arange(len(values))
    first, stop = np.maximum(index - reach, 0), np.minimum(index + reach + 1, len(values))
    return (total[stop] - total[first]) / (stop - first).reshape(-1, *(1,) * (values.ndim - 1))


def spread(values: NDArray, reach: int) -> NDArray[np.float64]:
    """The standard deviation over `reach` frames on both sides, (frames,)."""
    return np.sqrt(np.maximum(around(np.square(values), reach) - np.square(around(values, reach)), 0))
