"""Presets: pairs of gains with a name, those that come with Voicebed and the user's own."""

import math
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from engine.errors import InputError, UsageError
from engine.remix import Remix, remix_data, remix_from

Presets = tuple["Preset", ...]


@dataclass(frozen=True)
class Preset:
    """Gains in dB, −∞ to +12, under a name.  Raises UsageError for gains beyond that."""

    name: str
    speech_db: float
    noise_db: float

    def __post_init__(self) -> None:
        Remix(self.speech_db, self.noise_db)

    def applied(self, remix: Remix) -> Remix:
        """A remix with the gains of the preset; its regions stay."""
        return replace(remix, speech_db=self.speech_db, noise_db=self.noise_db)


BUNDLED: Presets = (
    Preset("Voice only", 0.0, -math.inf),
    Preset("Clean but natural", 0.0, -18.0),
    Preset("Original", 0.0, 0.0),
    Preset("Atmosphere up", 0.0, 6.0),
)


def added(presets: Presets, preset: Preset) -> Presets:
    """The user's presets with one more.  Raises UsageError where its name is empty or taken."""
    return (*presets, replace(preset, name=free_name(presets, preset.name)))


def renamed(presets: Presets, index: int, name: str) -> Presets:
    """The user's presets, one under another name.  Raises UsageError where that is empty or taken."""
    others = (*presets[:index], *presets[index + 1 :])
    preset = replace(presets[index], name=free_name(others, name))
    return (*presets[:index], preset, *presets[index + 1 :])


def free_name(presets: Presets, name: str) -> str:
    """The name without spaces around it.

    Raises:
        UsageError: it is empty, or that of one of `presets` or `BUNDLED` in upper or lower case.
    """
    name = name.strip()
    if not name:
        raise UsageError("a preset needs a name")
    if name.casefold() in (preset.name.casefold() for preset in (*BUNDLED, *presets)):
        raise UsageError(f"there is a preset '{name}' already; choose another name")
    return name


def presets_data(presets: Presets) -> list[dict[str, Any]]:
    """The presets as JSON can hold them."""
    entries: list[dict[str, Any]] = []
    for preset in presets:
        gains = remix_data(preset.applied(Remix()))
        entries.append({"name": preset.name, "speech_db": gains["speech_db"], "noise_db": gains["noise_db"]})
    return entries


def presets_from(data: Any) -> Presets:
    """The inverse of `presets_data`; entries that are no presets are passed over.  Raises TypeError unless a list."""
    presets: Presets = ()
    if not isinstance(data, list):
        raise TypeError
    for entry in data:
        match entry:
            case {"name": str() as name, "speech_db": speech_db, "noise_db": noise_db}:
                with suppress(InputError, UsageError, OverflowError):
                    remix = remix_from({"speech_db": speech_db, "noise_db": noise_db})
                    presets = added(presets, Preset(name, remix.speech_db, remix.noise_db))
    return presets
