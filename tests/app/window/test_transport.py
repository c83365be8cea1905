"""The transport bar: its buttons are the window's actions, and a time can be typed."""

from collections.abc import Mapping

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.window.transport import PLAYING, ZOOMING, TransportBar
from tests.app.window.accessible import unnamed
from tests.app.window.material import SECONDS, actions


@pytest.fixture
def made(qtbot: QtBot) -> dict[str, QAction]:
    return actions()


@pytest.fixture
def bar(qtbot: QtBot, made: Mapping[str, QAction]) -> TransportBar:
    bar = TransportBar(made, SECONDS)
    qtbot.addWidget(bar)
    bar.show()
    bar.activateWindow()
    qtbot.waitUntil(bar.isActiveWindow)
    return bar


def enter(bar: TransportBar, text: str) -> None:
    bar.time.setFocus()
    QTest.keyClicks(bar.time, text)
    QTest.keyClick(bar.time, Qt.Key.Key_Return)


@pytest.mark.parametrize("name", [*PLAYING, *ZOOMING])
def test_a_button_triggers_its_action(bar: TransportBar, made: dict[str, QAction], qtbot: QtBot, name: str) -> None:
    with qtbot.waitSignal(made[name].triggered):
        bar.buttons[name].click()


def test_switches_show_the_state_of_their_action(bar: TransportBar, made: dict[str, QAction]) -> None:
    made["loop"].setChecked(True)
    assert bar.buttons["loop"].isChecked()
    bar.buttons["loop"].click()
    assert not made["loop"].isChecked()


def test_play_becomes_pause(bar: TransportBar, made: dict[str, QAction]) -> None:
    def picture() -> object:
        return made["play"].icon().pixmap(QSize(32, 32), 1.0).toImage()

    bar.set_playing(False)
    play = picture()
    bar.set_playing(True)
    assert picture() != play and bar.buttons["play"].accessibleName() == "Pause"
    bar.set_playing(False)
    assert picture() == play and bar.buttons["play"].accessibleName() == "Play"


def test_position_and_length(bar: TransportBar) -> None:
    assert bar.length.text() == "/ 1:40.000"
    bar.set_position(61.2345)
    assert bar.time.text() == "1:01.234"


class TestTyping:
    @pytest.mark.parametrize(("text", "seconds"), [("1:02.5", 62.5), ("7", 7), ("0:00,25", 0.25), ("9:00:00", SECONDS)])
    def test_a_time(self, bar: TransportBar, qtbot: QtBot, text: str, seconds: float) -> None:
        with qtbot.waitSignal(bar.time_typed) as caught:
            enter(bar, text)
        assert caught.args == [seconds]
        assert not bar.time.hasFocus()

    def test_what_is_no_time_is_said(self, bar: TransportBar, qtbot: QtBot) -> None:
        with qtbot.assertNotEmitted(bar.time_typed), qtbot.waitSignal(bar.problem) as caught:
            enter(bar, "soon")
        assert "'soon' is not a time" in str(caught.args) and bar.time.text() == "0:00.000"

    def test_a_click_selects_all_of_it(self, bar: TransportBar) -> None:
        QTest.mouseClick(bar.time, Qt.MouseButton.LeftButton)
        assert bar.time.selectedText() == "0:00.000"

    def test_typing_is_not_disturbed_by_play(self, bar: TransportBar, qtbot: QtBot) -> None:
        bar.time.setFocus()
        QTest.keyClicks(bar.time, "12")
        bar.set_position(3)
        assert bar.time.text() == "12"
        with qtbot.assertNotEmitted(bar.time_typed):
            QTest.keyClick(bar.time, Qt.Key.Key_Escape)
        assert bar.time.text() == "0:03.000" and not bar.time.hasFocus()

    def test_enter_on_an_untouched_time_goes_nowhere(self, bar: TransportBar, qtbot: QtBot) -> None:
        with qtbot.assertNotEmitted(bar.time_typed):
            enter(bar, "")


@pytest.mark.parametrize("seconds", [3.0, 3599.0, 3600.0, 86399.0])
def test_the_longest_time_fits(qtbot: QtBot, made: dict[str, QAction], seconds: float) -> None:
    bar = TransportBar(made, seconds)
    qtbot.addWidget(bar)
    bar.show()
    width = bar.time.width()
    bar.set_position(seconds)
    margins = bar.time.textMargins()
    assert bar.time.width() == width
    assert bar.time.fontMetrics().horizontalAdvance(bar.time.text()) + margins.left() + margins.right() < width - 16


def test_names(bar: TransportBar) -> None:
    assert unnamed(bar) == []
