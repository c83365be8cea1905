"""The shortcuts page: every action of the window with its keys, made from the actions themselves."""

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QKeySequence, QShowEvent
from PySide6.QtWidgets import (
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QMenuBar,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.window import theme

Menus = Mapping[str, Sequence[QAction]]


def menus_of(bar: QMenuBar) -> dict[str, list[QAction]]:
    """The actions of a menu bar by the title of their menu, such as "View" or "View › Frequency axis".

    Actions without an object name, such as those of recent files, are left out.
    """
    menus: dict[str, list[QAction]] = {}

    def add(titles: tuple[str, ...], action: QAction) -> None:
        menu = action.menu()
        if isinstance(menu, QMenu):  # PySide says that it is a QObject
            titles = (*titles, plain(action.text()))
            menus[" › ".join(titles)] = []
            for inner in menu.actions():
                add(titles, inner)
        elif titles and action.objectName():
            menus[" › ".join(titles)].append(action)

    for top in bar.actions():
        add((), top)
    return {title: actions for title, actions in menus.items() if actions}


def plain(text: str) -> str:
    """The text of an action or menu without the mark of its access key and without dots at the end."""
    return text.replace("&&", "\0").replace("&", "").replace("\0", "&").removesuffix("…")


class ShortcutsPage(QWidget):
    """A table of the actions by menu, and a field that finds them by name, tip or key.

    Args:
        menus: gives the actions by the title of their menu; asked each time the page appears, so it is never stale.
    """

    def __init__(self, menus: Callable[[], Menus], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._menus = menus
        self._sections: list[tuple[QTreeWidgetItem, list[QTreeWidgetItem]]] = []
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Find an action or a key"))
        self.search.setAccessibleName(self.search.placeholderText())
        self.search.textChanged.connect(self._filter)
        self.table = QTreeWidget()
        self.table.setRootIsDecorated(False)
        self.table.setItemsExpandable(False)
        self.table.setIndentation(theme.S)
        self.table.setAccessibleName(self.tr("Keyboard shortcuts"))
        self.table.setStyleSheet(f"QTreeView::item {{ padding: {theme.XS}px {theme.XS + 1}px; }}")
        self.table.setHeaderLabels([self.tr("Action"), self.tr("Keys"), self.tr("What it does")])
        self.table.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.table.setSelectionMode(QTreeWidget.SelectionMode.SingleSelection)
        self.nothing = QLabel(self.tr("No action has this name or key."), alignment=Qt.AlignmentFlag.AlignCenter)
        self.nothing.setProperty("role", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.S)
        column.addWidget(self.search)
        column.addWidget(self.table, stretch=1)
        column.addWidget(self.nothing)

    @property
    def found(self) -> bool:
        """Whether any action has the text of the field."""
        return not self.table.isHidden()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802  Qt's name
        """Takes the actions as they are now."""
        self.refresh()
        super().showEvent(event)

    def refresh(self) -> None:
        """Take the actions as they are now."""
        self.table.clear()
        self._sections.clear()
        for title, actions in self._menus().items():
            heading = QTreeWidgetItem([title])
            heading.setFlags(Qt.ItemFlag.ItemIsEnabled)
            heading.setFont(0, theme.font(bold=True))
            heading.setSizeHint(0, QSize(0, theme.CONTROL + theme.S))
            self.table.addTopLevelItem(heading)
            heading.setFirstColumnSpanned(True)
            heading.setExpanded(True)
            rows: list[QTreeWidgetItem] = []
            for action in actions:
                name = action.iconText().removesuffix("…")
                tip = action.statusTip()
                row = QTreeWidgetItem(heading, [name, keys_of(action), "" if tip == name else tip])
                row.setToolTip(2, row.text(2))
                rows.append(row)
            self._sections.append((heading, rows))
        self._filter(self.search.text())

    def _filter(self, text: str) -> None:
        wanted = text.strip().casefold()
        found = False
        for heading, rows in self._sections:
            for row in rows:
                row.setHidden(not any(wanted in row.text(column).casefold() for column in range(3)))
            heading.setHidden(all(row.isHidden() for row in rows))
            found = found or not heading.isHidden()
        self.table.setVisible(found)
        self.nothing.setVisible(not found)


def keys_of(action: QAction) -> str:
    """The keys of an action as the system writes them, alternatives set apart by commas; "" for none."""
    return ", ".join(keys.toString(QKeySequence.SequenceFormat.NativeText) for keys in action.shortcuts())
