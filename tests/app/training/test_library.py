"""The library: what it shows of models, and what becomes of them."""

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QPushButton
from pytestqt.qtbot import QtBot

from app.document.settings import Settings, save_settings
from app.training import library as module
from app.training.library import BASE, DATE, NAME, RATE, SCORE, SIZE, Library, score_of
from engine.errors import InputError
from engine.model_files import DEFAULT, export_model, read_model_file, user_folder
from tests.app.window.accessible import unnamed
from tests.app.window.models import write_model

SCORES = {
    "a set without it": {"input": {"PESQ": 1.5}, "output": {"PESQ": 2.0}},
    "kept aside": {"input": {"OVRL": 2.114}, "base": {"OVRL": 2.4}, "output": {"OVRL": 2.588}},
}


@pytest.fixture
def library(qtbot: QtBot, bundled: Path) -> Library:
    """With the bundled model, and "mine"."""
    write_model(user_folder() / "mine.safetensors", base=f"{DEFAULT}@1234", metrics=SCORES, date="2026-11-28")
    made = Library()
    qtbot.addWidget(made)
    made.resize(1200, 700)
    made.show()
    made.reload()
    shows(qtbot, made, DEFAULT, "mine")
    return made


def names(library: Library) -> list[str]:
    return [cell(library, row, NAME) for row in range(library.table.rowCount())]


def cell(library: Library, row: int, column: int) -> str:
    item = library.table.item(row, column)
    assert item
    return item.text()


def shows(qtbot: QtBot, library: Library, *expected: str) -> None:
    qtbot.waitUntil(lambda: names(library) == [*expected], timeout=5000)


def ticked(library: Library) -> list[str]:
    """The models that are marked as the default."""
    items = [library.table.item(row, NAME) for row in range(library.table.rowCount())]
    return [item.text() for item in items if item and "default" in item.data(Qt.ItemDataRole.AccessibleTextRole)]


def click(qtbot: QtBot, button: QPushButton) -> None:
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def said(qtbot: QtBot, library: Library, words: str, kind: str = "info") -> None:
    """Wait for a message."""

    def shown() -> bool:
        message = library.bar.message
        return message is not None and words in message.text and message.kind == kind

    qtbot.waitUntil(shown, timeout=5000)


def drop(library: Library, *paths: Path) -> None:
    data, place = QMimeData(), QPointF(100, 100)
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    rest = (data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(place.toPoint(), Qt.DropAction.CopyAction, *rest)
    library.dragEnterEvent(enter)
    assert enter.isAccepted()
    library.dropEvent(QDropEvent(place, Qt.DropAction.CopyAction, *rest))


def test_what_the_table_says(library: Library) -> None:
    assert [cell(library, 1, column) for column in (NAME, SCORE, RATE, DATE, BASE)] == [
        "mine",
        "2.11 → 2.59",
        "16 kHz",
        "2026-11-28",
        f"{DEFAULT}@1234",
    ]
    assert cell(library, 1, SIZE).endswith(" kB") and cell(library, 0, SCORE) == "–"
    item = library.table.item(1, SCORE)
    assert item and "kept aside" in item.toolTip()
    assert cell(library, 0, BASE) == "nothing"
    assert ticked(library) == [DEFAULT]


def test_the_card_is_that_of_the_selected_model(library: Library) -> None:
    assert library.card.toPlainText().startswith(DEFAULT)
    library.table.selectRow(1)
    text = library.card.toPlainText()
    assert text.startswith("mine") and "Voices_of | Rome" in text and "None of it was recorded" in text


def test_what_came_with_voicebed_stays(qtbot: QtBot, library: Library, bundled: Path) -> None:
    assert not library.delete_button.isEnabled()
    library.table.setFocus()
    qtbot.keyClick(library.table, Qt.Key.Key_Delete)
    assert library.bar.message is None and (bundled / f"{DEFAULT}.safetensors").exists()


def test_deleting_takes_a_second_click(qtbot: QtBot, library: Library) -> None:
    library.table.selectRow(1)
    click(qtbot, library.delete_button)
    message = library.bar.message
    assert message and message.kind == "warning" and (user_folder() / "mine.safetensors").exists()
    defaults: list[str] = []
    library.default_changed.connect(defaults.append)
    with qtbot.waitSignal(library.changed):
        message.actions[0][1]()
    shows(qtbot, library, DEFAULT)
    assert not (user_folder() / "mine.safetensors").exists() and not defaults
    said(qtbot, library, "mine is deleted")


def test_deleting_the_default_makes_the_bundled_one_the_default(qtbot: QtBot, library: Library) -> None:
    save_settings(Settings(model="mine"))
    library.reload()
    qtbot.waitUntil(lambda: ticked(library) == ["mine"], timeout=5000)
    library.table.selectRow(1)
    click(qtbot, library.delete_button)
    message = library.bar.message
    assert message
    with qtbot.waitSignal(library.default_changed) as told:
        message.actions[0][1]()
    assert told.args == [""]


def test_one_model_is_the_default(qtbot: QtBot, library: Library) -> None:
    assert not library.default_button.isEnabled()
    library.table.selectRow(1)
    with qtbot.waitSignal(library.default_changed) as told:
        click(qtbot, library.default_button)
    assert told.args == ["mine"] and ticked(library) == ["mine"] and not library.default_button.isEnabled()
    library.table.selectRow(0)
    with qtbot.waitSignal(library.default_changed) as told:
        click(qtbot, library.default_button)
    assert told.args == [""]


def test_use_in_the_editor(qtbot: QtBot, library: Library) -> None:
    for row, name in ((0, ""), (1, "mine")):
        library.table.selectRow(row)
        with qtbot.waitSignal(library.use_in_editor) as told:
            click(qtbot, library.use_button)
        assert told.args == [name]


def test_dropped_files_are_imported(qtbot: QtBot, library: Library, tmp_path: Path) -> None:
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"nonsense")
    with qtbot.waitSignal(library.changed):
        drop(library, write_model(tmp_path / "a.safetensors"), broken, write_model(tmp_path / "b.safetensors"))
    shows(qtbot, library, DEFAULT, "a", "b", "mine")
    said(qtbot, library, "broken.safetensors: not a model file", "error")
    assert library.bar.dismiss()
    said(qtbot, library, "a, b are imported")
    assert library.card.toPlainText().startswith("b")


