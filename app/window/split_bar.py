"""The row above the lanes: the recording, and how far its split is, with its model."""

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from app.document.words import clock
from app.window import icons, theme
from app.window.project import Project, SplitState
from engine.model_files import DEFAULT
from engine.recording import Recording


class SplitBar(QWidget):
    """Follows the split of a project.

    Args:
        project: an opened one.
        cancel: the action that stops a split.

    Attributes:
        retry_requested: emits () to go on with a split that was cancelled or failed.
        models_requested: emits () to see the models with their cards.
    """

    retry_requested = Signal()
    models_requested = Signal()

    def __init__(self, project: Project, cancel: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._project = project
        self.setAutoFillBackground(True)
        self.name = QLabel(project.path.name)
        self.name.setFont(theme.font(bold=True))
        self.name.setToolTip(str(project.path))
        self.format = QLabel(format_words(project.recording))
        self.state = QLabel()
        for label in (self.format, self.state):
            label.setProperty("role", "muted")
        self.bar = QProgressBar(textVisible=False, maximum=1000)
        self.bar.setFixedWidth(180)
        self.bar.setAccessibleName(self.tr("Progress of the split"))
        self.cancel = QPushButton(self.tr("Cancel"))
        self.cancel.setToolTip(self.tr("Stop splitting; what is done stays"))
        self.cancel.clicked.connect(cancel.trigger)
        self.retry = QPushButton(icons.icon("retry"), self.tr("Go on"))
        self.retry.setToolTip(self.tr("Go on with the split where it stopped"))
        self.retry.clicked.connect(self.retry_requested)
        self.model = QPushButton(icons.icon("model"), "")
        self.model.setProperty("role", "flat")
        self.model.setToolTip(self.tr("What the model learned from, and other models"))
        self.model.clicked.connect(self.models_requested)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.M, theme.XS, theme.M, theme.XS)
        row.setSpacing(theme.S)
        for widget in (self.name, self.format):
            row.addWidget(widget)
        row.addStretch(1)
        for widget in (self.state, self.bar, self.cancel, self.retry, self.model):
            row.addWidget(widget)
            widget.setFocusPolicy(Qt.FocusPolicy.TabFocus if isinstance(widget, QPushButton) else widget.focusPolicy())
        for button in (self.cancel, self.retry):
            button.setAccessibleName(button.text())
        project.split_changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        project, state = self._project, self._project.state
        running = state is SplitState.RUNNING
        share = project.progress.done / project.progress.total if project.progress.total else 0.0
        self.bar.setVisible(running)
        self.bar.setValue(round(1000 * share))
        self.cancel.setVisible(running)
        self.retry.setVisible(state in (SplitState.CANCELLED, SplitState.FAILED))
        self.model.setText(project.document.edit.model or DEFAULT)
        self.model.setAccessibleName(self.tr("Model {name}").format(name=self.model.text()))
        self.state.setText(self._words(state, share))
        done = state is SplitState.DONE and bool(project.facts)
        tip = self.tr("What computed it; choose another for the next split in Speech and noise › Compute on")
        self.state.setToolTip(tip if done else "")

    def _words(self, state: SplitState, share: float) -> str:
        match state:
            case SplitState.RUNNING:
                left = self._project.progress.left
                if left is None:
                    return self.tr("Splitting…")
                words = self.tr("Splitting, {share} %, {left} left")
                return words.format(share=round(100 * share), left=duration(left))
            case SplitState.CANCELLED:
                return self.tr("Split stopped at {share} %").format(share=round(100 * share))
            case SplitState.FAILED:
                return self.tr("Split failed at {share} %").format(share=round(100 * share))
        if self._project.pending_patches:
            return self.tr("Splitting the selection…")
        facts = self._project.facts
        return self.tr("Split on {device}").format(device=str(facts["device"]).upper()) if facts else ""


def duration(seconds: float) -> str:
    """A span of time in a few words, such as "40 s" or "3 min"."""
    return f"{max(1, round(seconds))} s" if seconds < 90 else f"{round(seconds / 60)} min"


def format_words(recording: Recording) -> str:
    """Rate, channels and length of a recording in a few words."""
    names = {1: _tr("mono"), 2: _tr("stereo"), 6: "5.1", 8: "7.1"}
    channels = names.get(recording.channels, _tr("{0} channels").format(recording.channels))
    rate = f"{recording.sample_rate / 1000:g} kHz"
    return f"{rate}  {channels}  {clock(recording.seconds).split('.')[0]}"


def _tr(text: str) -> str:
    return QCoreApplication.translate("SplitBar", text)
