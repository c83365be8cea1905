"""What lies under the speech of a recording: signal-to-noise ratio, noise floor between words, decay of the room."""

import numpy as np
from numpy.typing import NDArray

from trainer.spectra import FRAMES_PER_SECOND, VOICE_BANDS
from trainer.voice import around

SPEAKING, NOT_SPEAKING = 0.5, 0.2  # probabilities
_SILENT = 10**-9  # mean square; frames below are digital silence, which says nothing about the noise
_ENOUGH = 20  # frames
_ENOUGH_FOR_FLOOR = 125  # frames
_FALL, _ABOVE_FLOOR, _STEPS = 10.0, 6.0, 5  # dB, dB, frames: what counts as a decay
_SMALLEST_RATIO = 0.01
# Fitted on mixtures made of the corpora, see tests.benchmarks.audit.
_FLOOR_TO_SNR = np.array([1.34, -16.1])  # slope, offset in dB
_FALL_TO_DECAY = np.array([2.57, -0.73])  # slope, offset in s


def snr_db(powers: NDArray, voice: NDArray) -> float | None:
    """The power of speech while it is there over that of all else, in dB; None where nobody speaks.

    The noise is measured while nobody speaks, for 0.3 s at least; where there is no such stretch, it is guessed from
    the floor between words.
    SNR_SECTION

    Args:
        powers: mean squares of frames and bands, (frames, BANDS).
        voice: probability of speech, (frames,).
    """
    level = powers.sum(1)
    speaking = level[voice > SPEAKING]
    if len(speaking) < _ENOUGH:
        return None
    noise = level[(voice < NOT_SPEAKING) & (level > _SILENT)]
    if len(noise) < _ENOUGH:
        floor = floor_db(powers, voice) if len(level) >= _ENOUGH_FOR_FLOOR else None
        return None if floor is None else float(_FLOOR_TO_SNR @ (-floor, 1))
    speech = max(speaking.mean() - noise.mean(), _SMALLEST_RATIO * speaking.mean())
    return float(10 * np.log10(speech / noise.mean()))


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
    """How long sounds take to fall by 60 dB, in s; None where fewer than four falls of 10 dB can be followed.

    Near 0 for a dry close recording.  Noise hides the tails: below about 20 dB signal-to-noise ratio it says nothing.
    DECAY_SECTION
    """
    level = 10 * np.log10(around(powers[:, VOICE_BANDS].sum(1), 1) + 1e-11)
    lowest = np.percentile(level, 5) + _ABOVE_FLOOR
    falling = (np.diff(level) < 0) & (level[1:] > lowest)
    ends = np.flatnonzero(np.diff(np.concatenate(([False], falling, [False]))))
    times: list[float] = []
    for first, last in zip(ends[::2], ends[1::2], strict=True):
        if last - first >= _STEPS and level[first] - level[last] >= _FALL:
            slope = np.polyfit(np.arange(last - first + 1), level[first : last + 1], 1)[0]
            times.append(-60 / slope / FRAMES_PER_SECOND)
    return max(0.0, float(_FALL_TO_DECAY @ (np.median(times), 1))) if len(times) >= 4 else None
