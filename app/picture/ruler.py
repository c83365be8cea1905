"""The ruler above the lanes: times, markers as flags, the playhead's handle."""

# ruff: noqa: N802  (Qt names its event handlers)

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from app.document.view import ViewState
from app.picture.time_view import DRAG, GUTTER, TimeView
from app.window import theme

HEIGHT = 36  # pixels
FLAG_HEIGHT = 16
FLAG_WIDTH = 140  # pixels; longer names are cut
APART = 24  # pixels between figures, at least
STEPS = (
    *(10.0**e * s for e in (-4, -3, -2, -1) for s in (1, 2, 5)),
    *(1.0, 2.0, 5.0, 10.0, 15.0, 30.0),
    *(60.0 * m for m in (1, 2, 5, 10, 15, 30)),
    *(3600.0 * h for h in (1, 2, 5, 10, 24, 48)),
)


def clock(seconds: float, decimals: int = 0) -> str:
    """A time as h:mm:ss, below an hour m:ss, with decimals of a second where asked for."""
    whole, part = divmod(round(seconds * 10**decimals), 10**decimals)
    hours = f"{whole // 3600}:{whole // 60 % 60:02}" if whole >= 3600 else f"{whole // 60}"
    text = f"{hours}:{whole % 60:02}"
    return f"{text}.{part:0{decimals}}" if decimals else text


def ticks(start: float, end: float, most: int) -> tuple[float, list[float]]:
    """A round step, and its multiples from `start` to `end`, at most about `most` of them."""
    step = next((s for s in STEPS if (end - start) / s <= most), STEPS[-1])
    return step, [n * step for n in range(math.ceil(start / step - 1e-9), math.floor(end / step + 1e-9) + 1)]


class TimeRuler(TimeView):
    """Times of the visible stretch, with the markers, which can be dragged.

    A click moves the playhead, a drag selects, as in the lanes.
    """

    marker_moved = Signal(int, float)  # (index, seconds) when a flag is let go elsewhere
    marker_chosen = Signal(int)  # (index) when a flag is clicked

    def __init__(self, view: ViewState, parent: QWidget | None = None) -> None:
        super().__init__(view, parent)
        self.setFixedHeight(HEIGHT)
        self.setAccessibleName(self.tr("Time ruler"))
        self.setAccessibleDescription(self.tr("Times and markers; click to move the playhead, drag to select"))
        self._markers: list[tuple[float, str]] = []
        self._held: int | None = None  # index of the marker under the pressed button
        theme.theme_changed.connect(self.update)

    def set_markers(self, markers: Sequence[tuple[float, str]]) -> None:
        """Show these markers, as seconds and name; the index in the list is what signals give."""
        self._markers, self._held = list(markers), None
        self.update()

    def sizeHint(self) -> QSize:
        """As high as it is."""
        return QSize(400, HEIGHT)

    def changeEvent(self, event: QEvent) -> None:
        """Draw anew with another font."""
        self.update()
        super().changeEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of a flag, or do as in the lanes."""
        if event.button() == Qt.MouseButton.LeftButton:
            flags = [i for i in range(len(self._markers)) if self._flag(i).contains(event.position())]
            if flags:
                self._held, self._dragging = flags[-1], False
                self._pressed = event.position().x()
                return
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the held flag."""
        if self._held is None:
            super().mouseMoveEvent(event)
            if any(self._flag(index).contains(event.position()) for index in range(len(self._markers))):
                self.setCursor(Qt.CursorShape.PointingHandCursor)
            return
        x = event.position().x()
        self._dragging = self._dragging or abs(x - self._pressed) >= DRAG
        if self._dragging:
            self._markers[self._held] = self.seconds_at(x), self._markers[self._held][1]
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go of the flag."""
        if self._held is None:
            super().mouseReleaseEvent(event)
            return
        index, self._held = self._held, None
        if self._dragging:
            self.marker_moved.emit(index, self._markers[index][0])
        else:
            self.marker_chosen.emit(index)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw everything: it is little."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour("background"))
        painter.setClipRect(self.area())
        if self.view.selection:
            left, right = (self.x_of(end) for end in self.view.selection)
            painter.fillRect(QRectF(left, 0, right - left, HEIGHT), theme.colour("accent", 0.22))
        painter.setFont(theme.font(theme.SMALL))
        self._draw_times(painter)
        for index in range(len(self._markers)):
            self._draw_flag(painter, index)
        painter.setClipping(False)
        painter.fillRect(QRectF(0, HEIGHT - 1, self.width(), 1), theme.colour("border"))
        x = self.x_of(self.view.playhead)
        if GUTTER - 1 <= x <= self.width():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("text"))
            top = HEIGHT - 9
            handle = [(x - 5, top), (x + 5, top), (x + 5, top + 3), (x, HEIGHT), (x - 5, top + 3)]
            painter.drawPolygon(QPolygonF([QPointF(*point) for point in handle]))

    def _draw_times(self, painter: QPainter) -> None:
        widest = painter.fontMetrics().horizontalAdvance(clock(self.view.end, 3)) + APART
        most = max(1, self.area().width() // widest)
        step, times = ticks(self.view.start, self.view.end, most)
        decimals = max(0, -math.floor(math.log10(step) + 1e-9))
        _, small = ticks(self.view.start, self.view.end, most * 5)
        marks = [(self.x_of(seconds), 5) for seconds in small] + [(self.x_of(seconds), 14) for seconds in times]
        painter.setPen(QPen(theme.colour("faint"), 1))
        painter.drawLines([QLineF(x, HEIGHT - length, x, HEIGHT - 1) for x, length in marks])
        painter.setPen(theme.colour("muted"))
        for seconds in times:
            x = self.x_of(seconds)
            painter.drawText(QPointF(x + 4, HEIGHT - 7), clock(seconds, decimals))

    def _flag(self, index: int) -> QRectF:
        """Where the flag of a marker is."""
        seconds, name = self._markers[index]
        width = QFontMetricsF(theme.font(theme.SMALL)).horizontalAdvance(name)
        return QRectF(self.x_of(seconds), 0, min(FLAG_WIDTH, width) + 2 * theme.XS + 2, FLAG_HEIGHT)

    def _draw_flag(self, painter: QPainter, index: int) -> None:
        flag = self._flag(index)
        ground = theme.colour("warning")
        painter.fillRect(QRectF(flag.left() - 0.5, 0, 1, HEIGHT), ground)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(flag, 2, 2)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(theme.colour("on_accent"))
        name = painter.fontMetrics().elidedText(self._markers[index][1], Qt.TextElideMode.ElideRight, FLAG_WIDTH)
        painter.drawText(flag, Qt.AlignmentFlag.AlignCenter, name)
