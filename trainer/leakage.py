"""How much of each part is left in the other's estimate, measured where the parts are known."""

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
