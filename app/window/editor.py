"""The editor: an empty page, or the workspace of one recording; with what outlives a recording: player, jobs, batch."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QLabel, QStackedWidget, QVBoxLayout, QWidget

from app.document.recovery import Leftover
from app.document.session import SUFFIX, Session, SourceChanged, SourceMoved, load_session, relocate
from app.document.settings import THEMES, Settings
from app.jobs.client import Job
from app.sound.output import Output, SoundDeviceOutput
from app.sound.player import Player
from app.window.background import run_in_background
from app.window.colour_menu import ColourMenu
from app.window.compute_menu import ComputeMenu
from app.window.empty_page import EmptyPage
from app.window.message_bar import MessageBar
from app.window.observe import observe
from app.window.output_menu import OutputMenu
from app.window.project import Project, Workers
from app.window.workspace import Workspace
from engine.errors import VoicebedError
from engine.model_files import DEFAULT

if TYPE_CHECKING:
    from app.window.batch_panel import BatchPanel

# Actions that need no recording; those of the window among them work in the trainer tab too.
WINDOWS = {"quit", "preferences", "help", "shortcuts", "about", "show_editor", "show_trainer", "library"} | {
    f"theme_{name}" for name in THEMES
}
ALWAYS = {"open", "demo", "batch"} | WINDOWS


class Editor(QWidget):
    """The editor tab.

    Args:
        settings: the user's; changed as the user chooses.
        actions: the window's, by name; those that concern a recording are connected here.
        output: where sound goes; None for the device that the settings name.

    Attributes:
        changed: emits () when `title` or `modified` may have changed.
        open_requested, demo_requested: emit () when the empty page is asked for them.
        files_dropped: emits a list of paths.
        workspace: of the open recording, or None.
    """

    changed = Signal()
    open_requested = Signal()
    demo_requested = Signal()
    files_dropped = Signal(list)
    _sound_failed = Signal(str)

    def __init__(self, settings: Settings, actions: Mapping[str, QAction], output: Output | None = None) -> None:
        super().__init__()
        self._settings, self._actions = settings, actions
        self.workers = Workers(self)
        self.player = Player(output or SoundDeviceOutput(settings.output or None))
        self._sound_failed.connect(self._no_sound)
        self.player.on_problem = self._sound_failed.emit  # from another thread, so by a signal
        self.messages = MessageBar()
        self.empty = EmptyPage()
        self.opening = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.opening)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.messages)
        column.addWidget(self.stack, 1)
        self.workspace: Workspace | None = None
        self._project: Project | None = None
        self._next_model: str | None = None  # for what is opened next
        self._wanted = 0  # counts what was asked to be opened: the latest wins
        self._batch: BatchPanel | None = None
        self.colour_menu = ColourMenu(settings, self)
        self.compute_menu = ComputeMenu(settings, self)
        self.compute_menu.chosen.connect(lambda name: setattr(settings, "device", name))
        self.output_menu = OutputMenu(settings, self)
        self.colour_menu.chosen.connect(self._colour)
        self.output_menu.chosen.connect(self._use_output)
        self.empty.open_requested.connect(self.open_requested)
        self.empty.demo_requested.connect(self.demo_requested)
        self.empty.recent_chosen.connect(lambda path: self.files_dropped.emit([path]))
        self.empty.files_dropped.connect(self.files_dropped)
        for name, action in actions.items():
            action.triggered.connect(lambda _=False, name=name: self._do(name))
        actions["export"].triggered.connect(self._export)
        actions["batch"].triggered.connect(lambda: self.process_many([]))
        actions["preferences"].triggered.connect(self._show_preferences)
        self._show_page()

    # What the window asks

    @property
    def title(self) -> str:
        """Name of the session or recording; "" without one."""
        if self.workspace:
            return self.workspace.document.title
        return self._project.path.name if self._project else ""

    @property
    def modified(self) -> bool:
        """Whether there is something to save."""
        return self.workspace is not None and self.workspace.document.modified

    @property
    def session_path(self) -> Path | None:
        """The session file of the open recording, if it has one."""
        return self.workspace.document.path if self.workspace else None

    @property
    def suggested_session(self) -> Path | None:
        """Where a session of the open recording would go."""
        return self.workspace.project.path.with_suffix(SUFFIX) if self.workspace else None

    def open(self, path: Path) -> None:
        """Open a recording or a session in place of what is open; what goes wrong comes in the message bar."""
        self.messages.clear()
        if path.suffix.lower() == SUFFIX:
            self._with_session(lambda: load_session(path), path)
        else:
            self._open(Project(path, self.workers, self._settings, model=self._next_model))
            self._next_model = None
            self._settings.add_recent(path)

    def use_model(self, name: str) -> None:
        """Split what is open with this model ("" is the default one), or else the next recording that is opened."""
        if self.workspace:
            self.workspace.document.set_model(name)
            return
        self._next_model = name
        words = self.tr("Open a recording: {0} will split it.").format(name or DEFAULT)
        self.messages.show_message(words, "info", [(self.tr("Open…"), self.open_requested.emit)])

    def leave(self) -> None:
        """Another tab is in front: silence, and the sound device given back."""
        self.player.release()

    def save(self, path: Path) -> bool:
        """Write the session; False, and a message, where that is impossible."""
        assert self.workspace is not None
        try:
            self.workspace.save(path)
        except VoicebedError as error:
            self.messages.show_message(str(error), "error")
            return False
        self.messages.show_message(self.tr("Saved as {path}").format(path=path), seconds=3)
        return True

    def close_recording(self) -> None:
        """Back to the empty page; unsaved changes are dropped."""
        self._wanted += 1
        self.messages.clear()
        if self._project:
            if self.workspace:
                self.workspace.autosave.discard()
                self.workspace.close_recording()
                self.stack.removeWidget(self.workspace)
                self.workspace.deleteLater()
            else:
                self._project.close()
        self._project = self.workspace = None
        self._show_page()

    def forget_changes(self) -> None:
        """The user wants no trace of what is unsaved."""
        if self.workspace:
            self.workspace.autosave.discard()
            document = self.workspace.document
            document.mark_saved(document.path or self.workspace.project.path.with_suffix(SUFFIX))

    def autosave_now(self) -> None:
        """Keep what is unsaved for the next start."""
        if self.workspace:
            self.workspace.autosave_now()

    def offer_recovery(self, leftover: Leftover) -> None:
        """Ask in the message bar whether to restore what a Voicebed that was killed had unsaved."""

        def restore() -> None:
            self._with_session(leftover.session, leftover.saved_as, leftover)

        words = self.tr("Voicebed ended before {title} was saved ({when}).")
        self.messages.show_message(
            words.format(title=leftover.title, when=leftover.when.strftime("%d.%m. %H:%M")),
            "warning",
            [(self.tr("Restore"), restore), (self.tr("Discard"), leftover.discard)],
        )

    def process_many(self, paths: list[Path]) -> None:
        """Show the batch, with these files added."""
        from app.window.batch_panel import BatchPanel

        if self._batch is None:
            self._batch = BatchPanel(self.workers.export.submit, self._settings, self)
        if self.workspace:
            edit = self.workspace.document.edit
            self._batch.set_remix(edit.remix, edit.delivery, edit.model)
        self._batch.add_files(paths)
        self._batch.show()
        self._batch.raise_()

    def shut_down(self) -> None:
        """Silence, no child processes, no files open."""
        if self.workspace:
            self.workspace.close_recording()
        self.player.close()
        self.workers.stop()

    # Opening

    def _with_session(self, load: Callable[[], Session], path: Path | None, leftover: Leftover | None = None) -> None:
        """Open what `load` gives, or ask where its recording is; a `leftover` that it is from is used up then.

        It is called in the background: it reads pieces of the recording, which may lie on a slow disk.
        """
        self._wanted += 1
        wanted = self._wanted

        def attempt() -> Session | VoicebedError:
            try:
                return load()
            except VoicebedError as error:
                return error

        def take(found: Session | VoicebedError) -> None:
            if wanted == self._wanted:
                self._take_session(found, path, leftover)

        run_in_background(self, attempt, take, lambda line: self.messages.show_message(line, "error"))

    def _take_session(self, found: Session | VoicebedError, path: Path | None, leftover: Leftover | None) -> None:
        if isinstance(found, VoicebedError):
            actions: list[tuple[str, Callable[[], object]]] = []
            if isinstance(found, SourceMoved | SourceChanged):
                session = found.session
                actions = [(self.tr("Find it…"), lambda: self._find(session, path, leftover))]
                if isinstance(found, SourceChanged):
                    use = (self.tr("Use it anyway"), lambda: self._with_session(lambda: session, path, leftover))
                    actions.insert(0, use)
            self.messages.show_message(str(found), "warning" if actions else "error", actions)
            return
        self._open(Project(found.source.path, self.workers, self._settings, found, path, leftover is None))
        if leftover:
            leftover.discard()
        if path:
            self._settings.add_recent(path)

    def _find(self, session: Session, path: Path | None, leftover: Leftover | None) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, self.tr("Where is {name}?").format(name=session.source.path.name), str(session.source.path.parent)
        )
        if name:
            self._with_session(lambda: relocate(session, Path(name)), path, leftover)

    def _open(self, project: Project) -> None:
        self.close_recording()
        self._project = project
        project.opened.connect(lambda: self._opened(project))
        project.failed.connect(lambda message: self._failed(project, message))
        self.opening.setText(self.tr("Opening {name}…").format(name=project.path.name))
        self._show_page()
        project.open()

    def _opened(self, project: Project) -> None:
        if project is not self._project:
            return
        self.workspace = Workspace(project, self.player, self._settings, self._actions, self.messages)
        self.stack.addWidget(self.workspace)
        observe(self.workspace, project.document.state_changed, self.changed.emit)
        self._show_page()
        if project.document.modified:
            self.workspace.autosave_now()

    def _failed(self, project: Project, message: str) -> None:
        if project is self._project:
            self.close_recording()
            self.messages.show_message(message, "error")

    def _show_page(self) -> None:
        page = self.workspace or (self.opening if self._project else self.empty)
        self.stack.setCurrentWidget(page)
        self.empty.set_recent(self._settings.recent_files())
        for name, action in self._actions.items():
            if name not in ALWAYS:
                action.setEnabled(self.workspace is not None)
        if self.workspace:
            self.workspace.update_actions()
        self.changed.emit()

    # Actions

    def _do(self, name: str) -> None:
        if self.workspace and (command := self.workspace.commands.get(name)):
            command()

    def _export(self) -> None:
        workspace = self.workspace
        if workspace is None:
            return

        from app.window.export_dialog import ExportDialog

        def submit(task: str, **arguments: object) -> Job:
            return self.workers.export.submit(task, **{**workspace.project.export_arguments(), **arguments})

        ExportDialog(workspace.document, submit, self._settings, self).open()

    def _show_preferences(self) -> None:
        from app.window.preferences import PreferencesDialog

        kept = [self.workspace.project.home] if self.workspace else []
        dialog = PreferencesDialog(self._settings, self.output_menu.names, self, kept)
        dialog.changed.connect(self._preferred)
        self.output_menu.looked.connect(dialog.show_outputs)
        self.output_menu.look()
        dialog.open()

    def _preferred(self, name: str) -> None:
        match name:
            case "output":
                self._use_output(self._settings.output)
            case "colours":
                self._colour(self._settings.colours)
            case "theme":
                self._actions[f"theme_{self._settings.theme}"].setChecked(True)

    def _colour(self, name: str) -> None:
        self._settings.colours = name
        if self.workspace:
            self.workspace.view.colours = name

    def _use_output(self, name: str) -> None:
        self._settings.output = name
        self.player.set_output(SoundDeviceOutput(name or None))

    def _no_sound(self, message: str) -> None:
        self.messages.show_message(message, "warning")
