"""The preferences: appearance, sound device, where to compute, default model, and the cache."""

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.document.settings import THEMES, Settings, save_settings
from app.window import theme
from app.window.background import run_in_background
from app.window.colour_menu import colour_words
from app.window.compute_menu import device_words
from app.window.message_bar import MessageBar
from engine.cache import LIMIT, cache_folder
from engine.errors import VoicebedError
from engine.model_files import DEFAULT, ModelFile, list_models

WIDTH, BOX = 560, 320  # pixels


class PreferencesDialog(QDialog):
    """Changes settings, which take effect at once and are written to disk.

    Args:
        settings: changed here.
        outputs: names of the sound devices.
        kept: folders of the cache that are in use, and stay when it is cleared.

    Attributes:
        changed: emits the name of the setting that was changed; the theme is put on already.
    """

    changed = Signal(str)

    def __init__(
        self, settings: Settings, outputs: Sequence[str], parent: QWidget | None = None, kept: Sequence[Path] = ()
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Preferences"))
        self._settings, self._kept = settings, tuple(kept)
        self.bar = MessageBar()
        self._rows = QFormLayout()
        self._rows.setHorizontalSpacing(theme.L)
        self._rows.setVerticalSpacing(theme.S)
        self._rows.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self._add_choices(outputs)
        self._add_cache()
        close = QPushButton(self.tr("Close"))
        close.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.addStretch()
        buttons.addWidget(close)
        inside = QVBoxLayout()
        inside.setContentsMargins(theme.L, theme.L, theme.L, theme.L)
        inside.setSpacing(theme.XL)
        inside.addLayout(self._rows)
        inside.addStretch()
        inside.addLayout(buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addLayout(inside)
        self.setFixedWidth(WIDTH)
        run_in_background(self, list_models, self._fill_models, self._complain)

    def show_outputs(self, names: Sequence[str]) -> None:
        """Offer these sound devices, the system's, and the chosen one even where it is gone."""
        choices = {"": self.tr("As the system")} | {name: name for name in names}
        chosen = self._settings.output
        self.output.clear()
        if chosen not in choices:
            choices[chosen] = self.tr("{0} (not connected)").format(chosen)
        for name, words in choices.items():
            self.output.addItem(words, name)
        self.output.setCurrentIndex(self.output.findData(chosen))

    def _add_choices(self, outputs: Sequence[str]) -> None:
        themes = (self.tr("As the system"), self.tr("Dark"), self.tr("Light"))
        self._add_heading(self.tr("Appearance"))
        self.theme = self._add_choice("theme", self.tr("Theme"), dict(zip(THEMES, themes, strict=True)))
        self.colours = self._add_choice("colours", self.tr("Spectrograms"), colour_words())
        self._add_heading(self.tr("Sound"))
        self.output = self._add_choice("output", self.tr("Device"), {})
        self.show_outputs(outputs)
        self._add_heading(self.tr("Splitting"))
        self.device = self._add_choice("device", self.tr("Compute on"), device_words())
        self.device.setToolTip(self.tr("A choice that does not work here is refused when you split"))
        current = self._settings.model
        self.model = self._add_choice("model", self.tr("Model"), {current: current or DEFAULT})
        self.model.setToolTip(self.tr("For recordings that you open from now on"))

    def _add_cache(self) -> None:
        self._add_heading(self.tr("Cache"))
        place = QLabel(str(cache_folder()), wordWrap=True)
        place.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.size_label = QLabel(self.tr("Counting…"))
        self.clear_button = QPushButton(self.tr("Clear"))
        self.clear_button.setAccessibleName(self.tr("Clear the cache"))
        self.clear_button.setToolTip(self.tr("Delete the splits and pictures kept; those of an open recording stay"))
        self.clear_button.clicked.connect(self._clear)
        row = QHBoxLayout()
        row.addWidget(self.size_label)
        row.addStretch()
        row.addWidget(self.clear_button)
        note = QLabel(self.tr("Splits and pictures, kept so that a recording opens at once next time."))
        note.setProperty("role", "muted")
        note.setWordWrap(True)
        self._rows.addRow(self.tr("Place"), place)
        self._rows.addRow(self.tr("Size"), row)
        self._rows.addRow("", note)
        self._count()

    def _add_heading(self, text: str) -> None:
        heading = QLabel(text)
        heading.setProperty("role", "heading")
        heading.setContentsMargins(0, theme.M if self._rows.rowCount() else 0, 0, 0)
        self._rows.addRow(heading)

    def _add_choice(self, name: str, text: str, choices: dict[str, str]) -> QComboBox:
        """A box for the setting `name`, with words for each of its values."""
        box = QComboBox()
        box.setFixedWidth(BOX)
        box.setAccessibleName(text)
        for value, words in choices.items():
            box.addItem(words, value)
        box.setCurrentIndex(box.findData(getattr(self._settings, name)))
        box.activated.connect(lambda: self._change(name, box.currentData()))
        self._rows.addRow(text, box)
        return box

    def _change(self, name: str, value: Any) -> None:
        setattr(self._settings, name, value)
        application = QApplication.instance()
        if name == "theme" and isinstance(application, QApplication):
            theme.apply_theme(application, value)
        try:
            save_settings(self._settings)
        except VoicebedError as error:
            self._complain(str(error))
        self.changed.emit(name)

    def _fill_models(self, models: Sequence[ModelFile]) -> None:
        names = {"" if model.path.stem == DEFAULT else model.path.stem: model.path.stem for model in models}
        current = self._settings.model
        self.model.clear()
        for value, words in ({"": DEFAULT, current: current or DEFAULT} | names).items():
            self.model.addItem(words, value)
        self.model.setCurrentIndex(self.model.findData(current))

    def _count(self) -> None:
        folder = cache_folder()
        run_in_background(self, lambda: cache_size(folder), self._show_size, self._complain)

    def _show_size(self, size: int) -> None:
        words = self.tr("{size} of {limit} at most").format(size=gigabytes(size), limit=gigabytes(LIMIT))
        self.size_label.setText(words)
        self.clear_button.setEnabled(size > 0)

    def _clear(self) -> None:
        folder, kept = cache_folder(), self._kept
        self.clear_button.setEnabled(False)
        self.size_label.setText(self.tr("Clearing…"))
        run_in_background(self, lambda: clear_cache(folder, kept), lambda _: self._count(), self._complain)

    def _complain(self, message: str) -> None:
        self.bar.show_message(message, "error")


def cache_size(folder: Path) -> int:
    """Bytes in the files below a folder; those that vanish meanwhile count nothing."""
    size = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                size += (Path(place) / name).stat().st_size
    return size


def clear_cache(folder: Path, kept: Sequence[Path]) -> None:
    """Delete the folders in the cache but those in `kept`; what cannot be deleted stays."""
    for place in folder.iterdir() if folder.is_dir() else ():
        if place not in kept:
            shutil.rmtree(place, ignore_errors=True)


def gigabytes(size: int) -> str:
    """A size in words: "1.2 GB", "340 MB"."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
