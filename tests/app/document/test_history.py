"""Undo, redo, merging and the save point, against a plain model of what they must do."""

import random

import pytest

from app.document.document import Document
from app.document.edit import Edit
from app.document.history import DEPTH, MERGE_SECONDS, History
from engine.recording import Recording
from tests.app.document.changes import change
from tests.app.document.conftest import Clock


@pytest.mark.parametrize("seed", range(20))
def test_undo_and_redo_go_through_the_same_edits(recording: Recording, seed: int) -> None:
    rng, clock = random.Random(seed), Clock()
    document = Document(recording, clock=clock)
    shown: list[Edit] = [document.edit]  # as an observer sees it
    document.changed.connect(lambda old, new: shown.append(new) if shown[-1] == old else pytest.fail("a lost change"))
    past, future, saved = [document.edit], [], document.edit
    for _ in range(200):
        match rng.choice(["change", "change", "change", "undo", "redo", "save"]):
            case "change":
                clock.now += 2 * MERGE_SECONDS
                before = document.edit
                change(document, rng)
                if document.edit != before:
                    past.append(document.edit)
                    future.clear()
            case "undo" if len(past) > 1:
                future.append(past.pop())
                document.undo()
            case "redo" if future:
                past.append(future.pop())
                document.redo()
            case "save":
                document.mark_saved(recording.path.with_suffix(".voicebed"))
                saved = document.edit
        assert document.edit == past[-1] == shown[-1]
        assert (document.can_undo, document.can_redo) == (len(past) > 1, bool(future))
        assert document.modified == (document.edit != saved)
    while document.can_undo:
        document.undo()
    assert document.edit == Edit() and shown[-1] == Edit()


def numbered(number: int) -> Edit:
    return Edit(model=str(number))


def test_steps_beyond_the_depth_are_forgotten() -> None:
    history = History(Edit())
    for number in range(DEPTH + 50):
        history.push("step", numbered(number))
    for _ in range(DEPTH + 10):
        history.undo()
    assert history.edit == numbered(49) and not history.undo_label
    for _ in range(DEPTH + 10):
        history.redo()
    assert history.edit == numbered(DEPTH + 49) and not history.redo_label


def test_a_drag_is_one_step_however_long_it_takes(clock: Clock) -> None:
    history = History(Edit(), clock=clock)
    for number in range(100):
        clock.now += 0.9 * MERGE_SECONDS
        history.push("drag", numbered(number), "slider")
    history.undo()
    assert history.edit == Edit() and history.redo_label == "drag"
    history.redo()
    assert history.edit == numbered(99)


@pytest.mark.parametrize("between", ["pause", "other key", "no key", "undo", "undo and redo", "save"])
def test_what_ends_a_drag(clock: Clock, between: str) -> None:
    history = History(Edit(), clock=clock)
    history.push("drag", numbered(1), "slider")
    match between:
        case "pause":
            clock.now += 1.1 * MERGE_SECONDS
        case "other key":
            history.push("drag", numbered(2), "other slider")
        case "no key":
            history.push("click", numbered(2))
        case "undo":
            history.undo()
        case "undo and redo":
            history.undo()
            history.redo()
        case "save":
            history.mark_saved()
    before = history.edit
    history.push("drag", numbered(3), "slider")
    history.undo()
    assert history.edit == before


def test_a_drag_that_ends_where_it_began_leaves_no_step(clock: Clock) -> None:
    history = History(Edit(), clock=clock)
    history.push("click", numbered(1))
    history.push("drag", numbered(2), "slider")
    history.push("drag", numbered(1), "slider")
    assert history.undo_label == "click" and history.edit == numbered(1)
    history.push("drag", numbered(3), "slider")
    history.undo()
    assert history.edit == numbered(1) and history.redo_label == "drag"


def test_a_change_to_the_same_is_none() -> None:
    history = History(numbered(1))
    history.push("click", numbered(2))
    history.undo()
    history.push("nothing", numbered(1))
    assert history.redo_label == "click" and not history.undo_label


def test_a_document_with_the_saved_values_is_not_modified() -> None:
    history = History(numbered(1))
    history.push("there", numbered(2))
    assert history.modified
    history.push("and back", numbered(1))
    assert not history.modified
    assert History(Edit(), saved=False).modified


def test_a_step_needs_a_label() -> None:
    with pytest.raises(ValueError, match="label"):
        History(Edit()).push("", numbered(1))
