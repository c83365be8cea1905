"""What the audit found: a traffic light in a line, how alike the voices are, and a table of the files."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.window import icons, theme
from app.window.split_bar import duration

ROLES = ("noisy", "clean", "noise")
GRADES = ("leave out", "look", "ok")  # the gravest first
GRADE_ICONS = {"leave out": ("error", "error"), "look": ("warning", "warning"), "ok": ("check", "muted")}
LIGHT_ICONS = {"ok": ("check", "accent"), "look": ("warning", "warning"), "stop": ("error", "error")}
NEAR_DB, FAR_DB = 5.0, 8.0  # between the spectra of voices, as in trainer.audit.distance
KEPT = 0.5  # where the audit would leave more of a folder than this out, only what cannot be read is left out
BLEED = "Of the clean files"  # begins the audit's finding on them, of which more is said here
POINTS = 3  # lines of findings
EXCLUDE, PLAY, FILE, FOLDER, LENGTH, FOUND = range(6)

Index = QModelIndex | QPersistentModelIndex


@dataclass(slots=True)
class Row:
    """A file: `excluded` is what the user decides, the rest what the audit says."""

    role: str
    name: str
    grade: str
    reasons: list[list[str]]
    seconds: float | None
    bleeds: bool
    excluded: bool = False

    @property
    def words(self) -> str:
        """All that speaks against it."""
        return "; ".join(f"{what} ({detail})" if detail else what for what, detail in self.reasons)


@dataclass(frozen=True)
class Found:
    """The audit's result as `app.jobs.training_tasks.audit` returns it."""

    grade: str = "ok"
    verdict: str = ""
    findings: list[list[str]] = field(default_factory=list)
    corpora: dict[str, dict[str, Any]] = field(default_factory=dict)
    distance_db: float | None = None
    distance_words: str | None = None


