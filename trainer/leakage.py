"""How much of each part is left in the other's estimate, and what of it is lost, measured where the parts are known."""

import numpy as np
from numpy.typing import NDArray

Audio = NDArray[np.floating]


def leakage(estimate: Audio, wanted: Audio, unwanted: Audio) -> float:
    """Level of `unwanted` relative to `wanted` in an estimate, dB; lower is better.

    The estimate (samples,) is projected on the two known parts by least squares; what is neither counts for none.  An
    estimate of equal shares of both has 0 dB plus what one part is louder than the other.
    """
    parts = np.stack((wanted, unwanted)).astype(np.float64)
    share = np.linalg.lstsq(parts.T, estimate.astype(np.float64), rcond=None)[0]
    levels = np.abs(share) * np.sqrt(np.square(parts).mean(1)) + 1e-9
    return float(20 * np.log10(levels[1] / levels[0]))


def lost(estimate: Audio, speech: Audio, sample_rate: int) -> float:
    """Share, 0 to 1, of the moments of speech that an estimate has lost: left out altogether, or nearly.

    Moments are 0.4 s long and count where speech is within 20 dB of its loudest; one is lost if what the estimate
    (samples,) holds of it, by projection, is more than 10 dB quieter.  Of both, the differences of neighbouring samples
    are compared, so that rumble counts for little.  Means over whole recordings hide such holes.  NaN without speech.
    """
    length = int(0.4 * sample_rate)
    parts = np.diff(np.stack((estimate, speech)).astype(np.float64))
    parts = np.pad(parts, ((0, 0), (0, -parts.shape[1] % length))).reshape(2, -1, length)
    power = np.square(parts[1]).sum(1)
    spoken = power > 0.01 * power.max()
    kept = (parts[0] * parts[1]).sum(1)[spoken] / power[spoken]
    return float(np.mean(kept < 10 ** (-10 / 20))) if len(kept) else float("nan")
