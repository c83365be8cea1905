"""Tiles: pieces of picture, drawn by other threads for the views that want them."""

from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache
from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QThreadPool, QTimer, Signal
from PySide6.QtGui import QImage

from app.document.view import Axis
from app.picture import courtesy
from app.picture.axis import pixel_map
from app.picture.courtesy import give_way
from app.picture.source import LaneSource

THREADS = 2
BUDGET = 48 << 20  # bytes of tiles that are kept
POLL_MS = 250
BODY = 130  # of 255, how strong a waveform is inside


class Wish(NamedTuple):
    """A piece of the picture of `source`: the samples `start` to `stop` (fractions allowed) as columns x height.

    All in device pixels; `pen` is the width of a line; `gain` makes the waveform higher.
    """

    source: LaneSource
    start: float
    stop: float
    columns: int
    height: int
    axis: Axis
    pen: float = 1.0
    gain: float = 1.0


class Look(NamedTuple):
    """The colours of a picture, as 0xaarrggbb: 256 for the levels, and 256 for the waveform over it if there is one."""

    levels: tuple[int, ...]
    waveform: tuple[int, ...] | None


PLAIN = Look(tuple(0xFF000000 | level * 0x010101 for level in range(256)), None)


class Tile:
    """A piece of picture as it is now.

    Attributes:
        levels: bytes of level (height, columns), the highest frequency first.
        filled: bytes (height, columns) of how much of each pixel the waveform fills.
        peak: the highest sample of the waveform; 1 is full scale.
        state: of the source when it was made, see `LaneSource.state`.
    """

    def __init__(self, wish: Wish, look: Look) -> None:
        step = (wish.stop - wish.start) / wish.columns
        self.state = wish.source.state(wish.start, wish.stop, wish.columns)
        # One column more on the left, so that the waveform joins that of the tile before.
        strip = wish.source.strip(wish.start - step, wish.stop, wish.columns + 1)
        give_way()
        rows = np.ascontiguousarray(strip.levels[1:].T)
        self.levels = np.ascontiguousarray(pixel_map(wish.axis, wish.source.grid, wish.height)(rows)[::-1])
        give_way()
        self.filled = filled(strip.waveform, wish.height, wish.pen, wish.gain)
        self.peak = int(strip.waveform.max()) / 32767
        give_way()
        self._look, self._pixels = look, painted(self.levels, self.filled, look)
        give_way()  # before the window is told, which then needs the lock

    @property
    def size(self) -> int:
        """Bytes that it occupies."""
        return self.levels.nbytes + self.filled.nbytes + self._pixels.nbytes

    def picture(self, look: Look) -> QImage:
        """The tile in colours; those that it was made with cost nothing."""
        if look != self._look:
            self._look, self._pixels = look, painted(self.levels, self.filled, look)
        return image(self._pixels, QImage.Format.Format_RGB32)

    def waveform(self, shades: tuple[int, ...]) -> QImage:
        """The waveform alone, in 256 shades, as 0xaarrggbb, of how much of a pixel it fills."""
        return image(premultiplied(shades)[self.filled], QImage.Format.Format_ARGB32_Premultiplied)


def painted(levels: NDArray[np.uint8], filled: NDArray[np.uint8], look: Look) -> NDArray[np.uint32]:
    """A tile in colours, as 0xffrrggbb.

    Not by Qt: it would hold Python's lock meanwhile, and converts pictures in threads of its own, which are waited for.
    Numpy lets the lock go.
    """
    pixels = np.asarray(look.levels, np.uint32)[levels]
    if look.waveform:
        shades = premultiplied(look.waveform)
        inside = np.flatnonzero(filled)
        shade, ground = shades[filled.ravel()[inside]], pixels.ravel()[inside]
        rest = 256 - (shade >> 24) * 256 // 255
        red_blue = (ground & 0xFF00FF) * rest >> 8 & 0xFF00FF
        green = (ground & 0xFF00) * rest >> 8 & 0xFF00
        pixels.ravel()[inside] = (red_blue | green | 0xFF000000) + (shade & 0xFFFFFF)
    return pixels