class AuditModel(QAbstractTableModel):
    """The files, as fluid with ten thousand of them as with ten.

    Attributes:
        rows: all files, in the order of the audit.
        playing: the path that is played.
        folders: role -> the folder that the names are relative to.

    Signals:
        excluded_changed(): other files are left out.
    """

    excluded_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: list[Row] = []
        self.folders: dict[str, Path] = {}
        self.playing: Path | None = None
        self._shown: list[Row] = []
        self._role, self._found_only = "", False
        self._column, self._order = FOUND, Qt.SortOrder.AscendingOrder
        self._heads = (
            self.tr("Exclude"),
            "",
            self.tr("File"),
            self.tr("Folder"),
            self.tr("Length"),
            self.tr("What was found"),
        )
        self._roles = {"noisy": self.tr("Noisy"), "clean": self.tr("Clean"), "noise": self.tr("Noise")}
        self._fine = self.tr("fine")

    def set_rows(self, rows: Iterable[Row], folders: dict[str, Path]) -> None:
        """Show these files."""
        self.rows, self.folders = list(rows), folders
        self._refill()

    def show_only(self, role: str, found_only: bool) -> None:
        """Show the files of one folder, "" for all; `found_only` those against which something speaks."""
        self._role, self._found_only = role, found_only
        self._refill()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """As a click on a header wants it."""
        self._column, self._order = column, order
        self._refill()

    def row(self, index: Index) -> Row:
        """The file of a line."""
        return self._shown[index.row()]

    def path(self, row: Row) -> Path:
        """Where a file is."""
        return self.folders[row.role] / row.name

    def exclude(self, rows: Sequence[Row], excluded: bool) -> None:
        """Leave files out, or take them in again."""
        for row in rows:
            row.excluded = excluded
        self._repaint()
        self.excluded_changed.emit()

    def set_playing(self, path: Path | None) -> None:
        """Show which file is played."""
        self.playing = path
        self._repaint()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008  Qt's
        """How many are shown."""
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008  Qt's
        """Six."""
        return 0 if parent.isValid() else len(self._heads)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: N802
        """The heads of the columns."""
        across = orientation == Qt.Orientation.Horizontal
        if role == Qt.ItemDataRole.DisplayRole and across:
            return self._heads[section]
        if role == Qt.ItemDataRole.ToolTipRole and across and section == EXCLUDE:
            return self.tr("Checked files are left out of the training")
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """The first column can be checked."""
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags | Qt.ItemFlag.ItemIsUserCheckable if index.column() == EXCLUDE else flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a cell shows."""
        row, column = self._shown[index.row()], index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._text(row, column)
            case Qt.ItemDataRole.CheckStateRole if column == EXCLUDE:
                return Qt.CheckState.Checked if row.excluded else Qt.CheckState.Unchecked
            case Qt.ItemDataRole.DecorationRole if column == PLAY:
                return icons.icon("stop" if self.playing == self.path(row) else "play")
            case Qt.ItemDataRole.DecorationRole if column == FOUND:
                return icons.icon(*GRADE_ICONS[row.grade])
            case Qt.ItemDataRole.ToolTipRole:
                return self._tip(row, column)
            case Qt.ItemDataRole.TextAlignmentRole if column == LENGTH:
                return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            case Qt.ItemDataRole.AccessibleTextRole:
                return self._spoken(row, column)
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: N802  Qt's name
        """Checks and unchecks."""
        if role != Qt.ItemDataRole.CheckStateRole:
            return False
        self.exclude([self.row(index)], Qt.CheckState(value) == Qt.CheckState.Checked)
        return True

    def _text(self, row: Row, column: int) -> str | None:
        match column:
            case 2:
                return row.name
            case 3:
                return self._roles[row.role]
            case 4:
                return duration(row.seconds) if row.seconds else ""
            case 5:
                return (row.words[:1].upper() + row.words[1:]) or self._fine
        return None

    def _tip(self, row: Row, column: int) -> str:
        match column:
            case 0:
                return self.tr("Take it in again") if row.excluded else self.tr("Leave it out")
            case 1:
                return self.tr("Listen (Enter)")
            case 2:
                return str(self.path(row))
        return self._text(row, column) or ""

    def _spoken(self, row: Row, column: int) -> str:
        if column == EXCLUDE:
            return self.tr("left out") if row.excluded else self.tr("used")
        if column == PLAY:
            return self.tr("Listen to {0}").format(row.name)
        return self._text(row, column) or ""

    def _refill(self) -> None:
        self.beginResetModel()
        shown = [
            row
            for row in self.rows
            if (not self._role or row.role == self._role) and not (self._found_only and row.grade == "ok")
        ]
        keys: dict[int, Callable[[Row], Any]] = {
            EXCLUDE: lambda row: not row.excluded,
            FILE: attrgetter("name"),
            FOLDER: lambda row: ROLES.index(row.role),
            LENGTH: lambda row: row.seconds or 0.0,
            FOUND: lambda row: (GRADES.index(row.grade), row.reasons[0][0] if row.reasons else ""),
        }
        if self._column in keys:
            shown.sort(key=keys[self._column], reverse=self._order == Qt.SortOrder.DescendingOrder)
        self._shown = shown
        self.endResetModel()

    def _repaint(self) -> None:
        if self._shown:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._shown) - 1, len(self._heads) - 1))


class FileView(QTableView):
    """The table: Space leaves the selected files out or takes them in, Enter or a click on the triangle plays.

    Signals:
        play_requested(Path): somebody wants to hear a file.
    """

    play_requested = Signal(object)

    def __init__(self, model: AuditModel) -> None:
        super().__init__()
        self._model = model
        self.setModel(model)
        self.setAccessibleName(self.tr("Files that were looked at"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setSortingEnabled(True)
        self.sortByColumn(FOUND, Qt.SortOrder.AscendingOrder)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(theme.CONTROL)
        self.setItemDelegate(FoundDelegate(self))
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column, width in ((EXCLUDE, 72), (PLAY, 36), (FILE, 232), (FOLDER, 72), (LENGTH, 72)):
            header.resizeSection(column, width)
        header.setSectionResizeMode(EXCLUDE, QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(PLAY, QHeaderView.ResizeMode.Fixed)
        header.setStretchLastSection(True)

    def selected(self) -> list[Row]:
        """The files of the selected lines."""
        return [self._model.row(index) for index in self.selectionModel().selectedRows(FILE)]

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Space and Enter."""
        rows = self.selected()
        if event.key() == Qt.Key.Key_Space and rows:
            self._model.exclude(rows, not all(row.excluded for row in rows))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.play_requested.emit(self._model.path(self._model.row(self.currentIndex())))
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Keeps Space and Enter for the table, before the window's own actions for these keys."""
        keys = Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() in keys:
            event.accept()
            return True
        return super().event(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        """A click on the triangle."""
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and index.column() == PLAY and event.button() == Qt.MouseButton.LeftButton:
            self.play_requested.emit(self._model.path(self._model.row(index)))


class FoundDelegate(QStyledItemDelegate):
    """Files that are left out are faint."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:  # noqa: N802  Qt's name
        """The colour of the words."""
        super().initStyleOption(option, index)
        model = index.model()
        assert isinstance(model, AuditModel)
        ink = "faint" if model.row(index).excluded else "muted" if index.column() in (FOLDER, LENGTH) else "text"
        option.palette.setColor(QPalette.ColorRole.Text, theme.colour(ink))  # pyright: ignore
        if index.column() in (EXCLUDE, PLAY):
            option.displayAlignment = Qt.AlignmentFlag.AlignCenter  # pyright: ignore

    def editorEvent(  # noqa: N802  Qt's name
        self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index
    ) -> bool:
        """A click anywhere in the first column checks or unchecks."""
        if index.column() != EXCLUDE or event.type() != QEvent.Type.MouseButtonRelease:
            return False
        checked = index.data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Checked
        wanted = Qt.CheckState.Unchecked if checked else Qt.CheckState.Checked
        return model.setData(index, wanted, Qt.ItemDataRole.CheckStateRole)  # pyright: ignore[reportArgumentType]


class TrafficLight(QFrame):
    """A line with a colour and an icon, and perhaps something to do about it."""

    STRIPE, GROUND = 3, 0.10  # pixels at the left edge, and how much of its colour the ground has

    def __init__(self) -> None:
        super().__init__()
        self.grade = "ok"
        self.text = QLabel(wordWrap=True)
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.button = QPushButton()
        row = QHBoxLayout(self)
        row.setContentsMargins(self.STRIPE + theme.M + theme.ICON + theme.S, theme.S, theme.S, theme.S)
        row.setSpacing(theme.S)
        row.addWidget(self.text, 1)
        row.addWidget(self.button)
        self.button.hide()

    def show_line(self, grade: str, words: str, button: str = "") -> None:
        """Show words in the colour of "ok", "look" or "stop"."""
        self.grade = grade
        self.text.setText(words)
        self.setAccessibleName(words)
        self.button.setText(button)
        self.button.setVisible(bool(button))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """The ground, the stripe and the icon."""
        painter, (name, tint) = QPainter(self), LIGHT_ICONS[self.grade]
        painter.fillRect(self.rect(), theme.colour(tint, self.GROUND))
        painter.fillRect(0, 0, self.STRIPE, self.height(), theme.colour(tint))
        side = theme.ICON
        icons.icon(name, tint).paint(painter, QRect(self.STRIPE + theme.M, (self.height() - side) // 2, side, side))


class AuditTable(QWidget):
    """All that the audit found.

    Signals:
        play_requested(Path): somebody wants to hear a file.
        excluded_changed(): other files are left out.
    """

    play_requested = Signal(object)
    excluded_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.found = Found()
        self.light = TrafficLight()
        self.light.button.clicked.connect(self._exclude_bleeding)
        self.distance = QLabel(wordWrap=True)
        self.model = AuditModel(self)
        self.view = FileView(self.model)
        self.view.play_requested.connect(self.play_requested)
        self.model.excluded_changed.connect(self._changed)
        self.folder = QComboBox()
        self.folder.setAccessibleName(self.tr("Which files to show"))
        for name, words in (
            ("", self.tr("All folders")),
            ("noisy", self.tr("Noisy recordings")),
            ("clean", self.tr("Clean speech")),
            ("noise", self.tr("Noise")),
        ):
            self.folder.addItem(words, name)
        self.found_only = QPushButton(self.tr("Only what was found"))
        self.found_only.setCheckable(True)
        self.found_only.setToolTip(self.tr("Hide the files against which nothing speaks"))
        self.summary = QLabel()
        self.summary.setProperty("role", "muted")
        self.folder.currentIndexChanged.connect(self._filter)
        self.found_only.toggled.connect(self._filter)
        tools = QHBoxLayout()
        tools.setSpacing(theme.S)
        for widget in (self.folder, self.found_only, self.summary):
            tools.addWidget(widget)
        tools.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.S)
        column.addWidget(self.light)
        column.addWidget(self.distance)
        column.addLayout(tools)
        column.addWidget(self.view, 1)

    @property
    def excluded(self) -> list[tuple[Path, str]]:
        """The files to leave out, and why."""
        words = self.tr("as you chose")
        return [(self.model.path(row), row.words or words) for row in self.model.rows if row.excluded]

    def show_audit(self, rows: Sequence[Sequence[Any]], result: dict[str, Any]) -> None:
        """Show a finished audit; what it would leave out is left out, until the user decides otherwise.

        Args:
            rows, result: as `app.jobs.training_tasks.audit` gives them.
        """
        self.found = Found(**result)
        made = [Row(*row) for row in rows]
        for row in made:
            corpus = self.found.corpora[row.role]
            mostly_good = corpus["hours_kept"] >= KEPT * corpus["hours"]
            row.excluded = row.grade == "leave out" and (mostly_good or row.seconds is None)
        folders = {role: Path(corpus["folder"]) for role, corpus in self.found.corpora.items()}
        self.model.set_rows(made, folders)
        self.distance.setText(self._distance_words())
        self._changed()

    def without_files(self) -> str:
        """The first folder of which every file is left out; "" where there is none."""
        used = {row.role for row in self.model.rows if not row.excluded}
        return next((role for role in self.found.corpora if role not in used), "")

    def _filter(self) -> None:
        self.model.show_only(self.folder.currentData(), self.found_only.isChecked())

    def _changed(self) -> None:
        rows = self.model.rows
        out = sum(row.excluded for row in rows)
        self.summary.setText(self.tr("{0} files, {1} left out").format(f"{len(rows):,}", f"{out:,}"))
        self._show_light()
        self.excluded_changed.emit()

    def _bleeding(self) -> list[Row]:
        return [row for row in self.model.rows if row.bleeds]

    def _exclude_bleeding(self) -> None:
        bleeding = self._bleeding()
        self.model.exclude(bleeding, not all(row.excluded for row in bleeding))

    def _show_light(self) -> None:
        """The gravest of what was found, in one line."""
        bleeding, found = self._bleeding(), self.found
        clean = found.corpora.get("clean", {}).get("files", 0)
        left_out = sum(row.excluded for row in bleeding)
        if empty := self.without_files():
            names = {"noisy": self.tr("noisy"), "clean": self.tr("clean"), "noise": self.tr("noise")}
            words = self.tr("Every file of the {0} folder is left out: take some in again, or choose another folder.")
            self.light.show_line("stop", words.format(names[empty]))
        elif found.grade == "stop":
            self.light.show_line("stop", found.verdict)
        elif bleeding and left_out < len(bleeding):
            words = self.tr(
                "Clean folder: {0} of {1} files have room noise. Training on them makes results worse: exclude them?"
            )
            self.light.show_line(
                "look", words.format(len(bleeding), clean), self.tr("Exclude {0} files").format(len(bleeding))
            )
        elif bleeding:
            words = self.tr("Clean folder: {0} of {1} files with room noise are left out.\n{2}")
            self.light.show_line(self._rest, words.format(len(bleeding), clean, self._looks()), self.tr("Undo"))
        else:
            self.light.show_line(found.grade, self._looks())

    @property
    def _rest(self) -> str:
        """The grade of what is left once no clean file has room noise."""
        return "look" if any(g == "look" and not words.startswith(BLEED) for g, words in self.found.findings) else "ok"

    def _looks(self) -> str:
        """What else is to be looked at; all of it stands in the tool tip."""
        points = [words for grade, words in self.found.findings if grade != "ok" and not words.startswith(BLEED)]
        self.light.setToolTip("\n\n".join(words for _, words in self.found.findings))
        if len(points) > POINTS:
            points[POINTS - 1 :] = [
                self.tr("{0} points more, in the tip of this line.").format(len(points) - POINTS + 1)
            ]
        return "\n".join(points) or self.tr("Good to train on.")

    def _distance_words(self) -> str:
        """In two sentences, whether the clean voices are of the domain of the noisy ones."""
        measured = self.found.distance_db
        if measured is None:
            return self.tr(
                "How alike the voices of the two folders are cannot be told: one of them has too little speech. "
                "Listen to some files of each."
            )
        self.distance.setToolTip(self.found.distance_words or "")
        if measured <= NEAR_DB:
            words = self.tr(
                "In domain: the clean voices sound like those of your recordings, {0:.1f} dB apart, where up to "
                "{1:.0f} is usual between good collections. What the model learns of clean speech fits yours."
            )
        elif measured <= FAR_DB:
            words = self.tr(
                "Partly out of domain: the clean voices sound somewhat different from those of your recordings, "
                "{0:.1f} dB apart, where up to {1:.0f} is usual. Expect a little of their colour in the result, or add "
                "clean speech recorded like yours."
            )
        else:
            words = self.tr(
                "Out of domain: the clean voices sound very different from those of your recordings, {0:.1f} dB apart, "
                "where up to {1:.0f} is usual. The result may sound like them; better take clean speech recorded like "
                "yours."
            )
        return words.format(measured, NEAR_DB)

    def sizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """Room for ten files."""
        return QSize(720, 420)
