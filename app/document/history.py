"""Undo and redo: every step is a whole `Edit` with the words for it."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from app.document.edit import Edit

DEPTH = 500  # steps that can be undone
MERGE_SECONDS = 1.0


@dataclass(frozen=True)
class Step:
    """An edit and the change that led to it, such as "Add region"."""

    label: str
    edit: Edit


class History:
    """The edits of a document, one of them current.

    Args:
        edit: the first one.
        saved: whether that one is on disk.
        clock: seconds that only grow; tests bring their own.
    """

    def __init__(self, edit: Edit, saved: bool = True, clock: Callable[[], float] = time.monotonic) -> None:
        self._steps = [Step("", edit)]
        self._at = 0
        self._saved = edit if saved else None
        self._clock = clock
        self._merge = ""  # key of the last change, while others can join it
        self._pushed = 0.0  # when it was

    @property
    def edit(self) -> Edit:
        """The current edit."""
        return self._steps[self._at].edit

    @property
    def modified(self) -> bool:
        """Whether the current edit differs from the one on disk."""
        return self.edit != self._saved

    @property
    def undo_label(self) -> str:
        """What `undo` would take back; "" for nothing."""
        return self._steps[self._at].label if self._at else ""

    @property
    def redo_label(self) -> str:
        """What `redo` would do again; "" for nothing."""
        return self._steps[self._at + 1].label if self._at + 1 < len(self._steps) else ""

    def push(self, label: str, edit: Edit, merge: str = "") -> None:
        """Make `edit` the current one; what could be redone is forgotten.

        A change with the non-empty `merge` key of the last change, within 1 s of it, joins its step: a slider that is
        dragged is one step.  A step that ends where it began vanishes.  Raises ValueError for an empty label.
        """
        if not label:
            raise ValueError("a step of the history needs a label")
        if edit == self.edit:
            return
        now = self._clock()
        if merge and merge == self._merge and now - self._pushed <= MERGE_SECONDS:
            self._at -= 1
        del self._steps[self._at + 1 :]
        self._merge = ""
        if edit != self.edit:
            self._steps.append(Step(label, edit))
            self._merge, self._pushed = merge, now
            del self._steps[: -DEPTH - 1]
            self._at = len(self._steps) - 1

    def undo(self) -> None:
        """Go back one step, if there is one."""
        self._at = max(0, self._at - 1)
        self._merge = ""

    def redo(self) -> None:
        """Go forth one step, if there is one."""
        self._at = min(len(self._steps) - 1, self._at + 1)
        self._merge = ""

    def mark_saved(self) -> None:
        """The current edit is on disk; later changes begin a step of their own."""
        self._saved = self.edit
        self._merge = ""