@lru_cache(maxsize=16)
def premultiplied(shades: tuple[int, ...]) -> NDArray[np.uint32]:
    """Colours as 0xaarrggbb with red, green and blue as strong as they show: what painters take as it is."""
    given = np.asarray(shades, np.int64)
    alpha, made = given >> 24, given & 0xFF000000
    for shift in (0, 8, 16):
        made |= ((given >> shift & 0xFF) * alpha + 127) // 255 << shift
    return made.astype(np.uint32)


def filled(waveform: NDArray[np.int16], height: int, pen: float, gain: float) -> NDArray[np.uint8]:
    """How much of each pixel (height, columns) a waveform of (columns + 1, 2) fills: 255 along its edge, `BODY` inside.

    Neighbours touch, and the edge, or the whole where it is thin, is a line of `pen` pixels.
    """
    highest, lowest = np.clip(waveform * (gain / 32767), -1, 1).T * [[1], [-1]]
    joined = np.maximum(highest[1:], lowest[:-1]), np.minimum(lowest[1:], highest[:-1])
    top, bottom = ((1 - level) * (height / 2) for level in joined)
    thin = np.maximum(0, pen - (bottom - top)) / 2
    top, bottom = (top - thin).astype(np.float32), (bottom + thin).astype(np.float32)
    line = np.arange(height, dtype=np.float32)[:, None]
    share = np.clip(np.minimum(line + 1, bottom) - np.maximum(line, top), 0, 1)
    inner = np.clip(np.minimum(line + 1, bottom - pen) - np.maximum(line, top + pen), 0, 1)
    return (share * 255 - inner * (255 - BODY)).astype(np.uint8)


def image(pixels: NDArray[np.uint32], form: QImage.Format) -> QImage:
    """An image that shares the memory of `pixels` (height, width)."""
    height, width = pixels.shape
    return QImage(pixels.data, width, height, 4 * width, form)


