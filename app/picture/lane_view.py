"""A lane: the spectrogram of one track with its waveform over it, and all that is marked in it."""

# ruff: noqa: N802  (Qt names its event handlers)

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QBrush, QColor, QMouseEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QWidget

from app.document.view import ViewState
from app.picture.axis import FrequencyAxis
from app.picture.colour import colour_map, colour_table, shade_table
from app.picture.lane_header import LaneHeader
from app.picture.lane_picture import PACE, LanePicture
from app.picture.source import LaneSource
from app.picture.tiles import Look, Tiles
from app.picture.time_view import GUTTER, TimeView
from app.window import theme

STRIP = 2  # pixels at each side of a moving line that are painted again
TICKS_APART = 26  # pixels
NARROWEST_LABEL = 48  # pixels; less of it says nothing
WAVEFORM = 0.75  # opacity of its edge

Band = tuple[float, float, str]  # start and end in seconds, label


class LaneView(TimeView):
    """The lane of one track: "mixture", "speech" or "noise".

    Everything is drawn on a canvas that is kept; a moving playhead or cursor repaints narrow strips of it only.

    Args:
        view: what is seen.
        lane: the track, which also gives the lane its colour.
        title: its name for the user.
        tiles: makes the picture; shared by all lanes.
    """

    hovered = Signal(float, float, float)  # (seconds, Hz, dBFS), the pointer being there; dBFS −∞ where nothing is
    region_chosen = Signal(int)  # (index): double click on a region

    def __init__(self, view: ViewState, lane: str, title: str, tiles: Tiles, parent: QWidget | None = None) -> None:
        super().__init__(view, parent)
        self.lane = lane
        self.header = LaneHeader(lane, title, self)
        self.header.move(GUTTER + theme.S, theme.S)
        self.setAccessibleName(title)
        self.setAccessibleDescription(self.tr("Spectrogram and waveform of a track over time"))
        self.setMinimumHeight(60)
        self._tiles = tiles
        self._picture = LanePicture(view, tiles)
        self._waveform = True
        self._waiting = ""
        self._regions: Sequence[Band] = ()
        self._markers: Sequence[float] = ()
        self._pointer: QPointF | None = None
        self._lines: list[QRect] = []  # where playhead and cursor were painted
        self._canvas = QPixmap()
        self._outdated = True  # the canvas
        self._gutter: tuple[object, ...] | None = None  # what the gutter was drawn for
        self._again = QTimer(self, interval=round(1000 * PACE), singleShot=True)
        self._again.timeout.connect(self._redraw)
        self._set_colours()
        tiles.changed.connect(self._source_changed)
        theme.theme_changed.connect(self._set_colours)

    def set_source(self, source: LaneSource | None, waiting: str = "") -> None:
        """Show a track; `waiting` stands where there is nothing of it yet."""
        self._picture.source, self._waiting = source, waiting
        self._redraw()

    def set_regions(self, regions: Sequence[Band]) -> None:
        """Shade these stretches and write their labels in them; the index in the list is what signals give."""
        self._regions = tuple(regions)
        self._redraw()

    def set_markers(self, times: Sequence[float]) -> None:
        """Draw a line at each of these times, in seconds."""
        self._markers = tuple(times)
        self._redraw()

    def set_waveform(self, shown: bool) -> None:
        """Draw the waveform over the spectrogram, or not."""
        self._waveform = shown
        self._set_colours()

    def view_changed(self, what: str) -> None:
        """Repaint what the change concerns."""
        if what == "colours":
            self._set_colours()
        elif what == "axis":
            self._picture.forget()
            self._redraw()
        elif what in ("range", "lanes"):
            self._redraw()
        elif what == "selection":
            self.update()
        elif what in ("playhead", "cursor"):
            if self._pointer and self.view.cursor is None:
                self._pointer = None
            self._move_lines()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Also tell what is under the pointer."""
        self._pointer = event.position() if self.area().contains(event.position().toPoint()) else None
        super().mouseMoveEvent(event)
        self._move_lines()
        if self._pointer and self._picture.source:
            at, ratio = self._pointer, self.devicePixelRatioF()
            hertz = self._axis(self._picture.source).frequency(at.y())
            level = self._picture.level_at((at.x() - GUTTER) * ratio, at.y() * ratio)
            self.hovered.emit(self.seconds_at(at.x()), max(0.0, hertz), level)

    def leaveEvent(self, event: QEvent) -> None:
        """Nothing is under the pointer any more."""
        self._pointer = None
        super().leaveEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Select the region, the topmost of several."""
        seconds = self.seconds_at(event.position().x())
        for index in reversed(range(len(self._regions))):
            start, end, _ = self._regions[index]
            if start <= seconds <= end and event.button() == Qt.MouseButton.LeftButton:
                self.view.select(start, end)
                self.region_chosen.emit(index)
                return

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Draw anew at the new size."""
        self._redraw()

    def changeEvent(self, event: QEvent) -> None:
        """Draw anew with another font."""
        self._gutter = None
        self._redraw()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Copy the canvas, and paint on it what moves."""
        self._tiles.hold()
        ratio = self.devicePixelRatioF()
        if self._outdated or self._canvas.devicePixelRatio() != ratio:
            self._draw_canvas(ratio)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._canvas)
        area = self.area()
        painter.setClipRect(area)
        if self.view.selection:
            left, right = (self._edge(end) for end in self.view.selection)
            painter.fillRect(QRectF(left, 0, right - left, self.height()), theme.DARK.colour("text", 0.13))
            for x in (left, right):
                painter.fillRect(QRectF(x - 0.5, 0, 1, self.height()), theme.DARK.colour("accent"))
        self._lines = self._line_rects()
        cross = theme.DARK.colour("text", 0.35)
        if self.view.cursor is not None:
            painter.fillRect(QRectF(self._edge(self.view.cursor) - 0.5, 0, 1, self.height()), cross)
        if self._pointer:
            painter.fillRect(QRectF(GUTTER, self._pointer.y() - 0.5, area.width(), 1), cross)
        x = round(self._edge(self.view.playhead) * ratio) / ratio
        painter.fillRect(QRectF(x - 1.5, 0, 3, self.height()), QColor(0, 0, 0, 110))  # a rim, to stand out anywhere
        painter.fillRect(QRectF(x - 0.5, 0, 1, self.height()), QColor("white"))

    def _line_rects(self) -> list[QRect]:
        """Where playhead, cursor and the level line of the pointer are."""
        times = [self.view.playhead] + ([self.view.cursor] if self.view.cursor is not None else [])
        places = [math.floor(self.x_of(seconds)) for seconds in times]
        rects = [QRect(x - STRIP, 0, 2 * STRIP + 1, self.height()) for x in places if GUTTER <= x <= self.width()]
        if self._pointer:
            rects.append(QRect(GUTTER, math.floor(self._pointer.y()) - 1, self.width() - GUTTER, 3))
        return rects

    def _move_lines(self) -> None:
        for rect in (*self._lines, *self._line_rects()):
            self.update(rect)

    def _edge(self, seconds: float) -> float:
        """`x_of`, but not far beyond the edges: painters don't take numbers of any size."""
        return min(max(self.x_of(seconds), GUTTER - 8.0), self.width() + 8.0)

    def _axis(self, source: LaneSource) -> FrequencyAxis:
        return FrequencyAxis(self.view.axis, source.sample_rate, max(1, self.height()))

    def _redraw(self) -> None:
        self._outdated = True
        self.update()

    def _source_changed(self, source: LaneSource) -> None:
        if source is self._picture.source and self._picture.settled:
            self._redraw()

    def _set_colours(self) -> None:
        tint = theme.DARK.colour(self.lane)
        rgb = (tint.red(), tint.green(), tint.blue())
        levels = colour_table(colour_map(self.view.colours, rgb), self.view.floor_db, self.view.ceiling_db)
        ink = theme.DARK.colour("text") if self.view.colours == "tinted" else tint
        waveform = shade_table((ink.red(), ink.green(), ink.blue()), WAVEFORM) if self._waveform else None
        self._picture.look = Look(levels, waveform)
        self._redraw()

    def _draw_canvas(self, ratio: float) -> None:
        """Draw everything but selection, cursor and playhead."""
        self._outdated = False
        size = self.size() * ratio
        if self._canvas.size() != size:
            self._canvas = QPixmap(size)
        self._canvas.setDevicePixelRatio(1)  # the picture is made in device pixels
        left = round(GUTTER * ratio)
        painter = QPainter(self._canvas)
        if size.width() > left:
            painter.drawPixmap(left, 0, self._picture.drawn(size.width() - left, size.height(), ratio))
        if not self._picture.settled:
            self._again.start()
        painter.scale(ratio, ratio)
        gutter = (self._picture.source, self.view.axis, size, ratio, theme.current_theme())
        if gutter != self._gutter:
            self._gutter = gutter
            self._draw_frequencies(painter)
        painter.setClipRect(self.area())
        if self.lane in self.view.muted or self.view.solo not in (None, self.lane):
            painter.fillRect(self.area(), theme.DARK.colour("background", 0.6))
        self._draw_waiting(painter)
        for start, end, label in self._regions:
            self._draw_region(painter, start, end, label)
        for seconds in self._markers:
            painter.fillRect(QRectF(self._edge(seconds) - 0.5, 0, 1, self.height()), theme.DARK.colour("warning", 0.8))
        painter.setClipping(False)
        painter.fillRect(QRectF(0, self.height() - 1, self.width(), 1), theme.colour("border"))
        painter.end()
        self._canvas.setDevicePixelRatio(ratio)

    def _draw_frequencies(self, painter: QPainter) -> None:
        """The figures left of the picture."""
        painter.fillRect(QRectF(0, 0, GUTTER, self.height()), theme.colour("background"))
        if not self._picture.source:
            return
        painter.setFont(theme.font(theme.SMALL))
        painter.setPen(theme.colour("muted"))
        axis = self._axis(self._picture.source)
        unit = QRectF(theme.XS, 2, GUTTER, 16)
        painter.drawText(unit, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, "Hz")
        for hertz, figure in axis.ticks(TICKS_APART):
            y = axis.y(hertz)
            painter.fillRect(QRectF(GUTTER - 4, y - 0.5, 4, 1), theme.colour("faint"))
            if 8 <= y <= self.height() - 8:
                area = QRectF(0, y - 8, GUTTER - 8, 16)
                painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, figure)

    def _draw_waiting(self, painter: QPainter) -> None:
        """What is not there yet."""
        source = self._picture.source
        done = self._picture.drawn_to
        if source and done >= source.frames:
            return
        left = self._edge(done / source.sample_rate if source else 0.0)
        empty = QRectF(left, 0, self.width() - left, self.height())
        painter.fillRect(empty, theme.DARK.colour("surface"))
        painter.fillRect(empty, QBrush(theme.DARK.colour("border"), Qt.BrushStyle.BDiagPattern))
        painter.setPen(theme.DARK.colour("muted"))
        painter.setFont(theme.font(theme.BODY))
        words = painter.boundingRect(empty, Qt.AlignmentFlag.AlignCenter, self._waiting)
        if self._waiting and words.width() + 2 * theme.L <= empty.width():
            painter.fillRect(words.adjusted(-theme.M, -theme.XS, theme.M, theme.XS), theme.DARK.colour("surface"))
            painter.drawText(empty, Qt.AlignmentFlag.AlignCenter, self._waiting)

    def _draw_region(self, painter: QPainter, start: float, end: float, label: str) -> None:
        left, right = self._edge(start), self._edge(end)
        seen = QRectF(left, 0, right - left, self.height() - 1) & QRectF(self.area())
        if seen.isEmpty():
            return
        painter.fillRect(seen, theme.DARK.colour("accent", 0.08))
        for x in (left, right - 1):
            painter.fillRect(QRectF(x, 0, 1, seen.height()), theme.DARK.colour("accent", 0.7))
        painter.setFont(theme.font(theme.SMALL))
        room = int(seen.width()) - 2 * theme.S
        words = painter.fontMetrics().elidedText(label, Qt.TextElideMode.ElideRight, room)
        if label and room >= min(NARROWEST_LABEL, painter.fontMetrics().horizontalAdvance(label)):
            width = painter.fontMetrics().horizontalAdvance(words)
            box = QRectF(seen.left() + 1, seen.bottom() - 18, width + 2 * theme.S - 2, 18)
            painter.fillRect(box, theme.DARK.colour("background", 0.75))
            painter.setPen(theme.DARK.colour("text"))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)
