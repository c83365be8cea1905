"""A large vertical fader for a gain, −60 to +12 dB and −∞, with a field for typed values."""

from typing import Literal

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QAbstractSlider, QLineEdit, QVBoxLayout, QWidget

from app.document.edit import SILENT
from app.document.words import MINUS, decibels, parse_decibels
from app.window import theme
from engine.errors import UsageError
from engine.remix import TOP_DB, check_gain

BOTTOM_DB = -60.0
# The taper: where a gain in dB stands on the travel, from 0 at −∞ to 1.  Half of the travel belongs to −12 … +12 dB.
TAPER_DB = (-120, -60, -48, -36, -24, -18, -12, -6, 0, 6, 12)
TAPER = (0, 0.05, 0.1, 0.18, 0.3, 0.385, 0.49, 0.62, 0.76, 0.88, 1)
LABELLED = (0.0, TOP_DB, SILENT, -6.0, -12.0, -24.0, 6.0, -36.0, -18.0, -60.0, -48.0)  # the first win where it is tight
MINOR_DB = (9, 3, -3, -9, -15, -21, -30)
STEP_DB, FINE_DB, PAGE_DB = 0.5, 0.1, 3.0
FINE_DRAG = 0.1  # of the pointer's way, with Shift
DETENT_DB = 0.3  # a drag that ends this near to 0 dB means 0 dB
CAP = QSize(40, 22)  # the handle
LABEL_WIDTH = 28


def position(db: float) -> float:
    """Where a gain stands on the travel, 0 (−∞) to 1 (+12 dB)."""
    return float(np.interp(db, TAPER_DB, TAPER))


def gain_at(share: float) -> float:
    """The inverse of `position`, to a tenth of a dB; just above the bottom it is −60 dB and at the bottom −∞."""
    if share < TAPER[1] / 2:
        return SILENT
    return max(BOTTOM_DB, round(float(np.interp(share, TAPER, TAPER_DB)), 1))


def stepped(db: float, change: float) -> float:
    """A gain some dB up or down; −∞ lies one step below −60 dB."""
    if db < BOTTOM_DB:
        return BOTTOM_DB if change > 0 else SILENT
    moved = round(db + change, 2)
    if moved < BOTTOM_DB:
        return SILENT if db == BOTTOM_DB else BOTTOM_DB
    return min(moved, TOP_DB)


class Fader(QWidget):
    """A fader for the gain of one track.

    Drag, finely with Shift; turn the wheel or press Up and Down for 0.5 dB, with Shift 0.1; Page Up and Down for 3 dB;
    Home for +12 dB, End for −∞, Delete or a double-click for 0 dB; Enter goes to the field.

    Args:
        name: what it sets, such as "Speech level", for screen readers and messages.
        track: whose colour it has.

    Attributes:
        value_changed: emits the gain in dB when the user has changed it, not for `set_value`.
        drag_started, drag_finished: emit () around the changes of one drag.
        problem: emits a line for the user when a typed value cannot be taken.
    """

    value_changed = Signal(float)
    drag_started = Signal()
    drag_finished = Signal()
    problem = Signal(str)

    def __init__(self, name: str, track: Literal["speech", "noise"], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._track = track
        self.travel = Travel(track)
        self.travel.setAccessibleName(name)
        self.travel.setToolTip(self.tr("Drag, finely with Shift; double-click for 0 dB"))
        self.travel.moved.connect(self._take)
        self.travel.sliderPressed.connect(self.drag_started)
        self.travel.sliderReleased.connect(self.drag_finished)
        self.travel.field_wanted.connect(self._edit)
        self.field = LevelField()
        self.field.setAccessibleName(self.tr("{name} in dB").format(name=name))
        tip = self.tr("Type a level such as {example}, or -inf for silence")
        self.field.setToolTip(tip.format(example=f"{MINUS}18"))
        self.field.editingFinished.connect(self._read_field)
        self.field.returnPressed.connect(self._enter)
        self.field.stepped.connect(lambda change: self._take(stepped(self.value, change)))
        self.field.left.connect(self._leave_field)
        self.setFocusProxy(self.travel)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.XS)
        column.addWidget(self.travel, 1)
        column.addWidget(self.field)
        self.set_value(0.0)

    @property
    def value(self) -> float:
        """The gain in dB, −∞ to +12."""
        return self.travel.db

    def set_value(self, db: float) -> None:
        """Show a gain, −∞ to +12 dB."""
        self.travel.set_db(db)
        self.field.setText(decibels(db))

    def set_heard(self, on: bool) -> None:
        """Show whether the track is heard now; one that is not loses its colour."""
        self.travel.heard = on
        self.travel.update()

    def _take(self, db: float) -> None:
        if db != self.value:
            self.set_value(db)
            self.value_changed.emit(db)

    def _edit(self) -> None:
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)
        self.field.selectAll()

    def _read_field(self) -> None:
        text = self.field.text()
        self.field.setText(decibels(self.value))
        if text == self.field.text():
            return  # untouched; its tenths must not replace a finer value
        try:
            db = parse_decibels(text)
            check_gain(self._track, db)
        except UsageError as error:
            self.problem.emit(str(error))
        else:
            self._take(db)

    def _enter(self) -> None:
        self._read_field()
        self._leave_field()

    def _leave_field(self) -> None:
        self.field.setText(decibels(self.value))
        self.travel.setFocus(Qt.FocusReason.OtherFocusReason)


