"""Everything that undo covers, as one immutable value, and what of it is heard under solo and mute."""

import math
from dataclasses import dataclass, field, replace

from engine.delivery import Delivery
from engine.errors import UsageError
from engine.patch import Patch
from engine.remix import Remix

LANES = ("mixture", "speech", "noise")
SILENT = -math.inf


@dataclass(frozen=True)
class Marker:
    """A named place in the recording, `time` in seconds from its start.  Raises UsageError for a negative time."""

    time: float
    name: str

    def __post_init__(self) -> None:
        if not 0 <= self.time < math.inf:
            raise UsageError(f"marker '{self.name}' at {self.time:g} s: its time must be 0 or later")


@dataclass(frozen=True)
class Edit:
    """What the user made of a recording.

    Attributes:
        remix: the gains, and the regions with gains of their own.
        markers: in the order in which they were made.
        patches: stretches split again with another model.
        model: name or path of the model that splits the recording; "" is the default one.
        delivery: what the exported file must meet.
    """

    remix: Remix = field(default_factory=Remix)
    markers: tuple[Marker, ...] = ()
    patches: tuple[Patch, ...] = ()
    model: str = ""
    delivery: Delivery = field(default_factory=Delivery)


UNTOUCHED = Edit()


def heard(remix: Remix, solo: str | None, muted: frozenset[str]) -> Remix:
    """The remix to play while the lane `solo` is heard alone or the lanes `muted` are not heard.

    Solo plays the raw track, without regions, and wins over mute.  Muting the mixture silences everything.
    """
    match solo:
        case "mixture":
            return Remix()
        case "speech":
            return Remix(noise_db=SILENT)
        case "noise":
            return Remix(speech_db=SILENT)
    gains = {f"{track}_db": SILENT for track in ("speech", "noise") if muted & {track, "mixture"}}
    return replace(remix, regions=tuple(replace(region, **gains) for region in remix.regions), **gains)
