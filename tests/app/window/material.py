"""What the tests of panels work on, without a file or a window."""

from pathlib import Path

from PySide6.QtGui import QAction

from app.document.document import Document
from app.document.view import ViewState
from app.window.transport import PLAYING, ZOOMING
from engine.recording import Recording

SECONDS = 100.0


def document() -> Document:
    """A document on 100 s that no panel reads."""
    return Document(Recording(Path("episode.wav"), 8000, 1, round(8000 * SECONDS), "PCM_16"))


def view() -> ViewState:
    return ViewState(SECONDS)


def actions() -> dict[str, QAction]:
    """The actions of the transport bar."""
    made = {name: QAction(name) for name in (*PLAYING, *ZOOMING)}
    for name in ("loop", "follow"):
        made[name].setCheckable(True)
    return made
