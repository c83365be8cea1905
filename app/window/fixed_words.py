"""The fixed words of the document, which knows no Qt, in the user's language: steps of its history and presets."""

from PySide6.QtCore import QCoreApplication

from app.window.actions import QT_TRANSLATE_NOOP

WORDS = (
    QT_TRANSLATE_NOOP("document", "Speech gain"),
    QT_TRANSLATE_NOOP("document", "Noise gain"),
    QT_TRANSLATE_NOOP("document", "Preset"),
    QT_TRANSLATE_NOOP("document", "Add region"),
    QT_TRANSLATE_NOOP("document", "Change region"),
    QT_TRANSLATE_NOOP("document", "Remove region"),
    QT_TRANSLATE_NOOP("document", "Add marker"),
    QT_TRANSLATE_NOOP("document", "Rename marker"),
    QT_TRANSLATE_NOOP("document", "Move marker"),
    QT_TRANSLATE_NOOP("document", "Remove marker"),
    QT_TRANSLATE_NOOP("document", "Export settings"),
    QT_TRANSLATE_NOOP("document", "Change model"),
    QT_TRANSLATE_NOOP("document", "Split again"),
    QT_TRANSLATE_NOOP("document", "Remove other model"),
    QT_TRANSLATE_NOOP("document", "Remove other models"),
    QT_TRANSLATE_NOOP("document", "Voice only"),
    QT_TRANSLATE_NOOP("document", "Clean but natural"),
    QT_TRANSLATE_NOOP("document", "Original"),
    QT_TRANSLATE_NOOP("document", "Atmosphere up"),
)


def in_words(text: str) -> str:
    """One of `WORDS` in the user's language; other texts, such as names that the user gave, as they are."""
    return QCoreApplication.translate("document", text) if text in WORDS else text
