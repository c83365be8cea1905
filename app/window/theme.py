"""The design tokens, and the dark and the light theme made from them.

Widgets that draw themselves ask `colour(name)` while they paint; all are repainted when the theme changes.  Others take
a style of `resources/style.qss` by their property "role": a QLabel "title", "heading", "muted", "warning", "error" or
the name of a track, a QPushButton "primary", a QToolButton "flat" or, for a switch, the name of a track.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template
from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

Choice = Literal["system", "dark", "light"]
RESOURCES = Path(__file__).parents[2] / "resources"

XS, S, M, L, XL = 4, 8, 12, 16, 24  # pixels between and around things
TINY, SMALL, BODY, TITLE, DISPLAY = 10, 11, 13, 15, 24  # pixels; the smallest is for scales
RADIUS = 4  # pixels, of corners
CONTROL = 28  # pixels, height of buttons and fields
ICON = 16  # pixels
TABULAR = QFont.Tag("tnum")  # figures of one width


@dataclass(frozen=True)
class Theme:
    """Colours as #rrggbb.  Text in any of the colours for text reads at 4.5:1 or better on each ground.

    Attributes:
        name: "dark" or "light".
        background, surface, raised: the grounds, of the window, of panels and fields, of buttons.
        hover, border, faint: buttons under the pointer, lines, and what is disabled.
        text, muted: words, and words that matter less.
        accent, on_accent: what is focused or primary, and what stands on it or on any other filled colour.
    selection: the ground of what is chosen or switched on; `text` stands on it.
        speech, noise, mixture: the tracks, and never anything else.
        warning, error: what wants attention, what went wrong.
    """

    name: Literal["dark", "light"]
    background: str
    surface: str
    raised: str
    hover: str
    border: str
    faint: str
    text: str
    muted: str
    accent: str
    on_accent: str
    selection: str
    speech: str
    noise: str
    mixture: str
    warning: str
    error: str

    def colour(self, name: str, alpha: float = 1.0) -> QColor:
        """A colour by its attribute's name, `alpha` from 0 (unseen) to 1."""
        colour = QColor(getattr(self, name))
        colour.setAlphaF(alpha)
        return colour


DARK = Theme(
    name="dark",
    background="#131519",
    surface="#1b1e23",
    raised="#292d34",
    hover="#343943",
    border="#363b44",
    faint="#626a76",
    text="#e7e9ec",
    muted="#a3abb6",
    accent="#8aabff",
    on_accent="#0f1216",
    selection="#2e3e66",
    speech="#2fb5a0",
    noise="#e0903a",
    mixture="#9aabc2",
    warning="#ecd060",
    error="#ff8580",
)
LIGHT = Theme(
    name="light",
    background="#eceef1",
    surface="#fafbfc",
    raised="#e6e9ed",
    hover="#d9dde3",
    border="#c6cbd2",
    faint="#9aa2ad",
    text="#191c21",
    muted="#535a65",
    accent="#2a5bd0",
    on_accent="#ffffff",
    selection="#c9d7f6",
    speech="#007564",
    noise="#a35400",
    mixture="#4c5d74",
    warning="#735a00",
    error="#b72a26",
)


class _Notifier(QObject):
    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.theme = DARK
        self.choice: Choice = "system"
        self.listening = False


notifier = _Notifier()
theme_changed = notifier.changed  # emits () after `current_theme` has changed and the application wears it


def current_theme() -> Theme:
    """The theme that the application wears."""
    return notifier.theme


def colour(name: str, alpha: float = 1.0) -> QColor:
    """A colour of the current theme, such as `colour("speech")`; `alpha` from 0 to 1."""
    return notifier.theme.colour(name, alpha)


def font(size: int = BODY, bold: bool = False) -> QFont:
    """The interface's font at `size` pixels, with figures of one width."""
    made = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    made.setPixelSize(size)
    made.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    made.setFeature(TABULAR, 1)
    return made


def apply_theme(application: QApplication, choice: Choice) -> None:
    """Dress the application in a theme; "system" follows the system from now on."""
    notifier.choice = choice
    hints = application.styleHints()
    if not notifier.listening:
        application.setStyle("Fusion")
        application.setFont(font())
        hints.colorSchemeChanged.connect(lambda scheme: _wear(application, scheme))
        notifier.listening = True
    wanted = {"dark": Qt.ColorScheme.Dark, "light": Qt.ColorScheme.Light, "system": Qt.ColorScheme.Unknown}
    hints.setColorScheme(wanted[choice])  # title bars and the system's own dialogs follow
    _wear(application, hints.colorScheme())


def _wear(application: QApplication, scheme: Qt.ColorScheme) -> None:
    """Put on the chosen theme, or for "system" that of `scheme`, dark where the system does not say."""
    system = LIGHT if scheme == Qt.ColorScheme.Light else DARK
    theme = {"dark": DARK, "light": LIGHT, "system": system}[notifier.choice]
    sheet = stylesheet(theme)
    if application.styleSheet() == sheet:
        return
    notifier.theme = theme
    application.setPalette(palette(theme))
    application.setStyleSheet(sheet)
    notifier.changed.emit()


def stylesheet(theme: Theme) -> str:
    """The style sheet of `resources/style.qss` in the colours of a theme."""
    inner = CONTROL - 2 - 2 * XS  # of controls, within border and padding
    type_sizes = {"small": SMALL, "title": TITLE, "display": DISPLAY}
    template = Template((RESOURCES / "style.qss").read_text(encoding="utf-8"))
    icons = (RESOURCES / "icons").as_posix()
    return template.substitute(asdict(theme), **type_sizes, radius=RADIUS, inner=inner, icons=icons)


def palette(theme: Theme) -> QPalette:
    """What Fusion draws with where the style sheet is silent."""
    role = QPalette.ColorRole
    names = {
        role.Window: "surface",
        role.WindowText: "text",
        role.Base: "surface",
        role.AlternateBase: "background",
        role.Text: "text",
        role.Button: "raised",
        role.ButtonText: "text",
        role.BrightText: "on_accent",
        role.Light: "hover",
        role.Midlight: "raised",
        role.Mid: "border",
        role.Dark: "border",
        role.Shadow: "background",
        role.Highlight: "selection",
        role.HighlightedText: "text",
        role.Accent: "accent",
        role.Link: "accent",
        role.LinkVisited: "accent",
        role.ToolTipBase: "raised",
        role.ToolTipText: "text",
        role.PlaceholderText: "muted",
    }
    made = QPalette()
    for which, name in names.items():
        made.setColor(which, theme.colour(name))
    for which in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, which, theme.colour("faint"))
    return made
