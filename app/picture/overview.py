"""The whole recording in one narrow view: its waveform, and the visible stretch as a box that can be dragged."""

# ruff: noqa: N802  (Qt names its event handlers)

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from app.document.view import ZOOM_STEP, ViewState
from app.picture.colour import shade_table
from app.picture.ruler import clock
from app.picture.source import LaneSource
from app.picture.tiles import PLAIN, Tile, Tiles, Wish
from app.picture.time_view import GRIP, GUTTER, NOTCH
from app.window import theme

HEIGHT = 56  # pixels
NARROWEST = 8  # pixels of the box, however little is visible
BAR = 3  # pixels, the height of a region's bar
GAINS = (8, 6, 4, 3, 2, 1.5, 1)  # how much higher a quiet recording's waveform is drawn
OPACITY = {"mixture": 0.5, "speech": 0.9}


class Overview(QWidget):
    """The waveform of the mixture, with that of the speech over it.

    A click outside the box brings the box there; the box can be dragged, and so can its edges; the wheel zooms; a
    double click shows everything.
    """

    def __init__(self, view: ViewState, tiles: Tiles, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view, self.tiles = view, tiles
        self.setFixedHeight(HEIGHT)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(self.tr("Overview"))
        self.setAccessibleDescription(self.tr("The whole recording; drag the box to see another part of it"))
        self._sources: dict[str, LaneSource] = {}
        self._regions: Sequence[tuple[float, float]] = ()
        self._markers: Sequence[float] = ()
        self._drag: tuple[str, float] | None = None  # "move", "start" or "end", and where in the box it was taken
        self._gain: float = 1
        self._latest: dict[str, Tile] = {}  # stands in, stretched, until there is one of the right size
        self._canvas = QPixmap()  # all that does not move
        self._outdated = True
        self._playhead = QRect()  # where it was painted
        tiles.changed.connect(self._source_changed)
        theme.theme_changed.connect(self._redraw)
        disconnect = view.changed.connect(self._view_changed)
        self.destroyed.connect(lambda: disconnect())

    def set_sources(self, mixture: LaneSource | None, speech: LaneSource | None = None) -> None:
        """Show these tracks."""
        self._sources = {lane: source for lane, source in (("mixture", mixture), ("speech", speech)) if source}
        self.tiles.show((self, "mixture"), mixture)
        self.tiles.show((self, "speech"), speech)
        self._gain = 1
        self._redraw()

    def set_regions(self, regions: Sequence[tuple[float, float]]) -> None:
        """Show these stretches, in seconds, as bars."""
        self._regions = tuple(regions)
        self._redraw()

    def set_markers(self, times: Sequence[float]) -> None:
        """Show these times, in seconds, as lines."""
        self._markers = tuple(times)
        self._redraw()

    def x_of(self, seconds: float) -> float:
        """Where a time lies in the widget."""
        return GUTTER + seconds / self.view.seconds * max(1, self.width() - GUTTER)

    def seconds_at(self, x: float) -> float:
        """The time at `x`, held within the recording."""
        seconds = (x - GUTTER) / max(1, self.width() - GUTTER) * self.view.seconds
        return min(max(0.0, seconds), self.view.seconds)

    def box(self) -> QRectF:
        """The visible stretch."""
        left, right = self.x_of(self.view.start), self.x_of(self.view.end)
        missing = max(0.0, NARROWEST - (right - left)) / 2
        return QRectF(left - missing, 0, right - left + 2 * missing, HEIGHT)

    def sizeHint(self) -> QSize:
        """As high as it is."""
        return QSize(400, HEIGHT)

    def changeEvent(self, event: QEvent) -> None:
        """Draw anew with another font."""
        self._redraw()
        super().changeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Draw anew at the new size."""
        self._redraw()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the box, by an edge or inside; bring it here first if it is elsewhere."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        x, part = event.position().x(), self._part_at(event.position().x())
        seconds = self.seconds_at(x)
        if part == "outside":
            length = self.view.end - self.view.start
            self.view.show(seconds - length / 2, seconds + length / 2)
            part = "move"
        self._drag = part, seconds - (self.view.end if part == "end" else self.view.start)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the box or its edge."""
        x, view = event.position().x(), self.view
        if self._drag is None:
            edge = self._part_at(x) in ("start", "end")
            self.setCursor(Qt.CursorShape.SizeHorCursor if edge else Qt.CursorShape.ArrowCursor)
            return
        part, taken = self._drag
        seconds = (x - GUTTER) / max(1, self.width() - GUTTER) * view.seconds - taken
        if part == "move":
            view.show(seconds, seconds + view.end - view.start)
        elif part == "start":
            view.show(max(0.0, min(seconds, view.end)), view.end)
        else:
            view.show(view.start, min(view.seconds, max(seconds, view.start)))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._drag = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show everything."""
        self.view.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the pointer."""
        self.view.zoom(ZOOM_STEP ** (event.angleDelta().y() / NOTCH), self.seconds_at(event.position().x()))
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Copy the canvas, and paint selection, box and playhead on it."""
        self.tiles.hold()
        ratio = self.devicePixelRatioF()
        if self._outdated or self._canvas.devicePixelRatio() != ratio:
            self._outdated = False
            self._canvas = self._drawn(ratio)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._canvas)
        area = QRectF(GUTTER, 0, self.width() - GUTTER, HEIGHT)
        if self.view.selection:
            left, right = (self.x_of(end) for end in self.view.selection)
            painter.fillRect(QRectF(left, 0, max(1.0, right - left), HEIGHT), theme.colour("accent", 0.25))
        box = self.box()
        if box.width() < area.width() - 0.5:
            shade = theme.colour("background", 0.62)
            painter.fillRect(QRectF(area.left(), 0, box.left() - area.left(), HEIGHT), shade)
            painter.fillRect(QRectF(box.right(), 0, area.right() - box.right(), HEIGHT), shade)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme.colour("accent"), 1.5))
            painter.drawRoundedRect(box.adjusted(0.75, 0.75, -0.75, -1.75), 3, 3)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self._playhead = self._playhead_rect()
        painter.fillRect(QRectF(self.x_of(self.view.playhead) - 0.5, 0, 1, HEIGHT), theme.colour("text"))

    def _drawn(self, ratio: float) -> QPixmap:
        """The canvas: length, waveforms, regions and markers."""
        canvas = QPixmap(self.size() * ratio)
        canvas.fill(theme.colour("background"))
        painter = QPainter(canvas)
        painter.scale(ratio, ratio)
        painter.fillRect(QRectF(GUTTER, 0, self.width() - GUTTER, HEIGHT), theme.colour("surface"))
        self._draw_waveforms(painter, ratio)
        for start, end in self._regions:
            bar = QRectF(self.x_of(start), HEIGHT - BAR - 1, max(1.0, self.x_of(end) - self.x_of(start)), BAR)
            painter.fillRect(bar, theme.colour("accent", 0.8))
        for seconds in self._markers:
            painter.fillRect(QRectF(self.x_of(seconds) - 0.5, 0, 1, HEIGHT), theme.colour("warning", 0.8))
        painter.fillRect(QRectF(0, HEIGHT - 1, self.width(), 1), theme.colour("border"))
        painter.setPen(theme.colour("muted"))
        painter.setFont(theme.font(theme.SMALL))
        place = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(0, 0, GUTTER - 6, HEIGHT), place, clock(self.view.seconds))
        painter.end()
        canvas.setDevicePixelRatio(ratio)
        return canvas

    def _draw_waveforms(self, painter: QPainter, ratio: float) -> None:
        width, height = round((self.width() - GUTTER) * ratio), round((HEIGHT - 1) * ratio)
        if width < 1:
            return
        for lane, source in self._sources.items():
            wish = Wish(source, 0, source.frames, width, height, "linear", ratio, self._gain)
            self.tiles.want((self, lane), (wish,), PLAIN)
            if tile := self.tiles.get(wish):
                self._latest[lane] = tile
                gain = next((gain for gain in GAINS if gain * tile.peak <= 1), 1)
                if lane == "mixture" and gain != self._gain:
                    self._gain = gain
                    self._redraw()
            if tile := self._latest.get(lane):
                colour = theme.colour(lane)
                shades = shade_table((colour.red(), colour.green(), colour.blue()), OPACITY[lane])
                # Beyond what was there when the tile was made, it would look like silence.
                done = math.ceil(width * min(source.done(), tile.state[0]) / source.frames)
                rows, columns = tile.filled.shape
                there = QRectF(GUTTER, 0, done / ratio, height / ratio)
                painter.drawImage(there, tile.waveform(shades), QRectF(0, 0, done * columns / width, rows))

    def _part_at(self, x: float) -> str:
        """What of the box is at `x`: "start", "end" (its edges), "move" (inside) or "outside"."""
        box = self.box()
        if abs(x - box.left()) <= GRIP and box.width() > 3 * GRIP:
            return "start"
        if abs(x - box.right()) <= GRIP and box.width() > 3 * GRIP:
            return "end"
        return "move" if box.left() <= x <= box.right() else "outside"

    def _playhead_rect(self) -> QRect:
        return QRect(math.floor(self.x_of(self.view.playhead)) - 1, 0, 3, HEIGHT)

    def _view_changed(self, what: str) -> None:
        if what == "playhead":
            self.update(self._playhead)
            self.update(self._playhead_rect())
        elif what in ("range", "selection"):
            self.update()

    def _source_changed(self, source: LaneSource) -> None:
        if source in self._sources.values():
            self._redraw()

    def _redraw(self) -> None:
        self._outdated = True
        self.update()
