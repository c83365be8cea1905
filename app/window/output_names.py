"""Names of the files that an export writes: from a template, the recording and the track."""

import string
from collections.abc import Collection, Iterable
from itertools import chain, count
from pathlib import Path

from app.document.presets import BUNDLED, Presets
from engine.errors import UsageError
from engine.remix import Remix

# What the user can choose, and libsndfile's name for it; a recording in one of SAME keeps its format by default.
FORMATS = {".wav": "WAV", ".flac": "FLAC", ".aiff": "AIFF", ".ogg": "OGG", ".opus": "OGG", ".mp3": "MP3"}
SAME = FORMATS | {".aif": "AIFF", ".w64": "W64", ".rf64": "RF64"}
LOSSY = (".ogg", ".opus", ".mp3")
FIELDS = ("stem", "track", "preset")
OWN_GAINS = "own gains"  # the preset where the gains are those of none


def suffix_for(recording: Path, chosen: str) -> str:
    """The suffix to write: the chosen one, or for "" that of the recording where it can be written, or ".wav"."""
    own = recording.suffix.lower()
    return chosen or (own if own in SAME else ".wav")


def preset_name(remix: Remix, presets: Presets) -> str:
    """The name of the preset, of the user's or those that come with Voicebed, that has these gains."""
    gains = (remix.speech_db, remix.noise_db)
    names = (preset.name for preset in (*presets, *BUNDLED) if (preset.speech_db, preset.noise_db) == gains)
    return next(names, OWN_GAINS)


def output_paths(
    recording: Path, tracks: Iterable[str], folder: str, template: str, preset: str, chosen_suffix: str
) -> dict[str, Path]:
    """Where each track goes.

    Args:
        folder: "" is that of the recording.
        template: may hold {stem} (the recording's name without its suffix), {track} and {preset}.
        chosen_suffix: "" is that of the recording, as by `suffix_for`.

    Raises:
        UsageError: the template is empty or has other fields, or two tracks would have one name.
    """
    place, suffix = Path(folder).expanduser() if folder else recording.parent, suffix_for(recording, chosen_suffix)
    paths: dict[str, Path] = {}
    for track in tracks:
        path = place / (_filled(template, stem=recording.stem, track=track, preset=preset) + suffix)
        if path in paths.values():
            raise UsageError("Two tracks would have the same name; put {track} into it.")
        paths[track] = path
    return paths


def numbered(path: Path, taken: Collection[Path]) -> Path:
    """The path, with a number where there is a file already or the path is in `taken`."""
    others = (path.with_name(f"{path.stem} {number}{path.suffix}") for number in count(2))
    return next(each for each in chain([path], others) if each not in taken and not each.exists())


def _filled(template: str, **values: str) -> str:
    try:
        for _, field, form, conversion in string.Formatter().parse(template):
            if field is not None and (field not in FIELDS or form or conversion):
                raise ValueError
    except ValueError:
        names = ", ".join(f"{{{name}}}" for name in FIELDS)
        raise UsageError(f"A name may hold {names}, and no other braces.") from None
    name = template.format(**values).strip()
    if not name:
        raise UsageError("Give the file a name.")
    return name
