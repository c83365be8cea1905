"""What the page of a training says at every stage, and in its log."""

from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app.training.progress_page import ProgressPage, time_words
from app.training.run import Plan, Run, State
from tests.app.sound.clocked import ClockedOutput
from tests.app.window.accessible import unnamed


@pytest.fixture
def run(plan: Plan) -> Run:
    """One that was never started."""
    return Run(plan)


@pytest.fixture
def page(qtbot: QtBot, run: Run) -> ProgressPage:
    made = ProgressPage(ClockedOutput())
    qtbot.addWidget(made, before_close_func=lambda page: page.previews.stop())
    made.resize(1200, 700)
    made.show_run(run)
    made.show()
    return made


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "Starting…"),
        ({"stage": "audit", "share": 0.25}, "Looking at the files: 25 %"),
        ({"stage": "mine", "share": 0.5}, "Looking for noise in the pauses: 50 %"),
        ({"stage": "score"}, "Scoring the model that it starts from…"),
        ({"stage": "train", "left": 60.0, "share": 0.0}, "It begins to learn…"),
        ({"stage": "train", "step": 1200, "left": 720.0, "share": 0.4}, "Step 1,200, 40 % done, 12 min left"),
        ({"stage": "train", "step": 9, "left": 9.0, "asked": "stop"}, "Pausing…"),
        ({"stage": "train", "step": 9, "left": 9.0, "asked": "finish"}, "Stopping, to judge the best so far…"),
        ({"stage": "verdict", "asked": "finish"}, "Comparing the new model with the old one…"),
        ({"state": State.PAUSED}, "Paused before it began to learn."),
        ({"state": State.PAUSED, "step": 1200}, "Paused after 1,200 steps."),
        ({"state": State.FAILED, "error": "no space"}, "It stopped: no space"),
        ({"state": State.INTERRUPTED}, "It was interrupted before it began to learn."),
    ],
)
def test_words(page: ProgressPage, run: Run, values: dict[str, Any], words: str) -> None:
    for name, value in values.items():
        setattr(run, name, value)
    run.changed.emit()
    assert page.words.text() == words
    assert page.bar.maximum() == (0 if run.alive and run.share is None else 1000)


def test_what_can_be_done(page: ProgressPage, run: Run) -> None:
    def offered() -> set[str]:
        buttons = page.pause_button, page.resume_button, page.finish_button, page.delete_button
        return {button.text() for button in buttons if button.isVisible() and button.isEnabled()}

    assert offered() == {"Pause"}
    run.stage, run.step = "train", 10
    run.changed.emit()
    assert offered() == {"Pause", "Stop and keep best"}
    run.asked = "finish"
    run.changed.emit()
    assert offered() == set()
    run.asked, run.stage = None, "verdict"
    run.changed.emit()
    assert offered() == set()
    run.state = State.PAUSED
    run.stage = "train"
    run.changed.emit()
    assert offered() == {"Resume", "Stop and keep best", "Delete"}


def test_the_log_in_words(page: ProgressPage, run: Run) -> None:
    lines: list[dict[str, Any]] = [
        {"stage": "audit", "progress": 0.5},
        {"stage": "audited", "grade": "ok", "verdict": "Good to train on."},
        {"stage": "mined", "seconds": 31, "folder": "x"},
        {"stage": "scored", "what": "input", "OVRL": 2.061},
        {"stage": "scored", "what": "base", "OVRL": 2.59},
        {"warning": "few files"},
        {"step": 0, "seconds": 0, "eta": 60, "validation": {"OVRL": 2.5}},
        {"step": 50, "seconds": 5, "eta": 60, "loss": 4.2, "si_sdr": -1.5},
        {"previews": 50},
        {"stage": "resumed", "step": 50},
        {"error": "the disk is full", "code": 4},
    ]
    run.added.emit(lines)
    assert page.log.toPlainText().splitlines() == [
        "Good to train on.",
        "Found 31 s of noise in the pauses.",
        "The recordings kept aside score OVRL 2.06 as they are.",
        "By the old model they score OVRL 2.59.",
        "few files",
        "Step 0: other recordings kept aside score OVRL 2.50.",
        "Step 50: loss 4.200 (si sdr -1.5)",
        "Resumed at step 50.",
        "the disk is full",
    ]
    assert not page.log.isVisible()
    page.log_button.click()
    assert page.log.isVisible()
    run.cleared.emit()
    assert not page.log.toPlainText()


def test_another_training_takes_the_page(page: ProgressPage, run: Run, plan: Plan) -> None:
    other = Run(Plan("other", plan.noisy, plan.clean, None))
    page.show_run(other)
    run.added.emit([{"warning": "of the old one"}])
    run.changed.emit()
    assert page.title.text() == "Training of other" and not page.log.toPlainText()


def test_times() -> None:
    assert [time_words(seconds) for seconds in (5, 89, 700, 9000)] == ["5 s", "89 s", "12 min", "2.5 h"]


def test_everything_has_a_name(page: ProgressPage) -> None:
    assert unnamed(page) == []
