"""The help window, and that its pages say nothing that is not so."""

import re
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QImage
from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from app.window import theme
from app.window.actions import ENTRIES, MENUS
from app.window.help_window import FOLDER, KEYBOARD, HelpWindow, page_name, read_pages
from app.window.shortcuts import plain
from app.window.text_page import TextPage
from tests.app.window.accessible import unnamed

PAGES = {page.name: page for page in read_pages()}


@pytest.fixture
def help_window(qtbot: QtBot) -> HelpWindow:
    """The window, shown, over the menus of another."""
    window = QMainWindow()
    qtbot.addWidget(window)
    action = window.menuBar().addMenu("File").addAction("Teleport…")
    action.setObjectName("teleport")
    made = HelpWindow(window.menuBar(), window)
    made.show()
    made.keep = window  # pyright: ignore[reportAttributeAccessIssue]
    return made


def listed(window: HelpWindow) -> list[str]:
    """The titles on the list."""
    items = (window.list.item(row) for row in range(window.list.count()))
    return [item.text() for item in items if not item.isHidden() and window.list.isVisible()]


def test_all_pages_are_listed_and_shown(help_window: HelpWindow) -> None:
    assert listed(help_window)[0] == "First steps"
    assert listed(help_window)[-2:] == ["Keyboard shortcuts", "About Voicebed"]
    for name, page in PAGES.items():
        help_window.show_page(name)
        assert help_window.text.toPlainText().startswith(page.title)
        assert help_window.text.isVisible()


def test_the_keyboard_page_has_the_windows_actions(help_window: HelpWindow) -> None:
    help_window.show_page(KEYBOARD)
    assert help_window.shortcuts.isVisible()
    exactly = Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive
    assert len(help_window.shortcuts.table.findItems("Teleport", exactly)) == 1


def test_a_search_leaves_the_pages_that_have_it_and_marks_it(help_window: HelpWindow, qtbot: QtBot) -> None:
    qtbot.keyClicks(help_window.search, "Echo and reverberation")
    assert listed(help_window) == ["Models and priors"]
    marks = help_window.text.extraSelections()
    assert [mark.cursor.selectedText().lower() for mark in marks] == ["echo and reverberation"]  # pyright: ignore
    help_window.search.clear()
    assert len(listed(help_window)) == len(PAGES) + 1
    assert not help_window.text.extraSelections()


def test_a_search_finds_actions(help_window: HelpWindow, qtbot: QtBot) -> None:
    qtbot.keyClicks(help_window.search, "teleport")
    assert listed(help_window) == ["Keyboard shortcuts"]
    assert help_window.shortcuts.isVisible()


def test_a_search_without_a_result_says_so(help_window: HelpWindow, qtbot: QtBot) -> None:
    qtbot.keyClicks(help_window.search, "zyzzyva")
    assert listed(help_window) == [] and help_window.nothing.isVisible()


def test_links_lead_to_pages_and_to_the_web(help_window: HelpWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", staticmethod(lambda url: opened.append(url.toString())))
    help_window.text.anchorClicked.emit(QUrl("5-models.md"))
    assert help_window.list.currentItem().text() == "Models and priors"
    help_window.text.anchorClicked.emit(QUrl("https://arxiv.org/abs/2509.22942"))
    assert opened == ["https://arxiv.org/abs/2509.22942"]
    assert help_window.list.currentItem().text() == "Models and priors"


def test_escape_closes(help_window: HelpWindow, qtbot: QtBot) -> None:
    help_window.activateWindow()
    qtbot.keyClick(help_window.search, Qt.Key.Key_Escape)
    assert not help_window.isVisible()


def test_pictures_fit_the_page(qtbot: QtBot, tmp_path: Path) -> None:
    picture = QImage(3000, 300, QImage.Format.Format_RGB32)
    picture.save(str(tmp_path / "wide.png"))
    page = TextPage(tmp_path)
    qtbot.addWidget(page)
    page.resize(600, 400)
    page.show()
    page.show_markdown("# Wide\n\n![wide](wide.png)")
    QCoreApplication.processEvents()
    assert page.document().size().width() <= 600
    assert page.document().size().height() > 60 + 300 * 500 / 3000


def test_pictures_are_there_at_once_and_follow_the_page(qtbot: QtBot, help_window: HelpWindow) -> None:
    page = help_window.text
    assert page.document().size().height() > 800  # with the picture, which was wanted before the window was shown
    wide = page.document().size().height()
    page.verticalScrollBar().setValue(40)
    help_window.resize(620, 680)
    qtbot.waitUntil(lambda: page.document().size().width() <= page.viewport().width())
    assert page.document().size().height() != wide
    assert page.verticalScrollBar().value() == 40


def test_a_page_wears_the_theme(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    page = TextPage()
    qtbot.addWidget(page)
    page.show_markdown("# Title")

    def ink() -> str:
        return page.document().begin().begin().fragment().charFormat().foreground().color().name()

    for worn in (theme.LIGHT, theme.DARK):
        monkeypatch.setattr(theme.notifier, "theme", worn)
        theme.theme_changed.emit()
        assert ink() == worn.text


@pytest.mark.parametrize("name", PAGES)
def test_pages_are_well_formed(name: str) -> None:
    page = PAGES[name]
    assert page.text.startswith("# ") and len(page.text) > 400
    for link in re.findall(r"\]\(([^)]+)\)", page.text):
        assert link.startswith("https://") or (FOLDER / link).is_file(), link


@pytest.mark.parametrize("name", PAGES)
def test_pages_name_actions_that_exist(name: str) -> None:
    menus = {plain(menu): number for number, menu in enumerate(MENUS)}
    known = {(entry.menu, entry.submenu or entry.text) for entry in ENTRIES} | {
        (entry.menu, entry.text) for entry in ENTRIES
    }
    text = " ".join(PAGES[name].text.split())
    named = re.findall(r"\*\*([^*>]+) > ([^*]+)\*\*", text)
    for menu, action in named:
        assert (menus[menu], action) in known, f"{menu} > {action}"


def test_pages_name_keys_that_work() -> None:
    keys = {str(key) for entry in ENTRIES for key in entry.keys}
    for key in re.findall(r"[Pp]ress \*\*(\w+)\*\*", PAGES["first-steps"].text + PAGES["remixing"].text):
        assert key in keys, key


def test_page_names() -> None:
    assert page_name(Path("7-command-line.md")) == "command-line"
    assert {"first-steps", "about"} <= PAGES.keys()
    assert "$version" not in PAGES["about"].text


def test_everything_has_a_name(help_window: HelpWindow) -> None:
    assert unnamed(help_window) == []