def test_import_by_the_button(qtbot: QtBot, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_model(tmp_path / "mine.safetensors")
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_, **__: ([str(path)], ""))
    click(qtbot, library.import_button)
    said(qtbot, library, "a model named 'mine' exists", "error")
    assert library.import_button.isEnabled() and names(library) == [DEFAULT, "mine"]


def test_export(qtbot: QtBot, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(tmp_path / "copy"), ""))
    library.table.selectRow(1)
    click(qtbot, library.export_button)
    said(qtbot, library, "mine is written to")
    copy = tmp_path / "copy.safetensors"
    assert copy.read_bytes() == (user_folder() / "mine.safetensors").read_bytes()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(tmp_path / "none" / "x"), ""))
    click(qtbot, library.export_button)
    said(qtbot, library, "none", "error")


def test_files_are_read_in_another_thread(qtbot: QtBot, library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []
    look = module.list_models
    monkeypatch.setattr(module, "list_models", lambda: (threads.append(threading.current_thread()), look())[1])
    library.table.selectRow(1)
    library.reload()
    qtbot.waitUntil(lambda: bool(threads) and library.table.rowCount() == 2, timeout=5000)
    qtbot.wait(50)
    assert threading.main_thread() not in threads
    assert library.card.toPlainText().startswith("mine")  # still


def test_without_models_it_says_so(qtbot: QtBot, bundled: Path) -> None:
    (bundled / f"{DEFAULT}.safetensors").unlink()
    library = Library()
    qtbot.addWidget(library)
    library.show()
    library.reload()
    said(qtbot, library, "There is no model here", "warning")
    assert not library.use_button.isEnabled() and not library.card.isVisible()


def test_the_score_is_of_the_first_set_with_one(library: Library) -> None:
    assert score_of(library._entries[1].model.card) == ("kept aside", 2.114, 2.588)
    assert score_of(library._entries[0].model.card) is None


def test_a_copy_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="absent"):
        export_model(tmp_path / "absent.safetensors", tmp_path / "copy.safetensors")
    assert not list(tmp_path.glob("*copy*")) and not list(tmp_path.glob(".*"))
    path = write_model(tmp_path / "whole.safetensors")
    assert export_model(path, tmp_path / "copy.safetensors").card == read_model_file(path).card
    path.write_bytes(b"nonsense")
    with pytest.raises(InputError):
        export_model(path, tmp_path / "other.safetensors")
    assert not (tmp_path / "other.safetensors").exists()


def test_everything_has_a_name(library: Library) -> None:
    assert unnamed(library) == []
