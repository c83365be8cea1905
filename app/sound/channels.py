"""Fitting a recording's channels to those of a sound device, for listening only."""

import numpy as np
from numpy.typing import NDArray

_HALF = 0.5**0.5
# ITU-R BS.775 for the orders of WAVE files: L R C LFE Ls Rs, and L R C LFE Lb Rb Ls Rs; the LFE is left out.
_TO_STEREO = {
    6: ((1, 0), (0, 1), (_HALF, _HALF), (0, 0), (_HALF, 0), (0, _HALF)),
    8: ((1, 0), (0, 1), (_HALF, _HALF), (0, 0), (_HALF, 0), (0, _HALF), (_HALF, 0), (0, _HALF)),
}


def downmix(channels: int, device_channels: int) -> NDArray[np.float32] | None:
    """The matrix (channels, device_channels) that turns frames for a device with fewer channels; None if it has enough.

    5.1 and 7.1 go to stereo after ITU-R BS.775, unattenuated; other counts, and all to mono, as their mean.
    """
    if device_channels >= channels:
        return None
    if device_channels == 2 and channels in _TO_STEREO:
        return np.array(_TO_STEREO[channels], np.float32)
    return np.full((channels, device_channels), 1 / channels, np.float32)
