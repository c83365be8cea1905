"""A box for a target level: off, common values, or one's own, typed."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox, QLineEdit, QStyledItemDelegate, QWidget

from app.document.words import MINUS, parse_decibels
from engine.errors import UsageError


class TargetBox(QComboBox):
    """A target in `unit`, or off.

    Args:
        name: what it is the target of, for screen readers and messages.
        choices: the values on offer.

    Attributes:
        chosen: emits the value, or None for off, when the user has asked for it.
        problem: emits a line for the user when a typed value makes no sense.
    """

    chosen = Signal(object)
    problem = Signal(str)

    def __init__(self, name: str, unit: str, choices: Sequence[float], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._unit = unit
        self._shown = ""
        self.setEditable(True)
        self.setItemDelegate(QStyledItemDelegate(self))  # rows as high as the style sheet says
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setMinimumContentsLength(6)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.field = QLineEdit()
        self.setLineEdit(self.field)
        self.setCompleter(None)  # pyright: ignore[reportArgumentType]  None is how Qt takes it away
        for value in (None, *choices):
            self.addItem(self._words(value), value)
        self.setAccessibleName(name)
        self.field.setAccessibleName(name)
        self.activated.connect(lambda index: self.chosen.emit(self.itemData(index)))
        self.field.editingFinished.connect(self._read)

    def show_value(self, value: float | None) -> None:
        """Show a value, None for off."""
        self._shown = self._words(value)
        self.setCurrentIndex(self.findText(self._shown))  # the place from which Up and Down go
        self.setEditText(self._shown)

    def allow_off(self, allowed: bool) -> None:
        """Whether "Off" is on offer."""
        model = self.model()
        assert isinstance(model, QStandardItemModel)
        model.item(0).setEnabled(allowed)

    def _words(self, value: float | None) -> str:
        return self.tr("Off") if value is None else f"{value:g} {self._unit}".replace("-", MINUS)

    def _read(self) -> None:
        text = self.field.text().strip()
        shown, off = self._shown, self._words(None)
        if text == shown:
            return
        self.setEditText(shown)
        if text.casefold() in ("", "off", off.casefold()):
            self.chosen.emit(None)
            return
        try:
            value = parse_decibels(text.lower().removesuffix(self._unit.lower()))
        except UsageError:
            line = self.tr("“{text}” is no value in {unit}; type a number like {example}, or {off}")
            self.problem.emit(line.format(text=text, unit=self._unit, example=f"{MINUS}16", off=off.lower()))
        else:
            self.chosen.emit(value)
