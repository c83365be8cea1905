"""Delivery: the loudness, true peak and sample format that a finished file must meet."""

from dataclasses import asdict, dataclass
from typing import Any

from engine.errors import InputError, UsageError

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


def delivery_data(delivery: Delivery) -> dict[str, Any]:
    """The delivery as JSON can hold it."""
    return asdict(delivery)


def delivery_from(data: Any) -> Delivery:
    """The inverse of `delivery_data`; what is left out has its default.

    Raises:
        InputError: the data are no delivery.
    """
    try:
        if not isinstance(data.get("subtype"), str | None):
            raise TypeError
        numbers = {name: value for name, value in data.items() if name != "subtype" and value is not None}
        return Delivery(**{name: float(value) for name, value in numbers.items()}, subtype=data.get("subtype"))
    except (AttributeError, TypeError, ValueError, OverflowError):
        raise InputError('a delivery has numbers "loudness" and "true_peak", and a name "subtype"') from None
    except UsageError as error:
        raise InputError(str(error)) from None
