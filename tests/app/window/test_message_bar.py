"""The message bar: order, buttons, keys, time."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleEvent, QAction, QKeySequence
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.window.message_bar import MessageBar
from tests.app.window.accessible import unnamed


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    """A window that is shown, with a field."""
    made = QWidget()
    qtbot.addWidget(made)
    QVBoxLayout(made).addWidget(QLineEdit())
    made.show()
    return made


@pytest.fixture
def bar(window: QWidget) -> MessageBar:
    """A bar in that window."""
    made = MessageBar(window)
    layout = window.layout()
    assert layout
    layout.addWidget(made)
    return made


def buttons(bar: MessageBar) -> list[QPushButton]:
    """The action buttons that are seen."""
    return [button for button in bar.findChildren(QPushButton) if button.isVisible()]


def text(bar: MessageBar) -> str:
    """What is shown; "" for nothing."""
    return bar.message.text if bar.message and bar.isVisible() else ""


def test_hidden_without_a_message(bar: MessageBar) -> None:
    assert not bar.isVisible()
    assert not bar.dismiss()


def test_the_newest_is_shown_first_and_the_others_after_it(bar: MessageBar) -> None:
    bar.show_message("one")
    bar.show_message("two", "error")
    assert text(bar) == "two"
    assert bar.dismiss()
    assert text(bar) == "one"
    bar.dismiss()
    assert not bar.isVisible()


def test_a_repeated_message_is_shown_once(bar: MessageBar) -> None:
    for line in ("one", "two", "one"):
        bar.show_message(line)
    assert text(bar) == "one"
    bar.dismiss()
    bar.dismiss()
    assert not bar.isVisible()


def test_an_action_closes_its_message_then_acts(bar: MessageBar, qtbot: QtBot) -> None:
    seen: list[str] = []
    bar.show_message("older")
    bar.show_message("split failed", "error", [("Retry", lambda: seen.append(text(bar))), ("Details", lambda: None)])
    assert [button.text() for button in buttons(bar)] == ["Retry", "Details"]
    assert bar.is_asking
    qtbot.mouseClick(buttons(bar)[0], Qt.MouseButton.LeftButton)
    assert seen == ["older"]
    assert not bar.is_asking and not buttons(bar)


def test_an_action_may_show_the_next_message(bar: MessageBar, qtbot: QtBot) -> None:
    bar.show_message("sure?", "warning", [("Yes", lambda: bar.show_message("done"))])
    qtbot.mouseClick(buttons(bar)[0], Qt.MouseButton.LeftButton)
    assert text(bar) == "done"


def test_escape_in_the_bar_closes_the_message_before_the_windows_own_action(
    window: QWidget, bar: MessageBar, qtbot: QtBot
) -> None:
    action = QAction("Clear selection", window)
    action.setShortcut(QKeySequence(Qt.Key.Key_Escape))
    fired: list[bool] = []
    action.triggered.connect(lambda *_: fired.append(True))
    window.addAction(action)
    bar.show_message("one", actions=[("Go", lambda: None)])
    window.activateWindow()
    buttons(bar)[0].setFocus()
    qtbot.keyClick(buttons(bar)[0], Qt.Key.Key_Escape)
    assert not bar.isVisible()
    assert not fired
    qtbot.keyClick(window.findChild(QLineEdit), Qt.Key.Key_Escape)
    assert fired


def test_a_message_with_a_time_goes_by_itself(bar: MessageBar, qtbot: QtBot) -> None:
    bar.show_message("stays")
    bar.show_message("saved", seconds=0.02)
    qtbot.waitUntil(lambda: text(bar) == "stays", timeout=2000)


def test_a_message_under_the_pointer_stays(bar: MessageBar, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def under_mouse() -> bool:
        asked.append(True)
        return len(asked) < 3

    monkeypatch.setattr(bar, "underMouse", under_mouse)
    bar.show_message("saved", seconds=0.01)
    qtbot.waitUntil(lambda: not bar.isVisible(), timeout=2000)
    assert len(asked) == 3


def test_it_is_read_out(bar: MessageBar, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[QAccessibleEvent] = []
    monkeypatch.setattr(QAccessible, "updateAccessibility", staticmethod(events.append))
    bar.show_message("the disk is full", "error")
    assert [event.type() for event in events] == [QAccessible.Event.Announcement]
    assert bar.accessibleName() == "the disk is full"


def test_text_is_plain(bar: MessageBar) -> None:
    bar.show_message("<b>a.wav</b> is damaged")
    assert text(bar) == "<b>a.wav</b> is damaged"
    assert bar.findChildren(QLabel)[0].textFormat() is Qt.TextFormat.PlainText


def test_clear_closes_all(bar: MessageBar) -> None:
    bar.show_message("one")
    bar.show_message("two")
    bar.clear()
    assert not bar.isVisible() and bar.message is None


def test_wrong_use_is_refused(bar: MessageBar) -> None:
    with pytest.raises(ValueError, match="kind panic"):
        bar.show_message("x", "panic")  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="3 buttons"):
        bar.show_message("x", actions=[("a", print)] * 3)


def test_everything_has_a_name(bar: MessageBar) -> None:
    bar.show_message("x", actions=[("Go", lambda: None), ("Stay", lambda: None)])
    assert unnamed(bar) == []
