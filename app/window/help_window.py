"""The help window: the pages of resources/help, a search through them, and the keys of all actions."""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMenuBar,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.window import theme
from app.window.shortcuts import ShortcutsPage, menus_of
from app.window.text_page import TextPage

FOLDER = theme.RESOURCES / "help"
KEYBOARD = "keyboard"  # name of the page of shortcuts
LIST_STYLE = f"QListView {{ border-color: transparent; }} QListView::item {{ padding-left: {theme.XS}px; }}"
SIZE, LIST_WIDTH = (1010, 680), 232


@dataclass(frozen=True)
class Page:
    """A page of help: its file's name without number and suffix, its heading, and the text."""

    name: str
    title: str
    text: str


def read_pages(folder: Path = FOLDER) -> list[Page]:
    """The pages of a folder, in the order of their numbers; $version in them is that of Voicebed."""
    pages: list[Page] = []
    for path in sorted(folder.glob("*.md")):
        text = path.read_text(encoding="utf-8").replace("$version", version("voicebed"))
        pages.append(Page(page_name(path), text.partition("\n")[0].removeprefix("# "), text))
    return pages


def page_name(path: Path) -> str:
    """The name of the page in a file such as "4-export.md": "export"."""
    return path.stem.lstrip("0123456789-")


class HelpWindow(QWidget):
    """A window of its own, with the list of pages at the left.

    Args:
        menus: whose actions are listed on the page of shortcuts, `KEYBOARD`.
    """

    def __init__(self, menus: QMenuBar, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setWindowTitle(self.tr("Voicebed Help"))
        self._pages = {page.name: page for page in read_pages()}
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search the help"))
        self.search.setAccessibleName(self.search.placeholderText())
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Pages"))
        self.list.setStyleSheet(LIST_STYLE)
        self.text = TextPage(FOLDER)
        self.text.setAccessibleName(self.tr("Help page"))
        self.shortcuts = ShortcutsPage(lambda: menus_of(menus))
        self._right = QStackedWidget()
        for widget in (self.text, self.shortcuts):
            self._right.addWidget(widget)
        self.nothing = QLabel(self.tr("No page says this."))
        self.nothing.setProperty("role", "muted")
        *first, last = self._pages.values()
        for page in (*first, Page(KEYBOARD, self.tr("Keyboard shortcuts"), ""), last):
            item = QListWidgetItem(page.title, self.list)
            item.setData(Qt.ItemDataRole.UserRole, page.name)
            item.setSizeHint(QSize(0, theme.CONTROL))
        self._lay_out()
        self.search.textChanged.connect(self._search)
        self.search.returnPressed.connect(self.list.setFocus)
        self.list.currentItemChanged.connect(self._show_current)
        self.text.anchorClicked.connect(self._follow)
        QShortcut(QKeySequence.StandardKey.Find, self, self.search.setFocus)
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self, self.close)
        self.list.setCurrentRow(0)

    def show_page(self, name: str) -> None:
        """Show a page by its name, such as "first-steps", "keyboard" or "about"."""
        self.search.clear()
        names = [self.list.item(row).data(Qt.ItemDataRole.UserRole) for row in range(self.list.count())]
        self.list.setCurrentRow(names.index(name))

    def _lay_out(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(theme.M, theme.M, theme.S, theme.M)
        column.setSpacing(theme.S)
        for widget in (self.search, self.list, self.nothing):
            column.addWidget(widget)
        column.addStretch()
        column.setStretchFactor(self.list, 1000)
        self.nothing.hide()
        self.shortcuts.setContentsMargins(theme.S, theme.M, theme.M, theme.M)
        halves = QSplitter(childrenCollapsible=False)
        halves.addWidget(left)
        halves.addWidget(self._right)
        halves.setStretchFactor(1, 1)
        halves.setSizes([LIST_WIDTH, SIZE[0] - LIST_WIDTH])
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(halves)
        self.resize(*SIZE)

    def _show_current(self) -> None:
        item = self.list.currentItem()
        if item is None:
            return
        name = item.data(Qt.ItemDataRole.UserRole)
        if name == KEYBOARD:
            self._right.setCurrentWidget(self.shortcuts)
        else:
            self._right.setCurrentWidget(self.text)
            self.text.show_markdown(self._pages[name].text)
            self.text.highlight(self.search.text().strip())

    def _search(self, text: str) -> None:
        """Leaves the pages with the text in the list."""
        wanted = text.strip().casefold()
        self.shortcuts.search.setText(text)
        self.shortcuts.refresh()
        shown: list[int] = []
        for row in range(self.list.count()):
            item = self.list.item(row)
            page = self._pages.get(item.data(Qt.ItemDataRole.UserRole))
            found = wanted in page.text.casefold() if page else self.shortcuts.found
            item.setHidden(not found)
            shown += [row] if found else []
        self.list.setVisible(bool(shown))
        self.nothing.setVisible(not shown)
        if shown and self.list.currentRow() not in shown:
            self.list.setCurrentRow(shown[0])
        self._show_current()

    def _follow(self, link: QUrl) -> None:
        if link.isRelative():
            self.show_page(page_name(Path(link.path())))
        else:
            QDesktopServices.openUrl(link)
