"""The table of regions: what is shown, typed, refused, added and deleted."""

import math

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMainWindow
from pytestqt.qtbot import QtBot

from app.document.document import Document
from app.document.view import ViewState
from app.window.region_table import RegionTable
from engine.remix import Region
from tests.app.window.accessible import unnamed
from tests.app.window.material import document, view

SILENT = -math.inf
FIRST, SECOND = Region(1.25, 3.5, 2.0, -30.0), Region(60.0, 61.5, SILENT, -6.0, 0.2)


@pytest.fixture
def edited() -> Document:
    made = document()
    made.add_region(FIRST)
    made.add_region(SECOND)
    return made


@pytest.fixture
def seen() -> ViewState:
    return view()


@pytest.fixture
def panel(qtbot: QtBot, edited: Document, seen: ViewState) -> RegionTable:
    panel = RegionTable(edited, seen)
    qtbot.addWidget(panel)
    panel.resize(700, 300)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def rows(panel: RegionTable) -> list[list[str]]:
    model = panel.model
    return [[model.index(row, column).data() for column in range(5)] for row in range(model.rowCount())]


def enter(panel: RegionTable, row: int, column: int, text: str) -> None:
    """Type a value into a cell, by keyboard."""
    table = panel.table
    table.setCurrentIndex(panel.model.index(row, column))
    QTest.keyClick(table, Qt.Key.Key_Return)
    editor = table.viewport().findChild(QLineEdit)
    assert isinstance(editor, QLineEdit) and editor.text() == panel.model.index(row, column).data()
    editor.selectAll()
    QTest.keyClicks(editor, text)
    QTest.keyClick(editor, Qt.Key.Key_Return)
    QApplication.processEvents()  # Qt takes what was typed after the key


def test_what_is_shown(panel: RegionTable) -> None:
    assert rows(panel) == [
        ["0:01.250", "0:03.500", "+2.0 dB", "−30.0 dB", "50 ms"],
        ["1:00.000", "1:01.500", "−∞ dB", "−6.0 dB", "200 ms"],
    ]
    headings = [panel.model.headerData(column, Qt.Orientation.Horizontal) for column in range(5)]
    assert headings == ["Start", "End", "Speech", "Noise", "Ramp"]
    assert panel.model.headerData(1, Qt.Orientation.Vertical) == 2


class TestTyping:
    @pytest.mark.parametrize(
        ("column", "text", "region"),
        [
            (0, "2", Region(2.0, 3.5, 2.0, -30.0)),
            (1, "1:02,5", Region(1.25, 62.5, 2.0, -30.0)),
            (1, "5:00", Region(1.25, 100.0, 2.0, -30.0)),
            (2, "-inf", Region(1.25, 3.5, SILENT, -30.0)),
            (3, "-6,5 dB", Region(1.25, 3.5, 2.0, -6.5)),
            (4, "120", Region(1.25, 3.5, 2.0, -30.0, 0.12)),
            (4, "0.3 s", Region(1.25, 3.5, 2.0, -30.0, 0.3)),
            (4, "0 ms", Region(1.25, 3.5, 2.0, -30.0, 0.0)),
        ],
    )
    def test_values(self, panel: RegionTable, edited: Document, column: int, text: str, region: Region) -> None:
        enter(panel, 0, column, text)
        assert edited.edit.remix.regions == (region, SECOND)
        edited.undo()
        assert edited.edit.remix.regions == (FIRST, SECOND) and rows(panel)[0][0] == "0:01.250"

    @pytest.mark.parametrize(
        ("column", "text", "words"),
        [
            (0, "soon", "'soon' is not a time"),
            (0, "4", "needs 0 <= start < end"),
            (1, "1", "needs 0 <= start < end"),
            (2, "15", "out of range"),
            (3, "loud", "not a level"),
            (4, "wide", "not a ramp"),
            (4, "-5", "ramp of 0 or more"),
            (4, "nan", "ramp of 0 or more"),
        ],
    )
    def test_what_cannot_be_taken_is_said(
        self, panel: RegionTable, edited: Document, qtbot: QtBot, column: int, text: str, words: str
    ) -> None:
        with qtbot.waitSignal(panel.problem) as caught:
            enter(panel, 0, column, text)
        assert words in str(caught.args)
        assert edited.edit.remix.regions == (FIRST, SECOND)

    def test_an_untouched_cell_keeps_its_finer_value(self, panel: RegionTable, edited: Document) -> None:
        edited.change_region(0, Region(1.23456789, 3.5))
        enter(panel, 0, 0, "0:01.235")
        assert edited.edit.remix.regions[0].start == 1.23456789


