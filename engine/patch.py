"""Patches: stretches of a recording that were split again with another model."""

import math
from dataclasses import dataclass

from engine.errors import UsageError


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
