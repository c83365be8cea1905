"""Drawing threads give way to the window: while it paints, they rest, so that it does not wait for Python's lock.

Each call of Qt in a paint lets the lock go, and gets it back only when a drawing thread next lets go of it, a
millisecond or more later; a paint of a few milliseconds came to take forty.
"""

import threading

LONGEST = 0.1  # seconds that a thread rests at most, whatever happens to the window

_free = threading.Event()
_free.set()


def give_way() -> None:
    """Rest while the window paints; drawing threads call it between pieces of work of a millisecond or so."""
    _free.wait(LONGEST)


def hold() -> None:
    """The window is about to paint."""
    _free.clear()


def release() -> None:
    """The window has painted."""
    _free.set()
