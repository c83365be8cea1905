"""The trainer tab: one page at a time, from the folders to the verdict, and the library of models.

`MainWindow` makes it when it is first shown, so that the window is there as fast as without it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QMenu, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from app.document.settings import Settings, save_settings
from app.jobs.client import Worker
from app.sound.output import Output, SoundDeviceOutput
from app.training.prepare_page import PreparePage
from app.training.run import Plan, Run, State, find_trainings
from app.window import icons, theme
from app.window.background import run_in_background
from app.window.message_bar import MessageBar
from engine.errors import VoicebedError
from engine.model_files import DEFAULT, ModelCard, ModelFile, find_model

if TYPE_CHECKING:
    from app.training.library import Library
    from app.training.progress_page import ProgressPage
    from app.training.verdict_page import VerdictPage

AHEAD_MS = 1000


class TrainerTab(QWidget):
    """The tab.

    Args:
        settings: the user's; the default model is changed here.
        output: where sound goes; None for the device that the settings name.

    Attributes:
        run: the training that is followed, or None.

    Signals:
        use_in_editor(str): split what is open with this model.
        default_changed(str): another model is the default, "" the bundled one; the settings know it already.
        news(str): a training ended while another page was shown.
    """

    use_in_editor = Signal(str)
    default_changed = Signal(str)
    news = Signal(str)

    def __init__(self, settings: Settings, output: Output | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self._settings, self._output = settings, output
        self.worker = Worker(self)
        self.run: Run | None = None
        self.messages = MessageBar()
        self.prepare = PreparePage(settings, self.worker.submit, self._sound())
        self._progress: ProgressPage | None = None
        self._verdict: VerdictPage | None = None
        self._library: Library | None = None
        self._shown_run: Run | None = None  # that the progress or the verdict page has
        self.train_button = self._switch(self.tr("Train"), "model", self.show_training)
        self.models_button = self._switch(self.tr("Models"), "folder", self.show_models)
        self._group = QButtonGroup(self)
        for button in (self.train_button, self.models_button):
            self._group.addButton(button)
        self.train_button.setChecked(True)
        self.list_button = QPushButton(self.tr("Trainings"))
        self.list_button.setToolTip(self.tr("Begin another training, or see one that you are not done with"))
        self.list_button.setAccessibleName(self.list_button.text())
        self._menu = QMenu(self)
        self.list_button.clicked.connect(self._ask_list)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.prepare)
        self._lay_out()
        self.prepare.start_requested.connect(self._begin)
        self.prepare.problem.connect(self._complain)
        self._find()
        QTimer.singleShot(AHEAD_MS, self, lambda: self.progress)  # so that a start does not wait for it

    @property
    def training(self) -> bool:
        """Whether a training runs that this window follows."""
        return self.run is not None and self.run.alive

    @property
    def progress(self) -> "ProgressPage":
        """The page of a training that runs or stopped; made when it is first wanted, as the two below."""
        if self._progress is None:
            from app.training.progress_page import ProgressPage

            self._progress = ProgressPage(self._sound())
            self._progress.delete_requested.connect(self._ask_delete)
            self.stack.addWidget(self._progress)
        return self._progress

    @property
    def verdict(self) -> "VerdictPage":
        """The page of a finished training."""
        if self._verdict is None:
            from app.training.verdict_page import VerdictPage

            self._verdict = page = VerdictPage(self._sound())
            page.problem.connect(self._complain)
            page.told.connect(lambda line: self.messages.show_message(line, seconds=6))
            page.saved.connect(lambda _: self._models_changed())
            page.default_wanted.connect(self._make_default)
            page.worse_default_wanted.connect(self._ask_worse_default)
            page.use_wanted.connect(self.use_in_editor)
            page.done.connect(self._decide)
            page.unsaved.connect(self._ask_drop)
            self.stack.addWidget(page)
        return self._verdict

    @property
    def library(self) -> "Library":
        """The page of the models."""
        if self._library is None:
            from app.training.library import Library

            self._library = Library()
            self._library.use_in_editor.connect(self.use_in_editor)
            self._library.default_changed.connect(self._ask_default)
            self._library.changed.connect(self.prepare.form.reload)
            self.stack.addWidget(self._library)
        return self._library

    def show_training(self) -> None:
        """Show the training that is followed, or what begins one."""
        self.train_button.setChecked(True)
        run = self.run
        if run is None:
            self._turn_to(self.prepare)
        elif run.state is State.FINISHED:
            if self._shown_run is not run or self.stack.currentWidget() is not self._verdict:
                self.verdict.show_run(run)
            self._shown_run = run
            self._turn_to(self.verdict)
        else:
            self._turn_to(self.progress)

    def show_models(self) -> None:
        """Show the library of models."""
        self.models_button.setChecked(True)
        self.library.reload()
        self._turn_to(self.library)

    def new_training(self) -> None:
        """Show the page that begins a training; one that runs goes on."""
        if self.run and not self.run.alive:
            self._forget()
        self.train_button.setChecked(True)
        self.prepare.renew()
        self._turn_to(self.prepare)

    def leave(self) -> None:
        """Another tab is in front: silence, and the sound device given back."""
        self.prepare.player.stop()
        for page in (self._progress, self._verdict):
            if page:
                page.previews.stop()

    def shut_down(self) -> None:
        """No child process but the training, no sound."""
        self.leave()
        self.prepare.player.close()
        self.worker.stop()
        if self.run:
            self.run.release()

    # The list of trainings

    def _find(self) -> None:
        """Go on with what an earlier window began."""

        def take(found: list[tuple[Plan, bool]]) -> None:
            if self.run is None and found:
                self._follow(Run(found[0][0], self))

        run_in_background(self, find_trainings, take, self._complain)

    def _ask_list(self) -> None:
        run_in_background(self, find_trainings, self._show_list, self._complain)

    def _show_list(self, found: list[tuple[Plan, bool]]) -> None:
        self._menu.clear()
        self._menu.addAction(icons.icon("add"), self.tr("New training"), self.new_training)
        if found:
            self._menu.addSeparator()
        for plan, runs in found:
            words = self.tr("{0} (running)").format(plan.name) if runs else plan.name
            self._menu.addAction(words, lambda plan=plan: self._open(plan))
        self._menu.popup(self.list_button.mapToGlobal(self.list_button.rect().bottomLeft()))

    def _open(self, plan: Plan) -> None:
        if self.run and self.run.plan.name == plan.name:
            self.show_training()
        elif self.training:
            self._complain(self.tr("{0} is running: pause it first.").format(self.run.plan.name if self.run else ""))
        else:
            self._forget()
            self._follow(Run(plan, self))

    # A training

    def _begin(self, plan: Plan, excluded: list[tuple[Path, str]]) -> None:
        self.messages.clear()
        self._forget()
        run = Run(plan, self)
        self._follow(run, begin=lambda: run.begin(excluded))

    def _follow(self, run: Run, begin: Callable[[], None] | None = None) -> None:
        self.run, self._shown_run = run, None
        run.changed.connect(lambda: self._changed(run))
        run.problem.connect(self._complain)
        self.progress.show_run(run)
        self.train_button.setChecked(True)
        self._turn_to(self.progress)
        (begin or run.follow)()
        self._changed(run)

    def _forget(self) -> None:
        if self.run:
            self.run.release()
            self.run.deleteLater()
        self.run = self._shown_run = None
        self.prepare.block("")

    def _changed(self, run: Run) -> None:
        if run is not self.run:
            return
        name, here = run.plan.name, self.stack.currentWidget()
        self.prepare.block(self.tr("{0} is being trained: pause it first, or wait.").format(name) if run.alive else "")
        watched = here in (self._progress, self._verdict) and self.isVisible()
        if run.state is State.FINISHED and self._shown_run is not run:
            if here is self._progress:
                self.show_training()
            self._tell_news(watched, self.tr("The training of {0} is done.").format(name))
        elif run.alive and here is self._verdict:  # it goes on
            self._shown_run = None
            self._turn_to(self.progress)
        elif run.state is State.FAILED:
            self._tell_news(watched, self.tr("The training of {0} stopped: {1}").format(name, run.error))

    def _tell_news(self, watched: bool, line: str) -> None:
        if not watched:
            self.news.emit(line)
            if self.isVisible():
                self.messages.show_message(line, "info", [(self.tr("Show"), self.show_training)])

    def _ask_delete(self) -> None:
        if run := self.run:
            words = self.tr("Delete the training of {0} with all that it learnt?").format(run.plan.name)
            self.messages.show_message(words, "warning", [(self.tr("Delete"), self._decide)])

    def _ask_drop(self) -> None:
        words = self.tr("The new model was not saved. Delete it?")
        self.messages.show_message(words, "warning", [(self.tr("Delete"), self._decide)])

    def _decide(self) -> None:
        """The training that is shown is done with."""
        run, self.run = self.run, None
        self.leave()
        if run:
            run.decide()
        self._shown_run = None
        self.prepare.block("")
        self.prepare.renew()
        self.show_training()

    # Models

    def _make_default(self, name: str) -> None:
        """Use this model for new recordings from now on."""
        self._settings.model = "" if name == DEFAULT else name
        try:
            save_settings(self._settings)
        except VoicebedError as error:
            self._complain(str(error))
            return
        self.messages.show_message(self.tr("{0} is the default now.").format(name or DEFAULT), seconds=6)
        if self._library:
            self._library.reload()
        self.default_changed.emit(self._settings.model)

    def _ask_default(self, name: str) -> None:
        """Use a model of the library from now on; ask first where it did worse than the one that it began as."""

        def looked(model: ModelFile) -> None:
            if not did_worse(model.card):
                self._make_default(name)
                return
            self.library.reload()  # it is not the default yet
            words = self.tr("{0} did not do better than {1} when it was trained. Make it the default all the same?")
            make = (self.tr("Make it the default"), lambda: self._make_default(name))
            self.messages.show_message(words.format(name, model.card.base), "warning", [make])

        run_in_background(self, lambda: find_model(name or None), looked, lambda _: self._make_default(name))

    def _ask_worse_default(self, name: str, question: str) -> None:
        make = (self.tr("Make it the default"), self.verdict.make_default_all_the_same)
        self.messages.show_message(question, "warning", [make])

    def _models_changed(self) -> None:
        self.prepare.form.reload()
        if self._library:
            self._library.reload()

    # The rest

    def _sound(self) -> Output:
        """An output for one player."""
        return self._output or SoundDeviceOutput(lambda: self._settings.output or None)

    def _switch(self, text: str, icon: str, function: Callable[[], object]) -> QPushButton:
        button = QPushButton(icons.icon(icon), text)
        button.setCheckable(True)
        button.setAccessibleName(text)
        button.clicked.connect(lambda: function())
        return button

    def _lay_out(self) -> None:
        strip = QHBoxLayout()
        strip.setContentsMargins(theme.L, theme.S, theme.L, 0)
        strip.setSpacing(theme.S)
        strip.addWidget(self.train_button)
        strip.addWidget(self.models_button)
        strip.addStretch()
        strip.addWidget(self.list_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.messages)
        column.addLayout(strip)
        column.addWidget(self.stack, 1)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)

    def _turn_to(self, page: QWidget) -> None:
        if page is not self.stack.currentWidget():
            self.leave()
        self.stack.setCurrentWidget(page)

    def _complain(self, line: str) -> None:
        self.messages.show_message(line, "error")

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802  Qt's name
        """Taken, to say where folders are to be dropped."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802  Qt's name
        """Beside the places for folders."""
        event.acceptProposedAction()
        if self.stack.currentWidget() is self.prepare:
            self.messages.show_message(self.tr("Drop a folder onto one of the three places."), seconds=6)


def did_worse(card: ModelCard) -> bool:
    """Whether a model scored no better than its base on the clips that were kept aside when it was trained."""
    return any(
        rows["output"].get("OVRL", 0.0) <= rows["base"].get("OVRL", 0.0)
        for rows in card.metrics.values()
        if "base" in rows and "output" in rows
    )
