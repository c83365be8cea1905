"""The document: its operations, their steps, and what it tells its observers."""

import math
from pathlib import Path

import pytest

from app.document.document import Document
from app.document.edit import Edit, Marker
from engine.delivery import Delivery
from engine.errors import UsageError
from engine.patch import Patch
from engine.recording import Recording
from engine.remix import Region, Remix
from tests.app.document.conftest import Clock


def test_dragging_a_gain_keeps_regions_and_is_one_step(document: Document, clock: Clock) -> None:
    document.add_region(Region(1, 2))
    for db in range(10):
        clock.now += 0.1
        document.set_gain("noise", -db)
        document.set_gain("speech", -math.inf) if db == 9 else None
    assert document.edit.remix == Remix(-math.inf, -9, (Region(1, 2),))
    assert document.undo_label == "Speech gain"
    document.undo()
    assert document.undo_label == "Noise gain"
    document.undo()
    assert document.edit.remix == Remix(regions=(Region(1, 2),)) and document.redo_label == "Noise gain"


def test_regions(document: Document) -> None:
    first, second = Region(1, 2), Region(3, 4, noise_db=-6)
    assert [document.add_region(first), document.add_region(second)] == [0, 1]
    document.change_region(0, Region(0.5, 2))
    assert document.edit.remix.regions == (Region(0.5, 2), second)
    document.remove_region(0)
    assert document.edit.remix.regions == (second,)
    with pytest.raises(IndexError):
        document.change_region(1, first)


def test_markers(document: Document) -> None:
    assert [document.add_marker(5, "b"), document.add_marker(2, "a")] == [0, 1]
    document.rename_marker(0, "c")
    document.move_marker(0, 1)
    assert document.edit.markers == (Marker(1, "c"), Marker(2, "a"))
    document.remove_marker(0)
    assert document.edit.markers == (Marker(2, "a"),)
    document.move_marker(0, 99)
    assert document.edit.markers == (Marker(10, "a"),)


def test_patches_model_and_delivery(document: Document) -> None:
    assert document.add_patch(Patch(1, 2, "tiny")) == 0
    document.set_model("other")
    document.set_delivery(Delivery(-16, -1))
    assert document.edit == Edit(patches=(Patch(1, 2, "tiny"),), model="other", delivery=Delivery(-16, -1))
    document.remove_patch(0)
    assert document.edit.patches == ()


def test_stretches_end_with_the_recording(document: Document) -> None:
    document.add_region(Region(9, 20))
    document.add_patch(Patch(9, 20, "tiny"))
    assert document.edit.remix.regions[0].end == document.edit.patches[0].end == 10
    with pytest.raises(UsageError, match="beyond the end"):
        document.add_region(Region(10, 20))


def test_impossible_gain_changes_nothing(document: Document) -> None:
    with pytest.raises(UsageError):
        document.set_gain("speech", 13)
    assert not document.modified and not document.can_undo


def test_observers_hear_of_real_changes_only(document: Document, tmp_path: Path) -> None:
    heard: list[object] = []
    document.changed.connect(lambda old, new: heard.append((old.model, new.model)))
    document.state_changed.connect(lambda: heard.append((document.modified, document.undo_label, document.redo_label)))
    document.set_model("")
    document.undo()
    document.redo()
    assert heard == []
    document.set_model("tiny")
    document.mark_saved(tmp_path / "a.voicebed")
    document.undo()
    assert heard == [
        *[("", "tiny"), (True, "Change model", "")],
        (False, "Change model", ""),
        *[("tiny", ""), (True, "", "Change model")],
    ]


def test_title_and_path(recording: Recording, document: Document, tmp_path: Path) -> None:
    assert document.title == "interview täglich.wav" and document.path is None and not document.modified
    document.mark_saved(tmp_path / "first.voicebed")
    assert document.title == "first.voicebed" and document.path == tmp_path / "first.voicebed"
    assert Document(recording, saved=False).modified
