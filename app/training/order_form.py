"""What is asked before a training: its name, what it starts from, how, for how long, and what that means here."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel, QLineEdit, QSpinBox, QToolButton, QVBoxLayout, QWidget

from app.document.settings import Settings
from app.jobs.client import Job
from app.training.run import free_name
from app.window import theme
from app.window.background import run_in_background
from app.window.compute_menu import device_words
from engine.model_files import DEFAULT, ModelFile, list_models
from engine.presets import PRESETS

MINUTES, MOST_MINUTES = 20, 7 * 24 * 60
FEW_STEPS = 180  # the least that helped in resources/help/7-training-log.md
MEASURE_AFTER_MS = 600  # once nothing is changed any more
RECIPES = ("quick", "paper")


class OrderForm(QWidget):
    """The form.

    Args:
        settings: where it begins.
        submit: called with "training_pace" and its arguments.

    Signals:
        changed(): something is another one.
    """

    changed = Signal()

    def __init__(self, settings: Settings, submit: Callable[..., Job], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings, self._submit = settings, submit
        self._paces: dict[tuple[str, str, str], dict[str, Any]] = {}
        self._asked: tuple[str, str, str] | None = None
        self._job: Job | None = None
        self._may_measure = self._filled = False
        self.name = QLineEdit(free_name(self.tr("my-voice")))
        self.base, self.recipe, self.device = QComboBox(), QComboBox(), QComboBox()
        self.minutes, self.steps = QSpinBox(), QSpinBox()
        self.estimate = QLabel(wordWrap=True, alignment=Qt.AlignmentFlag.AlignTop)
        self.estimate.setProperty("role", "muted")
        self.advanced_button = QToolButton()
        self.advanced_button.setText(self.tr("Advanced"))
        self.advanced_button.setProperty("role", "flat")
        self.advanced_button.setCheckable(True)
        self.advanced_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.advanced_button.setArrowType(Qt.ArrowType.RightArrow)
        self.advanced_button.setToolTip(self.tr("What few people need"))
        self._timer = QTimer(self, singleShot=True, interval=MEASURE_AFTER_MS)
        self._timer.timeout.connect(self._measure)
        self._fill()
        self._lay_out()
        self._connect()
        self.reload()
        self._update()

    def reload(self) -> None:
        """Look which models there are."""
        run_in_background(self, list_models, self._fill_bases, lambda line: self.estimate.setText(line))

    def set_base(self, name: str) -> None:
        """Start from this model."""
        if (index := self.base.findData(name)) >= 0:
            self.base.setCurrentIndex(index)

    def measure_pace(self) -> None:
        """From now on, measure how fast this machine trains as it is asked for."""
        self._may_measure = True
        self._update()

    def stop_measuring(self) -> None:
        """Leave the machine to what is trained now."""
        self._may_measure = False
        self._timer.stop()
        if self._job:
            self._job.cancel()

    @property
    def length(self) -> tuple[float, int]:
        """(minutes, steps), as a plan has them: steps count where they are not 0."""
        return float(self.minutes.value()), self.steps.value()

    def _fill(self) -> None:
        self.base.addItem(DEFAULT, "")
        self.recipe.addItem(self.tr("Quick: for laptops"), "quick")
        self.recipe.addItem(self.tr("Paper: as published, for graphics cards"), "paper")
        for name, words in device_words().items():
            self.device.addItem(words, name)
        self.device.setCurrentIndex(self.device.findData(self._settings.device))
        self.minutes.setRange(1, MOST_MINUTES)
        self.minutes.setValue(MINUTES)
        self.minutes.setSuffix(self.tr(" min"))
        self.steps.setRange(0, 10_000_000)
        self.steps.setSpecialValueText(self.tr("as the time allows"))
        self.steps.setToolTip(self.tr("A number of steps in place of the time"))
        self.name.setToolTip(self.tr("What the new model will be called; you can change it later"))
        self.base.setToolTip(self.tr("The model that learns from your recordings; the old one stays as it is"))
        self.recipe.setToolTip(self.tr("How it learns"))
        self.minutes.setToolTip(self.tr("How long it may learn; you can stop earlier, or go on later"))

    def _lay_out(self) -> None:
        self._rows = rows = QFormLayout()
        rows.setHorizontalSpacing(theme.M)
        rows.setVerticalSpacing(theme.S)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for title, widget in (
            (self.tr("Name"), self.name),
            (self.tr("Start from"), self.base),
            (self.tr("Recipe"), self.recipe),
            (self.tr("Time"), self.minutes),
            (self.tr("Compute on"), self.device),
            ("", self.advanced_button),
            (self.tr("Steps"), self.steps),
        ):
            if not title:
                rows.addRow(widget)
                continue
            rows.addRow(title, widget)
            widget.setAccessibleName(title)
            if isinstance(widget, QSpinBox):
                widget.lineEdit().setAccessibleName(title)
                widget.lineEdit().setTextMargins(theme.XS, 0, 0, 0)
                widget.setFixedHeight(theme.CONTROL)
            if isinstance(widget, QComboBox):
                widget.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
                widget.setMinimumContentsLength(12)
        rows.setRowVisible(self.steps, False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.M)
        column.addLayout(rows)
        column.addWidget(self.estimate)

    def _connect(self) -> None:
        self.advanced_button.toggled.connect(self._fold)
        for box in (self.base, self.recipe, self.device):
            box.currentIndexChanged.connect(self._update)
        for number in (self.minutes, self.steps):
            number.valueChanged.connect(self._update)
        self.name.textChanged.connect(self.changed)

    def _fold(self, shown: bool) -> None:
        self._rows.setRowVisible(self.steps, shown)
        self.advanced_button.setArrowType(Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow)

    def _fill_bases(self, models: Sequence[ModelFile]) -> None:
        chosen = self.base.currentData() if self._filled else self._settings.model
        self._filled = True
        self.base.blockSignals(True)
        self.base.clear()
        for model in models:
            self.base.addItem(model.path.stem, "" if model.path.stem == DEFAULT and model.bundled else model.path.stem)
        if self.base.findData("") < 0:
            self.base.insertItem(0, DEFAULT, "")
        self.base.insertSeparator(self.base.count())
        for name in PRESETS:
            self.base.addItem(self.tr("{0}, new").format(name), name)
            words = self.tr("Begins from nothing, or a published codec: for many hours, or graphics cards")
            self.base.setItemData(self.base.count() - 1, words, Qt.ItemDataRole.ToolTipRole)
        self.base.setCurrentIndex(max(0, self.base.findData(chosen)))
        self.base.blockSignals(False)
        self._update()

    @property
    def _key(self) -> tuple[str, str, str]:
        return self.base.currentData() or "", self.recipe.currentData(), self.device.currentData()

    def _update(self) -> None:
        self.minutes.setEnabled(not self.steps.value())
        self._show_estimate()
        if self._may_measure and self._key not in self._paces and self._key != self._asked:
            self._timer.start()
        self.changed.emit()

    def _measure(self) -> None:
        key = self._key
        if key in self._paces or key == self._asked:
            return
        self._asked = key
        job = self._job = self._submit("training_pace", base=key[0], recipe=key[1], device=key[2])
        job.finished.connect(lambda pace: self._measured(key, pace))
        job.failed.connect(lambda line, _: self._measured(key, {"error": line}))
        job.cancelled.connect(self._forget_measure)

    def _forget_measure(self) -> None:
        self._asked = self._job = None

    def _measured(self, key: tuple[str, str, str], pace: dict[str, Any]) -> None:
        self._paces[key] = pace
        self._forget_measure()
        self._update()

    def _show_estimate(self) -> None:
        """What the chosen time means on this machine."""
        pace = self._paces.get(self._key)
        if pace is None:
            words = (
                self.tr("Measuring how fast this machine trains…")
                if self._may_measure
                else self.tr("How fast this machine trains is measured once the folders are there.")
            )
        elif "error" in pace:
            words = pace["error"]
        else:
            words = self._estimate(pace["steps_per_second"], pace["device"])
        self.estimate.setText(words)
        role = "error" if pace and "error" in pace else "muted"
        if self.estimate.property("role") != role:
            self.estimate.setProperty("role", role)
            self.estimate.style().polish(self.estimate)

    def _estimate(self, speed: float, device: str) -> str:
        where = self.tr("the processor") if device == "cpu" else self.tr("the graphics card")
        if steps := self.steps.value():
            words = self.tr("{0} steps take about {1} on {2}, as busy as it is now.")
            return words.format(f"{steps:,}", _span(steps / speed), where)
        steps = 60 * self.minutes.value() * speed
        words = self.tr("About {0} steps on {1}, as busy as it is now; some minutes more go into checking.")
        words = words.format(f"{float(f'{steps:.2g}'):,.0f}", where)
        if steps < FEW_STEPS:
            least = _span(FEW_STEPS / speed)
            words += " " + self.tr("Fewer than {0} seldom help: allow {1} or more.").format(FEW_STEPS, least)
        return words


def _span(seconds: float) -> str:
    """A time in words, rounded up: "3 min", "2.5 hours"."""
    return f"{seconds / 3600:.1f} hours" if seconds >= 5400 else f"{max(1, -(-seconds // 60)):.0f} min"
