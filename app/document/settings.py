"""The user's settings: typed, in one JSON file, and never a reason not to start."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import platformdirs

from app.document.json_file import read_json, write_json
from app.document.presets import Presets, presets_data, presets_from
from app.document.view import AXES, COLOURS, Axis
from engine.errors import InputError

RECENT = 10  # files
THEMES = ("system", "dark", "light")
DEVICES = ("auto", "cpu", "cuda", "mps")
EXPORTS = ("remix", "speech", "noise")
FLOOR_DB, CEILING_DB = -100.0, -20.0

Value = TypeVar("Value")


def settings_path() -> Path:
    """The settings file; the environment variable VOICEBED_CONFIG moves its folder."""
    config = os.environ.get("VOICEBED_CONFIG")
    return (Path(config) if config else platformdirs.user_config_path("voicebed", appauthor=False)) / "settings.json"


@dataclass
class Settings:
    """What Voicebed remembers between sessions; change an attribute, then `save_settings`.

    Attributes:
        theme: one of `THEMES`; "system" follows the desktop.
        axis, colours, floor_db, ceiling_db: of the spectrograms, as in `ViewState`.
        recent: absolute paths of recordings and sessions, the latest first; `recent_files` gives those that exist.
        output: name of the sound device; "" is the system's.
        device: where models compute, one of `DEVICES`.
        model: name or path of the model for new documents; "" is the default one.
        presets: the user's own.
        export_folder: of the last export; "" is that of the recording.
        export_tracks: what was exported, of `EXPORTS`.
        export_suffix, export_subtype: the format and sample format; "" is the recording's.
        name_template: names of exported files, with {stem}, {track} and {preset}.
        geometry: of the window, base64 of what Qt gives.
        matched_bypass: whether bypass plays the original as loud as the remix.
    """

    theme: Literal["system", "dark", "light"] = "system"
    axis: Axis = "mel"
    colours: str = "inferno"
    floor_db: float = FLOOR_DB
    ceiling_db: float = CEILING_DB
    recent: tuple[str, ...] = ()
    output: str = ""
    device: str = "auto"
    model: str = ""
    presets: Presets = ()
    export_folder: str = ""
    export_tracks: tuple[str, ...] = ("remix",)
    export_suffix: str = ""
    export_subtype: str = ""
    name_template: str = "{stem}.{track}"
    geometry: str = ""
    matched_bypass: bool = True

    def add_recent(self, path: Path) -> None:
        """Put a file at the head of the recent ones."""
        name = str(path.absolute())
        self.recent = (name, *(other for other in self.recent if other != name))[:RECENT]

    def recent_files(self) -> list[Path]:
        """The recent files that exist, the latest first."""
        return [Path(name) for name in self.recent if os.path.isfile(name)]  # noqa: PTH113  Path.is_file can raise


def load_settings() -> Settings:
    """The settings on disk; what is missing or makes no sense there has its default, what is unknown is passed over."""
    settings = Settings()
    try:
        data = read_json(settings_path())
    except InputError:
        return settings
    for name, value in data.items() if isinstance(data, dict) else ():
        if name in READERS:
            try:
                setattr(settings, name, READERS[name](value))
            except (TypeError, ValueError, OverflowError):
                continue
    if settings.floor_db >= settings.ceiling_db:
        settings.floor_db, settings.ceiling_db = FLOOR_DB, CEILING_DB
    return settings


def save_settings(settings: Settings) -> None:
    """Write the settings.  Raises UsageError or ResourceError where that is impossible, as `write_json`."""
    write_json(settings_path(), vars(settings) | {"presets": presets_data(settings.presets)})


def _typed(kind: type[Value]) -> Callable[[Any], Value]:
    def read(value: Any) -> Value:
        if not isinstance(value, kind):
            raise TypeError
        return value

    return read


def _one_of(choices: tuple[Value, ...]) -> Callable[[Any], Value]:
    return lambda value: choices[choices.index(value)]


def _tuple_of(read: Callable[[Any], Value]) -> Callable[[Any], tuple[Value, ...]]:
    return lambda value: tuple(map(read, _typed(list)(value)))


def _level(value: Any) -> float:
    if not -300 <= float(value) <= 0:
        raise ValueError
    return float(value)


# For each setting, what makes its value of the one in the file; it raises TypeError, ValueError or OverflowError.
READERS: dict[str, Callable[[Any], Any]] = {
    "theme": _one_of(THEMES),
    "axis": _one_of(AXES),
    "colours": _one_of(COLOURS),
    "floor_db": _level,
    "ceiling_db": _level,
    "recent": lambda value: _tuple_of(_typed(str))(value)[:RECENT],
    "output": _typed(str),
    "device": _one_of(DEVICES),
    "model": _typed(str),
    "presets": presets_from,
    "export_folder": _typed(str),
    "export_tracks": _tuple_of(_one_of(EXPORTS)),
    "export_suffix": _typed(str),
    "export_subtype": _typed(str),
    "name_template": _typed(str),
    "geometry": _typed(str),
    "matched_bypass": _typed(bool),
}
