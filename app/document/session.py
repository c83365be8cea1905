"""Session files: a document on disk as JSON that diffs well, moves with its recording, and replays as regions.

    {"voicebed": 1, "source": {...}, "remix": gains, "regions": [...], "markers": [...], "patches": [...],
     "model": "", "delivery": {...}, "view": {...}}

The regions stand at the top, so that `voicebed remix --regions FILE` reads them.  Keys that this version does not know
are passed over, and not kept.
"""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, Self, TypeVar

from app.document.edit import Edit, Marker
from app.document.json_file import read_json, write_json
from app.document.words import clock
from engine.delivery import delivery_data, delivery_from
from engine.errors import InputError, UsageError
from engine.fingerprint import fingerprint
from engine.patch import patch_data, patch_from
from engine.recording import Recording
from engine.remix import remix_data, remix_from

SUFFIX = ".voicebed"
VERSION = 1

Value = TypeVar("Value")


@dataclass(frozen=True)
class Source:
    """A session's recording: where it is, what `engine.fingerprint` says of it, and its format."""

    path: Path
    fingerprint: str
    sample_rate: int
    channels: int
    frames: int

    @classmethod
    def of(cls, recording: Recording, fingerprint: str) -> Self:
        """The source of a session on a recording whose fingerprint, from when it was opened, is given."""
        return cls(recording.path, fingerprint, recording.sample_rate, recording.channels, recording.frames)


@dataclass(frozen=True)
class Session:
    """What a session file holds; `view` is `ViewState.data()`."""

    source: Source
    edit: Edit
    view: dict[str, Any] = field(default_factory=dict)


class SourceMoved(InputError):
    """The recording is not where the session says; ask for it, and go on with `relocate(error.session, path)`."""

    def __init__(self, session: Session) -> None:
        self.session = session
        source = session.source
        length = clock(source.frames / source.sample_rate)
        super().__init__(f"{source.path} ({length}) was moved or deleted; choose where it is now")


class SourceChanged(InputError):
    """Another recording is in the place of the session's; where the user wants it anyway, go on with `session`."""

    def __init__(self, session: Session) -> None:
        self.session = session
        super().__init__(f"{session.source.path} is not the recording that the session was made from")


def save_session(session: Session, path: Path) -> None:
    """Write a session file; on failure, one that was there stays.

    Raises:
        UsageError: the place cannot be written.
        ResourceError: the disk is full.
    """
    write_json(path, session_data(session, path.parent))


def load_session(path: Path) -> Session:
    """Read a session file and find its recording: as the file says relative to it, else where it was, else beside it.

    Raises:
        SourceMoved, SourceChanged: the recording is not there, or is another one; both carry the session.
        InputError: the file is missing, damaged, no session, or made by a newer Voicebed.
    """
    data = read_json(path)
    try:
        return session_from(data, path.parent)
    except (SourceMoved, SourceChanged):
        raise
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def relocate(session: Session, path: Path) -> Session:
    """The session with its recording at another place.

    Raises:
        SourceChanged: that is another recording; the error carries the session with it.
        InputError: it cannot be read.
    """
    moved = replace(session, source=replace(session.source, path=path))
    if fingerprint(path) != session.source.fingerprint:
        raise SourceChanged(moved)
    return moved


def session_data(session: Session, folder: Path) -> dict[str, Any]:
    """The session as JSON can hold it, for a file in `folder`."""
    source, edit = session.source, session.edit
    gains = remix_data(edit.remix)
    regions = gains.pop("regions")
    absolute = source.path.resolve()
    try:
        relative = Path(os.path.relpath(absolute, folder.resolve()))
    except ValueError:  # another drive of Windows
        relative = absolute
    return {
        "voicebed": VERSION,
        "source": {
            "path": relative.as_posix(),
            "absolute": str(absolute),
            "fingerprint": source.fingerprint,
            "sample_rate": source.sample_rate,
            "channels": source.channels,
            "frames": source.frames,
        },
        "remix": gains,
        "regions": regions,
        "markers": [{"time": marker.time, "name": marker.name} for marker in edit.markers],
        "patches": [patch_data(patch) for patch in edit.patches],
        "model": edit.model,
        "delivery": delivery_data(edit.delivery),
        "view": session.view,
    }


def session_from(data: Any, folder: Path) -> Session:
    """The inverse of `session_data`, with the recording found; all but "voicebed" and "source" may be left out.

    Raises:
        SourceMoved, SourceChanged: as `load_session`.
        InputError: the data are no session, or one of a newer Voicebed.
    """
    if not isinstance(data, dict) or type(version := data.get("voicebed")) is not int or version < 1:
        raise InputError("not a Voicebed session; choose a .voicebed file, or open a recording")
    if version > VERSION:
        raise InputError("made by a newer Voicebed; update Voicebed to open it")
    try:
        edit = Edit(
            remix=remix_from({**_typed(data, "remix", {}), "regions": data.get("regions", [])}),
            markers=tuple(map(_marker, _typed(data, "markers", []))),
            patches=tuple(map(patch_from, _typed(data, "patches", []))),
            model=_typed(data, "model", ""),
            delivery=delivery_from(_typed(data, "delivery", {})),
        )
    except OverflowError:
        raise InputError("a number in it is too large; repair it or get a new copy") from None
    stored = _typed(data, "source", {})
    names = [_typed(stored, name, "") for name in ("path", "absolute", "fingerprint")]
    numbers = [_typed(stored, name, 0) for name in ("sample_rate", "channels", "frames")]
    if not all(names) or min(numbers) < 1:
        raise InputError('its "source" says too little; repair it or get a new copy')
    relative, absolute, sha = names
    session = Session(Source(Path(absolute), sha, *numbers), edit, _typed(data, "view", {}))
    changed: SourceChanged | None = None
    for place in (folder / relative, Path(absolute), folder / PurePosixPath(relative).name):
        if _is_file(place):
            try:
                return relocate(session, place.resolve())
            except SourceChanged as error:
                changed = changed or error
    raise changed or SourceMoved(session)


def _typed(data: dict[str, Any], name: str, default: Value) -> Value:
    """An entry of the default's type; the default where there is none."""
    value = data.get(name, default)
    if type(value) is not type(default):
        raise InputError(f'its "{name}" has a value of the wrong kind; repair it or get a new copy')
    return value


def _marker(data: Any) -> Marker:
    match data:
        case {"time": int() | float() as time, "name": str() as name}:
            try:
                return Marker(float(time), name)
            except UsageError as error:
                raise InputError(str(error)) from None
    raise InputError('a marker has a number "time" and a text "name"')


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # such as a folder that may not be entered
        return False
