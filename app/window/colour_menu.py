"""The menu of colour maps, and what they are called."""

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from app.document.settings import Settings
from app.picture.colour import COLOURS
from app.window.actions import QT_TRANSLATE_NOOP

WORDS = {
    "inferno": QT_TRANSLATE_NOOP("ColourMenu", "Inferno: black, red, yellow"),
    "magma": QT_TRANSLATE_NOOP("ColourMenu", "Magma: black, purple, cream"),
    "viridis": QT_TRANSLATE_NOOP("ColourMenu", "Viridis: blue, green, yellow"),
    "grey": QT_TRANSLATE_NOOP("ColourMenu", "Grey"),
    "tinted": QT_TRANSLATE_NOOP("ColourMenu", "In the colour of each track"),
}


def colour_words() -> dict[str, str]:
    """The colour maps by name, with words for the user."""
    return {name: QCoreApplication.translate("ColourMenu", WORDS[name]) for name in COLOURS}


class ColourMenu(QMenu):
    """The colour maps of spectrograms, that of `settings` checked.

    Attributes:
        chosen: emits the name of the one that the user wants.
    """

    chosen = Signal(str)

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTitle(self.tr("Colours"))
        self._settings = settings
        group = QActionGroup(self)
        for name, words in colour_words().items():
            action = self.addAction(words, lambda name=name: self.chosen.emit(name))
            action.setCheckable(True)
            action.setActionGroup(group)
            action.setData(name)
        self.aboutToShow.connect(self._check)

    def _check(self) -> None:
        for action in self.actions():
            action.setChecked(action.data() == self._settings.colours)
