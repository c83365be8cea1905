"""The batch: one file after another, whatever happens to them."""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.document.presets import Preset
from app.document.settings import Settings
from app.window import batch_panel
from app.window.batch_panel import BatchPanel, State
from engine.delivery import Delivery
from engine.remix import Region, Remix
from tests.app.window.accessible import unnamed
from tests.app.window.fake_jobs import FakeSubmit

LEFT = Qt.MouseButton.LeftButton
WAITING, RUNNING, DONE, FAILED, CANCELLED = State


@pytest.fixture
def submit() -> FakeSubmit:
    """Takes the jobs."""
    return FakeSubmit()


@pytest.fixture
def panel(submit: FakeSubmit, qtbot: QtBot) -> BatchPanel:
    """The panel with the settings of a new user, shown."""
    made = BatchPanel(submit, Settings())
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    """Three files that are there."""
    made = [tmp_path / f"{name}.wav" for name in "abc"]
    for path in made:
        path.touch()
    return made


def states(panel: BatchPanel) -> list[State]:
    """Where each file is."""
    return [file.state for file in panel.files]


def words(panel: BatchPanel) -> list[str]:
    """What is said of each file."""
    return [file.text(1) for file in panel.files]


def start(panel: BatchPanel, qtbot: QtBot) -> None:
    """Press the button."""
    assert panel.start_button.isEnabled()
    qtbot.mouseClick(panel.start_button, LEFT)


def outputs(submit: FakeSubmit) -> list[str]:
    """The names of the files that were asked for last."""
    return [Path(output["path"]).name for output in submit.last.arguments["outputs"]]


def test_one_after_another_with_the_same_settings(
    panel: BatchPanel, submit: FakeSubmit, paths: list[Path], qtbot: QtBot
) -> None:
    panel.set_remix(Remix(1, -12, (Region(0, 1),)), Delivery(-16), "mine")
    panel.add_files(paths)
    assert states(panel) == [WAITING] * 3
    start(panel, qtbot)
    assert len(submit.jobs) == 1 and states(panel) == [RUNNING, WAITING, WAITING]
    submit.last.finish()
    submit.last.finish(float("-inf"), -16)
    submit.last.finish()
    assert states(panel) == [DONE] * 3
    assert words(panel)[:2] == ["Done, −23.4 → −16.0 LUFS", "Done, −∞ → −16.0 LUFS"]
    assert panel.summary.text() == "3 of 3 done"
    for path, job in zip(paths, submit.jobs, strict=True):
        assert job.task == "mixdown"
        assert job.arguments == {
            "path": str(path),
            "outputs": [{"track": "remix", "path": str(path.with_suffix(".remix.wav"))}],
            "remix": {"speech_db": 1, "noise_db": -12, "regions": []},
            "delivery": {"loudness": -16, "true_peak": None, "subtype": None},
            "model": "mine",
            "device": "auto",
        }


def test_without_a_recording_the_room_stays_and_presets_can_be_chosen(submit: FakeSubmit, qtbot: QtBot) -> None:
    panel = BatchPanel(submit, Settings(presets=(Preset("Mine", 2, -3),), model="other", device="cpu"))
    qtbot.addWidget(panel)
    panel.add_files([Path("/a.wav"), Path("/b.wav")])
    panel.start()
    assert submit.last.arguments["remix"]["noise_db"] == -18
    assert (submit.last.arguments["model"], submit.last.arguments["device"]) == ("other", "cpu")
    submit.last.finish()
    submit.last.finish()
    panel.gains.setCurrentIndex(panel.gains.count() - 1)
    assert panel.gains.currentText() == "Mine: speech +2.0 dB, noise −3.0 dB"
    panel.add_files([Path("/c.wav")])
    panel.start()
    assert submit.last.arguments["remix"] == {"speech_db": 2, "noise_db": -3, "regions": []}


