"""How a training in one process is seen and steered from another: through files in its folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, get_args

from filelock import FileLock, Timeout

from engine.errors import UsageError
from engine.whole_file import whole_file

Wish = Literal["stop", "finish"]
_LOCK, _WISH = "running.lock", "wish"


def is_running(folder: Path) -> bool:
    """Whether a process trains in this folder; it need not exist.  The lock is gone however the process ended."""
    if not (folder / _LOCK).is_file():
        return False
    try:
        with FileLock(folder / _LOCK, timeout=0):
            return False
    except Timeout:
        return True


@contextmanager
def running(folder: Path) -> Iterator[None]:
    """While this lasts, this process and no other trains in the folder; earlier wishes are forgotten.

    Raises:
        UsageError: another process does.
    """
    try:
        with FileLock(folder / _LOCK, timeout=0):
            (folder / _WISH).unlink(missing_ok=True)
            yield
    except Timeout as error:
        raise UsageError(f"a training is running in {folder}; wait for its end, or stop it first") from error


def ask(folder: Path, wish: Wish) -> None:
    """Have the training there "stop", in a state to resume from, or "finish" now with the best that it has found.

    It listens between steps, and before the first one to "stop" only.

    Raises:
        OSError: the folder is not there, or the disk is full.
    """
    with whole_file(folder / _WISH) as part:
        part.write_text(wish, encoding="utf-8")


def wished(folder: Path) -> Wish | None:
    """What the training in this folder was last asked for since it began to run."""
    try:
        text = (folder / _WISH).read_text(encoding="utf-8")
    except OSError:
        return None
    return next((wish for wish in get_args(Wish) if wish == text), None)
