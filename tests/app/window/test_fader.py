"""The fader: its taper, and every way of setting it."""

import math

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible, QAction, QKeySequence, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow
from pytestqt.qtbot import QtBot

from app.window.fader import Fader, gain_at, position, scale_label, stepped
from tests.app.window.accessible import unnamed

SILENT = -math.inf
LEFT, SHIFT = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def fader(qtbot: QtBot) -> Fader:
    fader = Fader("Speech level", "speech")
    qtbot.addWidget(fader)
    fader.resize(100, 400)
    fader.show()
    qtbot.waitExposed(fader)
    return fader


def point_of(fader: Fader, db: float) -> QPoint:
    """Where the handle would be at a gain."""
    middle = fader.travel.cap().center()
    length = fader.travel.height() - fader.travel.cap().height()
    return QPoint(round(middle.x()), round(fader.travel.cap().height() / 2 + (1 - position(db)) * length))


def drag(
    fader: Fader, start: QPoint, end: QPoint, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    QTest.mousePress(fader.travel, LEFT, modifier, start)
    for step in range(1, 5):
        at = QPointF(start) + (QPointF(end) - QPointF(start)) * step / 4
        event = QMouseEvent(QEvent.Type.MouseMove, at, fader.travel.mapToGlobal(at), LEFT, LEFT, modifier)
        QApplication.sendEvent(fader.travel, event)
    QTest.mouseRelease(fader.travel, LEFT, modifier, end)


def turn(fader: Fader, angle: int, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Turn the wheel over the handle, 120 a notch."""
    at = fader.travel.cap().center()
    phase = Qt.ScrollPhase.NoScrollPhase
    turned = QWheelEvent(
        at, fader.travel.mapToGlobal(at), QPoint(), QPoint(0, angle), Qt.MouseButton.NoButton, modifier, phase, False
    )
    QApplication.sendEvent(fader.travel, turned)


def enter(fader: Fader, text: str) -> None:
    """Type a value into the field."""
    fader.field.setFocus()
    fader.field.selectAll()
    fader.field.insert(text)  # QTest types ASCII only
    QTest.keyClick(fader.field, Qt.Key.Key_Return)


class TestTaper:
    def test_ends(self) -> None:
        assert (position(SILENT), position(12)) == (0, 1)
        assert gain_at(0) == SILENT and gain_at(-1) == SILENT
        assert gain_at(1) == gain_at(2) == 12

    @pytest.mark.parametrize("db", [-60, -59.9, -47.3, -18, -6.1, -0.1, 0, 0.1, 6, 11.9, 12])
    def test_there_and_back(self, db: float) -> None:
        assert gain_at(position(db)) == db

    def test_rises(self) -> None:
        shares = [position(tenths / 10) for tenths in range(-600, 121)]
        assert shares == sorted(set(shares))

    def test_most_of_the_travel_is_around_0_db(self) -> None:
        assert position(12) - position(-12) > 0.5
        assert position(3) - position(-3) > position(-27) - position(-33)

    def test_nothing_lies_between_silence_and_minus_60(self) -> None:
        assert {gain_at(share / 1000) for share in range(50)} == {SILENT, -60.0}

    def test_a_gain_below_the_scale_has_a_place_above_silence(self) -> None:
        assert 0 < position(-70) < position(-60)

    @pytest.mark.parametrize(
        ("db", "change", "result"),
        [
            (0, 0.5, 0.5),
            (-18.25, -0.5, -18.75),
            (11.8, 0.5, 12),
            (-59.8, -0.5, -60),
            (-60, -0.5, SILENT),
            (SILENT, -0.5, SILENT),
            (SILENT, 0.1, -60),
            (-70, 3, -60),
            (-70, -3, SILENT),
        ],
    )
    def test_steps(self, db: float, change: float, result: float) -> None:
        assert stepped(db, change) == result

    def test_scale(self) -> None:
        assert [scale_label(db) for db in (12.0, 0.0, -6.0, SILENT)] == ["+12", "0", "−6", "−∞"]


class TestPointer:
    def test_drag(self, fader: Fader) -> None:
        seen: list[object] = []
        fader.drag_started.connect(lambda: seen.append("start"))
        fader.value_changed.connect(seen.append)
        fader.drag_finished.connect(lambda: seen.append("end"))
        drag(fader, point_of(fader, 0), point_of(fader, -18))
        assert seen[0] == "start" and seen[-2:] == [fader.value, "end"] and len(seen) == 6
        assert fader.value == pytest.approx(-18, abs=0.3)
        assert fader.field.text() == f"−{abs(fader.value):.1f} dB"

    def test_the_handle_does_not_jump_when_it_is_taken_at_its_edge(self, fader: Fader) -> None:
        edge = point_of(fader, 0) + QPoint(10, 8)
        drag(fader, edge, edge)
        assert fader.value == 0

    def test_a_drag_with_shift_is_ten_times_finer(self, fader: Fader) -> None:
        start = point_of(fader, 0)
        drag(fader, start, start + QPoint(0, 50))
        coarse = fader.value
        fader.set_value(0)
        drag(fader, start, start + QPoint(0, 50), SHIFT)
        assert coarse < -5
        assert fader.value == pytest.approx(coarse / 10, abs=0.15)

    def test_a_press_on_the_groove_brings_the_handle(self, fader: Fader) -> None:
        QTest.mouseClick(fader.travel, LEFT, pos=point_of(fader, -24))
        assert fader.value == pytest.approx(-24, abs=0.5)

    def test_the_ends_are_reached_and_left_with_the_pointer(self, fader: Fader) -> None:
        top = point_of(fader, 12)
        drag(fader, point_of(fader, 0), top - QPoint(0, 40))
        assert fader.value == 12
        drag(fader, point_of(fader, 12), point_of(fader, SILENT) + QPoint(0, 40))
        assert fader.value == SILENT
        assert fader.field.text() == "−∞ dB"

    def test_0_db_has_a_detent(self, fader: Fader) -> None:
        fader.set_value(-6)
        drag(fader, point_of(fader, -6), point_of(fader, 0.2))
        assert fader.value == 0

    def test_a_double_click_resets(self, fader: Fader, qtbot: QtBot) -> None:
        fader.set_value(-18)
        with qtbot.waitSignal(fader.value_changed) as caught:
            QTest.mouseDClick(fader.travel, LEFT, pos=point_of(fader, -18))
        assert caught.args == [0.0] and fader.value == 0

    def test_other_buttons_do_nothing(self, fader: Fader) -> None:
        QTest.mouseClick(fader.travel, Qt.MouseButton.RightButton, pos=point_of(fader, -24))
        assert fader.value == 0

    def test_wheel(self, fader: Fader) -> None:
        turn(fader, 120)
        assert fader.value == 0.5
        turn(fader, -240)
        assert fader.value == -0.5
        turn(fader, 120, SHIFT)
        assert fader.value == pytest.approx(-0.4)

    def test_a_touchpad_adds_up_to_notches(self, fader: Fader) -> None:
        for _ in range(5):
            turn(fader, 24)
        assert fader.value == 0.5


class TestKeys:
    @pytest.mark.parametrize(
        ("key", "modifier", "result"),
        [
            (Qt.Key.Key_Up, Qt.KeyboardModifier.NoModifier, 0.5),
            (Qt.Key.Key_Down, Qt.KeyboardModifier.NoModifier, -0.5),
            (Qt.Key.Key_Up, SHIFT, 0.1),
            (Qt.Key.Key_PageUp, Qt.KeyboardModifier.NoModifier, 3),
            (Qt.Key.Key_PageDown, Qt.KeyboardModifier.NoModifier, -3),
            (Qt.Key.Key_Home, Qt.KeyboardModifier.NoModifier, 12),
            (Qt.Key.Key_End, Qt.KeyboardModifier.NoModifier, SILENT),
        ],
    )
    def test_from_0_db(self, fader: Fader, key: Qt.Key, modifier: Qt.KeyboardModifier, result: float) -> None:
        QTest.keyClick(fader.travel, key, modifier)
        assert fader.value == result

    @pytest.mark.parametrize("key", [Qt.Key.Key_Delete, Qt.Key.Key_Backspace])
    def test_reset(self, fader: Fader, key: Qt.Key) -> None:
        fader.set_value(SILENT)
        QTest.keyClick(fader.travel, key)
        assert fader.value == 0

    def test_enter_goes_to_the_field_and_back(self, fader: Fader, qtbot: QtBot) -> None:
        fader.travel.setFocus()
        QTest.keyClick(fader.travel, Qt.Key.Key_Return)
        assert fader.field.hasFocus() and fader.field.selectedText() == "0.0 dB"
        QTest.keyClicks(fader.field, "-3")
        QTest.keyClick(fader.field, Qt.Key.Key_Return)
        assert fader.travel.hasFocus() and fader.value == -3

    def test_its_keys_win_over_the_windows_shortcuts_and_others_do_not(self, qtbot: QtBot) -> None:
        window = QMainWindow()
        qtbot.addWidget(window)
        fader = Fader("Speech level", "speech")
        window.setCentralWidget(fader)
        pressed: list[str] = []
        for key in ("Home", "Delete", "Left", "Space"):
            action = QAction(key, window)
            action.setShortcut(QKeySequence(key))
            action.triggered.connect(lambda *_, key=key: pressed.append(key))
            window.addAction(action)
        window.show()
        window.activateWindow()
        fader.travel.setFocus()
        qtbot.waitUntil(fader.travel.hasFocus)
        for key in (Qt.Key.Key_Home, Qt.Key.Key_Left, Qt.Key.Key_Space):
            QTest.keyClick(fader.travel, key)
        assert fader.value == 12
        assert pressed == ["Left", "Space"]


class TestField:
    @pytest.mark.parametrize(
        ("text", "db"),
        [
            ("-18", -18),
            ("−18,5 dB", -18.5),
            ("+3", 3),
            ("-inf", SILENT),
            ("off", SILENT),
            ("−∞", SILENT),
            ("-18.25", -18.25),
        ],
    )
    def test_typed_values(self, fader: Fader, qtbot: QtBot, text: str, db: float) -> None:
        with qtbot.waitSignal(fader.value_changed) as caught:
            enter(fader, text)
        assert caught.args == [db] and fader.value == db

    @pytest.mark.parametrize(("text", "words"), [("loud", "'loud' is not a level"), ("15", "15 dB is out of range")])
    def test_what_cannot_be_taken_is_said(self, fader: Fader, qtbot: QtBot, text: str, words: str) -> None:
        with qtbot.assertNotEmitted(fader.value_changed), qtbot.waitSignal(fader.problem) as caught:
            enter(fader, text)
        assert words in str(caught.args)
        assert fader.value == 0 and fader.field.text() == "0.0 dB"

    def test_a_finer_value_survives_an_untouched_field(self, fader: Fader, qtbot: QtBot) -> None:
        fader.set_value(-18.26)
        with qtbot.assertNotEmitted(fader.value_changed):
            fader.field.setFocus()
            QTest.keyClick(fader.field, Qt.Key.Key_Return)
        assert fader.value == -18.26

    def test_escape_gives_up(self, fader: Fader, qtbot: QtBot) -> None:
        fader.field.setFocus()
        fader.field.selectAll()
        QTest.keyClicks(fader.field, "-3")
        with qtbot.assertNotEmitted(fader.value_changed):
            QTest.keyClick(fader.field, Qt.Key.Key_Escape)
        assert fader.field.text() == "0.0 dB" and fader.travel.hasFocus()

    def test_keys_step(self, fader: Fader) -> None:
        QTest.keyClick(fader.field, Qt.Key.Key_Down)
        QTest.keyClick(fader.field, Qt.Key.Key_PageDown)
        assert fader.value == -3.5 and fader.field.text() == "−3.5 dB"


def test_setting_it_is_no_change_by_the_user(fader: Fader, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(fader.value_changed):
        for db in (-18.0, SILENT, 12.0):
            fader.set_value(db)
            assert fader.value == db


def test_screen_readers_read_and_set_the_value(fader: Fader, qtbot: QtBot) -> None:
    fader.set_value(-18)
    interface = QAccessible.queryAccessibleInterface(fader.travel)
    assert interface.role() == QAccessible.Role.Slider
    assert interface.text(QAccessible.Text.Name) == "Speech level"
    assert interface.text(QAccessible.Text.Description) == "−18.0 dB"
    value = interface.valueInterface()
    assert (value.currentValue(), value.minimumValue(), value.maximumValue()) == (-180, -601, 120)
    with qtbot.waitSignal(fader.value_changed) as caught:
        value.setCurrentValue(-60)
    assert caught.args == [-6.0]
    value.setCurrentValue(-601)
    assert fader.value == SILENT


def test_names(fader: Fader) -> None:
    assert unnamed(fader) == []


def test_a_track_that_is_not_heard_loses_its_colour(fader: Fader) -> None:
    heard = fader.travel.grab().toImage()
    fader.set_heard(False)
    assert fader.travel.grab().toImage() != heard
    fader.set_heard(True)
    assert fader.travel.grab().toImage() == heard
