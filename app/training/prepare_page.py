"""The page before a training: the folders, what the audit says of them, and what is wanted."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.document.settings import Settings
from app.jobs.client import Job
from app.sound.output import Output
from app.training.audit_table import AuditTable
from app.training.folders import Folders
from app.training.listen import FilePlayer
from app.training.order_form import OrderForm
from app.training.run import Plan, free_name
from app.window import icons, theme
from app.window.time_left import TimeLeft

FORM_WIDTH = 300
AUDIT_AFTER_MS = 300  # once no folder is changed any more


class PreparePage(QWidget):
    """Begins trainings.

    Args:
        settings: where the form begins.
        submit: `Worker.submit`.
        output: where files are heard; None for the system's device.

    Signals:
        start_requested(Plan, list): train this, without these files, each with a reason.
        problem(str): a line for the message bar.
    """

    start_requested = Signal(object, list)
    problem = Signal(str)

    def __init__(
        self,
        settings: Settings,
        submit: Callable[..., Job],
        output: Output | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._submit = submit
        self._job: Job | None = None
        self._rows: list[list[Any]] = []
        self._blocked = ""  # why nothing can be started now
        self.folders = Folders(submit)
        self.table = AuditTable()
        self.form = OrderForm(settings, submit)
        self.player = FilePlayer(output, self)
        self.start_button = QPushButton(icons.icon("model", "on_accent"), self.tr("Start training"))
        self.start_button.setProperty("role", "primary")
        self.start_button.setAccessibleName(self.tr("Start training"))
        self.why_not = QLabel(wordWrap=True)
        self.why_not.setProperty("role", "muted")
        self.bar = QProgressBar(textVisible=False, maximum=1000)
        self.bar.setAccessibleName(self.tr("Progress of the look at the files"))
        self.state = QLabel(alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self.retry_button = QPushButton(icons.icon("retry"), self.tr("Look again"))
        self.retry_button.clicked.connect(self._audit)
        self.middle = QStackedWidget()
        self.waiting = self._waiting_page()
        self.middle.addWidget(self.waiting)
        self.middle.addWidget(self.table)
        self._timer = QTimer(self, singleShot=True, interval=AUDIT_AFTER_MS)
        self._lay_out()
        self._connect()
        self._folders_changed()

    @property
    def audited(self) -> bool:
        """Whether the audit of the folders that are chosen is shown."""
        return self.middle.currentWidget() is self.table

    def block(self, reason: str) -> None:
        """Let nothing be started, for a reason; "" lets it."""
        self._blocked = reason
        self._update()

    def renew(self) -> None:
        """Offer a name for the next training, and the models that there are by now."""
        self.form.name.setText(free_name(self.form.name.text()))
        self.form.reload()
        if self.audited:
            self.form.measure_pace()

    def plan(self) -> Plan:
        """What is wanted."""
        noisy, clean = self.folders.noisy.folder, self.folders.clean.folder
        assert noisy and clean
        form, (minutes, steps) = self.form, self.form.length
        return Plan(
            name=free_name(form.name.text()),
            noisy=noisy,
            clean=clean,
            noise=self.folders.noise.folder,
            base=form.base.currentData() or "",
            recipe=form.recipe.currentData(),
            minutes=minutes,
            steps=steps,
            device=form.device.currentData(),
        )

    def _waiting_page(self) -> QWidget:
        page = QFrame()
        column = QVBoxLayout(page)
        column.addStretch(1)
        column.addWidget(self.state)
        column.addWidget(self.bar)
        column.addWidget(self.retry_button, 0, Qt.AlignmentFlag.AlignCenter)
        column.addStretch(2)
        column.setContentsMargins(theme.XL * 4, 0, theme.XL * 4, 0)
        column.setSpacing(theme.M)
        return page

    def _lay_out(self) -> None:
        side = QWidget()
        side.setFixedWidth(FORM_WIDTH)
        right = QVBoxLayout(side)
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(theme.M)
        title = QLabel(self.tr("The new model"))
        title.setProperty("role", "title")
        right.addWidget(title)
        right.addWidget(self.form)
        right.addStretch()
        right.addWidget(self.why_not)
        right.addWidget(self.start_button)
        lower = QHBoxLayout()
        lower.setSpacing(theme.XL)
        lower.addWidget(self.middle, 1)
        lower.addWidget(side)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.L, theme.M, theme.L, theme.L)
        column.setSpacing(theme.L)
        column.addWidget(self.folders)
        column.addLayout(lower, 1)

    def _connect(self) -> None:
        self.folders.changed.connect(self._folders_changed)
        self.folders.problem.connect(self.problem)
        self._timer.timeout.connect(self._audit)
        self.table.play_requested.connect(self.player.toggle)
        self.table.excluded_changed.connect(self._update)
        self.form.changed.connect(self._update)
        self.player.changed.connect(lambda: self.table.model.set_playing(self.player.path))
        self.player.problem.connect(self.problem)
        self.start_button.clicked.connect(self._start)

    def _folders_changed(self) -> None:
        self.player.stop()
        if self._job:
            job, self._job = self._job, None
            job.cancel()
        self.middle.setCurrentWidget(self.waiting)
        self.bar.hide()
        self.retry_button.hide()
        if self.folders.ready:
            self.state.setText(self.tr("Looking at the files…"))
            self._timer.start()
        else:
            self._timer.stop()
            self.state.setText(
                self.tr(
                    "A model of your own knows your voices, rooms and noises.\nGive it recordings like yours and clean "
                    "speech; no recording needs a partner. Every file is looked at before anything is learnt from it."
                )
            )
        self._update()

    def _audit(self) -> None:
        noisy, clean, noise = (zone.folder for zone in self.folders.zones.values())
        if not (noisy and clean):
            return
        self._rows = []
        job = self._job = self._submit("audit_folders", noisy=str(noisy), clean=str(clean), noise=str(noise or ""))
        left: list[TimeLeft] = []
        self.retry_button.hide()
        self.bar.setValue(0)
        self.bar.show()

        def progress(done: float, total: float) -> None:
            if job is self._job:
                left[:] = left or [TimeLeft()]
                self.bar.setValue(round(1000 * done / total))
                self.state.setText(self.tr("Looking at the files: {0}").format(left[0].words(done, total)))

        job.began.connect(lambda found: self._rows.extend(found["files"]) if job is self._job else None)
        job.progressed.connect(progress)
        job.finished.connect(lambda result: self._audited(job, result))
        job.failed.connect(lambda line, _: self._not_audited(job, line))

    def _audited(self, job: Job, result: dict[str, Any]) -> None:
        if job is self._job:
            self._job = None
            self.table.show_audit(self._rows, result)
            self._rows = []
            self.middle.setCurrentWidget(self.table)
            self.form.measure_pace()
            self._update()

    def _not_audited(self, job: Job, line: str) -> None:
        if job is self._job:
            self._job = None
            self.bar.hide()
            self.retry_button.show()
            self.state.setText(line)
            self._update()

    def _update(self) -> None:
        """Say what is missing for a start."""
        why = self._blocked
        if not why and not self.folders.ready:
            why = self.tr("Choose noisy recordings and clean speech first.")
        elif not why and not self.audited:
            why = self.tr("Wait until the files have been looked at.")
        elif not why and self.table.without_files():
            why = self.tr("A folder has no files left to learn from.")
        elif not why and not self.form.name.text().strip():
            why = self.tr("Give the new model a name.")
        self.why_not.setText(why)
        self.why_not.setVisible(bool(why))
        self.start_button.setEnabled(not why)

    def _start(self) -> None:
        self.player.stop()
        self.form.stop_measuring()
        self.start_requested.emit(self.plan(), self.table.excluded)
