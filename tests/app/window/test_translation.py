"""Every text of the window can be translated: with all of them in brackets, none is left without."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale, QTranslator
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QMenu,
    QMenuBar,
    QTabBar,
    QTableView,
    QTreeWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.document import document
from app.document.presets import BUNDLED
from app.document.settings import Settings
from app.window.fixed_words import WORDS, in_words
from app.window.main_window import MainWindow
from app.window.translation import translate
from tests.app.sound.clocked import ClockedOutput
from tests.app.window.conftest import opened

# Names of files, models, formats and units, which are the same in all languages.
SAME = re.compile(
    r"cafe[\w.]*|voicebed[\w@.:-]*|Voicebed|flac|FLAC|wav|WAV|AIFF|Ogg Vorbis|Opus|MP3|mp3|LUFS|dBTP|dB|kHz|Hz|"
    r"\{\w+\}|[/~][\w/.-]+|Ctrl|Shift|Alt|Esc|Space|PgUp|PgDown|PgDn|Home|End|Left|Right|Up|Down|Del|F\d+"
)


class Brackets(QTranslator):
    """Puts every text into brackets."""

    def translate(self, context: str, text: str, *_: object) -> str:  # type: ignore[override]
        return f"⟦{text}⟧"

    def isEmpty(self) -> bool:  # noqa: N802  Qt's name
        return False


@pytest.fixture
def brackets(qapp: QApplication) -> Iterator[None]:
    """As if there were such a language."""
    translator = Brackets()
    qapp.installTranslator(translator)
    yield
    qapp.removeTranslator(translator)


def test_the_words_of_the_document_are_known() -> None:
    labels = re.findall(r'(?:apply|_set_regions|_set_markers)\("([^"]+)"', inspect.getsource(document))
    assert len(labels) > 9
    assert {*labels, *(preset.name for preset in BUNDLED)} <= set(WORDS)
    assert in_words("My own") == "My own"


def texts(widget: QWidget) -> Iterator[str]:
    """What a person reads or hears of a widget and of all in it."""
    for child in (widget, *widget.findChildren(QWidget)):
        yield from (child.toolTip(), child.accessibleName(), child.accessibleDescription(), child.windowTitle())
        if isinstance(child, QLabel | QAbstractButton):
            yield child.text()
        if isinstance(child, QLineEdit):
            yield from (child.text(), child.placeholderText())
        if isinstance(child, QComboBox):
            yield from (child.itemText(index) for index in range(child.count()))
        if isinstance(child, QMenu):
            yield child.title()
        if isinstance(child, QTabBar):
            yield from (child.tabText(index) for index in range(child.count()))
        if isinstance(child, QTreeWidget):
            yield from (child.headerItem().text(column) for column in range(child.columnCount()))
        if isinstance(child, QTableView) and (model := child.model()):
            yield from (str(model.headerData(column, child.horizontalHeader().orientation())) for column in range(4))
    for action in widget.findChildren(QAction):
        if not isinstance(action.parent(), QMenuBar | QLineEdit):
            yield from (action.text(), action.toolTip(), action.statusTip())


def untranslated(widget: QWidget) -> set[str]:
    """The texts, outside brackets and names, with letters in them."""
    found = set()
    for text in texts(widget):
        left, count = text, 1
        while count:  # a text may stand in another
            left, count = re.subn(r"⟦[^⟦⟧]*⟧", "", left)
        if re.search(r"[A-Za-z]{2}", SAME.sub("", left)):
            found.add(text)
    return found


def test_no_text_of_the_window_is_left_out(
    brackets: None, qtbot: QtBot, lasting_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICEBED_CACHE", str(lasting_cache))
    monkeypatch.setattr("app.window.output_menu._found", lambda: ("", ["cafe"]))
    window = MainWindow(Settings(), ClockedOutput())
    try:
        assert untranslated(window) == set()
        workspace = opened(qtbot, window)
        workspace.view.select(1, 2)
        window.actions_by_name["add_region"].trigger()
        for name in ("export", "preferences", "model", "batch", "help", "shortcuts"):
            window.actions_by_name[name].trigger()
        qtbot.wait(300)
        assert untranslated(window) == set()
        for dialog in window.findChildren(QDialog):
            dialog.close()
    finally:
        window.editor.forget_changes()
        window.shut_down()
        window.deleteLater()


def test_a_language_that_is_not_there_changes_nothing(qapp: QApplication, tmp_path: Path) -> None:
    assert not translate(qapp, QLocale("tlh"), tmp_path)
