"""Voicebed's own line icons, on a grid of 16, in the colours of the current theme; and the application's icon."""

from PySide6.QtCore import QByteArray, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from app.window.theme import RESOURCES, colour

# SVG path data of lines 1.5 wide; what stands in FILLED under the same name is filled too.
LINES = {
    "play": "M4.75 2.75 12.75 8 4.75 13.25Z",
    "pause": "M5.25 3V13M10.75 3V13",
    "stop": "M3.75 3.75H12.25V12.25H3.75Z",
    "loop": "M5.5 3.75H10A4.25 4.25 0 0 1 13.6 10.25M7.5 1.75 5.5 3.75 7.5 5.75"
    "M10.5 12.25H6A4.25 4.25 0 0 1 2.4 5.75M8.5 10.25 10.5 12.25 8.5 14.25",
    "to_start": "M3.25 3V13M12.75 3.25 6 8 12.75 12.75Z",
    "to_end": "M12.75 3V13M3.25 3.25 10 8 3.25 12.75Z",
    "solo": "M2.5 12V8A5.5 5.5 0 0 1 13.5 8V12M3.75 9.75V13M12.25 9.75V13",
    "mute": "M2.5 6.25H4.75L8 3.25V12.75L4.75 9.75H2.5ZM10.75 6.25 14.25 9.75M14.25 6.25 10.75 9.75",
    "bypass": "M1.25 12.5 4 3.5 6.75 12.5M2.25 9.5H5.75M10 12.5V3.5H11.9A2.1 2.1 0 0 1 11.9 7.75H10M11.9 7.75"
    "A2.37 2.37 0 0 1 11.9 12.5H10",
    "zoom_in": "M7 2.25A4.75 4.75 0 1 1 7 11.75 4.75 4.75 0 1 1 7 2.25M10.5 10.5 14 14M7 5V9M5 7H9",
    "zoom_out": "M7 2.25A4.75 4.75 0 1 1 7 11.75 4.75 4.75 0 1 1 7 2.25M10.5 10.5 14 14M5 7H9",
    "zoom_fit": "M1.75 3V13M14.25 3V13M4 8H12M6 6 4 8 6 10M10 6 12 8 10 10",
    "zoom_selection": "M2 5V2H5M11 2H14V5M14 11V14H11M5 14H2V11M5.5 5.5H10.5V10.5H5.5Z",
    "follow": "M8 2V14M10.5 8H14.5M12.5 6 14.5 8 12.5 10M1.5 6V10M4.75 4.5V11.5",
    "marker": "M4 14.25V2.25H12.5L10.25 5.25 12.5 8.25H4",
    "region": "M4.25 2V14M11.75 2V14M4.25 5H11.75M4.25 11H11.75M1.5 8H4.25M11.75 8H14.5",
    "export": "M8 10V2M5 4.75 8 1.75 11 4.75M2.5 9.5V13.5H13.5V9.5",
    "open": "M1.75 12.75V3.25H6L7.5 5H12.5V7M1.75 12.75 4 7H14.75L12.5 12.75Z",
    "folder": "M1.75 12.75V3.25H6L7.5 5H14.25V12.75Z",
    "save": "M8 2V9.75M5 7 8 10 11 7M2.5 10.5V13.5H13.5V10.5",
    "undo": "M6 2.75 2.75 6 6 9.25M2.75 6H9.5A3.6 3.6 0 0 1 9.5 13.25H6",
    "redo": "M10 2.75 13.25 6 10 9.25M13.25 6H6.5A3.6 3.6 0 0 0 6.5 13.25H10",
    "settings": "M2 4.5H7.25M11.25 4.5H14M9.25 2.5A2 2 0 1 1 9.25 6.5 2 2 0 1 1 9.25 2.5"
    "M2 11.5H4.75M8.75 11.5H14M6.75 9.5A2 2 0 1 1 6.75 13.5 2 2 0 1 1 6.75 9.5",
    "help": "M8 1.75A6.25 6.25 0 1 1 8 14.25 6.25 6.25 0 1 1 8 1.75M6 6.25A2 2 0 1 1 8.9 8.05C8.3 8.4 8 8.7 8 9.4"
    "M8 11.6V11.7",
    "model": "M2.5 8H5.5M5.5 8C8.5 8 7.5 4 10.5 4H13.5M5.5 8C8.5 8 7.5 12 10.5 12H13.5M11.75 2.25 13.5 4 11.75 5.75"
    "M11.75 10.25 13.5 12 11.75 13.75",
    "cancel": "M3.75 3.75 12.25 12.25M12.25 3.75 3.75 12.25",
    "retry": "M13.25 8A5.25 5.25 0 1 1 11.7 4.3L13.25 5.75M13.25 2.25V5.75H9.75",
    "warning": "M8 2.25 14.5 13.5H1.5ZM8 6.5V9.5M8 11.4V11.5",
    "error": "M8 1.75A6.25 6.25 0 1 1 8 14.25 6.25 6.25 0 1 1 8 1.75M8 4.75V8.5M8 11V11.1",
    "info": "M8 1.75A6.25 6.25 0 1 1 8 14.25 6.25 6.25 0 1 1 8 1.75M8 7.5V11.25M8 4.9V5",
    "copy": "M5.75 5.75H13.25V13.25H5.75ZM2.75 10.25V2.75H10.25",
    "theme": "M8 1.75A6.25 6.25 0 1 1 8 14.25 6.25 6.25 0 1 1 8 1.75V14.25",
    "add": "M8 3V13M3 8H13",
    "delete": "M2.5 4.25H13.5M6 4V2.25H10V4M4 4.5 4.75 13.75H11.25L12 4.5M6.75 7V11M9.25 7V11",
    "more": "M3.5 8H3.6M8 8H8.1M12.5 8H12.6",
    "check": "M3 8.5 6.5 12 13 4.5",
}
FILLED = {"play", "stop", "to_start", "to_end"}
HALF_FILLED = {"theme": "M8 1.75A6.25 6.25 0 0 1 8 14.25Z"}
WEIGHTS = {"pause": 2.5, "more": 2.0, "solo": 2.0}  # widths of lines that aren't 1.5