def test_another_default_model_is_used_at_once(submit: FakeSubmit, qtbot: QtBot) -> None:
    settings = Settings()
    panel = BatchPanel(submit, settings)
    qtbot.addWidget(panel)
    panel.add_files([Path("/a.wav"), Path("/b.wav")])
    settings.model = "mine"
    panel.start()
    assert submit.last.arguments["model"] == "mine"
    panel.cancel_all()
    panel.set_remix(Remix(), Delivery(), "")  # of the open recording, split by the bundled model
    panel.add_files([Path("/c.wav")])
    panel.start()
    assert submit.last.arguments["model"] == ""


def test_a_bad_file_does_not_stop_the_others(
    panel: BatchPanel, submit: FakeSubmit, paths: list[Path], qtbot: QtBot
) -> None:
    panel.add_files(paths)
    start(panel, qtbot)
    submit.last.failed.emit(f"{paths[0]} is damaged; get a new copy", False)
    assert states(panel) == [FAILED, RUNNING, WAITING]
    assert words(panel)[0] == "Is damaged; get a new copy"
    submit.last.failed.emit("The engine stopped.", True)
    submit.last.finish()
    assert states(panel) == [FAILED, FAILED, DONE]
    assert panel.summary.text() == "1 of 3 done, 2 failed"
    assert not panel.start_button.isEnabled() and panel.retry_button.isEnabled()
    qtbot.mouseClick(panel.retry_button, LEFT)
    assert states(panel) == [RUNNING, WAITING, DONE]
    assert submit.last.arguments["path"] == str(paths[0])


def test_a_file_that_cannot_even_begin_fails(panel: BatchPanel, submit: FakeSubmit, paths: list[Path]) -> None:
    panel.add_files(paths)
    submit.refusal = "There is no engine."
    panel.start()
    assert states(panel) == [FAILED] * 3 and words(panel)[2] == "There is no engine."


def test_progress(panel: BatchPanel, submit: FakeSubmit, paths: list[Path], qtbot: QtBot) -> None:
    panel.add_files(paths)
    start(panel, qtbot)
    before = panel.list.grab().toImage()
    submit.last.progressed.emit(30, 60)
    assert words(panel)[0] == "50 %"
    assert panel.list.grab().toImage() != before
    assert not panel.form.isEnabled() and panel.cancel_button.isEnabled()


def test_cancel_all_and_start_again(panel: BatchPanel, submit: FakeSubmit, paths: list[Path], qtbot: QtBot) -> None:
    panel.add_files(paths)
    start(panel, qtbot)
    submit.last.finish()
    qtbot.mouseClick(panel.cancel_button, LEFT)
    assert states(panel) == [DONE, CANCELLED, CANCELLED]
    assert len(submit.jobs) == 2 and panel.form.isEnabled()
    start(panel, qtbot)
    assert states(panel) == [DONE, RUNNING, WAITING]


def test_files_can_be_added_while_it_runs(
    panel: BatchPanel, submit: FakeSubmit, paths: list[Path], qtbot: QtBot
) -> None:
    panel.add_files(paths[:1])
    start(panel, qtbot)
    panel.add_files(paths)
    assert states(panel) == [RUNNING, WAITING, WAITING]
    submit.last.finish()
    assert states(panel) == [DONE, RUNNING, WAITING]
    panel.add_files(paths[:1])
    assert states(panel) == [WAITING, RUNNING, WAITING]


def test_levels_stay_while_it_runs(panel: BatchPanel, submit: FakeSubmit, paths: list[Path]) -> None:
    panel.set_remix(Remix(0, -12), Delivery(), "")
    panel.add_files(paths)
    panel.start()
    panel.set_remix(Remix(0, 0), Delivery(-23), "other")
    submit.last.finish()
    assert submit.last.arguments["remix"]["noise_db"] == -12
    assert submit.last.arguments["delivery"]["loudness"] is None and submit.last.arguments["model"] == ""


