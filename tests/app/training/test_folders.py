"""The places for the folders: dropped, chosen, counted."""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.jobs.client import Worker
from app.training.folders import Folders, FolderZone, length
from tests.app.window.accessible import unnamed


@pytest.fixture
def places(qtbot: QtBot) -> Folders:
    """Three places, empty, with a real worker."""
    worker = Worker()
    made = Folders(worker.submit)
    qtbot.addWidget(made, before_close_func=lambda _: worker.stop())
    made.worker = worker  # pyright: ignore[reportAttributeAccessIssue]  kept alive
    made.show()
    return made


def drop(zone: FolderZone, *paths: Path) -> None:
    """Drop files or folders as the system does."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    zone.dragEnterEvent(QDragEnterEvent(QPoint(5, 5), copy, data, left, none))
    zone.dropEvent(QDropEvent(QPoint(5, 5), copy, data, left, none))


def test_a_dropped_folder_is_counted(places: Folders, folders: dict[str, Path], qtbot: QtBot) -> None:
    drop(places.noisy, folders["noisy"])
    assert places.noisy.folder == folders["noisy"] and not places.ready
    qtbot.waitUntil(lambda: places.noisy.about.text() == "3 files, 6 seconds", timeout=20_000)
    drop(places.clean, folders["clean"])
    assert places.ready


def test_an_empty_folder_is_said(places: Folders, tmp_path: Path, qtbot: QtBot) -> None:
    (tmp_path / "empty").mkdir()
    drop(places.noisy, tmp_path / "empty")
    qtbot.waitUntil(lambda: "no audio files" in places.noisy.about.text(), timeout=20_000)
    assert places.noisy.about.property("role") == "error"


def test_only_one_folder_can_be_dropped(places: Folders, folders: dict[str, Path], qtbot: QtBot) -> None:
    for dropped in ([folders["noisy"] / "0.wav"], list(folders.values())):
        with qtbot.waitSignal(places.problem):
            drop(places.noisy, *dropped)
        assert places.noisy.folder is None


def test_by_keys(places: Folders, folders: dict[str, Path], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folders["noisy"]))
    changes: list[None] = []
    places.changed.connect(lambda: changes.append(None))
    qtbot.keyClick(places.noisy, Qt.Key.Key_Return)
    assert places.noisy.folder == folders["noisy"] and len(changes) == 1
    qtbot.keyClick(places.noisy, Qt.Key.Key_Delete)
    assert places.noisy.folder is None and len(changes) == 2


def test_a_cancelled_dialog_changes_nothing(places: Folders, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    places.noisy.set_folder(Path("somewhere"))
    qtbot.mouseClick(places.noisy.choose_button, Qt.MouseButton.LeftButton)
    assert places.noisy.folder == Path("somewhere")


def test_lengths() -> None:
    assert [length(seconds) for seconds in (12, 840, 9000)] == ["12 seconds", "14 minutes", "2.5 hours"]


def test_everything_has_a_name(places: Folders) -> None:
    assert unnamed(places) == []
