"""What is seen of a document: the visible range, playhead, selection, lanes.  Every view of the window observes it."""

import math
from typing import Any, Literal, get_args

from app.document.edit import LANES
from app.document.signal import Signal

Axis = Literal["linear", "log", "mel"]
AXES: tuple[Axis, ...] = get_args(Axis)
COLOURS = ("inferno", "magma", "viridis", "grey", "tinted")
SMALLEST = 0.02  # seconds that are visible at the closest zoom
ZOOM_STEP = math.sqrt(2)  # factor of one key press or notch of the wheel
PAGE_MARGIN = 0.05  # share of the view that stays before the playhead after a page turn


class ViewState:
    """The one state that the views of a recording of `seconds` share.  Times are seconds from its start.

    All attributes are read here and changed by assignment where they are alone (`cursor`, `following`, `axis`,
    `colours`), by a method elsewhere.

    Attributes:
        changed: emits (what) after a real change: "range", "playhead", "cursor", "selection", "following", "axis",
            "colours" (contrast too) or "lanes" (solo and mute).
    """

    def __init__(self, seconds: float) -> None:
        if not 0 < seconds < math.inf:
            raise ValueError(f"a view of {seconds} seconds")
        self.seconds = seconds
        self.changed = Signal()
        self._range = (0.0, seconds)
        self._playhead = 0.0
        self._cursor: float | None = None
        self._selection: tuple[float, float] | None = None
        self._following = True
        self._axis: Axis = "mel"
        self._colours = "inferno"
        self._contrast = (-100.0, -20.0)
        self._solo: str | None = None
        self._muted: frozenset[str] = frozenset()

    @property
    def start(self) -> float:
        """First visible time."""
        return self._range[0]

    @property
    def end(self) -> float:
        """Last visible time."""
        return self._range[1]

    @property
    def playhead(self) -> float:
        """The time that is heard now, or from which play starts."""
        return self._playhead

    @property
    def cursor(self) -> float | None:
        """The time under the pointer; None when it is elsewhere."""
        return self._cursor

    @cursor.setter
    def cursor(self, seconds: float | None) -> None:
        self._set("cursor", "_cursor", None if seconds is None else self._clamped(seconds))

    @property
    def selection(self) -> tuple[float, float] | None:
        """The selected stretch, start before end."""
        return self._selection

    @property
    def following(self) -> bool:
        """Whether the view turns the page when the playhead leaves it."""
        return self._following

    @following.setter
    def following(self, on: bool) -> None:
        self._set("following", "_following", on)

    @property
    def axis(self) -> Axis:
        """The frequency axis of the spectrograms: one of `AXES`.  Raises ValueError for others."""
        return self._axis

    @axis.setter
    def axis(self, axis: Axis) -> None:
        if axis not in AXES:
            raise ValueError(f"unknown axis '{axis}'")
        self._set("axis", "_axis", axis)

    @property
    def colours(self) -> str:
        """The colour map of the spectrograms: one of `COLOURS`.  Raises ValueError for others."""
        return self._colours

    @colours.setter
    def colours(self, name: str) -> None:
        if name not in COLOURS:
            raise ValueError(f"unknown colours '{name}'")
        self._set("colours", "_colours", name)

    @property
    def floor_db(self) -> float:
        """The level in dBFS, and all below, that has the darkest colour."""
        return self._contrast[0]

    @property
    def ceiling_db(self) -> float:
        """The level in dBFS, and all above, that has the brightest colour."""
        return self._contrast[1]

    @property
    def solo(self) -> str | None:
        """The lane that is heard alone."""
        return self._solo

    @property
    def muted(self) -> frozenset[str]:
        """The lanes that are not heard."""
        return self._muted

    def show(self, start: float, end: float) -> None:
        """Make a stretch visible, moved into the recording and widened around its middle to 0.02 s where needed."""
        if not (math.isfinite(start) and math.isfinite(end)):
            raise ValueError(f"cannot show {start} to {end}")
        shortest = min(SMALLEST, self.seconds)
        length = min(max(end - start, shortest), self.seconds)
        if end - start < shortest:
            start = (start + end - length) / 2
        start = min(max(0.0, start), self.seconds - length)
        self._set("range", "_range", (start, min(start + length, self.seconds)))

    def fit(self) -> None:
        """Make the whole recording visible."""
        self.show(0.0, self.seconds)

    def zoom(self, factor: float, anchor: float | None = None) -> None:
        """Zoom in by `factor` (out below 1); the time `anchor` stays where it is on the screen.

        Without an anchor it is the playhead, or the middle of the view where the playhead is out of sight.
        """
        if anchor is None:
            anchor = self._playhead if self._visible(self._playhead) else (self.start + self.end) / 2
        longest, shortest = self.seconds, min(SMALLEST, self.seconds)
        length = min(max((self.end - self.start) / factor, shortest), longest)
        start = anchor - (anchor - self.start) * length / (self.end - self.start)
        self.show(start, start + length)

    def zoom_to_selection(self) -> None:
        """Make the selection fill the view, if there is one."""
        if self._selection:
            self.show(*self._selection)

    def scroll(self, seconds: float) -> None:
        """Move the view later, or earlier where `seconds` is negative; its length stays."""
        self.show(self.start + seconds, self.end + seconds)

    def move_playhead(self, seconds: float) -> None:
        """Move the playhead within the recording.  When following, a playhead that leaves the view turns the page.

        One that was out of sight before does not, so that the user can look elsewhere while it plays.
        """
        seen = self._visible(self._playhead)
        self._set("playhead", "_playhead", self._clamped(seconds))
        if self._following and seen:
            self.reveal_playhead()

    def reveal_playhead(self) -> None:
        """Turn the page to the playhead, if it is out of sight."""
        if not self._visible(self._playhead):
            length = self.end - self.start
            start = self._playhead - PAGE_MARGIN * length
            self.show(start, start + length)

    def select(self, start: float, end: float) -> None:
        """Select a stretch, given from either end and cut at the ends of the recording; an empty one clears."""
        first, last = sorted((self._clamped(start), self._clamped(end)))
        self._set("selection", "_selection", (first, last) if first < last else None)

    def select_from_playhead(self) -> None:
        """Begin the selection at the playhead; where it would end there or before, it goes on to the end."""
        end = self._selection[1] if self._selection else 0.0
        self.select(self._playhead, end if end > self._playhead else self.seconds)

    def select_to_playhead(self) -> None:
        """End the selection at the playhead; where it would begin there or later, it begins with the recording."""
        start = self._selection[0] if self._selection else self.seconds
        self.select(start if start < self._playhead else 0.0, self._playhead)

    def clear_selection(self) -> None:
        """Select nothing."""
        self._set("selection", "_selection", None)

    def set_contrast(self, floor_db: float, ceiling_db: float) -> None:
        """Set the levels in dBFS with the darkest and the brightest colour.  Raises ValueError unless they rise."""
        if not -math.inf < floor_db < ceiling_db < math.inf:
            raise ValueError(f"contrast from {floor_db} to {ceiling_db} dBFS")
        self._set("colours", "_contrast", (floor_db, ceiling_db))

    def toggle_solo(self, lane: str) -> None:
        """Hear a lane of `LANES` alone, or everything again.  Raises ValueError for other names."""
        self._check_lane(lane)
        self._set("lanes", "_solo", None if self._solo == lane else lane)

    def toggle_mute(self, lane: str) -> None:
        """Mute a lane of `LANES`, or hear it again.  Raises ValueError for other names."""
        self._check_lane(lane)
        self._set("lanes", "_muted", self._muted ^ {lane})

    def seconds_at(self, x: float, width: float) -> float:
        """The time at `x` pixels in a view `width` pixels wide; beyond the edges the scale goes on."""
        return self.start + x / width * (self.end - self.start)

    def x_of(self, seconds: float, width: float) -> float:
        """The inverse of `seconds_at`."""
        return (seconds - self.start) / (self.end - self.start) * width

    def data(self) -> dict[str, Any]:
        """What a session keeps: the range, playhead and selection.  The rest is the user's taste, not the session's."""
        return {
            "start": self.start,
            "end": self.end,
            "playhead": self._playhead,
            "selection": list(self._selection) if self._selection else None,
        }

    def restore(self, data: dict[str, Any]) -> None:
        """Take over what `data` gave; values that make no sense are passed over, as no view is worth an error."""
        if times := _times([data.get("start"), data.get("end")], 2):
            self.show(*times)
        if times := _times([data.get("playhead")], 1):
            self._set("playhead", "_playhead", self._clamped(*times))
        if times := _times(data.get("selection"), 2):
            self.select(*times)

    def _visible(self, seconds: float) -> bool:
        return self.start <= seconds <= self.end

    def _clamped(self, seconds: float) -> float:
        return min(max(0.0, seconds), self.seconds)

    def _check_lane(self, lane: str) -> None:
        if lane not in LANES:
            raise ValueError(f"unknown lane '{lane}'")

    def _set(self, what: str, name: str, value: Any) -> None:
        if getattr(self, name) != value:
            setattr(self, name, value)
            self.changed.emit(what)


def _times(values: Any, count: int) -> list[float]:
    """The values, if they are `count` finite numbers, else nothing."""
    try:
        times = [float(value) for value in values]
    except (TypeError, ValueError, OverflowError):
        return []
    return times if len(times) == count and all(map(math.isfinite, times)) else []
