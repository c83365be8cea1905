"""The signal that needs no Qt."""

from collections.abc import Callable

from app.document.signal import Signal


def test_all_connected_functions_are_called_in_order() -> None:
    signal, heard = Signal(), []
    signal.connect(lambda *arguments: heard.append(("first", arguments)))
    signal.connect(lambda *arguments: heard.append(("second", arguments)))
    signal.emit(1, "a")
    assert heard == [("first", (1, "a")), ("second", (1, "a"))]


def test_disconnecting_takes_away_one_connection_only() -> None:
    signal, heard = Signal(), []
    disconnect = signal.connect(heard.append)
    signal.connect(heard.append)
    disconnect()
    disconnect()
    signal.emit(1)
    assert heard == [1]


def test_functions_may_connect_and_disconnect_while_they_are_called() -> None:
    signal, heard = Signal(), []
    disconnects: list[Callable[[], None]] = []

    def first() -> None:
        heard.append("first")
        disconnects[1]()
        signal.connect(lambda: heard.append("new"))

    disconnects += [signal.connect(first), signal.connect(lambda: heard.append("second"))]
    signal.emit()
    assert heard == ["first"]
    disconnects[0]()
    signal.emit()
    assert heard == ["first", "new"]
