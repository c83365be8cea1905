"""The page of a training that runs, or that stopped before its end."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from app.sound.output import Output
from app.training.curves import Curves
from app.training.previews import Previews
from app.training.run import Run, State
from app.window import icons, theme

LOG_LINES, LOG_HEIGHT = 2000, 160
HALF = 250  # pixels: two and three of them for previews and curves, and more where there is room


class ProgressPage(QWidget):
    """Follows one training after another.

    Args:
        output: where previews are heard; None for the system's device.

    Signals:
        delete_requested(): the training is to be given up, with all that it learnt.
    """

    delete_requested = Signal()

    def __init__(self, output: Output | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run: Run | None = None
        self.title = QLabel()
        self.title.setProperty("role", "title")
        self.words = QLabel()
        self.bar = QProgressBar(textVisible=False, maximum=1000)
        self.bar.setAccessibleName(self.tr("Progress of the training"))
        self.pause_button = QPushButton(icons.icon("pause"), self.tr("Pause"))
        self.resume_button = QPushButton(icons.icon("play", "on_accent"), self.tr("Resume"))
        self.resume_button.setProperty("role", "primary")
        self.finish_button = QPushButton(icons.icon("check"), self.tr("Stop and keep best"))
        self.delete_button = QPushButton(icons.icon("delete"), self.tr("Delete"))
        self.log_button = QPushButton(self.tr("Log"))
        self.log_button.setCheckable(True)
        self.pause_button.setToolTip(self.tr("Save it and free the machine; it goes on later where it was"))
        self.resume_button.setToolTip(self.tr("Go on where it was"))
        self.finish_button.setToolTip(self.tr("Learn no more; judge the best model found so far"))
        self.delete_button.setToolTip(self.tr("Give this training up, and delete what it learnt"))
        self.log_button.setToolTip(self.tr("What the trainer says, line by line"))
        self.curves, self.previews = Curves(), Previews(output)
        self.log = QPlainTextEdit(readOnly=True, maximumBlockCount=LOG_LINES)
        self.log.setAccessibleName(self.tr("Log"))
        self.log.setFixedHeight(LOG_HEIGHT)
        self.log.hide()
        self._lay_out()
        self.log_button.toggled.connect(self.log.setVisible)
        self.pause_button.clicked.connect(lambda: self._run and self._run.pause())
        self.resume_button.clicked.connect(lambda: self._run and self._run.resume())
        self.finish_button.clicked.connect(lambda: self._run and self._run.finish())
        self.delete_button.clicked.connect(self.delete_requested)

    def show_run(self, run: Run) -> None:
        """Show this training from now on."""
        self._run = run
        self._clear()
        run.added.connect(lambda lines: self._add(run, lines))
        run.cleared.connect(lambda: self._clear() if run is self._run else None)
        run.changed.connect(lambda: self._update() if run is self._run else None)
        self.title.setText(self.tr("Training of {0}").format(run.plan.name))
        self.previews.show_folder(run.plan.folder / "previews")
        self._update()

    def _lay_out(self) -> None:
        names, buttons = QVBoxLayout(), QHBoxLayout()
        names.setSpacing(theme.XS)
        names.addWidget(self.title)
        names.addWidget(self.words)
        buttons.setSpacing(theme.S)
        for button in (
            self.log_button,
            self.delete_button,
            self.finish_button,
            self.pause_button,
            self.resume_button,
        ):
            button.setAccessibleName(button.text())
            buttons.addWidget(button)
        top = QHBoxLayout()
        top.addLayout(names, 1)
        top.addLayout(buttons)
        self.previews.setContentsMargins(theme.S, 0, 0, 0)
        halves = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        halves.addWidget(self.curves)
        halves.addWidget(self.previews)
        halves.setStretchFactor(0, 3)
        halves.setStretchFactor(1, 2)
        halves.setSizes([3 * HALF, 2 * HALF])
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.L, theme.M, theme.L, theme.L)
        column.setSpacing(theme.M)
        column.addLayout(top)
        column.addWidget(self.bar)
        column.addWidget(halves, 1)
        column.addWidget(self.log)

    def _clear(self) -> None:
        self.curves.clear()
        self.log.clear()

    def _add(self, run: Run, lines: Sequence[dict[str, Any]]) -> None:
        if run is not self._run:
            return
        for line in lines:
            self.curves.add(line)
            if words := self._line(line):
                self.log.appendPlainText(words)
            match line:
                case {"step": 0, "validation": {"OVRL": score}}:
                    self.curves.set_base_score(score)
        if any("previews" in line for line in lines) or lines[0].get("stage") == "scored":
            self.previews.refresh()

    def _update(self) -> None:
        run = self._run
        if run is None:
            return
        alive, asked = run.alive, run.asked
        self.words.setText(self._state_words(run))
        role = "error" if run.state is State.FAILED else "warning" if run.state is State.INTERRUPTED else ""
        if self.words.property("role") != role:
            self.words.setProperty("role", role)
            self.words.style().polish(self.words)
        known = run.share is not None or not alive
        self.bar.setRange(0, 1000 if known else 0)
        if known:
            self.bar.setValue(round(1000 * (run.share or 0.0)))
        self.pause_button.setVisible(alive)
        self.pause_button.setEnabled(not asked and run.stage != "verdict")
        self.resume_button.setVisible(not alive)
        self.resume_button.setText(self.tr("Try again") if run.state is State.FAILED else self.tr("Resume"))
        self.resume_button.setAccessibleName(self.resume_button.text())
        self.finish_button.setEnabled(not asked and run.step > 0 and run.stage != "verdict")
        self.delete_button.setVisible(not alive)

    def _state_words(self, run: Run) -> str:
        match run.state:
            case State.FAILED:
                return self.tr("It stopped: {0}").format(run.error)
            case State.INTERRUPTED if not run.step:
                return self.tr("It was interrupted before it began to learn.")
            case State.INTERRUPTED:
                return self.tr("It was interrupted after {0} steps. Resume goes on from its last checkpoint.").format(
                    f"{run.step:,}"
                )
            case State.PAUSED if not run.step:
                return self.tr("Paused before it began to learn.")
            case State.PAUSED:
                return self.tr("Paused after {0} steps.").format(f"{run.step:,}")
            case State.FINISHED:
                return self.tr("Done.")
        if run.asked == "stop":
            return self.tr("Pausing…")
        if run.asked == "finish" and run.stage != "verdict":
            return self.tr("Stopping, to judge the best so far…")
        match run.stage:
            case "audit":
                return self.tr("Looking at the files: {0} %").format(round(100 * (run.share or 0)))
            case "mine":
                return self.tr("Looking for noise in the pauses: {0} %").format(round(100 * (run.share or 0)))
            case "score":
                return self.tr("Scoring the model that it starts from…")
            case "train" if run.left is not None and run.step:
                return self.tr("Step {0}, {1} % done, {2} left").format(
                    f"{run.step:,}", round(100 * (run.share or 0)), time_words(run.left)
                )
            case "train":
                return self.tr("It begins to learn…")
            case "verdict":
                return self.tr("Comparing the new model with the old one…")
        return self.tr("Starting…")

    def _line(self, line: dict[str, Any]) -> str:
        """A line of the log for people; "" for what they need not see."""
        match line:
            case {"warning": words} | {"error": words} | {"stage": "stopped", "words": words}:
                return words
            case {"stage": "audited", "verdict": words}:
                return words
            case {"stage": "mined", "seconds": seconds}:
                return self.tr("Found {0} s of noise in the pauses.").format(seconds)
            case {"stage": "scored", "what": "input", "OVRL": score}:
                return self.tr("The recordings kept aside score OVRL {0:.2f} as they are.").format(score)
            case {"stage": "scored", "what": who, "OVRL": score}:
                words = (
                    self.tr("By the old model they score OVRL {0:.2f}.")
                    if who == "base"
                    else self.tr("By the new one they score OVRL {0:.2f}.")
                )
                return words.format(score)
            case {"stage": "resumed", "step": step}:
                return self.tr("Resumed at step {0}.").format(f"{step:,}")
            case {"step": step, "validation": {"OVRL": score}}:
                return self.tr("Step {0}: other recordings kept aside score OVRL {1:.2f}.").format(f"{step:,}", score)
            case {"step": step, "loss": loss}:
                terms = ", ".join(
                    f"{name.replace('_', ' ')} {value:.3g}"
                    for name, value in line.items()
                    if isinstance(value, float) and name != "loss"
                )
                return self.tr("Step {0}: loss {1:.3f} ({2})").format(f"{step:,}", loss, terms)
        return ""


def time_words(seconds: float) -> str:
    """A time that something still takes: "40 s", "12 min", "2.5 h"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
