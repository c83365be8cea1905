"""Many files with the same settings: a list that says where each is, the form, start and cancel."""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum, auto
from pathlib import Path
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QKeySequence, QPainter, QPalette, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.document.presets import BUNDLED
from app.document.settings import Settings
from app.document.words import decibels
from app.jobs.client import Job
from app.window import theme
from app.window.export_dialog import level
from app.window.fixed_words import in_words
from app.window.message_bar import MessageBar
from app.window.output_form import WIDTH, OutputForm
from app.window.output_names import numbered, preset_name
from app.window.push_button import push_button
from app.window.reveal import reveal
from app.window.time_left import TimeLeft
from engine.delivery import Delivery, delivery_data
from engine.errors import VoicebedError
from engine.remix import Remix, remix_data

SIZE = (760, 760)
NATURAL = next(preset for preset in BUNDLED if preset.noise_db == -18)  # where no recording says otherwise
SHARE, TINT = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1  # of a state: how much is done, and its colour


class State(Enum):
    """Where a file is."""

    WAITING = auto()
    RUNNING = auto()
    DONE = auto()
    FAILED = auto()
    CANCELLED = auto()


TINTS = {State.WAITING: "muted", State.FAILED: "error", State.CANCELLED: "muted"}


class BatchFile(QTreeWidgetItem):
    """A line of the list.

    Attributes:
        path: the recording.
        state: where it is.
        outputs: what was or is being written.
    """

    def __init__(self, path: Path, words: str) -> None:
        super().__init__([path.name])
        self.path, self.outputs = path, list[Path]()
        self.setToolTip(0, str(path))
        self.show_state(State.WAITING, words)

    def show_state(self, state: State, words: str, share: float | None = None) -> None:
        """Show where the file is, and how much of it is done, 0 to 1."""
        self.state = state
        self.setText(1, words)
        self.setToolTip(1, words)
        self.setData(1, SHARE, share)
        self.setData(1, TINT, TINTS.get(state, "text"))


