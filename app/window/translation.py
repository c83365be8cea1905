"""The window in the user's language, where `resources/translations` has it; else in English.

Every text of the window passes through `tr` or stands in a QT_TRANSLATE_NOOP.  A translation is begun and brought up to
date by `pyside6-lupdate app/window/*.py app/picture/*.py app/jobs/*.py -ts resources/translations/voicebed_de.ts`, and
finished by `pyside6-lrelease` on that file.
"""

from pathlib import Path

from PySide6.QtCore import QLibraryInfo, QLocale, QTranslator
from PySide6.QtWidgets import QApplication

from app.window.theme import RESOURCES


def translate(application: QApplication, locale: QLocale, folder: Path = RESOURCES / "translations") -> bool:
    """Have texts made from now on in the language of `locale`; False, and nothing changed, where it is not there.

    Qt's own words, as in file dialogs, follow only then, so that there is one language in the window.
    """
    own, qt = QTranslator(application), QTranslator(application)
    if not own.load(locale, "voicebed", "_", str(folder)):
        return False
    if qt.load(locale, "qtbase", "_", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
        application.installTranslator(qt)
    return application.installTranslator(own)
