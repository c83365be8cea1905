"""The chooser of presets, with the user's own: save the current levels under a name, delete."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QStackedWidget,
    QStyle,
    QStyleOptionComboBox,
    QToolButton,
    QWidget,
)

from app.document.document import Document
from app.document.presets import BUNDLED, Preset, Presets, added
from app.window import icons, theme
from app.window.fixed_words import in_words
from app.window.observe import observe
from engine.errors import UsageError


class PresetBar(QWidget):
    """Shows which preset the document's levels are, and gives it those of another.

    Args:
        presets: the user's own.

    Attributes:
        presets: the user's own, as they are now.
        presets_changed: emits them after one was saved or deleted.
        problem: emits a line for the user when a name cannot be taken.
    """

    presets_changed = Signal(tuple)
    problem = Signal(str)

    def __init__(self, document: Document, presets: Presets, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.presets = presets
        self.chooser = _Chooser()
        self.chooser.setPlaceholderText(self.tr("Own levels"))
        self.chooser.setAccessibleName(self.tr("Preset"))
        self.chooser.setToolTip(self.tr("Levels for a common purpose; regions stay as they are"))
        self.chooser.activated.connect(self._choose)
        self.name_field = QLineEdit()
        self.name_field.setPlaceholderText(self.tr("Name, then Enter"))
        self.name_field.setAccessibleName(self.tr("Name of the new preset"))
        self.name_field.returnPressed.connect(self._save)
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self.name_field, self._close_name)
        escape.setContext(Qt.ShortcutContext.WidgetShortcut)
        self.menu = QMenu(self)
        self.save_action = self.menu.addAction(self.tr("Save current as…"), self._open_name)
        self.delete_action = self.menu.addAction("", self._delete)
        self.menu_button = QToolButton()
        self.menu_button.setIcon(icons.icon("more"))
        self.menu_button.setAccessibleName(self.tr("Save or delete presets"))
        self.menu_button.setToolTip(self.tr("Save these levels as a preset, or delete one"))
        self.menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu_button.setMenu(self.menu)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.chooser)
        self._stack.addWidget(self.name_field)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.XS)
        row.addWidget(self._stack, 1)
        row.addWidget(self.menu_button)
        self._fill()
        observe(self, document.changed, lambda *_: self._show_current())

    def _fill(self) -> None:
        self.chooser.clear()
        for preset in BUNDLED:
            self.chooser.addItem(in_words(preset.name), preset)
        if self.presets:
            self.chooser.insertSeparator(self.chooser.count())
        for preset in self.presets:
            self.chooser.addItem(preset.name, preset)
        self.chooser.setCurrentIndex(-1)
        self._show_current()

    def _show_current(self) -> None:
        """Choose the preset with the document's levels; the one that is chosen already before others like it."""
        remix = self._document.edit.remix
        indices = (self.chooser.currentIndex(), *reversed(range(self.chooser.count())))
        fitting = (index for index in indices if (at := self._preset(index)) and at.applied(remix) == remix)
        self.chooser.setCurrentIndex(next(fitting, -1))
        own = self._own()
        self.delete_action.setEnabled(own is not None)
        self.delete_action.setText(
            self.tr("Delete “{name}”").format(name=own.name) if own else self.tr("Delete own preset")
        )

    def _preset(self, index: int) -> Preset | None:
        return self.chooser.itemData(index)

    def _own(self) -> Preset | None:
        """The chosen preset, if it is the user's own."""
        chosen = self.chooser.currentData()
        return chosen if chosen in self.presets else None

    def _choose(self, index: int) -> None:
        if preset := self._preset(index):
            self._document.set_remix(preset.applied(self._document.edit.remix), "Preset")
            self._show_current()

    def _open_name(self) -> None:
        self._stack.setCurrentWidget(self.name_field)
        self.name_field.clear()
        self.name_field.setFocus(Qt.FocusReason.OtherFocusReason)

    def _close_name(self) -> None:
        self._stack.setCurrentWidget(self.chooser)
        self.chooser.setFocus(Qt.FocusReason.OtherFocusReason)

    def _save(self) -> None:
        remix = self._document.edit.remix
        try:
            presets = added(self.presets, Preset(self.name_field.text(), remix.speech_db, remix.noise_db))
        except UsageError as error:
            self.problem.emit(str(error))
            return
        self._close_name()
        self._set_presets(presets)

    def _delete(self) -> None:
        self._set_presets(tuple(preset for preset in self.presets if preset != self._own()))

    def _set_presets(self, presets: Presets) -> None:
        self.presets = presets
        self._fill()
        self.presets_changed.emit(presets)


class _Chooser(QComboBox):
    """A combo box that shortens a long name with dots where Qt would cut it."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumContentsLength(8)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)

    def initStyleOption(self, option: QStyleOptionComboBox) -> None:  # noqa: N802
        """Has the style draw the shortened name."""
        super().initStyleOption(option)
        room = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
        )
        option.currentText = self.fontMetrics().elidedText(
            option.currentText, Qt.TextElideMode.ElideRight, room.width() - theme.XS
        )
