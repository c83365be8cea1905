"""Buttons with words and a picture."""

from collections.abc import Callable

from PySide6.QtWidgets import QPushButton

from app.window import icons


def push_button(text: str, function: Callable[[], object], icon: str = "") -> QPushButton:
    """A button named for screen readers as it reads, that calls `function`; `icon` is of `app.window.icons`, or ""."""
    button = QPushButton(text, autoDefault=False)
    if icon:
        button.setIcon(icons.icon(icon))
    button.setAccessibleName(text.rstrip("…"))
    button.clicked.connect(lambda: function())
    return button