class LevelField(QLineEdit):
    """The typed value of a fader.

    Attributes:
        stepped: emits a change in dB for the keys that change the value without typing.
        left: emits () for Escape.
    """

    stepped = Signal(float)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Up, Down and the page keys step; Escape gives up."""
        if change := step_of(event):
            self.stepped.emit(change)
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


def step_of(event: QKeyEvent) -> float:
    """The change in dB that a key asks for; 0 for other keys."""
    step = FINE_DB if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else STEP_DB
    steps = {Qt.Key.Key_Up: step, Qt.Key.Key_Down: -step, Qt.Key.Key_PageUp: PAGE_DB, Qt.Key.Key_PageDown: -PAGE_DB}
    return steps.get(Qt.Key(event.key()), 0.0)


class Travel(QAbstractSlider):
    """The scale and handle of a fader.

    For screen readers its integer value is the gain in tenths of a dB, −601 for −∞.

    Attributes:
        moved: emits the gain in dB that the user asks for.
        field_wanted: emits () when the user wants to type a value.
    """

    moved = Signal(float)
    field_wanted = Signal()

    def __init__(self, track: str) -> None:
        super().__init__()
        self.db = 0.0
        self.heard = True
        self._track = track
        self._share = 0.0  # where the drag is; beyond 0 … 1 when the pointer is
        self._pointer = 0.0  # its y
        self._notches = 0.0  # of the wheel, not yet turned into steps
        self.setOrientation(Qt.Orientation.Vertical)
        self.setRange(round(10 * BOTTOM_DB) - 1, round(10 * TOP_DB))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(LABEL_WIDTH + theme.S + CAP.width() + theme.XS, 120)
        self.valueChanged.connect(lambda tenths: self.moved.emit(SILENT if tenths < 10 * BOTTOM_DB else tenths / 10))

    def set_db(self, db: float) -> None:
        """Show a gain in dB."""
        if db == self.db:
            return
        self.db = db
        with QSignalBlocker(self):  # only values that come from outside, as from a screen reader, are the user's
            self.setValue(self.minimum() if db == SILENT else round(10 * max(db, BOTTOM_DB)))
        self.setAccessibleDescription(decibels(db))
        self.update()

    def cap(self) -> QRectF:
        """The handle, in pixels."""
        centre = QPointF(self._groove_x(), self._y_of(self.db))
        return QRectF(centre.x() - CAP.width() / 2, centre.y() - CAP.height() / 2, CAP.width(), CAP.height())

    def event(self, event: QEvent) -> bool:
        """Keeps the fader's keys from the window's shortcuts while it has the focus."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._is_own(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Steps, places and the way to the field; other keys are the window's."""
        if change := step_of(event):
            self.moved.emit(stepped(self.db, change))
        elif event.key() in self._places():
            self.moved.emit(self._places()[event.key()])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.field_wanted.emit()
        else:
            event.ignore()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Takes the handle; elsewhere it comes to the pointer first."""
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        self._pointer = event.position().y()
        self.setSliderDown(True)
        if self.cap().contains(event.position()):
            self._share = position(self.db)
        else:
            self._share = self._share_at(self._pointer)
            self._drag()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Moves the handle with the pointer, with Shift a tenth of its way."""
        if self.isSliderDown():
            fine = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            y = event.position().y()
            self._share += (self._pointer - y) / self._length() * (FINE_DRAG if fine else 1)
            self._pointer = y
            self._drag()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Lets the handle go."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(False)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Resets to 0 dB."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.moved.emit(0.0)

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Steps once a notch."""
        fine = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        delta = event.angleDelta()
        self._notches += (delta.y() or delta.x()) / 120  # macOS turns the wheel sideways with Shift
        whole = int(self._notches)
        self._notches -= whole
        if whole:
            self.moved.emit(stepped(self.db, whole * (FINE_DB if fine else STEP_DB)))
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Draws scale, groove and handle."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_scale(painter)
        self._paint_groove(painter)
        self._paint_cap(painter)
        painter.end()

    def _paint_scale(self, painter: QPainter) -> None:
        right = self._groove_x() - CAP.width() / 2 - 2
        taken: list[float] = []
        painter.setFont(theme.font(theme.SMALL))
        for db in (*LABELLED, *MINOR_DB):
            y = round(self._y_of(db)) + 0.5
            zero = db == 0
            painter.setPen(QPen(theme.colour("muted" if zero else "border"), 1))
            length = 8 if db in LABELLED else 4
            painter.drawLine(QPointF(right - length, y), QPointF(right, y))
            if db in LABELLED and all(abs(y - other) >= theme.SMALL + 2 for other in taken):
                taken.append(y)
                painter.setPen(theme.colour("text" if zero else "muted"))
                box = QRectF(0, y - 8, right - 10, 16)
                painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, scale_label(db))

    def _paint_groove(self, painter: QPainter) -> None:
        x, top, bottom = self._groove_x(), self._y_of(TOP_DB), self._y_of(SILENT)
        painter.setPen(QPen(theme.colour("border"), 1))
        painter.setBrush(theme.colour("background"))
        painter.drawRoundedRect(QRectF(x - 3.5, top - 3.5, 7, bottom - top + 7), 3.5, 3.5)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._ink())
        y = self._y_of(self.db)
        painter.drawRoundedRect(QRectF(x - 2, y, 4, bottom - y + 2), 2, 2)

    def _paint_cap(self, painter: QPainter) -> None:
        cap = self.cap().adjusted(0.5, 0.5, -0.5, -0.5)
        focused = self.hasFocus()
        painter.setPen(QPen(theme.colour("accent" if focused else "faint"), 2 if focused else 1))
        painter.setBrush(theme.colour("hover" if self.isSliderDown() or self.underMouse() else "raised"))
        painter.drawRoundedRect(cap, theme.RADIUS, theme.RADIUS)
        painter.setPen(QPen(self._ink(), 2))
        middle = round(self._y_of(self.db)) + 0.5  # on the line of the scale
        painter.drawLine(QPointF(cap.left() + 5, middle), QPointF(cap.right() - 5, middle))

    def _ink(self) -> QColor:
        return theme.colour(self._track if self.isEnabled() and self.heard else "faint")

    def _drag(self) -> None:
        db = gain_at(self._share)
        self.moved.emit(0.0 if abs(db) < DETENT_DB else db)

    def _is_own(self, event: QKeyEvent) -> bool:
        shift, keypad = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.KeypadModifier
        own = event.key() in (*self._places(), Qt.Key.Key_Return, Qt.Key.Key_Enter) or step_of(event) != 0
        return own and not event.modifiers() & ~(shift | keypad)

    def _places(self) -> dict[int, float]:
        """Gains that keys go to at once."""
        key = Qt.Key
        return {key.Key_Home: TOP_DB, key.Key_End: SILENT, key.Key_Delete: 0.0, key.Key_Backspace: 0.0}

    def _groove_x(self) -> float:
        """The middle of the groove, so that scale and handle stand in the middle together."""
        used = LABEL_WIDTH + theme.S + CAP.width()
        return (self.width() - used) // 2 + used - CAP.width() / 2

    def _length(self) -> float:
        return self.height() - CAP.height()

    def _y_of(self, db: float) -> float:
        return CAP.height() / 2 + (1 - position(db)) * self._length()

    def _share_at(self, y: float) -> float:
        return 1 - (y - CAP.height() / 2) / self._length()


def scale_label(db: float) -> str:
    """A gain on the scale: "+6", "0", "−12", "−∞"."""
    return f"{MINUS}∞" if db == SILENT else f"{db:+.0f}".replace("-", MINUS).replace("+0", "0")
