"""The export dialog: what to write, where to, and how far that is."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from app.document.command import command_line, split_command_line
from app.document.document import Document
from app.document.settings import EXPORTS, Settings
from app.document.words import MINUS
from app.jobs.client import Job
from app.window import icons, theme
from app.window.message_bar import MessageBar
from app.window.observe import observe
from app.window.output_form import OutputForm
from app.window.output_names import preset_name
from app.window.reveal import reveal
from app.window.time_left import TimeLeft
from engine.delivery import delivery_data
from engine.errors import VoicebedError
from engine.export import AudioWriter
from engine.remix import remix_data

Submit = Callable[..., Job]
WIDTH = 640  # pixels


class ExportDialog(QDialog):
    """Writes the remix, the speech and the noise of a document to files.

    Args:
        document: its delivery is set here.
        submit: called with "export" and its arguments "remix", "delivery" and "outputs"; knows the recording and its
            split.  May raise VoicebedError.
        settings: where the form begins; remembers what was exported.
    """

    def __init__(self, document: Document, submit: Submit, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Export {0}").format(document.recording.path.name))
        self._document, self._submit, self._settings = document, submit, settings
        self._job: Job | None = None
        self._paths: dict[str, Path] = {}
        self._written = False  # whether what is in `_paths` was just written
        self.bar = MessageBar()
        self.form = OutputForm(settings, document.recording)
        self.form.set_delivery(document.edit.delivery)
        self.files = FileList()
        files = QLabel(self.tr("Files"), alignment=Qt.AlignmentFlag.AlignTop)
        files.setContentsMargins(0, theme.XS, 0, 0)  # in line with the first of them
        self.form.rows.addRow(files, self.files)
        self.progress = QProgressBar(textVisible=False, maximum=1000)
        self.progress.setAccessibleName(self.tr("Progress of the export"))
        self.state = QLabel()
        self.copy_button = QPushButton(icons.icon("copy"), self.tr("Copy as command"))
        self.copy_button.setToolTip(self.tr("Copy the command line that writes the same sound"))
        self.reveal_button = QPushButton(icons.icon("folder"), self.tr("Reveal in folder"))
        self.close_button = QPushButton(self.tr("Close"))
        self.export_button = QPushButton(self.tr("Export"))
        self.export_button.setProperty("role", "primary")
        for button in (self.copy_button, self.reveal_button, self.close_button, self.export_button):
            button.setAutoDefault(button is self.export_button)
        self._lay_out()
        self.form.changed.connect(self._form_changed)
        self.form.problem.connect(self._complain)
        self.copy_button.clicked.connect(self._copy)
        self.reveal_button.clicked.connect(lambda: reveal(next(iter(self._paths.values()))))
        self.close_button.clicked.connect(self.reject)
        self.export_button.clicked.connect(self._export)
        observe(self, document.changed, lambda *_: self._document_changed())
        self._check()
        self._show_idle()
        self.export_button.setFocus()

    def reject(self) -> None:
        """Close the dialog; while it writes, cancel that instead."""
        if self._job:
            self.close_button.setEnabled(False)
            self.state.setText(self.tr("Cancelling…"))
            self._job.cancel()
        else:
            super().reject()

    def _lay_out(self) -> None:
        kept = QLabel(self.tr("Tags, cover and chapters are copied to every file. The recording is never changed."))
        kept.setProperty("role", "muted")
        state = QHBoxLayout()
        state.setSpacing(theme.M)
        state.addWidget(self.progress, stretch=1)
        state.addWidget(self.state, stretch=1)
        state.addWidget(self.reveal_button)
        self.state.setMinimumHeight(theme.CONTROL)
        self.state.setWordWrap(True)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.S)
        buttons.addWidget(self.copy_button)
        buttons.addStretch()
        buttons.addWidget(self.close_button)
        buttons.addWidget(self.export_button)
        inside = QVBoxLayout()
        inside.setContentsMargins(theme.L, theme.L, theme.L, theme.L)
        inside.setSpacing(theme.M)
        inside.addWidget(self.form)
        inside.addWidget(kept)
        inside.addStretch()
        inside.addLayout(state)
        inside.addLayout(buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addLayout(inside)
        self.setFixedWidth(WIDTH)

    def _form_changed(self) -> None:
        self._written = False
        self._document.set_delivery(self.form.delivery)
        self._check()
        self._show_idle()

    def _document_changed(self) -> None:
        self._written = False
        self.form.set_delivery(self._document.edit.delivery)
        self._check()

    def _check(self) -> None:
        """Show which files would be written, and what speaks against it."""
        recording, delivery = self._document.recording, self.form.delivery
        preset = preset_name(self._document.edit.remix, self._settings.presets)
        problem = "" if self.form.tracks else self.tr("Choose what to write: the remix, the speech or the noise.")
        self._paths = {}
        try:
            self._paths = self.form.paths(recording.path, preset)
            for path in self._paths.values():
                AudioWriter(
                    path,
                    recording.sample_rate,
                    recording.channels,
                    delivery.subtype or recording.subtype,
                    recording.frames,
                    recording.path,
                )
        except VoicebedError as error:
            problem = problem or str(error)
        replaced = [] if problem or self._written else [track for track, path in self._paths.items() if path.exists()]
        self.files.show_files(self._paths, {track: self.tr("replaces the file there") for track in replaced}, problem)
        again = self.tr("Export again") if self._written else self.tr("Export")
        self.export_button.setText(self.tr("Replace") if replaced else again)
        self.export_button.setEnabled(not problem and self._job is None)
        self.copy_button.setEnabled(not problem)

    def _export(self) -> None:
        self.bar.clear()
        edit = self._document.edit
        outputs = [{"track": track, "path": str(path)} for track, path in self._paths.items()]
        try:
            job = self._submit(
                "export", remix=remix_data(edit.remix), delivery=delivery_data(edit.delivery), outputs=outputs
            )
        except VoicebedError as error:
            self._complain(str(error))
            return
        self._job = job
        self.form.remember(self._settings)
        left = TimeLeft()
        job.progressed.connect(lambda done, total: self._show_progress(left, done, total))
        job.finished.connect(self._finished)
        job.failed.connect(self._failed)
        job.cancelled.connect(lambda: self._ended(self.tr("Cancelled; nothing was written.")))
        for widget in (self.form, self.export_button, self.reveal_button):
            widget.setEnabled(False)
        self.progress.setValue(0)
        self.progress.show()
        self.reveal_button.hide()
        self.state.setText(self.tr("Waiting…"))
        self.close_button.setText(self.tr("Cancel"))
        self.close_button.setFocus()

    def _show_progress(self, left: TimeLeft, done: float, total: float) -> None:
        if self.close_button.isEnabled():
            self.progress.setValue(round(1000 * done / total))
            self.state.setText(left.words(done, total))

    def _show_idle(self) -> None:
        """As before an export."""
        self.progress.hide()
        self.reveal_button.hide()
        self.state.setText("")

    def _ended(self, words: str) -> None:
        self._job = None
        self.form.setEnabled(True)
        self.close_button.setText(self.tr("Close"))
        self.close_button.setEnabled(True)
        self._check()
        self._show_idle()
        self.state.setText(words)
        self.export_button.setFocus()

    def _finished(self, result: Mapping[str, Any]) -> None:
        files = result["outputs"]
        words = self.tr("File written.") if len(files) == 1 else self.tr("{0} files written.").format(len(files))
        for file in files:
            if file["track"] == "remix":
                words += " " + self.tr("Remix: {loudness}, peak {peak}.").format(
                    loudness=level(file["loudness"], "LUFS"), peak=level(file["true_peak"], "dBTP")
                )
        self._written = True
        self._ended(words)
        self.reveal_button.setEnabled(True)
        self.reveal_button.show()
        self.reveal_button.setFocus()
        if clipped := sum(file["clipped"] for file in files):
            line = self.tr("Samples too loud for the format, and clipped: {0}. Limit the true peak to avoid that.")
            self.bar.show_message(line.format(clipped), "warning")

    def _failed(self, message: str, crashed: bool) -> None:
        self._ended("")
        self.bar.show_message(message, "error", [(self.tr("Try again"), self._export)] if crashed else [])

    def _complain(self, message: str) -> None:
        self.bar.show_message(message, "error")

    def _copy(self) -> None:
        lines = [command_line(self._document, self._paths["remix"])] if "remix" in self._paths else []
        if tracks := [track for track in self._paths if track != "remix"]:
            lines.append(split_command_line(self._document, self._paths[tracks[0]].parent, tracks))
        QGuiApplication.clipboard().setText("\n".join(lines))
        self.bar.show_message(self.tr("Copied: {0}").format("\n".join(lines)), seconds=8)


class FileList(QWidget):
    """The files that will be written, each with its track's colour, and what speaks against it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, theme.XS, 0, 0)
        grid.setHorizontalSpacing(theme.S)
        grid.setVerticalSpacing(theme.XS)
        grid.setColumnStretch(2, 1)
        self.rows: dict[str, tuple[_Dot, QLabel, QLabel]] = {}
        for row, track in enumerate(EXPORTS):
            note = QLabel()
            note.setProperty("role", "warning")
            self.rows[track] = (_Dot("accent" if track == "remix" else track), QLabel(), note)
            for column, widget in enumerate(self.rows[track]):
                grid.addWidget(widget, row, column)
        self.problem = QLabel(wordWrap=True)
        self.problem.setProperty("role", "error")
        grid.addWidget(self.problem, len(EXPORTS), 0, 1, 3)

    def show_files(self, paths: Mapping[str, Path], notes: Mapping[str, str], problem: str) -> None:
        """Show files by track, with a note to each, or a problem with all."""
        for track, (dot, name, note) in self.rows.items():
            for widget in (dot, name, note):
                widget.setVisible(track in paths)
            if path := paths.get(track):
                name.setText(name.fontMetrics().elidedText(path.name, Qt.TextElideMode.ElideMiddle, WIDTH // 2))
                name.setToolTip(str(path))
                note.setText(notes.get(track, ""))
                name.setAccessibleName(f"{path} {note.text()}".strip())
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))


class _Dot(QWidget):
    """A disc in a colour of the theme."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.setFixedSize(theme.S, theme.S)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(self._name))
        painter.drawEllipse(self.rect())


def level(value: float, unit: str) -> str:
    """A loudness or peak to a tenth of its unit; −∞ for silence."""
    return f"{value:.1f} {unit}".replace("-", MINUS).replace("inf", "∞")