class TestRows:
    def test_the_focus_alone_chooses_no_row(self, panel: RegionTable, seen: ViewState, qtbot: QtBot) -> None:
        seen.select(5, 6)
        panel.activateWindow()
        panel.table.setFocus()
        qtbot.waitUntil(panel.table.hasFocus)
        assert seen.selection == (5, 6) and not panel.remove_button.isEnabled()
        QTest.keyClick(panel.table, Qt.Key.Key_Down)
        assert seen.selection == (60, 61.5)

    def test_a_chosen_row_selects_its_stretch(self, panel: RegionTable, seen: ViewState) -> None:
        place = panel.table.visualRect(panel.model.index(1, 2)).center()
        QTest.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
        assert seen.selection == (60, 61.5)
        QTest.keyClick(panel.table, Qt.Key.Key_Up)
        assert seen.selection == (1.25, 3.5)

    def test_a_click_selects_it_again(self, panel: RegionTable, seen: ViewState) -> None:
        panel.table.setCurrentIndex(panel.model.index(1, 2))
        seen.clear_selection()
        place = panel.table.visualRect(panel.model.index(1, 2)).center()
        QTest.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
        assert seen.selection == (60, 61.5)

    def test_changes_from_elsewhere_leave_selection_and_row_alone(
        self, panel: RegionTable, edited: Document, seen: ViewState
    ) -> None:
        panel.table.setCurrentIndex(panel.model.index(1, 2))
        seen.select(5, 6)
        edited.change_region(0, Region(2, 3))
        edited.set_gain("noise", -6)
        assert panel.table.currentIndex() == panel.model.index(1, 2) and seen.selection == (5, 6)
        edited.add_region(Region(10, 11))
        assert seen.selection == (5, 6) and len(rows(panel)) == 3

    def test_go_to(self, panel: RegionTable, qtbot: QtBot) -> None:
        panel.table.setCurrentIndex(panel.model.index(1, 0))
        with qtbot.waitSignal(panel.seek_requested) as caught:
            panel.go_button.click()
        assert caught.args == [60.0]

    def test_add(self, panel: RegionTable, edited: Document, seen: ViewState) -> None:
        assert not panel.add_button.isEnabled()
        edited.set_gain("noise", -18)
        seen.select(10, 12.5)
        panel.add_button.click()
        assert edited.edit.remix.regions == (FIRST, SECOND, Region(10, 12.5, 0, -18))
        assert panel.table.currentIndex().row() == 2 and seen.selection == (10, 12.5)

    @pytest.mark.parametrize("key", [Qt.Key.Key_Delete, Qt.Key.Key_Backspace])
    def test_delete(self, panel: RegionTable, edited: Document, key: Qt.Key) -> None:
        panel.table.setCurrentIndex(panel.model.index(0, 2))
        QTest.keyClick(panel.table, key)
        assert edited.edit.remix.regions == (SECOND,)
        assert panel.table.currentIndex() == panel.model.index(0, 2)
        panel.remove_button.click()
        assert edited.edit.remix.regions == () and not panel.remove_button.isEnabled()
        edited.undo()
        edited.undo()
        assert len(rows(panel)) == 2

    def test_buttons_wait_for_a_row(self, panel: RegionTable, edited: Document) -> None:
        assert not panel.go_button.isEnabled() and not panel.remove_button.isEnabled()
        panel.table.setCurrentIndex(panel.model.index(0, 0))
        assert panel.go_button.isEnabled() and panel.remove_button.isEnabled()
        edited.undo()
        edited.undo()
        assert not panel.go_button.isEnabled() and not panel.remove_button.isEnabled()


def test_its_keys_win_over_the_windows_shortcuts(edited: Document, qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    panel = RegionTable(edited, view())
    window.setCentralWidget(panel)
    pressed: list[str] = []
    for key in ("Home", "Delete", "Space"):
        action = QAction(key, window)
        action.setShortcut(QKeySequence(key))
        action.triggered.connect(lambda *_, key=key: pressed.append(key))
        window.addAction(action)
    window.show()
    window.activateWindow()
    panel.table.setFocus()
    qtbot.waitUntil(panel.table.hasFocus)
    panel.table.setCurrentIndex(panel.model.index(1, 2))
    for key in (Qt.Key.Key_Home, Qt.Key.Key_Delete, Qt.Key.Key_Space):
        QTest.keyClick(panel.table, key)
    assert edited.edit.remix.regions == (FIRST,) and pressed == ["Space"]


def test_screen_readers_hear_names_and_values(panel: RegionTable) -> None:
    assert unnamed(panel) == []
    spoken = panel.model.index(1, 2).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "Speech −∞ dB"


def test_an_empty_table_says_what_to_do(panel: RegionTable, edited: Document, qapp: QApplication) -> None:
    full = panel.table.grab().toImage()
    edited.undo()
    edited.undo()
    assert panel.model.rowCount() == 0 and "Select a stretch" in panel.table.empty_text
    words = panel.table.grab().toImage()
    panel.table.empty_text = ""
    assert full != words != panel.table.grab().toImage()


def test_a_table_is_no_tree(panel: RegionTable) -> None:
    cell = panel.model.index(0, 0)
    assert panel.model.rowCount(cell) == panel.model.columnCount(cell) == 0
    assert panel.model.data(QModelIndex()) is None
