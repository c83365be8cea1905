"""The three folders that a model is trained on: places to drop them, with what is in each."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from app.jobs.client import Job
from app.window import icons, theme

HEIGHT, DASH = 132, 4  # pixels


class FolderZone(QFrame):
    """A place for one folder: drop it, choose it by the button, or press Enter.

    Args:
        title, hint: what belongs there, and in which words.
        optional: it can be emptied again, and nothing is wanted of it.

    Attributes:
        folder: the chosen one, or None.

    Signals:
        chosen(): `folder` is another one.
        problem(str): what was dropped cannot be used.
    """

    chosen = Signal()
    problem = Signal(str)

    def __init__(self, title: str, hint: str, tint: str, optional: bool = False) -> None:
        super().__init__()
        self.folder: Path | None = None
        self._title, self._hint, self._tint = title, hint, tint
        self._welcoming = False
        self.setAcceptDrops(True)
        self.setMinimumHeight(HEIGHT)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(title)
        heading = QLabel(title)
        heading.setProperty("role", "title")
        heading.setFixedHeight(theme.CONTROL)  # as high as the button that comes and goes beside it
        self.name = QLabel()
        self.about = QLabel(wordWrap=True)
        self.about.setProperty("role", "muted")
        self.choose_button = QPushButton(icons.icon("folder"), self.tr("Choose…"))
        self.choose_button.setAccessibleName(self.tr("Choose the folder: {0}").format(title))
        self.choose_button.clicked.connect(self.choose)
        self.clear_button = QToolButton()
        self.clear_button.setIcon(icons.icon("cancel"))
        self.clear_button.setProperty("role", "flat")
        self.clear_button.setToolTip(self.tr("Take this folder away"))
        self.clear_button.setAccessibleName(self.tr("Take the folder away: {0}").format(title))
        self.clear_button.clicked.connect(lambda: self.set_folder(None))
        top, bottom = QHBoxLayout(), QHBoxLayout()
        top.addWidget(heading)
        if optional:
            self._optional = QLabel(self.tr("optional"))
            self._optional.setProperty("role", "muted")
            top.addWidget(self._optional)
        top.addStretch()
        top.addWidget(self.clear_button)
        bottom.addWidget(self.choose_button)
        bottom.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.L, theme.M, theme.M, theme.M)
        column.setSpacing(theme.XS)
        column.addLayout(top)
        column.addWidget(self.name)
        column.addWidget(self.about)
        column.addStretch()
        column.addLayout(bottom)
        self._show()

    def set_folder(self, folder: Path | None) -> None:
        """Take a folder, or none."""
        if folder != self.folder:
            self.folder = folder
            self._show()
            self.chosen.emit()

    def show_about(self, words: str, role: str = "muted") -> None:
        """Say what is in the folder; `role` "error" where that is a problem."""
        self.about.setText(words)
        if self.about.property("role") != role:
            self.about.setProperty("role", role)
            self.about.style().polish(self.about)

    def choose(self) -> None:
        """Ask for the folder."""
        start = str(self.folder.parent) if self.folder else ""
        if name := QFileDialog.getExistingDirectory(self, self._title, start):
            self.set_folder(Path(name))

    def _show(self) -> None:
        self.name.setVisible(self.folder is not None)
        self.clear_button.setVisible(self.folder is not None)
        if self.folder:
            width = max(120, self.width() - 2 * theme.L)
            self.name.setText(
                self.name.fontMetrics().elidedText(
                    self.folder.name or str(self.folder), Qt.TextElideMode.ElideMiddle, width
                )
            )
            self.name.setToolTip(str(self.folder))
        self.show_about(self.tr("Counting…") if self.folder else self._hint)
        self.update()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802  Qt's name
        """Folders are welcome; of files it is said that they are not when they are dropped."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            self._welcome(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:  # noqa: N802  Qt's name
        """As before the drag."""
        self._welcome(False)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802  Qt's name
        """Takes the folder."""
        self._welcome(False)
        event.acceptProposedAction()
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if len(paths) == 1 and paths[0].is_dir():
            self.set_folder(paths[0])
        else:
            self.problem.emit(self.tr("Drop one folder here: the one that holds the recordings."))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Enter asks for the folder, Delete takes it away."""
        match event.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter | Qt.Key.Key_Space:
                self.choose()
            case Qt.Key.Key_Delete | Qt.Key.Key_Backspace:
                self.set_folder(None)
            case _:
                super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802  Qt's name
        """Asks for the folder."""
        self.choose()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """A dashed frame while it is empty, a stripe in the colour of what belongs there once it is not."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        inside = self.rect().adjusted(1, 1, -1, -1)
        lit = self._welcoming or self.hasFocus()
        pen = QPen(theme.colour("accent" if lit else "border"), 2 if lit else 1)
        if not self.folder and not lit:
            pen.setDashPattern([DASH, DASH])
            pen.setColor(theme.colour("faint"))
        painter.setPen(pen)
        painter.setBrush(theme.colour("selection") if self._welcoming else theme.colour("surface"))
        painter.drawRoundedRect(inside, theme.RADIUS, theme.RADIUS)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(self._tint))
        painter.drawRoundedRect(inside.left(), inside.top(), DASH, inside.height(), DASH / 2, DASH / 2)

    def _welcome(self, welcoming: bool) -> None:
        self._welcoming = welcoming
        self.update()


