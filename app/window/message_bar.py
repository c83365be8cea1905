"""The message bar: notices and errors in a line above the editor, in place of boxes that interrupt."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from PySide6.QtCore import QEvent, QRect, Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from app.window import icons
from app.window.theme import ICON, XS, M, S, colour

Kind = Literal["info", "warning", "error"]
KINDS: tuple[Kind, ...] = get_args(Kind)
TINTS = {"info": "accent", "warning": "warning", "error": "error"}
MOST_ACTIONS = 2
STRIPE = 3  # pixels at the left edge, in the colour of the kind
GROUND = 0.12  # how much of that colour the ground has

Action = tuple[str, Callable[[], object]]  # the words of a button and what it does


@dataclass(frozen=True)
class Message:
    """One line for the user, with its buttons, gone by itself after `seconds`."""

    text: str
    kind: Kind
    actions: tuple[Action, ...]
    seconds: float | None


class MessageBar(QFrame):
    """Shows the newest message that was not closed, and hides itself when there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._messages: list[Message] = []  # the newest last
        self._text = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._waiting = QLabel()
        self._waiting.setProperty("role", "muted")
        self._buttons = [QPushButton() for _ in range(MOST_ACTIONS)]
        for number, button in enumerate(self._buttons):
            button.clicked.connect(lambda _=False, number=number: self._act(number))
        self._close = QToolButton()
        self._close.setIcon(icons.icon("cancel"))
        self._close.setToolTip(self.tr("Close this message (Esc)"))
        self._close.setProperty("role", "flat")
        self._close.setAccessibleName(self.tr("Close this message"))
        self._close.clicked.connect(self.dismiss)
        row = QHBoxLayout(self)
        row.setContentsMargins(STRIPE + M + ICON + S, XS, S, XS)
        row.setSpacing(S)
        for widget in (self._text, self._waiting, *self._buttons, self._close):
            row.addWidget(widget, stretch=widget is self._text)
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._expire)
        self.hide()

    @property
    def message(self) -> Message | None:
        """The message that is shown."""
        return self._messages[-1] if self._messages else None

    @property
    def is_asking(self) -> bool:
        """Whether the message that is shown has buttons to answer with."""
        return self.message is not None and bool(self.message.actions)

    def show_message(
        self, text: str, kind: Kind = "info", actions: Sequence[Action] = (), seconds: float | None = None
    ) -> None:
        """Show a message before all others; one with the same text is replaced.

        Args:
            kind: "info", "warning" or "error".
            actions: at most two buttons; each closes the message, then calls its function.
            seconds: after which the message goes, but not under the pointer; None keeps it until it is closed.
        """
        if kind not in KINDS or len(actions) > MOST_ACTIONS:
            raise ValueError(f"a message of kind {kind} with {len(actions)} buttons")
        self._messages = [other for other in self._messages if other.text != text]
        self._messages.append(Message(text, kind, tuple(actions), seconds))
        self._update()
        event = QAccessibleAnnouncementEvent(self, text)
        if kind == "error":
            event.setPoliteness(QAccessible.AnnouncementPoliteness.Assertive)
        QAccessible.updateAccessibility(event)

    def dismiss(self) -> bool:
        """Close the message that is shown; the one before it appears.  False if there was none."""
        if not self._messages:
            return False
        self._messages.pop()
        self._update()
        return True

    def clear(self) -> None:
        """Close all messages."""
        self._messages.clear()
        self._update()

    def _update(self) -> None:
        self._timer.stop()
        message = self.message
        self.setVisible(message is not None)
        if message is None:
            return
        self._text.setText(message.text)
        self.setAccessibleName(message.text)
        others = len(self._messages) - 1
        self._waiting.setText(self.tr("{0} more").format(others))
        self._waiting.setVisible(others > 0)
        for number, button in enumerate(self._buttons):
            button.setVisible(number < len(message.actions))
            if number < len(message.actions):
                button.setText(message.actions[number][0])
        if message.seconds is not None:
            self._timer.start(round(message.seconds * 1000))
        self.update()

    def _act(self, number: int) -> None:
        message = self._messages[-1]
        self.dismiss()
        message.actions[number][1]()

    def _expire(self) -> None:
        if self.underMouse():  # it is being read
            self._timer.start()
        else:
            self.dismiss()

    def event(self, event: QEvent) -> bool:
        """Keeps Esc for the bar while the focus is in it, before the window's own action for that key."""
        override = event.type() == QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Esc closes the message."""
        if event.key() != Qt.Key.Key_Escape or not self.dismiss():
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """The ground, and the stripe and icon of the kind."""
        message = self.message
        if message is None:
            return
        painter, tint = QPainter(self), TINTS[message.kind]
        painter.fillRect(self.rect(), colour("surface"))
        painter.fillRect(self.rect(), colour(tint, GROUND))
        painter.fillRect(0, 0, STRIPE, self.height(), colour(tint))
        place = QRect(STRIPE + M, (self.height() - ICON) // 2, ICON, ICON)
        icons.icon(message.kind, tint).paint(painter, place)
