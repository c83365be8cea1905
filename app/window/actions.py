"""Every action of the window: its menu, words and keys.  Menus and the shortcuts page are made from these."""

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QWidget

from app.window import icons


def QT_TRANSLATE_NOOP(context: str, text: str) -> str:  # noqa: N802  the name that lupdate looks for
    """Mark a text for translation; it stays as it is until `translated`."""
    return text


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


K = QKeySequence.StandardKey
AXIS, COLOURS, THEME = (
    QT_TRANSLATE_NOOP("actions", "Frequency axis"),
    QT_TRANSLATE_NOOP("actions", "Colours"),
    QT_TRANSLATE_NOOP("actions", "Appearance"),
)

ENTRIES = (
    Entry(
        "open",
        0,
        QT_TRANSLATE_NOOP("actions", "Open…"),
        (K.Open,),
        QT_TRANSLATE_NOOP("actions", "Open a recording, a video or a session"),
        "open",
    ),
    Entry("demo", 0, QT_TRANSLATE_NOOP("actions", "Open the demo"), ("Ctrl+D",)),
    Entry(
        "save",
        0,
        QT_TRANSLATE_NOOP("actions", "Save session"),
        (K.Save,),
        QT_TRANSLATE_NOOP("actions", "Keep this work to go on later"),
        "save",
    ),
    Entry("save_as", 0, QT_TRANSLATE_NOOP("actions", "Save session as…"), ("Ctrl+Shift+S",)),
    Entry(
        "export",
        0,
        QT_TRANSLATE_NOOP("actions", "Export…"),
        ("Ctrl+E",),
        QT_TRANSLATE_NOOP("actions", "Write the remix or the tracks"),
        "export",
    ),
    Entry(
        "batch",
        0,
        QT_TRANSLATE_NOOP("actions", "Process many files…"),
        ("Ctrl+B",),
        QT_TRANSLATE_NOOP("actions", "Same settings for many files"),
    ),
    Entry(
        "copy_command",
        0,
        QT_TRANSLATE_NOOP("actions", "Copy as command"),
        ("Ctrl+Shift+C",),
        QT_TRANSLATE_NOOP("actions", "Copy the command line that makes the same file"),
        separator=True,
    ),
    Entry("close", 0, QT_TRANSLATE_NOOP("actions", "Close recording"), ("Ctrl+W",), separator=True),
    Entry("quit", 0, QT_TRANSLATE_NOOP("actions", "Quit"), ("Ctrl+Q",)),
    Entry("undo", 1, QT_TRANSLATE_NOOP("actions", "Undo"), (K.Undo,), icon="undo"),
    Entry("redo", 1, QT_TRANSLATE_NOOP("actions", "Redo"), (K.Redo, "Ctrl+Shift+Z"), icon="redo"),
    Entry("select_all", 1, QT_TRANSLATE_NOOP("actions", "Select all"), (K.SelectAll,), separator=True),
    Entry("select_from", 1, QT_TRANSLATE_NOOP("actions", "Select from the playhead"), ("I",)),
    Entry("select_to", 1, QT_TRANSLATE_NOOP("actions", "Select to the playhead"), ("O",)),
    Entry("clear_selection", 1, QT_TRANSLATE_NOOP("actions", "Clear selection"), ("Esc",)),
    Entry(
        "add_region",
        1,
        QT_TRANSLATE_NOOP("actions", "Region from selection"),
        ("R",),
        QT_TRANSLATE_NOOP("actions", "Give the selected stretch gains of its own"),
        "region",
        separator=True,
    ),
    Entry("remove_region", 1, QT_TRANSLATE_NOOP("actions", "Remove region at the playhead"), ("Shift+R",)),
    Entry("add_marker", 1, QT_TRANSLATE_NOOP("actions", "Marker at the playhead"), ("M",), icon="marker"),
    Entry("rename_marker", 1, QT_TRANSLATE_NOOP("actions", "Rename marker…"), ("F2",)),
    Entry("remove_marker", 1, QT_TRANSLATE_NOOP("actions", "Remove marker"), ("Shift+M",)),
    Entry("preferences", 1, QT_TRANSLATE_NOOP("actions", "Preferences…"), ("Ctrl+,",), icon="settings", separator=True),
    Entry(
        "show_editor",
        2,
        QT_TRANSLATE_NOOP("actions", "Editor"),
        ("Ctrl+1",),
        QT_TRANSLATE_NOOP("actions", "See and remix a recording"),
    ),
    Entry(
        "show_trainer",
        2,
        QT_TRANSLATE_NOOP("actions", "Trainer"),
        ("Ctrl+2",),
        QT_TRANSLATE_NOOP("actions", "Train a model on your own recordings"),
    ),
    Entry(
        "zoom_in",
        2,
        QT_TRANSLATE_NOOP("actions", "Zoom in"),
        (K.ZoomIn, "Ctrl+="),
        icon="zoom_in",
        separator=True,
    ),
    Entry("zoom_out", 2, QT_TRANSLATE_NOOP("actions", "Zoom out"), (K.ZoomOut,), icon="zoom_out"),
    Entry("zoom_fit", 2, QT_TRANSLATE_NOOP("actions", "Whole recording"), ("Ctrl+0", "F"), icon="zoom_fit"),
    Entry("zoom_selection", 2, QT_TRANSLATE_NOOP("actions", "Zoom to selection"), ("Z",), icon="zoom_selection"),
    Entry("scroll_left", 2, QT_TRANSLATE_NOOP("actions", "Scroll left"), ("PgUp",)),
    Entry("scroll_right", 2, QT_TRANSLATE_NOOP("actions", "Scroll right"), ("PgDown",)),
    Entry("follow", 2, QT_TRANSLATE_NOOP("actions", "Follow the playhead"), ("Ctrl+F",), icon="follow", checkable=True),
    Entry(
        "axis_linear",
        2,
        QT_TRANSLATE_NOOP("actions", "Linear"),
        ("Alt+1",),
        group="axis",
        checkable=True,
        submenu=AXIS,
        separator=True,
    ),
    Entry(
        "axis_log",
        2,
        QT_TRANSLATE_NOOP("actions", "Logarithmic"),
        ("Alt+2",),
        group="axis",
        checkable=True,
        submenu=AXIS,
    ),
    Entry("axis_mel", 2, QT_TRANSLATE_NOOP("actions", "Mel"), ("Alt+3",), group="axis", checkable=True, submenu=AXIS),
    Entry(
        "brighter",
        2,
        QT_TRANSLATE_NOOP("actions", "Brighter"),
        ("]",),
        QT_TRANSLATE_NOOP("actions", "Show quieter sounds"),
    ),
    Entry(
        "darker",
        2,
        QT_TRANSLATE_NOOP("actions", "Darker"),
        ("[",),
        QT_TRANSLATE_NOOP("actions", "Show only louder sounds"),
    ),
    Entry("regions", 2, QT_TRANSLATE_NOOP("actions", "Table of regions"), ("Ctrl+R",), checkable=True, separator=True),
    Entry(
        "theme_system",
        2,
        QT_TRANSLATE_NOOP("actions", "As the system"),
        ("Alt+4",),
        group="theme",
        checkable=True,
        submenu=THEME,
    ),
    Entry(
        "theme_dark",
        2,
        QT_TRANSLATE_NOOP("actions", "Dark"),
        ("Alt+5",),
        group="theme",
        checkable=True,
        submenu=THEME,
    ),
    Entry(
        "theme_light",
        2,
        QT_TRANSLATE_NOOP("actions", "Light"),
        ("Alt+6",),
        group="theme",
        checkable=True,
        submenu=THEME,
    ),
    Entry("play", 3, QT_TRANSLATE_NOOP("actions", "Play or pause"), ("Space",), icon="play"),
    Entry(
        "stop",
        3,
        QT_TRANSLATE_NOOP("actions", "Stop"),
        ("Shift+Space",),
        QT_TRANSLATE_NOOP("actions", "Stop, and back to where it began"),
        "stop",
    ),
    Entry("to_start", 3, QT_TRANSLATE_NOOP("actions", "To the start"), ("Home",), icon="to_start"),
    Entry("to_end", 3, QT_TRANSLATE_NOOP("actions", "To the end"), ("End",), icon="to_end"),
    Entry("back", 3, QT_TRANSLATE_NOOP("actions", "Back 5 seconds"), ("Left",)),
    Entry("forward", 3, QT_TRANSLATE_NOOP("actions", "Forward 5 seconds"), ("Right",)),
    Entry("previous_marker", 3, QT_TRANSLATE_NOOP("actions", "To the marker before"), ("Ctrl+Left",)),
    Entry("next_marker", 3, QT_TRANSLATE_NOOP("actions", "To the next marker"), ("Ctrl+Right",)),
    Entry(
        "loop",
        3,
        QT_TRANSLATE_NOOP("actions", "Loop the selection"),
        ("L",),
        icon="loop",
        checkable=True,
        separator=True,
    ),
    Entry(
        "solo_mixture",
        3,
        QT_TRANSLATE_NOOP("actions", "Hear the original alone"),
        ("1",),
        checkable=True,
        separator=True,
    ),
    Entry("solo_speech", 3, QT_TRANSLATE_NOOP("actions", "Hear speech alone"), ("2",), checkable=True),
    Entry("solo_noise", 3, QT_TRANSLATE_NOOP("actions", "Hear what is removed"), ("3",), checkable=True),
    Entry("mute_speech", 3, QT_TRANSLATE_NOOP("actions", "Mute speech"), ("Shift+2",), checkable=True),
    Entry("mute_noise", 3, QT_TRANSLATE_NOOP("actions", "Mute noise"), ("Shift+3",), checkable=True),
    Entry(
        "bypass",
        3,
        QT_TRANSLATE_NOOP("actions", "Compare with the original"),
        ("B",),
        QT_TRANSLATE_NOOP("actions", "Hear the original, as loud as the remix"),
        "bypass",
        checkable=True,
    ),
    Entry("speech_up", 4, QT_TRANSLATE_NOOP("actions", "Speech 1 dB up"), ("Alt+Up",)),
    Entry("speech_down", 4, QT_TRANSLATE_NOOP("actions", "Speech 1 dB down"), ("Alt+Down",)),
    Entry("noise_up", 4, QT_TRANSLATE_NOOP("actions", "Noise 1 dB up"), ("Ctrl+Alt+Up",)),
    Entry("noise_down", 4, QT_TRANSLATE_NOOP("actions", "Noise 1 dB down"), ("Ctrl+Alt+Down",)),
    Entry("model", 4, QT_TRANSLATE_NOOP("actions", "Models…"), ("Ctrl+M",), icon="model", separator=True),
    Entry(
        "library",
        4,
        QT_TRANSLATE_NOOP("actions", "All models and their cards"),
        ("Ctrl+Shift+M",),
        QT_TRANSLATE_NOOP("actions", "See, bring, export and delete models in the trainer tab"),
    ),
    Entry("split_again", 4, QT_TRANSLATE_NOOP("actions", "Split again"), ("Ctrl+Shift+R",), icon="retry"),
    Entry("split_selection", 4, QT_TRANSLATE_NOOP("actions", "Split the selection with another model…"), ("Shift+S",)),
    Entry("undo_patches", 4, QT_TRANSLATE_NOOP("actions", "Undo the other models in the selection"), ("Ctrl+Shift+X",)),
    Entry("cancel_split", 4, QT_TRANSLATE_NOOP("actions", "Cancel the split"), ("Ctrl+.",), icon="cancel"),
    Entry("help", 5, QT_TRANSLATE_NOOP("actions", "Help"), (K.HelpContents,), icon="help"),
    Entry("shortcuts", 5, QT_TRANSLATE_NOOP("actions", "Keyboard shortcuts"), ("Ctrl+/",)),
    Entry("about", 5, QT_TRANSLATE_NOOP("actions", "About Voicebed"), ("Shift+F1",)),
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
        action.setIconText(translated(entry.text).rstrip("…"))  # what it is called whatever its text says at the moment
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
