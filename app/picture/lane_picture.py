"""Spectrogram and waveform of the visible stretch of one track, put together from tiles."""

import math
from time import monotonic
from typing import NamedTuple

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter, QPixmap

from app.document.view import ViewState
from app.picture.sampling import PREVIEW_COLUMNS
from app.picture.source import LaneSource
from app.picture.spectrum import level_db
from app.picture.tiles import PLAIN, Tile, Tiles, Wish

TILE = 256  # device pixels
SAME_SCALE = 1e-6  # scales that differ by less are one: tiles made for it are used again
PACE = 0.1  # seconds between scales that tiles are asked for while a zoom goes on
PATIENCE = 0.2  # seconds that the tiles of one scale are waited for, before those of the next are asked for


class Place(NamedTuple):
    """A stretch in device pixels: it begins `first` pixels of `scale` samples after the recording's beginning."""

    first: int
    scale: float
    width: int
    height: int


class LanePicture:
    """Draws what `view` shows of a source, in device pixels, and asks for the tiles that it takes.

    Attributes:
        look: its colours.
        settled: False while a zoom goes on: then it is to be drawn again after `PACE`, even if nothing else happens.
    """

    def __init__(self, view: ViewState, tiles: Tiles) -> None:
        self.look = PLAIN
        self.settled = True
        self._view, self._tiles = view, tiles
        self._source: LaneSource | None = None
        self._whole: Wish | None = None  # the recording at a glance
        self._asked: Place | None = None
        self._asked_at = 0.0
        self._wishes: list[tuple[int, Wish]] = []  # the tiles of `_asked`, and where in it each begins
        self._exact: tuple[Place, QPixmap] | None = None  # the last picture of which no tile was missing

    @property
    def source(self) -> LaneSource | None:
        """The track."""
        return self._source

    @source.setter
    def source(self, source: LaneSource | None) -> None:
        self._source = source
        self._tiles.show(self, source)
        self.forget()

    @property
    def drawn_to(self) -> int:
        """How many samples of the track are seen: fewer than there are while tiles of a growing split are made."""
        if not self._source:
            return 0
        done = self._source.done()
        for _, wish in self._wishes:
            tile = self._tiles.get(wish)
            if tile and tile.state[0] < min(wish.stop, done):
                done = int(tile.state[0])
        return done

    def forget(self) -> None:
        """Begin anew, as after a change of the axis: nothing that was drawn can stand in for what is to come."""
        self._asked = self._exact = self._whole = None
        self._wishes = []

    def drawn(self, width: int, height: int, pen: float) -> QPixmap:
        """The picture, with lines of `pen` pixels.

        Tiles that are not there yet are stood in for by the last complete picture, and by the recording at a glance.
        """
        if not self._source:
            return self._blank(width, height)
        here = self._place(self._source, width, height)
        self.settled = not self._is_zooming(here)
        if not self.settled:
            return self._stand_in(self._source, here)
        self._ask(self._source, here, pen)
        tiles = self._present()
        if len(tiles) == len(self._wishes):
            return self._compose(here, tiles)
        picture = self._stand_in(self._source, here)
        self._draw(picture, tiles)
        return picture

    def level_at(self, x: float, y: float) -> float:
        """The level in dBFS at a pixel; −∞ where nothing is."""
        for left, tile in self._present():
            height, width = tile.levels.shape
            if left <= x < left + width and 0 <= y < height:
                byte = int(tile.levels[math.floor(y), math.floor(x - left)])
                return level_db(byte) if byte else -math.inf
        return -math.inf

    def _is_zooming(self, here: Place) -> bool:
        """Whether tiles of another scale, which were asked for a moment ago, come first."""
        if not self._asked or self._asked.scale == here.scale:
            return False
        tiles = self._present()
        complete = len(tiles) == len(self._wishes)
        if complete and not (self._exact and self._exact[0] == self._asked):
            self._compose(self._asked, tiles)
        return monotonic() - self._asked_at < (PACE if complete else PATIENCE)

    def _place(self, source: LaneSource, width: int, height: int) -> Place:
        """What the view shows."""
        scale = (self._view.end - self._view.start) * source.sample_rate / width
        if self._asked and math.isclose(scale, self._asked.scale, rel_tol=SAME_SCALE):
            scale = self._asked.scale
        return Place(round(self._view.start * source.sample_rate / scale), scale, width, height)

    def _ask(self, source: LaneSource, place: Place, pen: float) -> None:
        """Want the whole at a glance, the visible tiles from the middle outwards, and one more at each side."""
        first, scale, width, height = place
        span, axis = TILE * scale, self._view.axis
        numbers = range(max(0, first // TILE - 1), (first + width - 1) // TILE + 2)
        inside = [n for n in numbers if n * TILE < first + width and (n + 1) * TILE > first]
        inside.sort(key=lambda n: abs((n + 0.5) * TILE - first - width / 2))
        beside = [n for n in numbers if n not in inside and n * span < source.frames]
        glance = min(PREVIEW_COLUMNS, -(-source.frames // source.grid.hop))
        self._whole = Wish(source, 0, source.frames, glance, height, axis, pen)
        wishes = [Wish(source, n * span, (n + 1) * span, TILE, height, axis, pen) for n in inside + beside]
        self._tiles.want(self, [self._whole, *wishes], self.look)
        self._wishes = [(n * TILE - first, wish) for n, wish in zip(inside, wishes, strict=False)]
        self._asked, self._asked_at = place, monotonic()

    def _present(self) -> list[tuple[int, Tile]]:
        """The tiles that were asked for, as far as they are there, and where each begins."""
        return [(left, tile) for left, wish in self._wishes if (tile := self._tiles.get(wish))]

    def _compose(self, place: Place, tiles: list[tuple[int, Tile]]) -> QPixmap:
        """The complete picture of a place."""
        picture = self._exact[1] if self._exact else QPixmap()
        if (picture.width(), picture.height()) != (place.width, place.height):
            picture = QPixmap(place.width, place.height)
        self._draw(picture, tiles)
        self._exact = place, picture
        return picture

    def _stand_in(self, source: LaneSource, place: Place) -> QPixmap:
        """The best picture of a place without tiles of its own."""
        first, scale, width, height = place
        covered = QRectF()
        if self._exact:
            zoom = self._exact[0].scale / scale
            covered = QRectF(self._exact[0].first * zoom - first, 0, self._exact[0].width * zoom, height)
        picture = self._blank(width, height)
        painter = QPainter(picture)
        everywhere = covered.left() <= 0 and covered.right() >= width
        if not everywhere and self._whole and (tile := self._tiles.get(self._whole)):
            column = scale * self._whole.columns / source.frames
            part = QRectF(first * column, 0, width * column, self._whole.height)
            painter.drawImage(QRectF(0, 0, width, height), tile.picture(self.look), part)
        if self._exact:
            painter.drawPixmap(covered, self._exact[1], QRectF(self._exact[1].rect()))
        painter.end()
        return picture

    def _draw(self, picture: QPixmap, tiles: list[tuple[int, Tile]]) -> None:
        painter = QPainter(picture)
        for left, tile in tiles:
            painter.drawImage(left, 0, tile.picture(self.look))
        painter.end()

    def _blank(self, width: int, height: int) -> QPixmap:
        picture = QPixmap(width, height)
        picture.fill(QColor(self.look.levels[0]))
        return picture
