"""The application: one process with the windows, and its orderly start and end."""

import gc
import signal
import sys
from pathlib import Path

from PySide6.QtCore import QLocale, QTimer
from PySide6.QtWidgets import QApplication

from app.document.settings import load_settings
from app.window import icons
from app.window.main_window import MainWindow
from app.window.preload import preload
from app.window.theme import apply_theme
from app.window.translation import translate


def run(files: list[Path], tab: str = "editor") -> int:
    """Show the window at a tab, with one file open or many in the batch; returns the exit code.

    SIGINT and SIGTERM end the program at once and keep the autosaved session, which the next start offers.
    """
    # Python code that holds the interpreter for long would starve the player's feeder thread.
    sys.setswitchinterval(0.001)
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    application.setApplicationName("Voicebed")
    application.setApplicationDisplayName("")  # the title begins with the name already
    application.setWindowIcon(icons.application_icon())
    translate(application, QLocale())
    settings = load_settings()
    apply_theme(application, settings.theme)
    window = MainWindow(settings)
    window.show()
    QTimer.singleShot(0, preload)
    if files:
        window.open_files(files)
    window.show_tab(tab)
    window.offer_recovery()
    QTimer.singleShot(0, window.offer_training)
    gc.freeze()  # a collection may happen in the audio callback's thread, and is short if there is little to go through
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: window.leave())
    awake = QTimer()  # gives Python a turn to see signals while Qt waits
    awake.start(200)
    awake.timeout.connect(lambda: None)
    code = application.exec()
    window.shut_down()
    return code
