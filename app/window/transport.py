"""The transport bar: play and its kin, the time, and zoom."""

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QFocusEvent, QFontMetrics, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QToolButton, QWidget

from app.document.words import clock, parse_clock
from app.window import icons, theme
from engine.errors import UsageError

PLAYING = ("to_start", "play", "stop", "to_end", "loop", "follow")
ZOOMING = ("zoom_out", "zoom_in", "zoom_fit", "zoom_selection")


class TransportBar(QWidget):
    """Buttons for the actions named in `PLAYING` and `ZOOMING`, and the time of the playhead, which can be typed.

    Args:
        actions: the window's, by name.
        seconds: length of the recording.

    Attributes:
        time_typed: emits seconds within the recording.
        problem: emits a line for the user when what was typed is no time.
        middle, row: the layouts, for what the window adds between time and zoom, and at the right end.
    """

    time_typed = Signal(float)
    problem = Signal(str)

    def __init__(self, actions: Mapping[str, QAction], seconds: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._play = actions["play"]
        self._seconds = seconds
        self.setAutoFillBackground(True)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(theme.M, theme.S, theme.M, theme.S)
        self.row.setSpacing(theme.XS)
        self.buttons = {name: self._button(actions[name]) for name in PLAYING}
        self.time = TimeField(seconds)
        self.time.setAccessibleName(self.tr("Playhead"))
        self.time.setToolTip(self.tr("Where the playhead is; type a time to go there"))
        self.time.entered.connect(self._go)
        self.length = QLabel("/ " + clock(seconds))
        self.length.setFont(theme.font())
        self.length.setProperty("role", "muted")
        self.length.setAccessibleDescription(self.tr("Length"))
        self.row.addSpacing(theme.S)
        self.row.addWidget(self.time)
        self.row.addWidget(self.length)
        self.row.addSpacing(theme.L)
        self.middle = QHBoxLayout()
        self.row.addLayout(self.middle, 1)
        self.buttons |= {name: self._button(actions[name]) for name in ZOOMING}
        self.set_position(0.0)

    def set_playing(self, playing: bool) -> None:
        """Make the play action, and so its button, one that pauses, or plays."""
        self._play.setIcon(icons.icon("pause" if playing else "play"))
        self.buttons["play"].setAccessibleName(self.tr("Pause") if playing else self.tr("Play"))

    def set_position(self, seconds: float) -> None:
        """Show where the playhead is."""
        self.time.show_time(seconds)

    def _button(self, action: QAction) -> QToolButton:
        button = QToolButton()
        button.setDefaultAction(action)
        button.setProperty("role", "flat")
        button.setAccessibleName(action.text())
        self.row.addWidget(button)
        return button

    def _go(self, text: str) -> None:
        try:
            self.time_typed.emit(min(parse_clock(text), self._seconds))
        except UsageError as error:
            self.problem.emit(str(error))


class TimeField(QLineEdit):
    """The time in large figures; a click or Tab gets at it for typing, Enter goes there and Escape leaves it.

    Attributes:
        entered: emits what was typed.
    """

    entered = Signal(str)

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._text = ""
        self._fresh = False  # whether the focus has just come
        self.setProperty("role", "display")
        face = theme.font(theme.DISPLAY)
        self.setFont(face)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setFixedWidth(QFontMetrics(face).horizontalAdvance(clock(max(seconds, 600.0))) + 2 * theme.S + 2)
        self.returnPressed.connect(self._enter)

    def show_time(self, seconds: float) -> None:
        """Show a time, after the typing if there is some now."""
        self._text = clock(seconds)
        if not self.hasFocus():
            self.setText(self._text)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """The whole time is selected, so that typing replaces it."""
        super().focusInEvent(event)
        self._fresh = True
        self.selectAll()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """A click that brings the focus selects the whole time too, one later places the cursor."""
        super().mouseReleaseEvent(event)
        if self._fresh and not self.hasSelectedText():
            self.selectAll()
        self._fresh = False

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """What was typed and not entered is dropped."""
        super().focusOutEvent(event)
        self.setText(self._text)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Escape leaves the field."""
        if event.key() == Qt.Key.Key_Escape:
            self.clearFocus()
        else:
            super().keyPressEvent(event)

    def _enter(self) -> None:
        text = self.text()
        self.clearFocus()
        if text != self._text:
            self.entered.emit(text)
