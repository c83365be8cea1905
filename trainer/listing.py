"""The audio files below a folder, found fast however many there are."""

import os
from pathlib import Path

from engine.errors import InputError

AUDIO_SUFFIXES = {".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff", ".m4a", ".w64"}


def audio_files(folder: Path, closed: list[OSError] | None = None) -> list[Path]:
    """Every file with an audio suffix below `folder`, ordered by folder and name.

    Links to folders are followed, and no folder is entered twice, so loops end.  The paths are those of the resolved
    `folder`: however it was named, its files are called the same.

    Args:
        closed: takes the errors of the folders further down that cannot be read; without it they are raised.

    Raises:
        InputError: `folder` is missing, is not a folder or cannot be read; or one further down, see `closed`.
    """
    top = str(folder.resolve())
    found: list[str] = []
    entered: set[tuple[int, int]] = set()

    def refused(error: OSError) -> None:
        if closed is None or error.filename == top:
            raise InputError(f"{error.filename or top}: not a folder that can be read ({error.strerror})") from None
        closed.append(error)

    for place, folders, names in os.walk(top, followlinks=True, onerror=refused):
        try:
            status = os.stat(place)  # noqa: PTH116
        except OSError:  # gone since it was listed
            continue
        if (status.st_dev, status.st_ino) in entered:
            folders.clear()
            continue
        entered.add((status.st_dev, status.st_ino))
        found += [
            os.path.join(place, name)  # noqa: PTH118
            for name in names
            if os.path.splitext(name)[1].lower() in AUDIO_SUFFIXES  # noqa: PTH122
        ]
    return sorted(map(Path, found))
