"""Where in a recording somebody speaks: a logistic function of eight features of the second around each frame."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, minimum_filter1d, uniform_filter1d

from trainer.spectra import VOICE_BANDS, Spectra

FLOOR = 1e-10  # mean square that is added to each band: below it is only the noise of 16 bits
_HALF_SECOND = 31  # frames
_FLOOR_REACH = 94  # frames, 1.5 s
_REACH = 100  # frames; all that a feature looks at
_PIECE = 1 << 15  # frames looked at together

# Fitted by `python -m tests.benchmarks.audit fit` on every other file of the corpora there.
WEIGHTS = np.array([-3.0, 4.75, 3.24, -14.74, 1.13, 0.81, -1.08, 4.7])
BIAS = -6.3


def voice_probability(spectra: Spectra) -> NDArray[np.float64]:
    """How likely somebody speaks in each frame or just beside it, 0 to 1, (frames,).

    Pauses up to about 0.2 s count as speech.  Singing and babble may pass for it.
    SHARE_SECTION
    """
    pieces: list[NDArray[np.float64]] = []
    for start in range(0, len(spectra.powers), _PIECE):  # bounds memory
        first, stop = max(0, start - _REACH), start + _PIECE + _REACH
        features = voice_features(spectra.powers[first:stop], spectra.periodicity[first:stop])
        pieces.append(features[start - first :][:_PIECE] @ WEIGHTS + BIAS)
    return 1 / (1 + np.exp(-np.concatenate(pieces)))


def voice_features(powers: NDArray, periodicity: NDArray) -> NDArray[np.float64]:
    """What `voice_probability` weighs, (frames, 8), each of the order of 1, from what `Spectra` calls so."""
    decibels = 10 * np.log10(powers[:, VOICE_BANDS] + FLOOR)
    level = 10 * np.log10(powers[:, VOICE_BANDS].sum(1) + FLOOR)
    smooth_level, smooth_pitch = around(level, 2), around(periodicity, 2)
    floor = minimum_filter1d(smooth_level, 2 * _FLOOR_REACH + 1)
    # Faster than syllables: where much of the movement is, it is noise.
    jitter = around(np.square(decibels - around(decibels, 3)).mean(1), _HALF_SECOND)
    flux = around(np.square(np.diff(decibels, axis=0, prepend=decibels[:1])).mean(1), _HALF_SECOND)
    # Vowels and sibilants by turns.
    tilt = decibels[:, :6].mean(1) - decibels[:, -6:].mean(1)
    mean_level, mean_pitch = around(level, _HALF_SECOND), around(periodicity, _HALF_SECOND)
    together = around((periodicity - mean_pitch) * (level - mean_level), _HALF_SECOND)
    return np.stack(
        [
            10 * minimum_filter1d(smooth_pitch, 2 * _HALF_SECOND + 1),
            np.log(jitter + 0.1),
            spread(tilt) / 10,
            np.sqrt(flux) / 10,
            10 * around(periodicity, 6),
            (smooth_level - floor) / 10,
            (maximum_filter1d(smooth_level, 2 * _FLOOR_REACH + 1) - floor) / 10,
            # Voices are loud where they are voiced.
            together / (spread(periodicity) * spread(level) + 0.05),
        ],
        axis=1,
    )


def around(values: NDArray, reach: int) -> NDArray:
    """The mean over `reach` frames on both sides, along the first axis; beyond the ends the outermost frame goes on."""
    return uniform_filter1d(values, 2 * reach + 1, axis=0, mode="nearest")


def spread(values: NDArray) -> NDArray:
    """The standard deviation over half a second on both sides, (frames,)."""
    return np.sqrt(np.maximum(around(np.square(values - around(values, _HALF_SECOND)), _HALF_SECOND), 0))
