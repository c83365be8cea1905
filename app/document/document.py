"""The document: a recording, what the user made of it, and its undo history."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeVar

from app.document.edit import UNTOUCHED, Edit, Marker
from app.document.history import History
from app.document.signal import Signal
from engine.delivery import Delivery
from engine.errors import UsageError
from engine.patch import Patch
from engine.recording import Recording
from engine.remix import Region, Remix

Item = TypeVar("Item")
Stretch = TypeVar("Stretch", Region, Patch)


class Document:
    """A recording with one current `Edit`.

    The labels of steps are fixed words, so that the window can translate them.

    Args:
        recording: the source; it is never changed.
        edit: where the document begins.
        path: its session file, if it has one.
        saved: whether `edit` is what `path` (or, without it, the untouched recording) holds; False after a recovery.
        clock: as for `History`.

    Attributes:
        changed: emits (old edit, new edit) after every change, undo and redo included.
        state_changed: emits () when `path`, `modified`, `can_undo`, `can_redo` or a label may have changed.
    """

    def __init__(
        self,
        recording: Recording,
        edit: Edit = UNTOUCHED,
        path: Path | None = None,
        saved: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.recording = recording
        self.path = path
        self.changed = Signal()
        self.state_changed = Signal()
        self._history = History(edit, saved, clock)

    @property
    def edit(self) -> Edit:
        """The current edit."""
        return self._history.edit

    @property
    def modified(self) -> bool:
        """Whether there is something to save."""
        return self._history.modified

    @property
    def title(self) -> str:
        """The name of the session file, or of the recording before it is saved."""
        return (self.path or self.recording.path).name

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self.undo_label)

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to do again."""
        return bool(self.redo_label)

    @property
    def undo_label(self) -> str:
        """What `undo` would take back, such as "Add region"; "" for nothing."""
        return self._history.undo_label

    @property
    def redo_label(self) -> str:
        """What `redo` would do again; "" for nothing."""
        return self._history.redo_label

    def apply(self, label: str, edit: Edit, merge: str = "") -> None:
        """Make `edit` the current one, as a step `label` of the history; see `History.push` for `merge`."""
        self._move(lambda: self._history.push(label, edit, merge))

    def undo(self) -> None:
        """Take the last step back, if there is one."""
        self._move(self._history.undo)

    def redo(self) -> None:
        """Do the step again that was taken back last, if there is one."""
        self._move(self._history.redo)

    def mark_saved(self, path: Path) -> None:
        """The current edit is in the session file `path`."""
        self.path = path
        self._history.mark_saved()
        self.state_changed.emit()

    def set_gain(self, track: Literal["speech", "noise"], db: float) -> None:
        """Set the global gain of a track, −∞ to +12 dB.  Raises UsageError beyond that."""
        remix = replace(self.edit.remix, **{f"{track}_db": db})
        self.apply(f"{track.capitalize()} gain", replace(self.edit, remix=remix), f"gain {track}")

    def set_remix(self, remix: Remix, label: str) -> None:
        """Set all gains and regions, as a preset does."""
        self.apply(label, replace(self.edit, remix=remix))

    def add_region(self, region: Region) -> int:
        """Add a region, cut at the end of the recording; returns its index.  Raises UsageError if it starts later."""
        self._set_regions("Add region", (*self.edit.remix.regions, self._inside(region)))
        return len(self.edit.remix.regions) - 1

    def change_region(self, index: int, region: Region) -> None:
        """Put `region` in the place of another, cut as by `add_region`."""
        regions = replaced(self.edit.remix.regions, index, self._inside(region))
        self._set_regions("Change region", regions, f"region {index}")

    def remove_region(self, index: int) -> None:
        """Remove a region; later ones move up."""
        self._set_regions("Remove region", without(self.edit.remix.regions, index))

    def add_marker(self, time: float, name: str) -> int:
        """Add a marker at a time within the recording (others are moved to its ends); returns its index."""
        self._set_markers("Add marker", (*self.edit.markers, Marker(self._clamped(time), name)))
        return len(self.edit.markers) - 1

    def rename_marker(self, index: int, name: str) -> None:
        """Give a marker another name."""
        markers = self.edit.markers
        self._set_markers("Rename marker", replaced(markers, index, replace(markers[index], name=name)))

    def move_marker(self, index: int, time: float) -> None:
        """Move a marker; it keeps its index."""
        markers = self.edit.markers
        moved = replace(markers[index], time=self._clamped(time))
        self._set_markers("Move marker", replaced(markers, index, moved), f"marker {index}")

    def remove_marker(self, index: int) -> None:
        """Remove a marker; later ones move up."""
        self._set_markers("Remove marker", without(self.edit.markers, index))

    def set_delivery(self, delivery: Delivery) -> None:
        """Set what the exported file must meet."""
        self.apply("Export settings", replace(self.edit, delivery=delivery), "delivery")

    def set_model(self, name: str) -> None:
        """Choose the model that splits the recording, a name or path; "" is the default one."""
        self.apply("Change model", replace(self.edit, model=name))

    def add_patch(self, patch: Patch) -> int:
        """Add a stretch split with another model, cut as by `add_region`; returns its index."""
        self.apply("Split again", replace(self.edit, patches=(*self.edit.patches, self._inside(patch))))
        return len(self.edit.patches) - 1

    def remove_patch(self, index: int) -> None:
        """Let a stretch have the speech of the recording's own model again."""
        self.apply("Remove other model", replace(self.edit, patches=without(self.edit.patches, index)))

    def _set_regions(self, label: str, regions: tuple[Region, ...], merge: str = "") -> None:
        self.apply(label, replace(self.edit, remix=replace(self.edit.remix, regions=regions)), merge)

    def _set_markers(self, label: str, markers: tuple[Marker, ...], merge: str = "") -> None:
        self.apply(label, replace(self.edit, markers=markers), merge)

    def _clamped(self, time: float) -> float:
        return min(max(0.0, time), self.recording.seconds)

    def _inside(self, stretch: Stretch) -> Stretch:
        if stretch.start >= self.recording.seconds:
            raise UsageError(f"{stretch.start:g} s is beyond the end of the recording, {self.recording.seconds:g} s")
        return replace(stretch, end=min(stretch.end, self.recording.seconds))

    def _move(self, change: Callable[[], None]) -> None:
        old = self.edit
        change()
        if self.edit != old:
            self.changed.emit(old, self.edit)
            self.state_changed.emit()


def replaced(items: tuple[Item, ...], index: int, item: Item) -> tuple[Item, ...]:
    """The items with another at `index`.  Raises IndexError where there is none."""
    changed = list(items)
    changed[index] = item
    return tuple(changed)


def without(items: tuple[Item, ...], index: int) -> tuple[Item, ...]:
    """The items but the one at `index`.  Raises IndexError where there is none."""
    left = list(items)
    del left[index]
    return tuple(left)
