"""What the tests of panels work on: a document that needs no file, and a look at what screen readers get."""

from pathlib import Path

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QAbstractSlider, QComboBox, QLineEdit, QScrollBar, QWidget

from app.document.document import Document
from app.document.view import ViewState
from app.window.transport import PLAYING, ZOOMING
from engine.recording import Recording

SECONDS = 100.0
INTERACTIVE = (QAbstractButton, QAbstractItemView, QAbstractSlider, QComboBox, QLineEdit)


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


def nameless(panel: QWidget) -> list[QWidget]:
    """The controls that a screen reader could not name."""
    controls = [child for child in panel.findChildren(QWidget) if isinstance(child, INTERACTIVE)]
    assert controls
    return [
        control
        for control in controls
        if control.isVisibleTo(panel)
        and control.focusPolicy()
        and not isinstance(control, QScrollBar)
        and not (control.accessibleName() or (isinstance(control, QAbstractButton) and control.text()))
    ]
