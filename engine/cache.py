"""The cache of splits and pictures: a folder for each recording, named by its fingerprint, with one for each split.

Nothing in it is the user's own: whatever is deleted is made again.  Those not used for longest go first.
"""

import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import platformdirs

from engine.errors import ResourceError, UsageError

LIMIT = 20_000_000_000  # bytes


def cache_folder() -> Path:
    """Where it all is; the environment variable VOICEBED_CACHE moves it."""
    place = os.environ.get("VOICEBED_CACHE")
    return Path(place) if place else platformdirs.user_cache_path("voicebed", appauthor=False)


def recording_folder(fingerprint: str) -> Path:
    """The folder of the recording with this fingerprint, made where it is missing and marked as just used.

    Raises:
        UsageError: it cannot be made.
    """
    folder = cache_folder() / fingerprint
    try:
        folder.mkdir(parents=True, exist_ok=True)
        now = time.time()
        os.utime(folder, (now, now))
    except OSError as error:
        raise UsageError(
            f"{folder}: cannot be made ({error.strerror}); name another folder in VOICEBED_CACHE"
        ) from None
    return folder


def split_folder(recording: Path, model: str, stretch: tuple[int, int] | None = None) -> Path:
    """Within a recording's folder, that of its split by a model id; or of the split of a stretch, in whole seconds."""
    name = re.sub(r"[^\w@.-]", "_", model, flags=re.ASCII)[-100:]
    return recording / (f"{name}.{stretch[0]}-{stretch[1]}" if stretch else name)


def make_room(folder: Path, need: int, limit: int = LIMIT) -> None:
    """Delete what was not used for longest until `need` more bytes fit under the limit and on the disk.

    Args:
        folder: the recording's that needs them, which stays.

    Raises:
        ResourceError: the disk has too little space even so.
    """
    others = sorted((each for each in folder.parent.iterdir() if each != folder), key=_last_used)
    used = _size(folder) + sum(map(_size, others))
    for other in others:
        if used + need <= limit and need <= shutil.disk_usage(folder).free:
            return
        used -= _size(other)
        shutil.rmtree(other, ignore_errors=True)  # Windows keeps what another window has open
    if need > (free := shutil.disk_usage(folder).free):
        raise ResourceError(
            f"Not enough space in {folder.parent}: about {need / 1e9:.1f} GB needed, {free / 1e9:.1f} GB free."
        )


def _last_used(folder: Path) -> float:
    with suppress(OSError):
        return folder.stat().st_mtime
    return 0.0


def _size(folder: Path) -> int:
    """Bytes in the files below a folder; those that vanish meanwhile count nothing."""

    def sizes() -> Iterator[int]:
        for place, _, names in os.walk(folder):
            for name in names:
                with suppress(OSError):
                    yield os.stat(os.path.join(place, name)).st_size  # noqa: PTH116, PTH118

    return sum(sizes())
