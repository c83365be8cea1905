"""The menu of sound devices; they are looked for in the background, as the first time takes some tenths of a second."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from app.document.settings import Settings
from app.sound.output import devices, missing_reason
from app.window.background import run_in_background


class OutputMenu(QMenu):
    """The devices to choose from, as they were when last looked for; each time the menu opens they are looked for anew.

    Args:
        settings: whose `output` is checked.

    Attributes:
        names: of the devices found last.
        chosen: emits the name of the device that the user wants; "" is the system's.
        looked: emits the names after each look.
    """

    chosen = Signal(str)
    looked = Signal(list)

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTitle(self.tr("Sound device"))
        self._settings = settings
        self.names: list[str] = []
        self._reason = self.tr("Looking for devices…")
        self.aboutToShow.connect(self._open)
        self._fill()

    def look(self) -> None:
        """Find the devices, in the background."""
        run_in_background(self, _found, self._take, lambda line: self._take((line, [])))

    def _open(self) -> None:
        self._fill()
        self.look()

    def _take(self, found: tuple[str, list[str]]) -> None:
        self._reason, self.names = found
        self._fill()
        self.looked.emit(self.names)

    def _fill(self) -> None:
        self.clear()
        group = QActionGroup(self)
        for name in ("", *self.names):
            words = name or self.tr("As the system")
            action = self.addAction(words, lambda name=name: self.chosen.emit(name))
            action.setCheckable(True)
            action.setActionGroup(group)
            action.setChecked(name == self._settings.output)
        if self._reason:
            self.addSeparator()
            self.addAction(self._reason).setEnabled(False)


def _found() -> tuple[str, list[str]]:
    """Why there is no sound, or "", and the names of the devices."""
    return missing_reason(), [device.name for device in devices()]
