"""The main window: menus, the tabs below them, dropped files, unsaved work, and the end."""

import base64
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QTimer
from PySide6.QtGui import QActionGroup, QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QMainWindow, QMenu, QTabWidget, QVBoxLayout, QWidget

from app.document.recovery import Leftover, recoverable
from app.document.session import SUFFIX
from app.document.settings import Settings, save_settings
from app.sound.output import Output
from app.window.actions import ENTRIES, MENUS, make_actions, translated
from app.window.background import run_in_background
from app.window.editor import WINDOWS, Editor
from app.window.help_window import HelpWindow
from app.window.message_bar import MessageBar
from app.window.theme import apply_theme
from engine.errors import VoicebedError

if TYPE_CHECKING:
    from app.training.run import Plan
    from app.training.tab import TrainerTab

DEMO = Path(__file__).parents[2] / "resources" / "demo" / "cafe.flac"


class MainWindow(QMainWindow):
    """The one window of the program.  Its title begins with "Voicebed".

    Args:
        settings: changed here as the user chooses, and written at the end.
        output: as for `Editor`.

    Attributes:
        trainer: the trainer tab, once it was shown.
    """

    def __init__(self, settings: Settings, output: Output | None = None) -> None:
        super().__init__()
        self.settings = settings
        self.actions_by_name = make_actions(self)
        self.editor = Editor(settings, self.actions_by_name, output)
        self.tabs = QTabWidget(documentMode=True)
        self.add_tab("editor", self.tr("Editor"), self.editor)
        self.trainer: TrainerTab | None = None
        self._output = output
        self._trainer_place = QWidget()
        self.add_tab("trainer", self.tr("Trainer"), self._trainer_place)
        self._editing = self._editing_groups()
        self.tabs.currentChanged.connect(self._tab_changed)
        self.setCentralWidget(self.tabs)
        self.setAcceptDrops(True)
        self.setMinimumSize(1100, 640)
        self.resize(1440, 900)
        if settings.geometry:
            self.restoreGeometry(QByteArray.fromBase64(settings.geometry.encode()))
        self._help: HelpWindow | None = None
        self._may_train = False  # the training may go on without the window
        self._recent = QMenu(self.tr("Open recent"), self)
        self._make_menus()
        self._connect()
        self.editor.changed.connect(self._show_title)
        self._show_title()

    def add_tab(self, name: str, title: str, page: QWidget) -> None:
        """Add a tab; `name` is what `--tab` calls it."""
        page.setObjectName(name)
        self.tabs.addTab(page, title)

    def show_tab(self, name: str) -> None:
        """Bring a tab to the front.  Raises ValueError where there is none of that name."""
        page = self.tabs.findChild(QWidget, name)
        if page is None or self.tabs.indexOf(page) < 0:
            raise ValueError(f"no tab '{name}'")
        self.tabs.setCurrentWidget(page)

    @property
    def messages(self) -> MessageBar:
        """The message bar of the tab in front."""
        front = self.trainer if self.trainer and self.tabs.currentWidget() is self._trainer_place else self.editor
        return front.messages

    def open_files(self, paths: Iterable[Path]) -> None:
        """Open one file in the editor; many go to the batch."""
        self.show_tab("editor")
        paths = list(paths)
        if len(paths) == 1:
            self._unless_unsaved(lambda: self.editor.open(paths[0]))
        elif paths:
            self.editor.process_many(paths)

    def offer_recovery(self) -> None:
        """Look, in the background, for what a Voicebed that was killed had unsaved, and offer it."""

        def offer(leftovers: list[Leftover]) -> None:
            for leftover in leftovers:
                self.editor.offer_recovery(leftover)

        run_in_background(self, recoverable, offer, lambda line: self.editor.messages.show_message(line, "warning"))

    def offer_training(self) -> None:
        """Look, in the background, for a training that an earlier window left running or undecided, and offer it."""

        def look() -> "list[tuple[Plan, bool]]":
            from app.training.run import find_trainings

            return find_trainings()

        def offer(found: "list[tuple[Plan, bool]]") -> None:
            if found and self.trainer is None:
                plan, runs = found[0]
                words = self.tr("{0} is being trained.") if runs else self.tr("The training of {0} waits for you.")
                show = (self.tr("Show"), lambda: self.show_tab("trainer"))
                self.editor.messages.show_message(words.format(plan.name), "info", [show])

        run_in_background(self, look, offer, lambda line: self.editor.messages.show_message(line, "warning"))

    def leave(self) -> None:
        """End at once, with unsaved work autosaved for the next start."""
        self.editor.autosave_now()
        QApplication.exit(0)

    def shut_down(self) -> None:
        """Stop sound and child processes, and write the settings."""
        self.editor.shut_down()
        if self.trainer:
            self.trainer.shut_down()
        self.settings.geometry = base64.b64encode(self.saveGeometry().data()).decode()
        try:
            save_settings(self.settings)
        except VoicebedError as error:
            print(f"voicebed: {error}")

    # Tabs

    def _tab_changed(self) -> None:
        """Make the trainer when it is first shown; what is about the recording rests meanwhile."""
        training = self.tabs.currentWidget() is self._trainer_place
        for group in self._editing:
            group.setEnabled(not training)
        if training:
            self.editor.leave()
            self._make_trainer()
        elif self.trainer:
            self.trainer.leave()

    def _make_trainer(self) -> "TrainerTab":
        if self.trainer is None:
            from app.training.tab import TrainerTab

            self.trainer = TrainerTab(self.settings, self._output)
            column = QVBoxLayout(self._trainer_place)
            column.setContentsMargins(0, 0, 0, 0)
            column.addWidget(self.trainer)
            self.trainer.show()
            self.trainer.use_in_editor.connect(self._use_model)
            self.trainer.news.connect(self._tell_news)
        return self.trainer

    def _use_model(self, name: str) -> None:
        self.show_tab("editor")
        self.editor.use_model(name)

    def _tell_news(self, line: str) -> None:
        if self.messages is self.editor.messages:
            show = (self.tr("Show"), lambda: self.show_tab("trainer"))
            self.messages.show_message(line, "info", [show])

    def _show_library(self) -> None:
        self.show_tab("trainer")
        self._make_trainer().show_models()

    def _editing_groups(self) -> list[QActionGroup]:
        """The actions that are about a recording, in groups that can be switched off together."""
        loose = QActionGroup(self)
        loose.setExclusionPolicy(QActionGroup.ExclusionPolicy.None_)
        groups = [loose]
        for name, action in self.actions_by_name.items():
            group = action.actionGroup()
            if name not in WINDOWS and name not in ("open", "demo", "batch"):
                if group is None:
                    loose.addAction(action)
                elif group not in groups:
                    groups.append(group)
        return groups

    # Menus

    def _make_menus(self) -> None:
        menus = [self.menuBar().addMenu(translated(title)) for title in MENUS]
        submenus: dict[str, QMenu] = {}
        for entry in ENTRIES:
            menu = menus[entry.menu]
            if entry.separator:
                menu.addSeparator()
            if entry.submenu:
                if entry.submenu not in submenus:
                    submenus[entry.submenu] = menu.addMenu(translated(entry.submenu))
                menu = submenus[entry.submenu]
            menu.addAction(self.actions_by_name[entry.name])
        menus[0].insertMenu(self.actions_by_name["demo"], self._recent)
        menus[2].insertMenu(self.actions_by_name["brighter"], self.editor.colour_menu)
        menus[3].addSeparator()
        menus[3].addMenu(self.editor.output_menu)
        menus[4].insertMenu(self.actions_by_name["split_again"], self.editor.compute_menu)
        self._recent.aboutToShow.connect(self._fill_recent)

    def _fill_recent(self) -> None:
        self._recent.clear()
        for path in self.settings.recent_files():
            self._recent.addAction(path.name, lambda path=path: self.open_files([path])).setToolTip(str(path))
        if self._recent.isEmpty():
            self._recent.addAction(self.tr("Nothing yet")).setEnabled(False)

    def _connect(self) -> None:
        todo: dict[str, Callable[[], object]] = {
            "open": self._ask_open,
            "demo": lambda: self.open_files([DEMO]),
            "save": self._save,
            "save_as": self._save_as,
            "close": lambda: self._unless_unsaved(self.editor.close_recording),
            "quit": self.close,
            "show_editor": lambda: self.show_tab("editor"),
            "show_trainer": lambda: self.show_tab("trainer"),
            "library": self._show_library,
            "help": lambda: self._show_help("first-steps"),
            "shortcuts": lambda: self._show_help("keyboard"),
            "about": lambda: self._show_help("about"),
            "theme_system": lambda: self._wear("system"),
            "theme_dark": lambda: self._wear("dark"),
            "theme_light": lambda: self._wear("light"),
        }
        for name, function in todo.items():
            self.actions_by_name[name].triggered.connect(lambda _=False, function=function: function())
        self.actions_by_name[f"theme_{self.settings.theme}"].setChecked(True)
        self.editor.open_requested.connect(self._ask_open)
        self.editor.demo_requested.connect(lambda: self.open_files([DEMO]))
        self.editor.files_dropped.connect(self.open_files)

    def _wear(self, choice: str) -> None:
        self.settings.theme = choice  # pyright: ignore[reportAttributeAccessIssue]
        apply_theme(QApplication.instance(), self.settings.theme)  # pyright: ignore[reportArgumentType]

    def _show_help(self, page: str) -> None:
        if not self._help:
            self._help = HelpWindow(self.menuBar(), self)
        self._help.show_page(page)
        self._help.show()
        self._help.raise_()

    # Files

    def _ask_open(self) -> None:
        folder = str(Path(self.settings.recent[0]).parent) if self.settings.recent else ""
        kinds = self.tr("Recordings, videos and sessions")
        name, _ = QFileDialog.getOpenFileName(
            self,
            self.tr("Open"),
            folder,
            f"{kinds} (*.wav *.flac *.mp3 *.m4a *.ogg *.opus *.aiff *.aif *.mp4 *.mov *.mkv *.w64 *.rf64 *{SUFFIX});;"
            + self.tr("All files (*)"),
        )
        if name:
            self.open_files([Path(name)])

    def _save(self) -> bool:
        if self.editor.session_path is None:
            return self._save_as()
        return self.editor.save(self.editor.session_path)

    def _save_as(self) -> bool:
        start = self.editor.session_path or self.editor.suggested_session
        if start is None:
            return False
        name, _ = QFileDialog.getSaveFileName(
            self, self.tr("Save session"), str(start), self.tr("Voicebed sessions") + f" (*{SUFFIX})"
        )
        if not name:
            return False
        path = Path(name)
        return self.editor.save(path if path.suffix == SUFFIX else path.with_name(path.name + SUFFIX))

    def _unless_unsaved(self, then: Callable[[], object]) -> None:
        """Do `then`, at once where nothing is unsaved, else as the user answers in the message bar."""
        if not self.editor.modified:
            then()
            return

        def save_first() -> None:
            if self._save():
                then()

        self.editor.messages.show_message(
            self._question, "warning", [(self.tr("Save"), save_first), (self.tr("Don't save"), then)]
        )

    @property
    def _question(self) -> str:
        return self.tr("{name} has unsaved changes.").format(name=self.editor.title)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Ask about unsaved work and a training, once each; a second close keeps both, as an autosave, and running."""
        asked = self.messages.message
        texts = {asked.text} if asked else set[str]()
        if self.editor.modified and self._question not in texts:
            event.ignore()
            self.show_tab("editor")
            self._unless_unsaved(self._close_now)
            return
        if self.trainer and self.trainer.training and not self._may_train and self._training_question not in texts:
            event.ignore()
            self.messages.show_message(
                self._training_question,
                "warning",
                [(self.tr("Keep it going"), self._keep_training), (self.tr("Pause it"), self._pause_training)],
            )
            return
        self.editor.autosave_now()
        event.accept()

    def _close_now(self) -> None:
        self.editor.forget_changes()
        QTimer.singleShot(0, self.close)

    @property
    def _training_question(self) -> str:
        return self.tr("Training goes on without the window, and is found again at the next start. Keep it going?")

    def _keep_training(self) -> None:
        self._may_train = True
        QTimer.singleShot(0, self.close)

    def _pause_training(self) -> None:
        """Close once the training has written its checkpoint; who closes again does not wait."""
        if self.trainer and (run := self.trainer.run):
            self._may_train = True
            run.changed.connect(lambda: None if run.alive else self.close())
            run.pause()
            self.messages.show_message(self.tr("Voicebed closes as soon as the training is paused…"))

    def _show_title(self) -> None:
        name = self.editor.title
        self.setWindowTitle(f"Voicebed – {name}[*]" if name else "Voicebed")
        self.setWindowModified(self.editor.modified)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        """Take files."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """Open what was dropped."""
        self.open_files(Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile())
