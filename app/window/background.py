"""Running a function that waits for the disk in a thread, so that the window does not wait with it."""

import threading
from collections.abc import Callable
from itertools import count
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot
from shiboken6 import isValid

from engine.errors import VoicebedError

Receiver = Callable[[Any], object]


class _Relay(QObject):
    """Takes outcomes into the thread of the window; only that one holds, and so deletes, anything of Qt."""

    finished = Signal(int, bool, object)

    def __init__(self) -> None:
        super().__init__()
        self.numbers = count()
        self.waiting: dict[int, tuple[QObject, Receiver, Receiver]] = {}
        self.finished.connect(self._deliver)

    @Slot(int, bool, object)
    def _deliver(self, number: int, fine: bool, outcome: object) -> None:
        owner, done, failed = self.waiting.pop(number)
        if isValid(owner):
            (done if fine else failed)(outcome)


_relay = _Relay()


def run_in_background(
    owner: QObject, function: Callable[[], object], done: Receiver, failed: Callable[[str], object]
) -> None:
    """Call `function`, which touches nothing of Qt, in a thread; then `done` with its result in the window's thread.

    After a VoicebedError or OSError, `failed` gets the line for the user instead.  Once `owner` is gone, neither is.
    """
    number = next(_relay.numbers)
    _relay.waiting[number] = (owner, done, failed)

    def work() -> None:
        try:
            fine, outcome = True, function()
        except (VoicebedError, OSError) as error:
            fine, outcome = False, str(error)
        _relay.finished.emit(number, fine, outcome)

    threading.Thread(target=work, daemon=True).start()
