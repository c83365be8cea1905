"""The menu of what computes: the processor or a graphics card."""

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from app.document.settings import DEVICES, Settings
from app.window.actions import QT_TRANSLATE_NOOP

WORDS = {
    "auto": QT_TRANSLATE_NOOP("ComputeMenu", "The fastest that works"),
    "cpu": QT_TRANSLATE_NOOP("ComputeMenu", "Processor (CPU)"),
    "cuda": QT_TRANSLATE_NOOP("ComputeMenu", "NVIDIA graphics card (CUDA)"),
    "mps": QT_TRANSLATE_NOOP("ComputeMenu", "Apple graphics (Metal)"),
}


def device_words() -> dict[str, str]:
    """The choices of `DEVICES`, with words for the user."""
    return {name: QCoreApplication.translate("ComputeMenu", WORDS[name]) for name in DEVICES}


class ComputeMenu(QMenu):
    """Where models compute, that of `settings` checked; for splits that begin from then on.

    Attributes:
        chosen: emits the name of the device that the user wants.
    """

    chosen = Signal(str)

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTitle(self.tr("Compute on"))
        self._settings = settings
        group = QActionGroup(self)
        for name, words in device_words().items():
            action = self.addAction(words, lambda name=name: self.chosen.emit(name))
            action.setCheckable(True)
            action.setActionGroup(group)
            action.setData(name)
        self.aboutToShow.connect(self._check)

    def _check(self) -> None:
        for action in self.actions():
            action.setChecked(action.data() == self._settings.device)