def test_removing(panel: BatchPanel, submit: FakeSubmit, paths: list[Path], qtbot: QtBot) -> None:
    panel.add_files(paths)
    start(panel, qtbot)
    panel.list.selectAll()
    panel.list.setFocus()
    qtbot.keyClick(panel.list, Qt.Key.Key_Delete)
    assert [file.path for file in panel.files] == paths[:1]  # it is being processed
    submit.last.finish()
    assert states(panel) == [DONE] and len(submit.jobs) == 1
    panel.list.selectAll()
    qtbot.mouseClick(panel.remove_button, LEFT)
    assert panel.files == []
    assert panel.hint.isVisible()


def test_names_that_are_taken_get_a_number(panel: BatchPanel, submit: FakeSubmit, tmp_path: Path, qtbot: QtBot) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "talk.remix.wav").touch()
    panel.form.folder.setText(str(tmp_path / "out"))
    panel.add_files([tmp_path / "1" / "talk.wav", tmp_path / "2" / "talk.wav"])
    start(panel, qtbot)
    assert outputs(submit) == ["talk.remix 2.wav"]
    submit.last.finish()
    assert outputs(submit) == ["talk.remix 3.wav"]


def test_all_tracks_in_another_format(panel: BatchPanel, submit: FakeSubmit, paths: list[Path], qtbot: QtBot) -> None:
    panel.form.boxes["remix"].setChecked(False)
    panel.form.boxes["speech"].setChecked(True)
    panel.form.boxes["noise"].setChecked(True)
    panel.form.format.setCurrentIndex(panel.form.format.findData(".flac"))
    panel.add_files(paths)
    start(panel, qtbot)
    assert outputs(submit) == ["a.speech.flac", "a.noise.flac"]
    submit.last.finish()
    assert words(panel)[0] == "Done"


def test_a_form_that_makes_no_sense_stops_the_start(panel: BatchPanel, paths: list[Path]) -> None:
    panel.add_files(paths)
    panel.form.template.setText("{nonsense}")
    assert panel.problem.isVisible() and not panel.start_button.isEnabled()
    panel.form.template.setText("{stem}.{track}")
    panel.form.boxes["remix"].setChecked(False)
    assert "Choose what to write" in panel.problem.text()
    panel.form.boxes["remix"].setChecked(True)
    assert not panel.problem.isVisible() and panel.start_button.isEnabled()


def test_files_can_be_dropped(panel: BatchPanel) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl("file:///a.wav"), QUrl("file:///b.mp3"), QUrl("file:///a.wav")])
    none, copy = Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction
    QApplication.sendEvent(panel, QDragEnterEvent(QPoint(9, 9), copy, mime, LEFT, none))
    QApplication.sendEvent(panel, QDropEvent(QPointF(9, 9), copy, mime, LEFT, none))
    assert [file.path for file in panel.files] == [Path("/a.wav"), Path("/b.mp3")]
    assert not panel.hint.isVisible()


def test_reveal(
    panel: BatchPanel, submit: FakeSubmit, paths: list[Path], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Path] = []
    monkeypatch.setattr(batch_panel, "reveal", shown.append)
    panel.add_files(paths)
    start(panel, qtbot)
    panel.list.setCurrentItem(panel.files[0])
    assert not panel.reveal_button.isEnabled()
    submit.last.finish()
    qtbot.mouseClick(panel.reveal_button, LEFT)
    assert shown == [paths[0].with_suffix(".remix.wav")]


def test_it_goes_on_while_the_window_is_closed(
    panel: BatchPanel, submit: FakeSubmit, paths: list[Path], qtbot: QtBot
) -> None:
    panel.add_files(paths)
    start(panel, qtbot)
    panel.close()
    submit.last.finish()
    assert states(panel) == [DONE, RUNNING, WAITING]


def test_everything_has_a_name(panel: BatchPanel, paths: list[Path]) -> None:
    panel.add_files(paths)
    assert unnamed(panel) == []
