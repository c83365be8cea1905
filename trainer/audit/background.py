"""What lies under the speech of a recording: signal-to-noise ratio, noise floor between words, decay of the room."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_opening, maximum_filter1d, minimum_filter1d, uniform_filter1d

from trainer.audit.spectra import FRAMES_PER_SECOND, VOICE_BANDS

SPEAKING, NOT_SPEAKING = 0.5, 0.2  # probabilities
_SILENT = 10**-9  # mean square; frames below are digital silence, which says nothing about the noise
_AWAY = 12  # frames, from the nearest that may be speech
_PAUSE, _PAUSE_DB, _PAUSE_REACH = 8, 6.0, 94  # frames, dB above the lowest within these frames
_ENOUGH = 20  # frames
_ENOUGH_FOR_FLOOR = 125  # frames
_FALL, _ABOVE_FLOOR, _STEPS = 10.0, 6.0, 5  # dB, dB, frames: what counts as a decay
_SMALLEST_RATIO = 0.01
# Fitted on mixtures made of the corpora, see tests.benchmarks.audit.
FLOOR_BELOW_NOISE = 8.3  # dB, in the middle
_FALL_TO_DECAY = np.array([2.62, -0.79])  # slope, offset in s


def snr_db(powers: NDArray, voice: NDArray) -> float | None:
    """The power of speech while it is there over that of all else, in dB; None where nobody speaks or it is too short.

    Measured where it can be, see `measured_snr_db`; else guessed from the quietest moments of each band.  On mixtures
    from -5 to 35 dB it is off by 1.9 dB in the middle and by more than 9 dB in a tenth, mostly below 5 dB and where
    noise comes and goes (tests.benchmarks.audit).

    Args:
        powers: mean squares of frames and bands, (frames, BANDS).
        voice: probability of speech, (frames,).
    """
    measured = measured_snr_db(powers, voice)
    if measured is not None or len(powers) < _ENOUGH_FOR_FLOOR:
        return measured
    floor = floor_db(powers, voice)
    return None if floor is None else -floor - FLOOR_BELOW_NOISE


def measured_snr_db(powers: NDArray, voice: NDArray) -> float | None:
    """The ratio where nobody speaks for a while, or in pauses between words, where the level stays near its lowest.

    None where nobody speaks, or where there is neither.
    """
    level = powers.sum(1)
    speaking = level[voice > SPEAKING]
    if len(speaking) < _ENOUGH:
        return None
    away = maximum_filter1d(voice, 2 * _AWAY + 1) < NOT_SPEAKING
    for quiet in (away, _pauses(level)):
        noise = level[quiet & (level > _SILENT)]
        if len(noise) >= _ENOUGH:
            speech = max(speaking.mean() - noise.mean(), _SMALLEST_RATIO * speaking.mean())
            return float(10 * np.log10(speech / noise.mean()))
    return None


def _pauses(level: NDArray) -> NDArray[np.bool_]:
    """Where the level stays near the lowest around it for as long as a pause lasts and a faint sound does not."""
    decibels = 10 * np.log10(around(level, 2) + _SILENT)
    lowest = minimum_filter1d(decibels, 2 * _PAUSE_REACH + 1)
    return np.asarray(binary_opening(decibels < lowest + _PAUSE_DB, np.ones(_PAUSE)), bool)


def floor_db(powers: NDArray, voice: NDArray) -> float | None:
    """The noise between words: the quietest twentieth of each band, all bands together, relative to the speech, in dB.

    None where nobody speaks.
    """
    level = powers.sum(1)
    speaking = level[voice > SPEAKING]
    sounding = around(powers, 2)[level > _SILENT]
    if len(speaking) < _ENOUGH or len(sounding) < _ENOUGH:
        return None
    return float(10 * np.log10((np.percentile(sounding, 5, axis=0).sum() + _SILENT) / speaking.mean()))


def decay_seconds(powers: NDArray) -> float | None:
    """How long the room takes to fall by 60 dB, in s; None where it cannot be told, see `fall_seconds`.

    Near 0 for a dry close recording.  Noise hides the tails: below about 20 dB signal-to-noise ratio it says nothing.
    On simulated rooms of 0.15 to 1.3 s it is off by 0.14 s in the middle and by more than 0.5 s in a tenth; 0.5 s and
    more is said of no dry speech and of 97 % of rooms above 0.7 s (tests.benchmarks.audit).
    """
    fall = fall_seconds(powers)
    return None if fall is None else max(0.0, float(_FALL_TO_DECAY @ (fall, 1)))


def fall_seconds(powers: NDArray) -> float | None:
    """The median time that falling sounds would take for 60 dB, in s; None with fewer than four falls of 10 dB."""
    level = 10 * np.log10(around(powers[:, VOICE_BANDS].sum(1), 1) + 1e-11)
    lowest = np.percentile(level, 5) + _ABOVE_FLOOR
    falling = (np.diff(level) < 0) & (level[1:] > lowest)
    ends = np.flatnonzero(np.diff(np.concatenate(([False], falling, [False]))))
    times: list[float] = []
    for first, last in zip(ends[::2], ends[1::2], strict=True):
        if last - first >= _STEPS and level[first] - level[last] >= _FALL:
            slope = np.polyfit(np.arange(last - first + 1), level[first : last + 1], 1)[0]
            times.append(-60 / slope / FRAMES_PER_SECOND)
    return float(np.median(times)) if len(times) >= 4 else None


def around(values: NDArray, reach: int) -> NDArray:
    """The mean over `reach` frames on both sides, along the first axis; beyond the ends the outermost frame goes on."""
    return uniform_filter1d(values, 2 * reach + 1, axis=0, mode="nearest")
