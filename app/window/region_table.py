"""The table of regions: each stretch with gains of its own, to edit in place and to reach with a screen reader."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QEvent, QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QHeaderView, QPushButton, QTableView, QVBoxLayout, QWidget

from app.document.document import Document
from app.document.edit import Edit
from app.document.view import ViewState
from app.document.words import clock, decibels, parse_clock, parse_decibels
from app.window import icons, theme
from app.window.observe import observe
from engine.errors import UsageError
from engine.remix import Region

ROWS = 5  # that are seen at first, with the headings

Index = QModelIndex | QPersistentModelIndex


def milliseconds(seconds: float) -> str:
    """A ramp in words: "50 ms"."""
    return f"{1000 * seconds:g} ms"


def parse_milliseconds(text: str) -> float:
    """Seconds from a ramp as typed: "50", "50 ms", "0.05 s".  Raises UsageError for other text."""
    typed = text.strip().lower().replace(",", ".")
    seconds = typed.endswith("s") and not typed.endswith("ms")
    try:
        return float(typed.removesuffix("ms").removesuffix("s")) / (1 if seconds else 1000)
    except ValueError:
        raise UsageError(f"'{text}' is not a ramp; type milliseconds like 50") from None


@dataclass(frozen=True)
class Column:
    """An attribute of `Region`, and how its value is written and read."""

    name: str
    write: Callable[[float], str]
    read: Callable[[str], float]


COLUMNS = (
    Column("start", clock, parse_clock),
    Column("end", clock, parse_clock),
    Column("speech_db", decibels, parse_decibels),
    Column("noise_db", decibels, parse_decibels),
    Column("ramp", milliseconds, parse_milliseconds),
)


class RegionModel(QAbstractTableModel):
    """The regions of a document in the order in which they hold, the later over the earlier.

    Attributes:
        problem: emits a line for the user when a typed value cannot be taken.
    """

    problem = Signal(str)

    def __init__(self, document: Document) -> None:
        super().__init__()
        self._document = document
        self._count = len(self.regions)
        observe(self, document.changed, self._follow)

    @property
    def regions(self) -> tuple[Region, ...]:
        """The document's regions."""
        return self._document.edit.remix.regions

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """One row a region."""
        return 0 if parent.isValid() else self._count

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """The columns of `COLUMNS`."""
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The value in words; for screen readers with the name of its column."""
        if not index.isValid():
            return None
        column = COLUMNS[index.column()]
        words = column.write(getattr(self.regions[index.row()], column.name))
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return words
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{self._heading(index.column())} {words}"
            case Qt.ItemDataRole.TextAlignmentRole:
                return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: N802
        """Names of the columns, above their values; the rows are counted from 1."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._heading(section)
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return super().headerData(section, orientation, role)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """All cells can be edited."""
        return super().flags(index) | Qt.ItemFlag.ItemIsEditable

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: N802
        """Change a region by what was typed; False, with `problem`, where that cannot be."""
        column, region = COLUMNS[index.column()], self.regions[index.row()]
        if role != Qt.ItemDataRole.EditRole or value == column.write(getattr(region, column.name)):
            return False  # untouched; its few digits must not replace a finer value
        try:
            self._document.change_region(index.row(), replace(region, **{column.name: column.read(value)}))
        except UsageError as error:
            self.problem.emit(str(error))
            return False
        return True

    def _heading(self, column: int) -> str:
        return (self.tr("Start"), self.tr("End"), self.tr("Speech"), self.tr("Noise"), self.tr("Ramp"))[column]

    def _follow(self, old: Edit, new: Edit) -> None:
        if old.remix.regions == new.remix.regions:
            return
        if len(self.regions) != self._count:
            self.beginResetModel()
            self._count = len(self.regions)
            self.endResetModel()
        else:
            self.dataChanged.emit(self.index(0, 0), self.index(self._count - 1, len(COLUMNS) - 1))


