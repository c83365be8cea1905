"""The program with sound on a fake clock, watched from outside: python -m tests.app.training.probed [FILE...].

Each line on stdin is a Python expression over `window`, `tab` and `at`; its value comes back as a line of JSON.
`at(w)` is the middle of a widget on the screen; `stalls()` are the pauses of the window since it was asked last, in ms.
"""

import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QPoint, QTimer, Signal
from PySide6.QtWidgets import QWidget

from app.window import application
from app.window.main_window import MainWindow
from tests.app.sound.clocked import ClockedOutput

BEAT_MS = 5


class Probe(QObject):
    """Answers questions in the window's thread."""

    asked = Signal(str)

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.window = window
        self.asked.connect(self._answer)
        self._stalls, self._beat = list[float](), time.perf_counter()
        self._timer = QTimer(self, interval=BEAT_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()
        threading.Thread(target=lambda: [self.asked.emit(line) for line in sys.stdin], daemon=True).start()

    def _look(self) -> None:
        now = time.perf_counter()
        self._stalls.append(1000 * (now - self._beat) - BEAT_MS)
        self._beat = now

    def _answer(self, question: str) -> None:
        def stalls() -> list[float]:
            found = sorted(self._stalls)[-20:]
            self._stalls.clear()
            return found

        def at(widget: QWidget, x: float = 0.5, y: float = 0.5) -> list[int]:
            place = widget.mapToGlobal(QPoint(round(x * widget.width()), round(y * widget.height())))
            return [place.x(), place.y()]

        names: dict[str, Any] = {"window": self.window, "tab": self.window.trainer, "at": at, "stalls": stalls}
        try:
            value = eval(question, names)
        except Exception as error:
            value = f"{type(error).__name__}: {error}"
        print(json.dumps(value, default=str), flush=True)


class ProbedWindow(MainWindow):
    """Silent, and asked from outside."""

    def __init__(self, settings: Any) -> None:
        self.sound = ClockedOutput()
        super().__init__(settings, self.sound)
        self.resize(1280, 800)
        self.probe = Probe(self)


def main() -> int:
    """Run it at the trainer."""
    application.MainWindow = ProbedWindow
    return application.run([Path(name) for name in sys.argv[1:]], "trainer")


if __name__ == "__main__":
    sys.exit(main())
