"""What lanes and ruler share: the visible stretch beside a gutter, and what mouse, wheel and fingers do to it."""

# ruff: noqa: N802  (Qt names its event handlers)

from PySide6.QtCore import QEvent, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QMouseEvent, QNativeGestureEvent, QWheelEvent
from PySide6.QtWidgets import QGestureEvent, QPinchGesture, QWidget

from app.document.view import ZOOM_STEP, ViewState

GUTTER = 56  # pixels left of the time axis, of all views alike
GRIP = 5  # pixels around an edge within which it can be dragged
DRAG = 4  # pixels that a click may wander
NOTCH = 120  # of the wheel, in its own unit
NOTCH_SCROLL = 0.1  # share of the view that a notch scrolls
PUSH_MS, PUSH_SCROLL = 40, 0.03  # a drag beyond an edge scrolls by this share, every so often


class TimeView(QWidget):
    """A view whose pixels right of the gutter are the visible stretch of `view`.

    A click moves the playhead and clears the selection; a drag selects, Shift+click extends, the selection's edges can
    be dragged. The wheel zooms at the pointer, with Shift or sideways it scrolls; two fingers zoom.
    """

    menu_requested = Signal(QPoint, float)  # (global position, seconds): right click

    def __init__(self, view: ViewState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = view
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.grabGesture(Qt.GestureType.PinchGesture)
        self._pressed = 0.0  # x of the press
        self._anchor: float | None = None  # the end of the selection that stays, while the button is down
        self._dragging = False
        self._selected: tuple[float, float] | None = None  # before the press
        self._push, self._push_share = QTimer(self, interval=PUSH_MS), 0.0
        self._push.timeout.connect(self._scroll_on)
        disconnect = view.changed.connect(self.view_changed)
        self.destroyed.connect(lambda: disconnect())

    def view_changed(self, what: str) -> None:
        """Called when `view` has changed; see `ViewState.changed`."""
        self.update()

    def area(self) -> QRect:
        """The part of the widget that shows time."""
        return self.rect().adjusted(GUTTER, 0, 0, 0)

    def x_of(self, seconds: float) -> float:
        """Where a time lies in the widget."""
        return GUTTER + self.view.x_of(seconds, max(1, self.width() - GUTTER))

    def seconds_at(self, x: float) -> float:
        """The time at `x`, held within what is visible."""
        seconds = self.view.seconds_at(x - GUTTER, max(1, self.width() - GUTTER))
        return min(max(seconds, self.view.start), self.view.end)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a click or a drag."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        x, self._selected = event.position().x(), self.view.selection
        fixed = self._grip_at(x)
        if fixed is None and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            fixed = self._far_end(self.seconds_at(x))
            self.view.select(fixed, self.seconds_at(x))
        self._pressed, self._dragging = x, fixed is not None
        self._anchor = self.seconds_at(x) if fixed is None else fixed

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the cursor; select while the button is down."""
        x = event.position().x()
        self.view.cursor = self.seconds_at(x) if x >= GUTTER else None
        if self._anchor is None:
            grip = self._grip_at(x) is not None
            self.setCursor(Qt.CursorShape.SizeHorCursor if grip else Qt.CursorShape.ArrowCursor)
            return
        self._dragging = self._dragging or abs(x - self._pressed) >= DRAG
        if self._dragging:
            self.view.select(self._anchor, self.seconds_at(x))
            beyond = -1 if x < GUTTER else x >= self.width()
            if beyond and not self._push.isActive():
                self._push_share = beyond * PUSH_SCROLL
                self._push.start()
            elif not beyond:
                self._push.stop()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag, or do what a click does."""
        if event.button() != Qt.MouseButton.LeftButton or self._anchor is None:
            return
        if not self._dragging:
            self.view.clear_selection()
            self.view.move_playhead(self._anchor)
        self._anchor = None
        self._push.stop()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """The first click has done it all."""

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for a menu."""
        self.menu_requested.emit(event.globalPos(), self.seconds_at(event.pos().x()))

    def leaveEvent(self, event: QEvent) -> None:
        """The pointer is elsewhere."""
        self.view.cursor = None

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom or scroll."""
        turn, fine = event.angleDelta(), event.pixelDelta()
        shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        length = self.view.end - self.view.start
        if shift or abs(turn.x()) > abs(turn.y()):
            sideways = turn.x() or turn.y()
            share = fine.x() / max(1, self.width() - GUTTER) if fine.x() else sideways / NOTCH * NOTCH_SCROLL
            self.view.scroll(-share * length)
        elif turn.y():
            self.view.zoom(ZOOM_STEP ** (turn.y() / NOTCH), self.seconds_at(event.position().x()))
        event.accept()

    def event(self, event: QEvent) -> bool:
        """Zoom with two fingers, on a trackpad or on the screen."""
        if isinstance(event, QNativeGestureEvent):
            if event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
                self.view.zoom(max(0.1, 1 + event.value()), self.seconds_at(event.position().x()))
            return True
        if isinstance(event, QGestureEvent) and isinstance(
            pinch := event.gesture(Qt.GestureType.PinchGesture), QPinchGesture
        ):
            self._give_up()
            if pinch.state() == Qt.GestureState.GestureUpdated:  # at its end it only says once more what was done
                at = self.mapFromGlobal(pinch.centerPoint())
                self.view.zoom(max(0.1, pinch.scaleFactor()), self.seconds_at(at.x()))
            return True
        return super().event(event)

    def _give_up(self) -> None:
        """What began as a drag, of the first finger, is none."""
        if self._anchor is not None:
            self._anchor = None
            self._push.stop()
            self.view.select(*(self._selected or (0.0, 0.0)))

    def _grip_at(self, x: float) -> float | None:
        """The other end of the selection, if one of its ends is at `x`."""
        if self.view.selection and x >= GUTTER:
            start, end = self.view.selection
            if abs(x - self.x_of(end)) <= GRIP:
                return start
            if abs(x - self.x_of(start)) <= GRIP:
                return end
        return None

    def _far_end(self, seconds: float) -> float:
        """The end of the selection that is farther from `seconds`; the playhead if nothing is selected."""
        return max(self.view.selection or (self.view.playhead,), key=lambda end: abs(end - seconds))

    def _scroll_on(self) -> None:
        """Scroll while a drag is held beyond an edge."""
        self.view.scroll(self._push_share * (self.view.end - self.view.start))
        if self._anchor is not None:
            self.view.select(self._anchor, self.view.end if self._push_share > 0 else self.view.start)
