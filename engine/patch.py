"""Patches: stretches of a recording that were split again with another model."""

import math
from dataclasses import asdict, dataclass
from typing import Any

from engine.errors import InputError, UsageError


@dataclass(frozen=True)
class Patch:
    """A stretch whose speech comes from `model` (a name or path) in place of the model of the whole recording.

    Attributes:
        start, end: seconds, end after start.  The two models cross over within 20 ms inside either edge.
    """

    start: float
    end: float
    model: str

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end < math.inf:
            raise UsageError(f"stretch {self.start:g} to {self.end:g} s: needs 0 <= start < end")


def patch_data(patch: Patch) -> dict[str, Any]:
    """The patch as JSON can hold it."""
    return asdict(patch)


def patch_from(data: Any) -> Patch:
    """The inverse of `patch_data`.

    Raises:
        InputError: the data are no patch.
    """
    try:
        start, end, model = (data[name] for name in ("start", "end", "model"))
        if len(data) > 3 or not isinstance(model, str):
            raise TypeError
        return Patch(float(start), float(end), model)
    except (LookupError, TypeError, ValueError, OverflowError):
        raise InputError('a stretch split again has numbers "start" and "end", and a name "model"') from None
    except UsageError as error:
        raise InputError(str(error)) from None
