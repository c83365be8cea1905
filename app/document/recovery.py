"""Autosave and recovery: what a window that was killed had unsaved is offered at the next start.

An autosave is a JSON file beside a lock file, which its process holds locked while it lives.  The system frees the lock
however the process ends, and no other process can hold it by chance, as it could have the same id.
"""

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import platformdirs

from app.document.json_file import read_json, write_json
from app.document.session import Session, SourceChanged, SourceMoved, session_data, session_from
from engine.errors import InputError, UsageError

SUFFIX, LOCK_SUFFIX = ".autosave", ".lock"
QUIET_SECONDS = 2.0  # after the last change
LONGEST_SECONDS = 20.0  # after the first, for changes that do not end

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        # Not lockf: its locks do not exclude the same process, and end when any descriptor of the file is closed.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def recovery_folder() -> Path:
    """Where autosaves are; the environment variable VOICEBED_STATE moves it."""
    state = os.environ.get("VOICEBED_STATE")
    return (Path(state) if state else platformdirs.user_state_path("voicebed", appauthor=False)) / "recovery"


class ProcessLock:
    """A lock file that is locked until `release`, or until this process ends in any way.

    Raises:
        OSError: another holder has it locked, or it cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(self._descriptor)
        except OSError:
            os.close(self._descriptor)
            raise

    def release(self) -> None:
        """Unlock the file and delete it: without it, too, an autosave counts as left behind."""
        os.close(self._descriptor)
        with suppress(OSError):  # Windows does not delete what somebody has open
            self._path.unlink()


class Autosave:
    """The autosave of one window.  There is a file only while there is something unsaved.

    Args:
        clock: seconds that only grow; tests bring their own.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = recovery_folder() / f"{os.getpid()}-{time.time_ns()}{SUFFIX}"
        self._lock: ProcessLock | None = None
        self._clock = clock
        self._changes: tuple[float, float] | None = None  # times of the first and the last one not written

    def change(self) -> None:
        """Something changed that `write` should write."""
        now = self._clock()
        self._changes = (self._changes[0] if self._changes else now, now)

    def due(self) -> bool:
        """Whether it is time for `write`: 2 s after the last change, or 20 s after the first of many."""
        if not self._changes:
            return False
        first, last = self._changes
        now = self._clock()
        return now - last >= QUIET_SECONDS or now - first >= LONGEST_SECONDS

    def write(self, session: Session, saved_as: Path | None) -> None:
        """Write the session of the window and the place of its session file; after a failure, `due` waits for a change.

        Raises:
            UsageError: the folder of autosaves cannot be written.
            ResourceError: the disk is full.
        """
        self._changes = None
        if not self._lock:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._lock = ProcessLock(self._path.with_suffix(LOCK_SUFFIX))
            except OSError as error:
                folder = self._path.parent
                raise UsageError(f"{folder}: no autosave there ({error.strerror}); save the session yourself") from None
        data = {
            "title": (saved_as or session.source.path).name,
            "saved_as": str(saved_as.resolve()) if saved_as else None,
            "session": session_data(session, self._path.parent),
        }
        write_json(self._path, data)

    def discard(self) -> None:
        """Nothing is unsaved any more: delete the file.  A later `write` makes another."""
        self._changes = None
        if self._lock:
            with suppress(OSError):
                self._path.unlink()
            self._lock.release()
            self._lock = None


class Leftover:
    """An autosave whose process has ended.  No other process is offered it until `release`.

    Attributes:
        title: the name of the session file or recording.
        when: the time of the autosave.
        saved_as: the session file, if there was one; it holds an older state.

    Raises:
        OSError: its process, or one that recovers it, still runs.
        InputError: it is damaged, or made by a newer Voicebed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = ProcessLock(path.with_suffix(LOCK_SUFFIX))
        try:
            self.when = datetime.fromtimestamp(path.stat().st_mtime)
            match read_json(path):
                case {"title": str() as title, "saved_as": str() | None as saved_as, "session": data}:
                    self.title, self.saved_as, self._data = title, Path(saved_as) if saved_as else None, data
                case _:
                    raise InputError(f"{path} is no autosave")
            with suppress(SourceMoved, SourceChanged):
                self.session()
        except BaseException:
            self._lock.release()
            raise

    def session(self) -> Session:
        """What was unsaved.  Raises SourceMoved and SourceChanged as `load_session`."""
        return session_from(self._data, self._path.parent)

    def release(self) -> None:
        """Keep it for another time."""
        self._lock.release()

    def discard(self) -> None:
        """Delete it: it is recovered, or not wanted."""
        with suppress(OSError):
            self._path.unlink()
        self._lock.release()


def recoverable() -> list[Leftover]:
    """The autosaves that ended processes left, the latest first; damaged ones stay on disk and are passed over."""
    found: list[Leftover] = []
    for path in recovery_folder().glob(f"*{SUFFIX}"):
        with suppress(OSError, InputError):
            found.append(Leftover(path))
    return sorted(found, key=lambda leftover: leftover.when, reverse=True)