class Folders(QWidget):
    """Noisy recordings, clean speech, and noise; each is counted when it is chosen.

    Args:
        submit: called with "survey_folder" and its path.

    Signals:
        changed(): another folder is chosen.
        problem(str): a line for the message bar.
    """

    changed = Signal()
    problem = Signal(str)

    def __init__(self, submit: Callable[..., Job], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._submit = submit
        self._jobs: dict[FolderZone, Job] = {}
        self.noisy = FolderZone(
            self.tr("Noisy recordings"), self.tr("Drop a folder of recordings like those you want to clean."), "mixture"
        )
        self.clean = FolderZone(
            self.tr("Clean speech"),
            self.tr("Drop a folder of quiet, close speech: other recordings, any voices."),
            "speech",
        )
        self.noise = FolderZone(
            self.tr("Noise"),
            self.tr("Without a folder, noise is taken from the pauses of the noisy recordings."),
            "noise",
            optional=True,
        )
        self.zones = {"noisy": self.noisy, "clean": self.clean, "noise": self.noise}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.M)
        for zone in self.zones.values():
            row.addWidget(zone, 1)
            zone.chosen.connect(lambda zone=zone: self._survey(zone))
            zone.problem.connect(self.problem)

    @property
    def ready(self) -> bool:
        """Whether the folders that are needed are there."""
        return self.noisy.folder is not None and self.clean.folder is not None

    def _survey(self, zone: FolderZone) -> None:
        if job := self._jobs.pop(zone, None):
            job.cancel()
        if zone.folder:
            self._jobs[zone] = job = self._submit("survey_folder", path=str(zone.folder))
            counted = self.tr("{0} files, adding up their lengths…")
            job.began.connect(lambda found: self._tell(zone, job, counted.format(f"{found['files']:,}")))
            job.finished.connect(lambda found: self._tell(zone, job, self._words(found["files"], found["seconds"])))
            job.failed.connect(lambda line, _: self._tell(zone, job, line, "error"))
        self.changed.emit()

    def _tell(self, zone: FolderZone, job: Job, words: str, role: str = "muted") -> None:
        if self._jobs.get(zone) is job:
            zone.show_about(words, role)

    def _words(self, files: int, seconds: float) -> str:
        counted = self.tr("1 file") if files == 1 else self.tr("{0} files").format(f"{files:,}")
        return f"{counted}, {length(seconds)}"


def length(seconds: float) -> str:
    """A length of audio: "2.5 hours", "14 minutes", "40 seconds"."""
    if seconds >= 5400:
        return f"{seconds / 3600:.1f} hours"
    return f"{seconds / 60:.0f} minutes" if seconds >= 90 else f"{seconds:.0f} seconds"