class BatchPanel(QDialog):
    """A window that processes files one after another; it goes on while the window is closed.

    Args:
        submit: called with "mixdown" and its arguments.  May raise VoicebedError.
        settings: where the form begins; remembers what was chosen.
    """

    def __init__(self, submit: Callable[..., Job], settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setAcceptDrops(True)
        self.setWindowTitle(self.tr("Process many files"))
        self._submit, self._settings = submit, settings
        self._remix: Remix | None = None  # of the open recording
        self._model: str | None = None  # of the open recording; None is the default
        self._job: Job | None = None
        self._running: BatchFile | None = None
        self.bar = MessageBar()
        self.list = QTreeWidget()
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setAccessibleName(self.tr("Files"))
        self.list.setHeaderLabels([self.tr("Recording"), self.tr("State")])
        self.list.setStyleSheet(f"QTreeView::item {{ padding-left: {theme.S}px; }}")
        self.list.setSelectionMode(QTreeWidget.SelectionMode.ExtendedSelection)
        self.list.setItemDelegate(StateDelegate(self.list))
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        self.list.header().resizeSection(0, SIZE[0] * 2 // 5)
        self.hint = QLabel(self.tr("Drop recordings here"), self.list, alignment=Qt.AlignmentFlag.AlignCenter)
        self.hint.setProperty("role", "title")
        self.form = OutputForm(settings)
        self.gains = QComboBox()
        self.gains.setToolTip(self.tr("The levels of speech and noise in every file"))
        self.gains.setFixedWidth(2 * WIDTH + theme.S)
        self.problem = QLabel(wordWrap=True)
        self.problem.setProperty("role", "error")
        self.summary = QLabel()
        self.summary.setProperty("role", "muted")
        self.add_button = push_button(self.tr("Add files…"), self._choose_files, "add")
        self.remove_button = push_button(self.tr("Remove"), self.remove_selected, "delete")
        self.retry_button = push_button(self.tr("Retry failed"), self.retry_failed, "retry")
        self.reveal_button = push_button(self.tr("Reveal in folder"), self._reveal, "folder")
        self.close_button = push_button(self.tr("Close"), self.close)
        self.cancel_button = push_button(self.tr("Cancel all"), self.cancel_all)
        self.start_button = push_button(self.tr("Start"), self.start)
        self.start_button.setProperty("role", "primary")
        self._fill_gains()
        self._lay_out()
        self.form.changed.connect(self._update)
        self.form.problem.connect(lambda line: self.bar.show_message(line, "error"))
        self.list.itemSelectionChanged.connect(self._update)
        self.list.itemActivated.connect(self._reveal)
        QShortcut(QKeySequence.StandardKey.Delete, self.list, self.remove_selected).setContext(
            Qt.ShortcutContext.WidgetShortcut
        )
        self._update()

    @property
    def files(self) -> list[BatchFile]:
        """All files, in order."""
        found = (self.list.topLevelItem(row) for row in range(self.list.topLevelItemCount()))
        return [file for file in found if isinstance(file, BatchFile)]

    def set_remix(self, remix: Remix, delivery: Delivery, model: str) -> None:
        """Take over the levels, delivery and model of the open recording; nothing changes while files are processed."""
        if self._running is None:
            self._remix, self._model = Remix(remix.speech_db, remix.noise_db), model
            self.form.set_delivery(delivery)
            self._fill_gains()

    def add_files(self, paths: Sequence[Path]) -> None:
        """Add files to the list; one that is there and has ended waits again."""
        known = {file.path: file for file in self.files}
        for path in dict.fromkeys(paths):
            if path not in known:
                self.list.addTopLevelItem(BatchFile(path, self.tr("Waiting")))
            elif known[path].state not in (State.WAITING, State.RUNNING):
                known[path].show_state(State.WAITING, self.tr("Waiting"))
        self._update()

    def start(self) -> None:
        """Process all files that wait or were cancelled."""
        for file in self.files:
            if file.state is State.CANCELLED:
                file.show_state(State.WAITING, self.tr("Waiting"))
        self.form.remember(self._settings)
        self._next()

    def retry_failed(self) -> None:
        """Process the files that failed once more."""
        for file in self.files:
            if file.state is State.FAILED:
                file.show_state(State.WAITING, self.tr("Waiting"))
        if self._running is None:
            self.start()

    def cancel_all(self) -> None:
        """Stop the file that is being processed, and do not begin others."""
        for file in self.files:
            if file.state is State.WAITING:
                file.show_state(State.CANCELLED, self.tr("Cancelled"))
        if self._job and self._running:
            self._running.show_state(State.RUNNING, self.tr("Cancelling…"))
            self._job.cancel()
        self._update()

    def remove_selected(self) -> None:
        """Take the selected files off the list, but for one that is being processed."""
        for file in self.list.selectedItems():
            if file is not self._running:
                self.list.takeTopLevelItem(self.list.indexOfTopLevelItem(file))
        self._update()

    def _fill_gains(self) -> None:
        """The levels of the open recording, if there is one, then the presets."""
        presets = (*BUNDLED, *self._settings.presets)
        choices = [(in_words(preset.name), preset.name, preset.applied(Remix())) for preset in presets]
        if self._remix:
            name = preset_name(self._remix, self._settings.presets)
            choices.insert(0, (self.tr("As in the editor"), name, self._remix))
        self.gains.clear()
        for title, name, remix in choices:
            words = self.tr("{title}: speech {speech}, noise {noise}").format(
                title=title, speech=decibels(remix.speech_db), noise=decibels(remix.noise_db)
            )
            self.gains.addItem(words, (name, remix))
        self.gains.setCurrentIndex(0 if self._remix else BUNDLED.index(NATURAL))

    def _lay_out(self) -> None:
        self.form.rows.insertRow(0, self.tr("Levels"), self.gains)
        self.gains.setAccessibleName(self.tr("Levels"))
        over = QVBoxLayout(self.list.viewport())
        over.addWidget(self.hint)
        tools, buttons = QHBoxLayout(), QHBoxLayout()
        for row, widgets in (
            (tools, (self.add_button, self.remove_button, self.retry_button, self.reveal_button, None, self.summary)),
            (buttons, (None, self.close_button, self.cancel_button, self.start_button)),
        ):
            row.setSpacing(theme.S)
            for widget in widgets:
                if widget:
                    row.addWidget(widget)
                else:
                    row.addStretch()
        inside = QVBoxLayout()
        inside.setContentsMargins(theme.L, theme.L, theme.L, theme.L)
        inside.setSpacing(theme.M)
        inside.addWidget(self.list, stretch=1)
        inside.addLayout(tools)
        inside.addWidget(self.form)
        inside.addWidget(self.problem)
        inside.addLayout(buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addLayout(inside)
        self.resize(*SIZE)

    def _update(self) -> None:
        """Show what can be done now."""
        files, running = self.files, self._running is not None
        states = [file.state for file in files]
        problem = "" if self.form.tracks else self.tr("Choose what to write: the remix, the speech or the noise.")
        try:
            self.form.paths(Path("recording.wav"), "")
        except VoicebedError as error:
            problem = problem or str(error)
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        todo = State.WAITING in states or State.CANCELLED in states
        self.hint.setVisible(not files)
        self.form.setEnabled(not running)
        self.start_button.setEnabled(todo and not running and not problem)
        self.cancel_button.setEnabled(running)
        self.retry_button.setEnabled(State.FAILED in states and not problem)
        selected = [file for file in files if file.isSelected()]
        self.remove_button.setEnabled(any(file is not self._running for file in selected))
        self.reveal_button.setEnabled(any(file.state is State.DONE for file in selected))
        counts = (
            (self.tr("{0} of {1} done"), states.count(State.DONE)),
            (self.tr("{0} failed"), states.count(State.FAILED)),
        )
        self.summary.setText(", ".join(words.format(number, len(files)) for words, number in counts if number))

    def _next(self) -> None:
        """Begin with the next file that waits; those that cannot even begin fail."""
        self._job = self._running = None
        for file in self.files:
            if file.state is State.WAITING:
                try:
                    self._begin(file)
                    break
                except VoicebedError as error:
                    file.show_state(State.FAILED, self._reason(file, str(error)))
        self._update()

    def _begin(self, file: BatchFile) -> None:
        name, remix = self.gains.currentData()
        taken = [path for other in self.files if other is not file for path in other.outputs]
        paths = {track: numbered(path, taken) for track, path in self.form.paths(file.path, name).items()}
        job = self._submit(
            "mixdown",
            path=str(file.path),
            outputs=[{"track": track, "path": str(path)} for track, path in paths.items()],
            remix=remix_data(remix),
            delivery=delivery_data(self.form.delivery),
            model=self._settings.model if self._model is None else self._model,
            device=self._settings.device,
        )
        file.outputs = list(paths.values())
        self._job, self._running = job, file
        file.show_state(State.RUNNING, self.tr("Starting…"), 0.0)
        left = TimeLeft()
        job.progressed.connect(lambda done, total: self._show_progress(left, done, total))
        job.finished.connect(lambda result: self._ended(State.DONE, self._done_words(result)))
        job.failed.connect(lambda message, _: self._ended(State.FAILED, self._reason(file, message)))
        job.cancelled.connect(lambda: self._ended(State.CANCELLED, self.tr("Cancelled")))

    def _show_progress(self, left: TimeLeft, done: float, total: float) -> None:
        if self._running:
            self._running.show_state(State.RUNNING, left.words(done, total), done / total)

    def _done_words(self, result: Mapping[str, Any]) -> str:
        remixes = [file for file in result["outputs"] if file["track"] == "remix"]
        if not remixes:
            return self.tr("Done")
        before, after = (level(remixes[0][name], "LUFS") for name in ("loudness_before", "loudness"))
        return self.tr("Done, {before} → {after}").format(before=before.removesuffix(" LUFS"), after=after)

    @staticmethod
    def _reason(file: BatchFile, message: str) -> str:
        """The message without the path, which the line shows already."""
        reason = message.removeprefix(str(file.path)).lstrip(": ")
        return reason[:1].upper() + reason[1:]

    def _ended(self, state: State, words: str) -> None:
        if self._running:
            self._running.show_state(state, words)
            if state is not State.DONE:
                self._running.outputs = []
        self._next()

    def _reveal(self) -> None:
        done = [file for file in self.files if file.isSelected() and file.state is State.DONE]
        if done:
            reveal(done[0].outputs[0])

    def _choose_files(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, self.tr("Add files"))
        self.add_files([Path(name) for name in names])

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802  Qt's name
        """Files are welcome."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:  # noqa: N802  Qt's name
        """Everywhere."""
        event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802  Qt's name
        """Adds the files."""
        event.acceptProposedAction()
        self.add_files([Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()])


class StateDelegate(QStyledItemDelegate):
    """Paints a state in its colour, over a bar of how much is done."""

    BAR = 3  # pixels

    def initStyleOption(  # noqa: N802  Qt's name
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """The colour of the words."""
        super().initStyleOption(option, index)
        option.palette.setColor(QPalette.ColorRole.Text, theme.colour(index.data(TINT) or "text"))  # pyright: ignore

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """The words and the bar."""
        super().paint(painter, option, index)
        if (share := index.data(SHARE)) is not None:
            cell: QRect = option.rect  # pyright: ignore[reportAttributeAccessIssue]  PySide's stubs lack it
            line = QRect(cell.left(), cell.bottom() - self.BAR, cell.width() - theme.S, self.BAR)
            painter.fillRect(line, theme.colour("raised"))
            line.setWidth(round(line.width() * share))
            painter.fillRect(line, theme.colour("accent"))

    def sizeHint(  # noqa: N802  Qt's name
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> Any:
        """As high as a button."""
        size = super().sizeHint(option, index)
        size.setHeight(theme.CONTROL)
        return size
