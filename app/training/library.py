"""The library: the models that there are, what made each of them, and what can be done with them."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QIcon, QKeySequence, QPixmap, QShortcut
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.document.settings import load_settings
from app.window import icons, theme
from app.window.background import run_in_background
from app.window.message_bar import MessageBar
from app.window.model_card import ModelCardView
from app.window.push_button import push_button
from engine.errors import VoicebedError
from engine.model_files import (
    DEFAULT,
    SUFFIX,
    ModelCard,
    ModelFile,
    export_model,
    import_model,
    list_models,
    remove_model,
)

NAME, SCORE, SIZE, RATE, DATE, BASE = range(6)
WIDTHS = {NAME: 196, SCORE: 104, SIZE: 72, RATE: 72, DATE: 104}  # pixels; the last column has the rest
HALVES = [640, 560]
LEAST_CARD = 380
SECONDS = 6.0  # for which good news is shown


class Entry(NamedTuple):
    """A model, and the size of its file in bytes."""

    model: ModelFile
    size: int

    @property
    def name(self) -> str:
        """By which it is chosen."""
        return self.model.path.stem


class Library(QWidget):
    """All models in a table, with the card of the selected one beside it.

    Model files are imported by dropping them here.

    Signals:
        use_in_editor(str): split what is open with this model, "" the bundled one.
        default_changed(str): the user wants this model for all new recordings, "" the bundled one.
        changed(): a model was imported or deleted.
    """

    use_in_editor = Signal(str)
    default_changed = Signal(str)
    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self._entries: list[Entry] = []
        self._default = DEFAULT
        self._blank = blank_icon()
        self.bar = MessageBar()
        self.table = QTableWidget(0, len(WIDTHS) + 1)
        self.card = ModelCardView()
        self.import_button = push_button(self.tr("Import…"), self._ask_import, "open")
        self.export_button = push_button(self.tr("Export…"), self._ask_export, "export")
        self.delete_button = push_button(self.tr("Delete"), self._ask_delete, "delete")
        self.default_button = push_button(self.tr("Make it the default"), self._make_default, "check")
        self.use_button = push_button(self.tr("Use in the editor"), self._use)
        self.import_button.setToolTip(
            self.tr("Add a model file, a {0}, to your models; or drop it here").format(SUFFIX)
        )
        self.export_button.setToolTip(self.tr("Write a copy, for another computer or other people"))
        self.default_button.setToolTip(self.tr("Use it for every recording that you open from now on"))
        self.use_button.setToolTip(self.tr("Split the open recording with it"))
        self.use_button.setProperty("role", "primary")
        self._set_up_table()
        self._lay_out()
        self._show_current()

    def reload(self, selected: str = "") -> None:
        """Read the models again, and show the card of the one named, or of the one that was shown."""
        if not selected and (entry := self._current()):
            selected = entry.name

        def look() -> tuple[list[Entry], str]:
            found = [Entry(model, model.path.stat().st_size) for model in list_models()]
            return found, load_settings().model or DEFAULT

        run_in_background(self, look, lambda found: self._fill(found[0], found[1], selected), self._fail)

    def import_files(self, paths: Sequence[Path]) -> None:
        """Add model files to the user's models; what is wrong with one comes in the message bar."""
        self.import_button.setEnabled(False)

        def work() -> tuple[list[str], list[str]]:
            names: list[str] = []
            problems: list[str] = []
            for path in paths:
                try:
                    names.append(import_model(path).path.stem)
                except (VoicebedError, OSError) as error:
                    problems.append(str(error))
            return names, problems

        run_in_background(self, work, lambda done: self._imported(done[0], done[1]), self._fail)

    def export_to(self, path: Path) -> None:
        """Write a copy of the selected model to a file; it appears whole or not at all."""
        if entry := self._current():
            source = entry.model.path
            told = self.tr("{0} is written to {1}.").format(entry.name, path)
            run_in_background(
                self,
                lambda: export_model(source, path),
                lambda _: self.bar.show_message(told, seconds=SECONDS),
                self._fail,
            )

    # Widgets

    def _set_up_table(self) -> None:
        table, header = self.table, self.table.horizontalHeader()
        heads = {
            NAME: self.tr("Model"),
            SCORE: self.tr("OVRL"),
            SIZE: self.tr("Size"),
            RATE: self.tr("Rate"),
            DATE: self.tr("Date"),
            BASE: self.tr("Began as"),
        }
        table.setHorizontalHeaderLabels([heads[column] for column in range(len(heads))])
        table.setAccessibleName(self.tr("Models"))
        table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        table.setFrameShape(QFrame.Shape.NoFrame)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        table.verticalHeader().setDefaultSectionSize(theme.CONTROL + theme.XS)
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        for column, width in WIDTHS.items():
            header.resizeSection(column, width)
        for column in range(table.columnCount()):
            if item := table.horizontalHeaderItem(column):
                side = Qt.AlignmentFlag.AlignRight if column in (SIZE, RATE) else Qt.AlignmentFlag.AlignLeft
                item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
        table.itemSelectionChanged.connect(self._show_current)
        delete = QShortcut(QKeySequence(Qt.Key.Key_Delete), table, context=Qt.ShortcutContext.WidgetShortcut)
        delete.activated.connect(self.delete_button.click)

    def _lay_out(self) -> None:
        hint = QLabel(self.tr("The one with a tick is used for new recordings. Drop a model file here to add it."))
        hint.setProperty("role", "muted")
        files, choices = QHBoxLayout(), QHBoxLayout()
        for row, buttons in (
            (files, (self.import_button, self.export_button, self.delete_button)),
            (choices, (self.default_button, self.use_button)),
        ):
            row.setSpacing(theme.S)
            for button in buttons:
                row.addWidget(button)
        bottom = QHBoxLayout()
        bottom.setSpacing(theme.S)
        bottom.addLayout(files)
        bottom.addStretch()
        bottom.addLayout(choices)
        side = QWidget()
        left = QVBoxLayout(side)
        left.setContentsMargins(0, 0, theme.S, 0)
        left.setSpacing(theme.S)
        left.addWidget(hint)
        left.addWidget(self.table, 1)
        left.addLayout(bottom)
        self.card.setMinimumWidth(LEAST_CARD)
        halves = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        halves.addWidget(side)
        halves.addWidget(self.card)
        halves.setSizes(HALVES)
        halves.setStretchFactor(0, 1)
        halves.setStretchFactor(1, 1)
        halves.setContentsMargins(theme.L, theme.M, theme.L, theme.L)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(halves, 1)

    # The table

    def _fill(self, entries: list[Entry], default: str, selected: str) -> None:
        self._entries, self._default = entries, default
        self.table.blockSignals(True)
        self.table.setRowCount(len(entries))
        for row, entry in enumerate(entries):
            for column, text in self._cells(entry).items():
                item = QTableWidgetItem(text)
                side = Qt.AlignmentFlag.AlignRight if column in (SIZE, RATE) else Qt.AlignmentFlag.AlignLeft
                item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
                item.setToolTip(self._hint(entry, column) or text)
                self.table.setItem(row, column, item)
        self.table.blockSignals(False)
        self._mark_default()
        rows = [row for row, entry in enumerate(entries) if entry.name == (selected or default)]
        self.table.clearSelection()
        if entries:
            self.table.selectRow(rows[0] if rows else 0)
        else:
            self.bar.show_message(self.tr("There is no model here. Import one, a {0} file.").format(SUFFIX), "warning")
        self._show_current()

    def _cells(self, entry: Entry) -> dict[int, str]:
        card = entry.model.card
        score = score_of(card)
        return {
            NAME: entry.name,
            SCORE: f"{score[1]:.2f} → {score[2]:.2f}" if score else "–",
            SIZE: f"{entry.size / 1e6:,.0f} MB" if entry.size >= 1e6 else f"{entry.size / 1e3:,.0f} kB",
            RATE: f"{card.sample_rate / 1000:g} kHz",
            DATE: card.date,
            BASE: card.base or self.tr("nothing"),
        }

    def _hint(self, entry: Entry, column: int) -> str:
        """A tool tip where a cell needs more than its text."""
        if column == SCORE and (score := score_of(entry.model.card)):
            return self.tr(
                "DNSMOS OVRL, 1 to 5, of the recordings as they are and of its speech: {0}. Scores on other recordings "
                "cannot be compared with it."
            ).format(score[0])
        return ""

    def _mark_default(self) -> None:
        for row, entry in enumerate(self._entries):
            item = self.table.item(row, NAME)
            if item is None:
                continue
            default = entry.name == self._default
            origin = self.tr("came with Voicebed") if entry.model.bundled else self.tr("yours")
            spoken = self.tr("{0}, the default").format(entry.name) if default else entry.name
            item.setIcon(icons.icon("check", "accent") if default else self._blank)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, spoken)
            item.setToolTip(f"{spoken}; {origin}")

    def _current(self) -> Entry | None:
        rows = self.table.selectionModel().selectedRows()
        return self._entries[rows[0].row()] if rows else None

    def _show_current(self) -> None:
        entry = self._current()
        for button in (self.export_button, self.use_button):
            button.setEnabled(entry is not None)
        self.delete_button.setEnabled(entry is not None and not entry.model.bundled)
        self.default_button.setEnabled(entry is not None and entry.name != self._default)
        bundled = entry is not None and entry.model.bundled
        self.delete_button.setToolTip(
            self.tr("It came with Voicebed, and stays") if bundled else self.tr("Delete this model's file (Del)")
        )
        self.card.setVisible(entry is not None)
        if entry:
            self.card.show_model(entry.model)

    # What is done with models

    def _use(self) -> None:
        if entry := self._current():
            self.use_in_editor.emit(_setting(entry.name))

    def _make_default(self) -> None:
        if entry := self._current():
            self._default = entry.name
            self._mark_default()
            self._show_current()
            self.default_changed.emit(_setting(entry.name))

    def _ask_import(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(
            self, self.tr("Import models"), filter=self.tr("Models") + f" (*{SUFFIX})"
        )
        if names:
            self.import_files([Path(name) for name in names])

    def _imported(self, names: list[str], problems: list[str]) -> None:
        self.import_button.setEnabled(True)
        if names:
            told = self.tr("{0} is imported.") if len(names) == 1 else self.tr("{0} are imported.")
            self.bar.show_message(told.format(", ".join(names)), seconds=SECONDS)
            self.changed.emit()
        for problem in problems:
            self.bar.show_message(problem, "error")
        self.reload(names[-1] if names else "")

    def _ask_export(self) -> None:
        if entry := self._current():
            name, _ = QFileDialog.getSaveFileName(
                self,
                self.tr("Export the model"),
                entry.name + SUFFIX,
                self.tr("Models") + f" (*{SUFFIX})",
            )
            if name:
                self.export_to(Path(name if name.endswith(SUFFIX) else name + SUFFIX))

    def _ask_delete(self) -> None:
        if entry := self._current():
            question = self.tr("Delete {0}? Its file is gone then; export it first to keep a copy.")
            self.bar.show_message(
                question.format(entry.name), "warning", [(self.tr("Delete"), lambda: self._delete(entry.name))]
            )

    def _delete(self, name: str) -> None:
        run_in_background(self, lambda: remove_model(name), lambda _: self._deleted(name), self._fail)

    def _deleted(self, name: str) -> None:
        self.bar.show_message(self.tr("{0} is deleted.").format(name), seconds=SECONDS)
        if name == self._default:
            self.default_changed.emit("")
        self.changed.emit()
        self.reload(DEFAULT)

    def _fail(self, line: str) -> None:
        self.import_button.setEnabled(True)
        self.bar.show_message(line, "error")

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802  Qt's name
        """Files are welcome; of those that are no models it is said when they are dropped."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802  Qt's name
        """Imports what is dropped."""
        event.acceptProposedAction()
        self.import_files([Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()])


def score_of(card: ModelCard) -> tuple[str, float, float] | None:
    """The first test set with DNSMOS OVRL, and that of its recordings and of the model's speech; None without one."""
    for test_set, rows in card.metrics.items():
        before, after = rows.get("input", {}), rows.get("output", {})
        if "OVRL" in before and "OVRL" in after:
            return test_set, before["OVRL"], after["OVRL"]
    return None


def blank_icon() -> QIcon:
    """As wide as an icon, so that names stand below each other."""
    blank = QPixmap(theme.ICON, theme.ICON)
    blank.fill(Qt.GlobalColor.transparent)
    return QIcon(blank)


def _setting(name: str) -> str:
    """How a model is named in the settings."""
    return "" if name == DEFAULT else name
