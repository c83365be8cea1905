"""Before a training: what is missing, the audit, the estimate, and the plan that comes of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.document.settings import Settings
from app.training.prepare_page import PreparePage
from app.training.run import Plan
from tests.app.sound.clocked import ClockedOutput
from tests.app.training.test_audit_table import ROWS, result
from tests.app.window.accessible import unnamed
from tests.app.window.fake_jobs import FakeJob
from tests.app.window.models import write_model


class Jobs:
    """Stands for `Worker.submit`; the jobs that were asked for, by task."""

    def __init__(self) -> None:
        self.made: list[FakeJob] = []

    def __call__(self, task: str, **arguments: Any) -> Any:
        self.made.append(FakeJob(task, arguments))
        return self.made[-1]

    def last(self, task: str) -> FakeJob:
        return [job for job in self.made if job.task == task][-1]

    def count(self, task: str) -> int:
        return sum(job.task == task for job in self.made)


@pytest.fixture
def jobs() -> Jobs:
    return Jobs()


@pytest.fixture
def output() -> ClockedOutput:
    return ClockedOutput()


@pytest.fixture
def page(qtbot: QtBot, jobs: Jobs, output: ClockedOutput) -> Iterator[PreparePage]:
    """The page with a model "studio" beside the bundled one."""
    import os

    write_model(Path(os.environ["VOICEBED_HOME"]) / "models" / "studio.safetensors")
    made = PreparePage(Settings(model="studio"), jobs, output)
    qtbot.addWidget(made)
    made.resize(1200, 700)
    made.show()
    qtbot.waitUntil(lambda: made.form.base.findData("studio") >= 0, timeout=10_000)
    yield made
    made.player.close()


def audited(qtbot: QtBot, page: PreparePage, jobs: Jobs, folders: dict[str, Path]) -> None:
    """Choose the folders, and have the audit find what `ROWS` says."""
    page.folders.noisy.set_folder(folders["noisy"])
    page.folders.clean.set_folder(folders["clean"])
    qtbot.waitUntil(lambda: jobs.count("audit_folders") > 0, timeout=5000)
    job = jobs.last("audit_folders")
    corpora = result()["corpora"]
    for role in corpora:
        corpora[role] = corpora[role] | {"folder": str(folders[role])}
    job.began.emit({"files": ROWS[:4]})
    job.progressed.emit(1.0, 2.0)
    job.began.emit({"files": ROWS[4:]})
    job.finished.emit(result(corpora=corpora))


def test_what_is_missing_is_said(page: PreparePage, jobs: Jobs, folders: dict[str, Path], qtbot: QtBot) -> None:
    assert not page.start_button.isEnabled() and "Choose" in page.why_not.text()
    page.folders.noisy.set_folder(folders["noisy"])
    assert "Choose" in page.why_not.text() and jobs.count("audit_folders") == 0
    page.folders.clean.set_folder(folders["clean"])
    assert "Wait" in page.why_not.text()
    audited(qtbot, page, jobs, folders)
    assert page.start_button.isEnabled() and not page.why_not.isVisible()
    page.form.name.setText(" ")
    assert not page.start_button.isEnabled() and "name" in page.why_not.text()
    page.form.name.setText("x")
    page.table.model.exclude([row for row in page.table.model.rows if row.role == "clean"], True)
    assert not page.start_button.isEnabled()
    page.table.model.exclude(page.table.model.rows, False)
    assert page.start_button.isEnabled()
    page.block("another runs")
    assert not page.start_button.isEnabled() and page.why_not.text() == "another runs"


def test_the_plan(page: PreparePage, jobs: Jobs, folders: dict[str, Path], qtbot: QtBot) -> None:
    audited(qtbot, page, jobs, folders)
    assert page.form.base.currentData() == "studio"  # the user's default
    page.form.name.setText("my show")
    page.form.minutes.setValue(35)
    page.form.recipe.setCurrentIndex(page.form.recipe.findData("paper"))
    wanted: list[tuple[Plan, list]] = []
    page.start_requested.connect(lambda plan, excluded: wanted.append((plan, excluded)))
    qtbot.mouseClick(page.start_button, Qt.MouseButton.LeftButton)
    plan, excluded = wanted[0]
    assert plan == Plan("my show", folders["noisy"], folders["clean"], None, "studio", "paper", 35.0)
    assert [path for path, _ in excluded] == [folders["noisy"] / "b.wav", folders["clean"] / "e.wav"]
    assert all(why for _, why in excluded)


def test_the_usual_minutes_are_twenty(page: PreparePage) -> None:
    assert page.form.minutes.value() == 20 and page.form.recipe.currentData() == "quick"
    assert not page.form.steps.isVisible()
    page.form.advanced_button.click()
    assert page.form.steps.isVisible()


def test_another_folder_begins_another_audit(
    page: PreparePage, jobs: Jobs, folders: dict[str, Path], qtbot: QtBot, tmp_path: Path
) -> None:
    audited(qtbot, page, jobs, folders)
    old = jobs.last("audit_folders")
    page.folders.noise.set_folder(tmp_path)
    assert not page.audited and not page.start_button.isEnabled()
    qtbot.waitUntil(lambda: jobs.last("audit_folders") is not old, timeout=5000)
    new = jobs.last("audit_folders")
    assert new.arguments["noise"] == str(tmp_path)
    ended: list[None] = []
    new.cancelled.connect(lambda: ended.append(None))
    page.folders.noise.set_folder(None)
    assert ended  # while it ran
    new.finished.emit(result())
    assert not page.audited


def test_an_audit_that_fails(page: PreparePage, jobs: Jobs, folders: dict[str, Path], qtbot: QtBot) -> None:
    page.folders.noisy.set_folder(folders["noisy"])
    page.folders.clean.set_folder(folders["clean"])
    qtbot.waitUntil(lambda: jobs.count("audit_folders") == 1, timeout=5000)
    jobs.last("audit_folders").failed.emit("the folders are the same", False)
    assert page.state.text() == "the folders are the same" and not page.start_button.isEnabled()
    qtbot.mouseClick(page.retry_button, Qt.MouseButton.LeftButton)
    assert jobs.count("audit_folders") == 2


def test_the_estimate_is_measured(page: PreparePage, jobs: Jobs, folders: dict[str, Path], qtbot: QtBot) -> None:
    assert jobs.count("training_pace") == 0
    audited(qtbot, page, jobs, folders)
    qtbot.waitUntil(lambda: jobs.count("training_pace") == 1, timeout=5000)
    assert jobs.last("training_pace").arguments == {"base": "studio", "recipe": "quick", "device": "auto"}
    jobs.last("training_pace").finished.emit({"steps_per_second": 0.5, "device": "cpu"})
    assert page.form.estimate.text().startswith("About 600 steps on the processor")
    page.form.minutes.setValue(2)
    words = page.form.estimate.text()
    assert words.startswith("About 60 steps") and "allow 6 min or more" in words
    page.form.steps.setValue(900)
    assert page.form.estimate.text().startswith("900 steps take about 30 min") and not page.form.minutes.isEnabled()
    page.form.recipe.setCurrentIndex(page.form.recipe.findData("paper"))
    assert page.form.estimate.text().startswith("Measuring")
    qtbot.waitUntil(lambda: jobs.count("training_pace") == 2, timeout=5000)
    jobs.last("training_pace").failed.emit("CUDA does not work here", False)
    assert page.form.estimate.text() == "CUDA does not work here"


def test_nothing_is_measured_beside_a_training(
    page: PreparePage, jobs: Jobs, folders: dict[str, Path], qtbot: QtBot
) -> None:
    audited(qtbot, page, jobs, folders)
    qtbot.waitUntil(lambda: jobs.count("training_pace") == 1, timeout=5000)
    with qtbot.waitSignal(jobs.last("training_pace").cancelled):
        qtbot.mouseClick(page.start_button, Qt.MouseButton.LeftButton)


def test_a_file_is_heard(
    page: PreparePage, jobs: Jobs, folders: dict[str, Path], qtbot: QtBot, output: ClockedOutput
) -> None:
    audited(qtbot, page, jobs, folders)
    page.table.play_requested.emit(folders["noisy"] / "0.wav")
    assert page.table.model.playing == folders["noisy"] / "0.wav"
    qtbot.waitUntil(lambda: output.running and abs(output.played).max(initial=0) > 0.05, timeout=10_000)
    page.table.play_requested.emit(folders["noisy"] / "0.wav")
    assert page.table.model.playing is None
    qtbot.waitUntil(lambda: not output.running, timeout=5000)
    page.table.play_requested.emit(folders["noisy"] / "1.wav")
    qtbot.waitUntil(lambda: output.running, timeout=10_000)
    qtbot.waitUntil(lambda: page.table.model.playing is None, timeout=10_000)  # it is 2 s long


def test_what_cannot_be_heard_is_said(page: PreparePage, qtbot: QtBot, tmp_path: Path) -> None:
    with qtbot.waitSignal(page.problem, timeout=10_000) as said:
        page.table.play_requested.emit(tmp_path / "gone.wav")
    assert said.args and "gone.wav" in said.args[0]


def test_everything_has_a_name(page: PreparePage, jobs: Jobs, folders: dict[str, Path], qtbot: QtBot) -> None:
    assert unnamed(page) == []
    audited(qtbot, page, jobs, folders)
    page.form.advanced_button.click()
    assert unnamed(page) == []
