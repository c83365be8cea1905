"""Every action of the window: its menu, words and keys.  Menus, tool bars and the shortcuts page are made from these."""

from dataclasses import dataclass

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QWidget

from app.window import icons

MENUS = (
    QT_TRANSLATE_NOOP("actions", "&File"),
    QT_TRANSLATE_NOOP("actions", "&Edit"),
    QT_TRANSLATE_NOOP("actions", "&View"),
    QT_TRANSLATE_NOOP("actions", "&Play"),
    QT_TRANSLATE_NOOP("actions", "&Speech and noise"),
    QT_TRANSLATE_NOOP("actions", "&Help"),
)


@dataclass(frozen=True)
class Entry:
    """One action.  `keys` are portable key sequences or a standard key; `group` makes actions exclude each other."""

    name: str
    menu: int
    text: str
    keys: tuple[str | QKeySequence.StandardKey, ...] = ()
    tip: str = ""
    icon: str = ""
    checkable: bool = False
    group: str = ""
    separator: bool = False  # a line above it in the menu
    submenu: str = ""


N = QT_TRANSLATE_NOOP
K = QKeySequence.StandardKey
AXIS, COLOURS, THEME = N("actions", "Frequency axis"), N("actions", "Colours"), N("actions", "Appearance")

ENTRIES = (
    Entry("open", 0, N("actions", "Open…"), (K.Open,), N("actions", "Open a recording, a video or a session"), "open"),
    Entry("demo", 0, N("actions", "Open the demo")),
    Entry("save", 0, N("actions", "Save session"), (K.Save,), N("actions", "Keep this work to go on later"), "save"),
    Entry("save_as", 0, N("actions", "Save session as…"), ("Ctrl+Shift+S",)),
    Entry("export", 0, N("actions", "Export…"), ("Ctrl+E",), N("actions", "Write the remix or the tracks"), "export"),
    Entry("batch", 0, N("actions", "Process many files…"), ("Ctrl+B",), N("actions", "Same settings for many files")),
    Entry(
        "copy_command",
        0,
        N("actions", "Copy as command"),
        ("Ctrl+Shift+C",),
        N("actions", "Copy the command line that makes the same file"),
        separator=True,
    ),
    Entry("close", 0, N("actions", "Close recording"), ("Ctrl+W",), separator=True),
    Entry("quit", 0, N("actions", "Quit"), ("Ctrl+Q",)),
    Entry("undo", 1, N("actions", "Undo"), (K.Undo,), icon="undo"),
    Entry("redo", 1, N("actions", "Redo"), (K.Redo, "Ctrl+Shift+Z"), icon="redo"),
    Entry("select_all", 1, N("actions", "Select all"), (K.SelectAll,), separator=True),
    Entry("clear_selection", 1, N("actions", "Clear selection"), ("Esc",)),
    Entry(
        "add_region",
        1,
        N("actions", "Region from selection"),
        ("R",),
        N("actions", "Give the selected stretch gains of its own"),
        "region",
        separator=True,
    ),
    Entry("remove_region", 1, N("actions", "Remove region at the playhead"), ("Shift+R",)),
    Entry("add_marker", 1, N("actions", "Marker at the playhead"), ("M",), icon="marker"),
    Entry("rename_marker", 1, N("actions", "Rename marker…"), ("F2",)),
    Entry("remove_marker", 1, N("actions", "Remove marker"), ("Shift+M",)),
    Entry("preferences", 1, N("actions", "Preferences…"), ("Ctrl+,",), icon="settings", separator=True),
    Entry("zoom_in", 2, N("actions", "Zoom in"), (K.ZoomIn, "Ctrl+="), icon="zoom_in"),
    Entry("zoom_out", 2, N("actions", "Zoom out"), (K.ZoomOut,), icon="zoom_out"),
    Entry("zoom_fit", 2, N("actions", "Whole recording"), ("Ctrl+0", "F"), icon="zoom_fit"),
    Entry("zoom_selection", 2, N("actions", "Zoom to selection"), ("Z",), icon="zoom_selection"),
    Entry("scroll_left", 2, N("actions", "Scroll left"), ("PgUp",)),
    Entry("scroll_right", 2, N("actions", "Scroll right"), ("PgDown",)),
    Entry("follow", 2, N("actions", "Follow the playhead"), ("Ctrl+F",), icon="follow", checkable=True),
    Entry("axis_linear", 2, N("actions", "Linear"), group="axis", checkable=True, submenu=AXIS, separator=True),
    Entry("axis_log", 2, N("actions", "Logarithmic"), group="axis", checkable=True, submenu=AXIS),
    Entry("axis_mel", 2, N("actions", "Mel"), group="axis", checkable=True, submenu=AXIS),
    Entry("brighter", 2, N("actions", "Brighter"), ("]",), N("actions", "Show quieter sounds")),
    Entry("darker", 2, N("actions", "Darker"), ("[",), N("actions", "Show only louder sounds")),
    Entry("regions", 2, N("actions", "Table of regions"), ("Ctrl+R",), checkable=True, separator=True),
    Entry("theme_system", 2, N("actions", "As the system"), group="theme", checkable=True, submenu=THEME),
    Entry("theme_dark", 2, N("actions", "Dark"), group="theme", checkable=True, submenu=THEME),
    Entry("theme_light", 2, N("actions", "Light"), group="theme", checkable=True, submenu=THEME),
    Entry("play", 3, N("actions", "Play or pause"), ("Space",), icon="play"),
    Entry("stop", 3, N("actions", "Stop"), ("Shift+Space",), N("actions", "Stop, and back to where it began"), "stop"),
    Entry("to_start", 3, N("actions", "To the start"), ("Home",), icon="to_start"),
    Entry("to_end", 3, N("actions", "To the end"), ("End",), icon="to_end"),
    Entry("back", 3, N("actions", "Back 5 seconds"), ("Left",)),
    Entry("forward", 3, N("actions", "Forward 5 seconds"), ("Right",)),
    Entry("previous_marker", 3, N("actions", "To the marker before"), ("Ctrl+Left",)),
    Entry("next_marker", 3, N("actions", "To the next marker"), ("Ctrl+Right",)),
    Entry("loop", 3, N("actions", "Loop the selection"), ("L",), icon="loop", checkable=True, separator=True),
    Entry("solo_mixture", 3, N("actions", "Hear the original alone"), ("1",), checkable=True, separator=True),
    Entry("solo_speech", 3, N("actions", "Hear speech alone"), ("2",), checkable=True),
    Entry("solo_noise", 3, N("actions", "Hear what is removed"), ("3",), checkable=True),
    Entry("mute_speech", 3, N("actions", "Mute speech"), ("Shift+2",), checkable=True),
    Entry("mute_noise", 3, N("actions", "Mute noise"), ("Shift+3",), checkable=True),
    Entry(
        "bypass",
        3,
        N("actions", "Compare with the original"),
        ("B",),
        N("actions", "Hear the original, as loud as the remix"),
        "bypass",
        checkable=True,
    ),
    Entry("speech_up", 4, N("actions", "Speech 1 dB up"), ("Alt+Up",)),
    Entry("speech_down", 4, N("actions", "Speech 1 dB down"), ("Alt+Down",)),
    Entry("noise_up", 4, N("actions", "Noise 1 dB up"), ("Ctrl+Alt+Up",)),
    Entry("noise_down", 4, N("actions", "Noise 1 dB down"), ("Ctrl+Alt+Down",)),
    Entry("model", 4, N("actions", "Models…"), ("Ctrl+M",), icon="model", separator=True),
    Entry("split_again", 4, N("actions", "Split again"), icon="retry"),
    Entry("split_selection", 4, N("actions", "Split the selection with another model…")),
    Entry("undo_patches", 4, N("actions", "Undo the other models in the selection")),
    Entry("cancel_split", 4, N("actions", "Cancel the split"), icon="cancel"),
    Entry("help", 5, N("actions", "Help"), (K.HelpContents,), icon="help"),
    Entry("shortcuts", 5, N("actions", "Keyboard shortcuts"), ("Ctrl+/",)),
    Entry("about", 5, N("actions", "About Voicebed")),
)


def translated(text: str) -> str:
    """A text of this module in the user's language."""
    return QCoreApplication.translate("actions", text)


def make_actions(window: QWidget) -> dict[str, QAction]:
    """All actions by name, belonging to the window and reachable by their keys from anywhere in it."""
    actions: dict[str, QAction] = {}
    groups: dict[str, QActionGroup] = {}
    for entry in ENTRIES:
        action = QAction(translated(entry.text), window)
        action.setObjectName(entry.name)
        action.setShortcuts([QKeySequence(key) for key in entry.keys])
        action.setCheckable(entry.checkable)
        if entry.icon:
            action.setIcon(icons.icon(entry.icon))
        label = translated(entry.tip or entry.text).rstrip("…")
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setToolTip(f"{label} ({keys})" if keys else label)
        action.setStatusTip(label)
        if entry.group:
            groups.setdefault(entry.group, QActionGroup(window)).addAction(action)
        window.addAction(action)
        actions[entry.name] = action
    return actions
