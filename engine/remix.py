"""Remixing: gains for speech and noise, with regions, and the one render function for player and export."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError, UsageError

Audio = NDArray[np.floating]
TOP_DB = 12.0
RAMP_SECONDS = 0.05


def amplitude(db: float) -> float:
    """Gain in dB as a factor; −∞ dB is exactly zero and 0 dB exactly one."""
    return 10.0 ** (db / 20)


def check_gain(name: str, db: float) -> None:
    """Raise UsageError unless `db` is −∞ or a number up to +12."""
    if math.isnan(db) or db > TOP_DB:
        raise UsageError(f"{name} gain {db:g} dB is out of range; use -inf to {TOP_DB:g}")


@dataclass(frozen=True)
class Region:
    """A stretch with gains of its own, in place of the global ones.

    Attributes:
        start, end: seconds, end after start.
        speech_db, noise_db: gains inside, −∞ to +12 dB.
        ramp: seconds over which the gains cross over, inside the region, at both edges.
    """

    start: float
    end: float
    speech_db: float = 0.0
    noise_db: float = 0.0
    ramp: float = RAMP_SECONDS

    def __post_init__(self) -> None:
        if not (0 <= self.start < self.end < math.inf and 0 <= self.ramp < math.inf):
            raise UsageError(f"region {self.start:g} to {self.end:g} s: needs 0 <= start < end and a ramp of 0 or more")
        check_gain("region speech", self.speech_db)
        check_gain("region noise", self.noise_db)

    def share(self, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far the region's gains hold at the given times: 0 outside, 1 inside, raised-cosine ramps at the edges."""
        ramp = min(self.ramp, (self.end - self.start) / 2)
        inside = np.minimum(seconds - self.start, self.end - seconds)
        if ramp == 0:
            return (inside >= 0).astype(np.float64)
        return 0.5 - 0.5 * np.cos(np.pi * np.clip(inside / ramp, 0, 1))


@dataclass(frozen=True)
class Remix:
    """Global gains in dB (−∞ to +12), and regions; where regions overlap, the later one in the list holds."""

    speech_db: float = 0.0
    noise_db: float = 0.0
    regions: tuple[Region, ...] = ()

    def __post_init__(self) -> None:
        check_gain("speech", self.speech_db)
        check_gain("noise", self.noise_db)

    def gains(self, start: int, frames: int, sample_rate: int) -> tuple[Audio, Audio]:
        """Factors for speech and for noise, each (frames, 1) or (1, 1), from sample `start` on."""
        speech, noise = (np.full((1, 1), amplitude(db)) for db in (self.speech_db, self.noise_db))
        for region in self.regions:
            if region.start * sample_rate < start + frames and region.end * sample_rate >= start:
                share = region.share((start + np.arange(frames)) / sample_rate)[:, None]
                speech = speech + share * (amplitude(region.speech_db) - speech)
                noise = noise + share * (amplitude(region.noise_db) - noise)
        return speech, noise


def render(mixture: Audio, speech: Audio, remix: Remix, start: int, sample_rate: int) -> Audio:
    """The remix of a block: g_noise · mixture + (g_speech − g_noise) · speech, which is g_speech · s + g_noise · n.

    Where both gains are one this is the mixture, bit for bit.

    Args:
        mixture, speech: (frames, channels), full scale ±1.
        start: sample of the recording at which the block begins.
    """
    of_speech, of_noise = remix.gains(start, len(mixture), sample_rate)
    difference = (of_speech - of_noise).astype(mixture.dtype)
    return of_noise.astype(mixture.dtype) * mixture + difference * speech


def decibel_value(value: Any) -> float:
    """A gain as it stands in a regions file: a number, or "-inf"."""
    number = float(str(value).replace("−", "-").replace("∞", "inf"))
    if math.isnan(number):
        raise ValueError(f"{value} is not a gain")
    return number


def remix_data(remix: Remix) -> dict[str, Any]:
    """The remix as JSON can hold it, −∞ as "-inf"; a file of this is a regions file too."""
    return _plain(remix) | {"regions": [_plain(region) for region in remix.regions]}


def remix_from(data: Any) -> Remix:
    """The inverse of `remix_data`; what is left out has its default.

    Raises:
        InputError: the data are no remix; the message says which part.
    """
    if not isinstance(data, dict) or not data.keys() <= {"speech_db", "noise_db", "regions"}:
        raise InputError('a remix has "speech_db", "noise_db" and "regions"')
    try:
        gains = {name: decibel_value(value) for name, value in data.items() if name != "regions"}
        return Remix(**gains, regions=regions_from(data.get("regions", [])))
    except (ValueError, UsageError) as error:
        raise InputError(str(error)) from None


def regions_from(data: Any) -> tuple[Region, ...]:
    """Regions from plain data: a list, or {"regions": list}, of {"start", "end", "speech_db", "noise_db", "ramp"}.

    Raises:
        InputError: the data are not of that form.
    """
    listed = data.get("regions") if isinstance(data, dict) else data
    if not isinstance(listed, list):
        raise InputError('holds no list of regions; give a list, or {"regions": list}')
    regions: list[Region] = []
    for number, entry in enumerate(listed, 1):
        try:
            values = {k: decibel_value(v) if k.endswith("_db") else float(v) for k, v in entry.items()}
            regions.append(Region(**values))
        except (AttributeError, TypeError, OverflowError):
            raise InputError(
                f'region {number}: needs numbers "start" and "end"; may have "speech_db", "noise_db", "ramp"'
            ) from None
        except (ValueError, UsageError) as error:
            raise InputError(f"region {number}: {error}") from None
    return tuple(regions)


def read_regions(path: Path) -> tuple[Region, ...]:
    """Regions from a JSON file, as `regions_from` takes them; a session file is one too.

    Raises:
        InputError: the file is missing or not of that form.
    """
    try:
        return regions_from(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise InputError(f"{path}: cannot read the regions ({error.strerror})") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not a JSON file of regions ({error})") from None
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _plain(gains: Remix | Region) -> dict[str, Any]:
    """The fields of a remix or region, −∞ as JSON can hold it."""
    return {name: "-inf" if value == -math.inf else value for name, value in vars(gains).items()}
