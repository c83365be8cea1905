"""Watching a signal of the document or the view for as long as a widget lives."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject

from app.document.signal import Signal


def observe(owner: QObject, signal: Signal, function: Callable[..., Any]) -> None:
    """Have `function` called by every `signal` until `owner` is destroyed."""
    disconnect = signal.connect(function)
    owner.destroyed.connect(lambda *_: disconnect())