def icon(name: str, tint: str = "text", checked: str = "") -> QIcon:
    """An icon by its name in `LINES`, in a colour of the theme, whichever that is later; faint when disabled.

    Args:
        checked: its colour on a button that is on, where it differs: "on_accent" on those filled with a colour.
    """
    return QIcon(_LineIcon(name, tint, checked or tint))


def application_icon() -> QIcon:
    """The application's own icon, drawn anew for each size."""
    return QIcon(str(RESOURCES / "icons" / "voicebed.svg"))


class _LineIcon(QIconEngine):
    def __init__(self, name: str, tint: str, checked: str) -> None:
        super().__init__()
        self._name, self._tint, self._checked = name, tint, checked
        path = LINES[name]
        fill = path if name in FILLED else HALF_FILLED.get(name, "")
        self._body = (
            f'<path d="{path}" fill="none" stroke="currentColor" stroke-width="{WEIGHTS.get(name, 1.5)}"'
            f' stroke-linecap="round" stroke-linejoin="round"/>'
        )
        if fill:
            self._body += f'<path d="{fill}" fill="currentColor"/>'

    def clone(self) -> QIconEngine:
        return _LineIcon(self._name, self._tint, self._checked)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        tint = self._checked if state == QIcon.State.On else self._tint
        ink = colour("faint" if mode == QIcon.Mode.Disabled else tint)
        body = self._body.replace("currentColor", ink.name())
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">{body}</svg>'
        side = min(rect.width(), rect.height())  # where it is wider than high, the icon stands on the left
        place = QRectF(rect.x(), rect.y() + (rect.height() - side) / 2, side, side)
        QSvgRenderer(QByteArray(svg.encode())).render(painter, place)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        drawn = QPixmap(size)
        drawn.fill(Qt.GlobalColor.transparent)
        painter = QPainter(drawn)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return drawn
