"""Delivery: the loudness, true peak and sample format that a finished file must meet."""

from dataclasses import dataclass

from engine.errors import UsageError

CEILING_DBTP = -1.0  # where a loudness is asked for without a true peak: what EBU R 128 allows


@dataclass(frozen=True)
class Delivery:
    """What the finished file must meet.

    Attributes:
        loudness: integrated loudness in LUFS, -70 to 0; None leaves it as it comes.
        true_peak: ceiling in dBTP, -20 to 0; None means no limiter, or `CEILING_DBTP` where a loudness is asked for.
        subtype: sample format, a libsndfile name; None takes the recording's.
    """

    loudness: float | None = None
    true_peak: float | None = None
    subtype: str | None = None

    def __post_init__(self) -> None:
        if self.loudness is not None and not -70 <= self.loudness <= 0:
            raise UsageError(f"a loudness of {self.loudness:g} LUFS is out of range; use -70 to 0, podcasts often -16")
        if self.true_peak is not None and not -20 <= self.true_peak <= 0:
            raise UsageError(f"a true peak of {self.true_peak:g} dBTP is out of range; use -20 to 0, often -1")

    @property
    def ceiling(self) -> float | None:
        """True-peak ceiling in dBTP, or None for no limiter."""
        return CEILING_DBTP if self.true_peak is None and self.loudness is not None else self.true_peak
