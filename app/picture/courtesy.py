"""Drawing threads give way to the window: while it paints, they rest, so that it does not wait for Python's lock.

Each call of Qt in a paint lets the lock go, and gets it back only when a drawing thread next lets go of it, a
millisecond or more later; a paint of a few milliseconds came to take forty.
"""

import threading
from time import monotonic

LONGEST = 0.1  # seconds that a thread rests at most, whatever happens to the window
SHARE = 0.5  # of the time that a window that paints without a pause may have its threads rest
BURST = 0.2  # seconds that it may go beyond that share


class _Gate:
    """Open while threads may draw."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self._open.set()
        self._held = self._changed = 0.0  # seconds beyond the share; when that was counted

    def pass_through(self) -> None:
        self._open.wait(LONGEST)

    def close(self) -> None:
        if self._open.is_set():
            now = monotonic()
            self._held = max(0.0, self._held - SHARE / (1 - SHARE) * (now - self._changed))
            self._changed = now
            if self._held < BURST:
                self._open.clear()

    def open(self) -> None:
        if not self._open.is_set():
            now = monotonic()
            self._held += min(LONGEST, now - self._changed)
            self._changed = now
            self._open.set()


_gate = _Gate()


def give_way() -> None:
    """Rest while the window paints; drawing threads call it between pieces of work of a millisecond or so."""
    _gate.pass_through()


def hold() -> None:
    """The window is about to paint; for its thread, like `release`."""
    _gate.close()


def release() -> None:
    """The window has painted."""
    _gate.open()
