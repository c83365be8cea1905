"""The shortcuts page says what the actions say."""

import pytest
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QTreeWidgetItem
from pytestqt.qtbot import QtBot

from app.window.actions import ENTRIES, make_actions
from app.window.shortcuts import ShortcutsPage, menus_of, plain
from tests.app.window.accessible import unnamed


@pytest.fixture
def window(qtbot: QtBot) -> QMainWindow:
    """A window with two menus, one of them with a submenu and recent files."""
    made = QMainWindow()
    qtbot.addWidget(made)
    file, view = made.menuBar().addMenu("&File"), made.menuBar().addMenu("&View")
    for menu, name, text, keys in (
        (file, "open", "Open…", "Ctrl+O"),
        (file, "quit", "Save && quit", ""),
        (view, "zoom", "Zoom in", "Ctrl++"),
    ):
        action = QAction(text, made)
        action.setObjectName(name)
        action.setShortcut(keys)
        action.setStatusTip("Open a recording" if name == "open" else plain(text))
        menu.addAction(action)
    file.addSeparator()
    file.addMenu("Open recent").addAction("secret.wav")
    axis = QAction("Mel", made)
    axis.setObjectName("mel")
    view.addMenu("Frequency axis").addAction(axis)
    return made


@pytest.fixture
def page(window: QMainWindow, qtbot: QtBot) -> ShortcutsPage:
    """The page of that window, shown."""
    made = ShortcutsPage(lambda: menus_of(window.menuBar()))
    qtbot.addWidget(made)
    made.show()
    return made


def rows(page: ShortcutsPage) -> dict[str, list[tuple[str, str, str]]]:
    """What is seen in the table by heading."""
    seen: dict[str, list[tuple[str, str, str]]] = {}
    for heading in visible_children(page.table.invisibleRootItem()):
        children = visible_children(heading)
        seen[heading.text(0)] = [(child.text(0), child.text(1), child.text(2)) for child in children]
    return seen


def visible_children(item: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    """Those that are not hidden."""
    children = map(item.child, range(item.childCount()))
    return [child for child in children if child and not child.isHidden()]


def test_all_actions_by_menu(page: ShortcutsPage) -> None:
    assert rows(page) == {
        "File": [("Open", "Ctrl+O", "Open a recording"), ("Save & quit", "", "")],
        "View": [("Zoom in", "Ctrl++", "")],
        "View › Frequency axis": [("Mel", "", "")],
    }


@pytest.mark.parametrize(("typed", "found"), [("ctrl++", "Zoom in"), ("OPEN", "Open"), ("recording", "Open")])
def test_an_action_is_found_by_name_tip_and_key(page: ShortcutsPage, qtbot: QtBot, typed: str, found: str) -> None:
    qtbot.keyClicks(page.search, typed)
    assert [row[0] for section in rows(page).values() for row in section] == [found]


def test_what_is_not_there_is_said(page: ShortcutsPage, qtbot: QtBot) -> None:
    qtbot.keyClicks(page.search, "teleport")
    assert not page.found and page.nothing.isVisible() and not page.table.isVisible()
    page.search.clear()
    assert page.found and not page.nothing.isVisible()


def test_a_changed_key_is_shown_when_the_page_appears_again(page: ShortcutsPage, window: QMainWindow) -> None:
    page.hide()
    action = window.findChild(QAction, "open")
    assert isinstance(action, QAction)
    action.setShortcuts([QKeySequence("Ctrl+P"), QKeySequence("F3")])
    page.show()
    assert rows(page)["File"][0][1] == "Ctrl+P, F3"


def test_every_action_of_voicebed_is_listed(qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    menu = window.menuBar().addMenu("All")
    for action in make_actions(window).values():
        menu.addAction(action)
    page = ShortcutsPage(lambda: menus_of(window.menuBar()))
    qtbot.addWidget(page)
    page.show()
    assert len(rows(page)["All"]) == len(ENTRIES)


def test_everything_has_a_name(page: ShortcutsPage) -> None:
    assert unnamed(page) == []


def test_every_action_has_keys_of_its_own(qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    keys = {name: action.shortcuts() for name, action in make_actions(window).items()}
    assert [name for name, sequences in keys.items() if not sequences] == []
    portable = [sequence.toString() for sequences in keys.values() for sequence in sequences]
    assert len(set(portable)) == len(portable)