class RegionTable(QWidget):
    """The regions of a document, with buttons to add, reach and delete them.

    Enter or a double-click edits a value, Delete removes the region.  Choosing a row selects its stretch in the view.

    Attributes:
        seek_requested: emits the start of a region in seconds, for "Go to".
        problem: emits a line for the user when something typed cannot be taken.
    """

    seek_requested = Signal(float)
    problem = Signal(str)

    def __init__(self, document: Document, view: ViewState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document, self._view = document, view
        self.model = RegionModel(document)
        self.model.setParent(self)
        self.model.problem.connect(self.problem)
        self.table = _Table()
        self.table.setModel(self.model)
        self.table.setAccessibleName(self.tr("Regions"))
        self.table.empty_text = self.tr(
            "No regions yet.  Select a stretch of the recording and add it here,\nto give it levels of its own."
        )
        self.table.removal_requested.connect(self.remove)
        self.table.selectionModel().selectionChanged.connect(self._select)
        self.table.clicked.connect(self._select)
        self.add_button = self._button("add", self.tr("Add"), self.tr("Give the selected stretch levels of its own"))
        self.add_button.clicked.connect(self.add)
        self.go_button = self._button("marker", self.tr("Go to"), self.tr("Move the playhead to this region"))
        self.go_button.clicked.connect(self.go)
        self.remove_button = self._button("delete", self.tr("Delete"), self.tr("Give it the levels around it again"))
        self.remove_button.clicked.connect(self.remove)
        buttons = QVBoxLayout()
        buttons.setSpacing(theme.XS)
        for button in (self.add_button, self.go_button, self.remove_button):
            buttons.addWidget(button)
        buttons.addStretch()
        self.setAutoFillBackground(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.M, theme.S, theme.M, theme.S)
        row.setSpacing(theme.S)
        row.addWidget(self.table, 1)
        row.addLayout(buttons)
        self.model.modelReset.connect(self._enable)
        observe(self, view.changed, lambda what: self._enable() if what == "selection" else None)
        self._enable()

    def add(self) -> None:
        """Make the selected stretch a region with the levels that hold everywhere, to be changed from there."""
        if self._view.selection:
            remix = self._document.edit.remix
            region = Region(*self._view.selection, speech_db=remix.speech_db, noise_db=remix.noise_db)
            row = self._document.add_region(region)
            self.table.setCurrentIndex(self.model.index(row, 2))
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def remove(self) -> None:
        """Remove the region of the chosen row; the one after it is chosen."""
        row, column = self._row(), self.table.currentIndex().column()
        if row is not None:
            self._document.remove_region(row)
            self.table.setCurrentIndex(self.model.index(min(row, self.model.rowCount() - 1), column))

    def go(self) -> None:
        """Ask for the playhead to be at the start of the chosen row's region."""
        row = self._row()
        if row is not None:
            self.seek_requested.emit(self.model.regions[row].start)

    def _row(self) -> int | None:
        """The chosen row; the current one is not chosen when only the focus has come."""
        return next((index.row() for index in self.table.selectionModel().selectedRows()), None)

    def _select(self) -> None:
        self._enable()
        row = self._row()
        if row is not None:
            region = self.model.regions[row]
            self._view.select(region.start, region.end)

    def _enable(self) -> None:
        self.add_button.setEnabled(self._view.selection is not None)
        for button in (self.go_button, self.remove_button):
            button.setEnabled(self._row() is not None)

    def _button(self, icon: str, text: str, tip: str) -> QPushButton:
        button = QPushButton(icons.icon(icon), text)
        button.setToolTip(tip)
        return button


class _Table(QTableView):
    """A table that says what to do while it is empty.

    Attributes:
        removal_requested: emits () for the keys that delete.
    """

    removal_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.empty_text = ""
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)  # Tab goes on to the next control
        self.setFont(theme.font())
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setHighlightSections(False)
        self.verticalHeader().setDefaultSectionSize(theme.CONTROL)
        self.verticalHeader().hide()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Room for a few rows; more is a matter of pulling."""
        return QSize(super().sizeHint().width(), ROWS * theme.CONTROL)

    def event(self, event: QEvent) -> bool:
        """Keeps the table's keys from the window's shortcuts while it has the focus."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._is_own(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Deletes and edits by key, besides what tables do."""
        if self._deletes(event):
            self.removal_requested.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            # The Enter that ends an edit comes here too.
            if self.currentIndex().isValid() and self.state() != QAbstractItemView.State.EditingState:
                self.edit(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Draws the rows, or the words for none."""
        super().paintEvent(event)
        if not self.model().rowCount():
            painter = QPainter(self.viewport())
            painter.setPen(theme.colour("muted"))
            painter.drawText(self.viewport().rect(), Qt.AlignmentFlag.AlignCenter, self.empty_text)
            painter.end()

    def _deletes(self, event: QKeyEvent) -> bool:
        return event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)

    def _is_own(self, event: QKeyEvent) -> bool:
        key = Qt.Key
        moves = (key.Key_Left, key.Key_Right, key.Key_Home, key.Key_End, key.Key_PageUp, key.Key_PageDown, key.Key_F2)
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        return plain and (event.key() in moves or self._deletes(event))
