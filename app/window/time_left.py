"""How far a job is, in words, with the time it still needs."""

import time
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication

from app.window.split_bar import duration

SURE_AFTER = 1.0  # seconds, before which an estimate would jump


class TimeLeft:
    """Estimates from what was done since it was made.

    Args:
        clock: seconds that only grow; tests bring their own.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._started = clock, clock()

    def words(self, done: float, total: float) -> str:
        """Such as "42 %, 0:12 left"; without the time while nobody can say."""
        elapsed, share = self._clock() - self._started, min(1.0, done / total) if total > 0 else 0.0
        if not share or elapsed < SURE_AFTER:
            return f"{100 * share:.0f} %"
        words = QCoreApplication.translate("TimeLeft", "{share} %, {left} left")
        return words.format(share=round(100 * share), left=duration(elapsed * (1 / share - 1)))
