"""What the engine process does for the trainer tab."""

from pathlib import Path
from typing import Any

import pytest

import trainer.pace
from app.jobs.tasks import Work
from app.jobs.training_tasks import TRAINING_TASKS
from engine.errors import InputError
from tests.app.training.conftest import folders  # noqa: F401  a fixture
from trainer.pace import Pace


def done(task: str, **arguments: Any) -> tuple[dict[str, Any], list[dict[str, Any]], list[tuple[float, float]]]:
    """What a task returns, what it gave before its end, and its progress."""
    began, steps = list[dict[str, Any]](), list[tuple[float, float]]()
    work = Work(lambda part, whole: steps.append((part, whole)), began.append)
    return TRAINING_TASKS[task](work, **arguments), began, steps


def test_a_folder_is_counted(folders: dict[str, Path]) -> None:  # noqa: F811
    (folders["noisy"] / "broken.wav").write_text("no sound")
    result, began, steps = done("survey_folder", path=str(folders["noisy"]))
    assert result == {"files": 4, "seconds": 6.0} and began == [{"files": 4}] and steps[-1] == (3, 4)


def test_a_folder_without_audio(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no audio files"):
        done("survey_folder", path=str(tmp_path))


def test_an_audit_in_pieces(folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setattr("app.jobs.training_tasks.AT_ONCE", 2)
    (folders["clean"] / "broken.wav").write_text("no sound")
    result, began, steps = done("audit_folders", noisy=str(folders["noisy"]), clean=str(folders["clean"]))
    assert [len(piece["files"]) for piece in began] == [2, 1, 2, 2] and steps[-1][0] == steps[-1][1]
    rows = [row for piece in began for row in piece["files"]]
    assert [row[:2] for row in rows[:2]] == [["noisy", "0.wav"], ["noisy", "1.wav"]]
    broken = next(row for row in rows if row[1] == "broken.wav")
    assert broken[2] == "leave out" and "cannot be read" in broken[3][0][0] and broken[4:] == [None, False]
    assert rows[0][4] == 2.0 and result["corpora"]["clean"]["files"] == 4 and result["grade"] == "stop"
    assert result["distance_db"] is None and result["findings"][0][0] == "stop"


def test_the_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []

    def measured(*arguments: Any) -> Pace:
        asked.append(arguments)
        return Pace(1.5, "cpu")

    monkeypatch.setattr(trainer.pace, "measure_pace", measured)
    assert done("training_pace", base="", recipe="quick", device="auto")[0] == {
        "steps_per_second": 1.5,
        "device": "cpu",
    }
    assert asked == [(None, "quick", "auto")]
