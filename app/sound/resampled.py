"""Tracks at another sample rate, for a device that refuses the recording's own."""

from math import ceil, gcd

import numpy as np

from app.sound.prefetch import Audio, Tracks

MARGIN_SECONDS = 0.05  # more than soxr's filter reaches


def at_rate(tracks: Tracks, sample_rate: int) -> Tracks:
    """The tracks at `sample_rate` Hz: themselves if it is theirs."""
    return tracks if tracks.sample_rate == sample_rate else Resampled(tracks, sample_rate)


class Resampled:
    """`tracks` as if recorded at `sample_rate` Hz: `Tracks` themselves.

    The tracks are resampled, not their remix: a resampler behind the remix would hold back every gain change by the 20
    to 40 ms that soxr collects.  Any stretch equals the same stretch of the whole, but for rounding.
    """

    def __init__(self, tracks: Tracks, sample_rate: int) -> None:
        self._tracks = tracks
        common = gcd(tracks.sample_rate, sample_rate)
        self._theirs, self._ours = tracks.sample_rate // common, sample_rate // common  # frames where the grids meet
        self._margin = ceil(MARGIN_SECONDS * common)
        self.sample_rate = sample_rate
        self.channels = tracks.channels
        self.frames = -(-tracks.frames * self._ours // self._theirs)

    def read(self, start: int, stop: int) -> tuple[Audio, Audio]:
        """See `Tracks.read`; raises what the tracks raise."""
        first = max(0, start // self._ours - self._margin)
        last = -(-stop // self._ours) + self._margin
        theirs = self._tracks.read(first * self._theirs, min(last * self._theirs, self._tracks.frames))
        skip, frames = start - first * self._ours, stop - start
        mixture, speech = (self._resampled(track)[skip : skip + frames] for track in theirs)
        missing = ((0, frames - len(mixture)), (0, 0))  # soxr may round the length down at the end of the recording
        return np.pad(mixture, missing), np.pad(speech, missing)

    def _resampled(self, track: Audio) -> Audio:
        import soxr  # not at the top: few devices need it, and the window shall not wait for it

        return soxr.resample(track, self._theirs, self._ours)
