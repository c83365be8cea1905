"""A signal that needs no Qt: functions that want to know connect, and are called in that order."""

from collections.abc import Callable
from typing import Any


class Signal:
    """Calls the connected functions, in the thread that emits."""

    def __init__(self) -> None:
        self._functions: dict[object, Callable[..., Any]] = {}

    def connect(self, function: Callable[..., Any]) -> Callable[[], None]:
        """Have `function` called by every `emit`; returns what disconnects it, harmless when called twice."""
        key = object()
        self._functions[key] = function

        def disconnect() -> None:
            self._functions.pop(key, None)

        return disconnect

    def emit(self, *arguments: Any) -> None:
        """Call every function connected before this call, except those disconnected while it runs."""
        for key in list(self._functions):
            if function := self._functions.get(key):
                function(*arguments)
