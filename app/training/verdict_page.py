"""The page of a finished training: is the new model better, what is it called, and where shall it go?"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from app.document.words import MINUS
from app.sound.output import Output
from app.training.audit_table import TrafficLight
from app.training.previews import Previews
from app.training.run import Run
from app.window import icons, theme
from app.window.background import run_in_background
from app.window.push_button import push_button
from engine.model_files import DEFAULT, SUFFIX, ModelCard, ModelFile, add_model, read_model_file, write_card

LICENCES = ("not stated", "CC BY 4.0", "CC BY-SA 4.0", "CC0", "for my own use only")
SCORES = ("OVRL", "SIG", "BAK", "P808", "SI-SDR")
MORE_MINUTES = 20
NOTES_HEIGHT, SIDE = 96, 460


class VerdictPage(QWidget):
    """Shows one finished training after another.

    Args:
        output: where the clips are heard; None for the system's device.

    Signals:
        saved(str): the model is in the library, by this name.
        default_wanted(str): it is to be the default model.
        use_wanted(str): it is to split what is open in the editor.
        done(): nothing more is wanted of this training.
        problem(str), told(str): lines for the message bar.
        worse_default_wanted(str, str): it did worse, and is wanted as the default all the same: name, and a question.
        unsaved(): `done`, but the model was not saved.
    """

    saved = Signal(str)
    default_wanted = Signal(str)
    use_wanted = Signal(str)
    done = Signal()
    problem = Signal(str)
    told = Signal(str)
    worse_default_wanted = Signal(str, str)
    unsaved = Signal()

    def __init__(self, output: Output | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run: Run | None = None
        self._model: ModelFile | None = None
        self.saved_as = ""  # its name in the library, once it is there
        self.light = TrafficLight()
        self.light.text.setProperty("role", "title")
        self.detail = QLabel(wordWrap=True)
        self.detail.setProperty("role", "muted")
        self.scores = QGridLayout()
        self.previews = Previews(output)
        self.name, self.licence, self.notes = QLineEdit(), QComboBox(), QPlainTextEdit()
        self.licence.setEditable(True)
        self.licence.addItems(LICENCES)
        self.notes.setFixedHeight(NOTES_HEIGHT)
        self.notes.setPlaceholderText(self.tr("What it is for, and what it was trained on"))
        self.notes.setTabChangesFocus(True)
        self.save_button = push_button(self.tr("Save to my models"), lambda: self._save(self._say_saved), "save")
        self.use_button = push_button(self.tr("Use in the editor"), lambda: self._save(self.use_wanted.emit))
        self.default_button = push_button(self.tr("Make it the default"), self._make_default)
        self.export_button = push_button(self.tr("Export as a file…"), self._ask_export, "export")
        self.longer_button = push_button(self.tr("Train {0} min more").format(MORE_MINUTES), self._longer, "retry")
        self.done_button = push_button(self.tr("Done"), self._done, "check")
        self.save_button.setToolTip(self.tr("Keep it, to choose it for any recording"))
        self.use_button.setToolTip(self.tr("Keep it, and split the open recording with it"))
        self.default_button.setToolTip(self.tr("Keep it, and use it for every recording that you open from now on"))
        self.export_button.setToolTip(self.tr("Write a model file, for another computer or other people"))
        self.longer_button.setToolTip(self.tr("Go on from here, and judge again"))
        self.done_button.setToolTip(self.tr("Close this training, and delete its working files"))
        self._lay_out()

    @property
    def better(self) -> bool:
        """Whether it did better than the model that it began as."""
        return bool(self._run and self._run.verdict and self._run.verdict["better"])

    def show_run(self, run: Run) -> None:
        """Show the verdict on this training."""
        self._run, self._model, self.saved_as = run, None, ""
        self.previews.show_folder(run.plan.folder / "previews")
        self._show_verdict(run)
        self.name.setText(run.plan.name)
        self.notes.clear()
        self._enable(False)
        run_in_background(
            self, lambda: read_model_file(run.plan.out), lambda model: self._loaded(run, model), self._fail
        )

    def export_to(self, path: Path) -> None:
        """Write the model with its card to a file."""
        if self._model:
            source, card = self._model.path, self._card(self.name.text().strip() or path.stem)
            run_in_background(
                self,
                lambda: write_card(source, card, path),
                lambda _: self.told.emit(self.tr("Written to {0}").format(path)),
                self._fail,
            )

    def _lay_out(self) -> None:
        rows = QFormLayout()
        rows.setHorizontalSpacing(theme.M)
        rows.setVerticalSpacing(theme.S)
        for title, widget in (
            (self.tr("Name"), self.name),
            (self.tr("Licence"), self.licence),
            (self.tr("Notes"), self.notes),
        ):
            rows.addRow(title, widget)
            widget.setAccessibleName(title)
        if inner := self.licence.lineEdit():
            inner.setAccessibleName(self.tr("Licence"))
        side = QWidget()
        left = QVBoxLayout(side)
        left.setContentsMargins(0, 0, theme.M, 0)
        left.setSpacing(theme.M)
        left.addWidget(self.detail)
        left.addLayout(self.scores)
        heading = QLabel(self.tr("Its card"))
        heading.setProperty("role", "title")
        left.addWidget(heading)
        left.addLayout(rows)
        left.addStretch()
        for pair in ((self.save_button, self.use_button), (self.default_button, self.export_button)):
            row = QHBoxLayout()
            row.setSpacing(theme.S)
            for button in pair:
                row.addWidget(button, 1)
            left.addLayout(row)
        last = QHBoxLayout()
        last.addWidget(self.longer_button)
        last.addStretch()
        last.addWidget(self.done_button)
        left.addLayout(last)
        halves = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        halves.addWidget(side)
        halves.addWidget(self.previews)
        halves.setStretchFactor(0, 0)
        halves.setStretchFactor(1, 1)
        halves.setSizes([SIDE, 2 * SIDE])
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.L, theme.M, theme.L, theme.L)
        column.setSpacing(theme.M)
        column.addWidget(self.light)
        column.addWidget(halves, 1)

    def _show_verdict(self, run: Run) -> None:
        verdict, base = run.verdict, run.plan.base or DEFAULT
        while item := self.scores.takeAt(0):
            if widget := item.widget():
                widget.deleteLater()
        if verdict is None:
            self.light.show_line("look", self.tr("Not compared: listen, and decide by ear."))
            self.detail.setText(
                self.tr("The measure of quality, DNSMOS, is not installed: pip install 'voicebed[eval]'")
            )
        else:
            gain = verdict["tuned"]["OVRL"] - verdict["base"]["OVRL"]
            counts = self.tr("better on {0} of {1} clips, {2} OVRL").format(
                verdict["clips_better"], verdict["clips"], change(gain)
            )
            if verdict.get("by_mixtures"):
                decibels = change(verdict["tuned"]["SI-SDR"] - verdict["base"]["SI-SDR"])
                self.light.show_line(
                    "ok", self.tr("Better on mixtures, {0} dB; DNSMOS hears no clear difference.").format(decibels)
                )
            elif verdict["better"]:
                self.light.show_line("ok", counts[:1].upper() + counts[1:] + ".")
            else:
                self.light.show_line("look", self.tr("Not better: keep {0} ({1}).").format(base, counts))
            words = str(verdict["words"]).replace("->", "→").partition(": ")[2]  # the line above has what is before
            self.detail.setText(words[:1].upper() + words[1:])
            self._fill_scores(verdict["base"], verdict["tuned"], base)
        role = "primary" if self.better else ""
        self.save_button.setProperty("role", role)
        self.save_button.setIcon(icons.icon("save", "on_accent" if self.better else "text"))
        self.save_button.style().polish(self.save_button)

    def _fill_scores(self, base: dict[str, float], tuned: dict[str, float], name: str) -> None:
        names = {
            "OVRL": self.tr("in all"),
            "SIG": self.tr("the voice"),
            "BAK": self.tr("the background"),
            "P808": self.tr("as listeners rate"),
            "SI-SDR": self.tr("of mixtures, dB"),
        }
        heads = [self.tr("DNSMOS, 1 to 5"), name, self.tr("new"), self.tr("change")]
        table = [heads]
        for score in SCORES:
            if score in base and score in tuned:
                values = f"{base[score]:.2f}", f"{tuned[score]:.2f}", change(tuned[score] - base[score])
                table.append([f"{score}, {names[score]}", *values])
        for row, cells in enumerate(table):
            for column, text in enumerate(cells):
                label = QLabel(text)
                if not row:
                    label.setProperty("role", "heading")
                side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
                self.scores.addWidget(label, row, column, side | Qt.AlignmentFlag.AlignVCenter)
        self.scores.setHorizontalSpacing(theme.L)
        self.scores.setVerticalSpacing(theme.XS)

    def _loaded(self, run: Run, model: ModelFile) -> None:
        if run is self._run:
            self._model = model
            self.licence.setCurrentText(model.card.licence)
            self._enable(True)

    def _enable(self, there: bool) -> None:
        for button in (self.save_button, self.use_button, self.default_button, self.export_button):
            button.setEnabled(there)

    def _card(self, name: str) -> ModelCard:
        assert self._model
        card = self._model.card
        notes = "\n".join(filter(None, (self.notes.toPlainText().strip(), card.notes)))
        return replace(card, name=name, licence=self.licence.currentText().strip() or LICENCES[0], notes=notes)

    def _save(self, then: Callable[[str], object]) -> None:
        """Add the model to the library, unless it is there; then go on with its name."""
        if self.saved_as:
            then(self.saved_as)
            return
        run, name = self._run, self.name.text().strip()
        if not self._model or run is None:
            return
        source, card = self._model.path, self._card(name)

        def kept(model: ModelFile) -> None:
            if run is self._run:
                self.saved_as = model.path.stem
                for field in (self.name, self.licence, self.notes):
                    field.setEnabled(False)
                self.save_button.setEnabled(False)
                self.saved.emit(self.saved_as)
                then(self.saved_as)

        run_in_background(self, lambda: add_model(source, card, name), kept, self._fail)

    def _say_saved(self, name: str) -> None:
        self.told.emit(self.tr("{0} is among your models.").format(name))

    def _make_default(self) -> None:
        if self.better:
            self._save(self.default_wanted.emit)
            return
        run = self._run
        base = run.plan.base or DEFAULT if run else DEFAULT
        question = (
            self.tr("{0} did not do better than {1} on your recordings. Make it the default all the same?")
            if run and run.verdict
            else self.tr("{0} was not compared with {1}. Make it the default all the same?")
        )
        self.worse_default_wanted.emit(self.name.text().strip(), question.format(self.name.text().strip(), base))

    def make_default_all_the_same(self) -> None:
        """The user has confirmed it."""
        self._save(self.default_wanted.emit)

    def _ask_export(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self,
            self.tr("Export the model"),
            f"{self.name.text().strip()}{SUFFIX}",
            self.tr("Models") + f" (*{SUFFIX})",
        )
        if name:
            self.export_to(Path(name) if name.endswith(SUFFIX) else Path(name + SUFFIX))

    def _longer(self) -> None:
        if self._run:
            self._run.resume(minutes=MORE_MINUTES)

    def _done(self) -> None:
        (self.done if self.saved_as else self.unsaved).emit()

    def _fail(self, line: str) -> None:
        self.problem.emit(line)


def change(score: float) -> str:
    """A change of a score, with its sign: "+0.18", "−0.09", "0.00"."""
    words = f"{score:+.2f}"
    return "0.00" if words[1:] == "0.00" else words.replace("-", MINUS)