class Tiles(QObject):
    """Makes the tiles that views want, in threads of its own, and keeps the latest of them in memory.

    What a view wants replaces what it wanted before: work that nobody waits for any more is never begun. While a shown
    picture is incomplete, it is looked at 4 times a second whether it has grown.
    """

    changed = Signal(object)  # (LaneSource): a tile of it has come, or better ones can be had
    failed = Signal(str)  # why the picture of a recording cannot be read; once for each source
    _finished = Signal(object, object)  # (job, Tile | message | None)

    def __init__(self, parent: QObject | None = None, budget: int = BUDGET) -> None:
        super().__init__(parent)
        self._budget = budget
        self._tiles: OrderedDict[Wish, Tile] = OrderedDict()
        self._bytes = 0
        self._shown: dict[object, LaneSource] = {}
        self._kept: dict[object, Sequence[Wish]] = {}
        self._progress: dict[LaneSource, tuple[int, int]] = {}
        self._failed: set[LaneSource] = set()
        # Shared with the threads, under the lock. Views take turns: the first in the dict is served, and goes last.
        self._lock = Lock()
        self._previews: list[LaneSource] = []
        self._queues: dict[object, list[Wish]] = {}
        self._looks: dict[object, Look] = {}
        self._busy: set[Wish] = set()
        self._threads = 0
        self._closed = False
        self._pool = QThreadPool(self)
        self._finished.connect(self._take)
        self._timer = QTimer(self, interval=POLL_MS)
        self._timer.timeout.connect(self._look)

    def show(self, owner: object, source: LaneSource | None) -> None:
        """Say what a view shows from now on; tiles of sources that nobody shows are dropped."""
        self.want(owner, (), PLAIN)
        self._shown.pop(owner, None)
        if source:
            self._shown[owner] = source
        shown = set(self._shown.values())
        for wish in [wish for wish in self._tiles if wish.source not in shown]:
            self._drop(wish)
        new = shown - self._progress.keys()
        self._progress = {source: self._progress.get(source) or source.progress() for source in shown}
        with self._lock:
            self._previews = [source for source in self._previews if source in shown]
            self._previews += [source for source in new if source.preview]
        self._begin()
        if not self._closed:
            self._timer.start()

    def get(self, wish: Wish) -> Tile | None:
        """The tile of a wish, perhaps an outdated one, if it is in memory."""
        if wish in self._tiles:
            self._tiles.move_to_end(wish)
        return self._tiles.get(wish)

    def want(self, owner: object, wishes: Sequence[Wish], look: Look) -> None:
        """Have these tiles made where they are missing or outdated, first things first, and kept in memory.

        They replace what the view wanted before.
        """
        self._kept[owner] = wishes
        outdated = [wish for wish in wishes if self._outdated(wish)]
        with self._lock:
            self._queues.pop(owner, None)
            self._looks[owner] = look
            queue = [wish for wish in outdated if wish not in self._busy]
            if queue:
                self._queues[owner] = queue
        self._begin()

    @property
    def busy(self) -> bool:
        """Whether there is work to do or being done."""
        with self._lock:
            return self._threads > 0

    def hold(self) -> None:
        """Have the threads rest until the window has painted all that it is about to paint."""
        courtesy.hold()
        QTimer.singleShot(0, courtesy.release)

    def close(self) -> None:
        """Stop all work for good, and wait for what has been begun: a few hundredths of a second."""
        self._closed = True
        self.rest()

    def rest(self) -> None:
        """Stop all work until it is asked for again, and wait for what has been begun."""
        self._timer.stop()
        with self._lock:
            self._queues.clear()
            self._previews.clear()
        self._pool.waitForDone()

    def _outdated(self, wish: Wish) -> bool:
        tile = self._tiles.get(wish)
        return not tile or tile.state != wish.source.state(wish.start, wish.stop, wish.columns)

    def _begin(self) -> None:
        """Start as many threads as there is work for."""
        if self._closed:
            return
        with self._lock:
            work = len(self._previews) + sum(map(len, self._queues.values()))
            for _ in range(self._threads, min(THREADS, work)):
                self._threads += 1
                self._pool.start(self._work)

    def _work(self) -> None:
        """Do jobs until none is left; runs in a thread."""
        while found := self._next():
            job, look = found
            result = None
            try:
                if isinstance(job, Wish):
                    result = Tile(job, look)
                elif job.preview:
                    job.preview.refine()
            except Exception as error:  # whatever the source's `read` may raise
                result = str(error) or repr(error)
            self._finished.emit(job, result)

    def _next(self) -> tuple[Wish | LaneSource, Look] | None:
        """Take the next job and the colours for it, or None, which ends the thread."""
        with self._lock:
            if self._previews:
                return self._previews.pop(0), PLAIN
            for owner, queue in self._queues.items():
                wish = queue.pop(0)
                del self._queues[owner]
                if queue:
                    self._queues[owner] = queue
                self._busy.add(wish)
                return wish, self._looks[owner]
            self._threads -= 1
            return None

    def _take(self, job: Wish | LaneSource, result: Tile | str | None) -> None:
        """Keep what a thread has made, and tell the views."""
        self.hold()
        source = job
        if isinstance(job, Wish):
            source = job.source
            with self._lock:
                self._busy.discard(job)
        if source not in self._progress:
            return
        if isinstance(result, str):
            if source not in self._failed:
                self._failed.add(source)
                self.failed.emit(result)
            return
        if isinstance(job, Wish) and result:
            self._drop(job)
            self._tiles[job] = result
            self._bytes += result.size
            self._forget()
        elif source.preview and not source.preview.complete:
            with self._lock:
                self._previews.append(source)
            self._begin()
        self.changed.emit(source)

    def _forget(self) -> None:
        """Drop what was not looked at for longest, until the rest fits; what is wanted stays."""
        kept = {wish for wishes in self._kept.values() for wish in wishes}
        for wish in list(self._tiles):
            if self._bytes <= self._budget:
                return
            if wish not in kept:
                self._drop(wish)

    def _drop(self, wish: Wish) -> None:
        if tile := self._tiles.pop(wish, None):
            self._bytes -= tile.size

    def _look(self) -> None:
        """Tell the views whose picture has grown; rest when none can grow any more."""
        self.hold()
        for source, before in self._progress.items():
            now = source.progress()
            if now != before:
                self._progress[source] = now
                self.changed.emit(source)
        if all(source.complete() for source in self._progress):
            self._timer.stop()
