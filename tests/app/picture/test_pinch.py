"""Two fingers zoom: on a trackpad, and on a screen, where the first of them comes as a press of the mouse, too."""

from collections.abc import Iterator, Sequence

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QNativeGestureEvent, QPointingDevice
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.document.view import ViewState
from app.picture.lane_view import LaneView
from app.picture.time_view import GUTTER

Gesture = Qt.NativeGestureType


@pytest.fixture
def inner(qtbot: QtBot, lane: LaneView) -> Iterator[LaneView]:
    """The lane within another widget, as in the window."""
    outer = QWidget()
    outer.resize(lane.size())
    lane.setParent(outer)
    with qtbot.waitExposed(outer):
        outer.show()
        lane.show()
    yield lane
    lane.setParent(None)


@pytest.fixture(scope="module")
def screen() -> QPointingDevice:
    return QTest.createTouchDevice()


def trackpad(lane: LaneView, kind: Qt.NativeGestureType, value: float, seconds: float) -> None:
    """What a trackpad sends; a hundred pixels are a second."""
    here = QPointF(GUTTER + 100 * seconds, 100)
    there = QPointF(lane.mapToGlobal(here))
    device = QPointingDevice.primaryPointingDevice()
    QApplication.sendEvent(lane, QNativeGestureEvent(kind, device, 2, here, here, there, value, QPointF()))


def pinch(lane: LaneView, screen: QPointingDevice, seconds: float, halves: Sequence[int]) -> None:
    """Two fingers, one after the other, around a place, so many pixels from it; then they leave."""

    def fingers(half: int) -> tuple[QPoint, QPoint]:
        middle = GUTTER + round(100 * seconds)
        return QPoint(middle - half, 100), QPoint(middle + half, 100)

    first, second = fingers(halves[0])
    QTest.touchEvent(lane, screen, False).press(0, first, lane).commit()
    QTest.touchEvent(lane, screen, False).move(0, first, lane).press(1, second, lane).commit()
    for half in halves[1:]:
        first, second = fingers(half)
        QTest.touchEvent(lane, screen, False).move(0, first, lane).move(1, second, lane).commit()
    QTest.touchEvent(lane, screen, False).release(0, first, lane).release(1, second, lane).commit()


def test_a_trackpad_zooms_at_the_pointer(inner: LaneView, view: ViewState) -> None:
    trackpad(inner, Gesture.ZoomNativeGesture, 1.0, 2.5)
    assert (view.start, view.end) == pytest.approx((1.25, 6.25))
    trackpad(inner, Gesture.ZoomNativeGesture, -0.5, 2.5)  # the pointer is at 2.5 s still
    assert (view.start, view.end) == pytest.approx((0, 10))
    trackpad(inner, Gesture.RotateNativeGesture, 0.5, 2.5)
    assert (view.start, view.end) == pytest.approx((0, 10))


def test_two_fingers_zoom_around_what_is_between_them(
    inner: LaneView, view: ViewState, screen: QPointingDevice
) -> None:
    pinch(inner, screen, 2.5, (60, 60, 60, 80, 120, 240))
    length = view.end - view.start
    assert length == pytest.approx(2.5, rel=0.02)
    assert (2.5 - view.start) / length == pytest.approx(0.25, abs=0.01)
    pinch(inner, screen, 2.5, (240, 240, 240, 120))
    assert view.end - view.start == pytest.approx(5, rel=0.02)


@pytest.mark.parametrize("selection", [None, (1.0, 4.0)])
def test_two_fingers_do_nothing_but_zoom(
    qtbot: QtBot,
    inner: LaneView,
    view: ViewState,
    screen: QPointingDevice,
    selection: tuple[float, float] | None,
) -> None:
    if selection:
        view.select(*selection)
    view.move_playhead(7.0)
    pinch(inner, screen, 5.0, (60, 60, 70, 100, 150, 200))
    qtbot.wait(100)  # a drag beyond the edge would scroll on
    assert view.end - view.start < 6
    assert view.selection == selection and view.playhead == 7.0


def test_one_finger_selects_as_the_mouse_does(inner: LaneView, view: ViewState, screen: QPointingDevice) -> None:
    QTest.touchEvent(inner, screen, False).press(0, QPoint(GUTTER + 200, 100), inner).commit()
    for x in (230, 300, 400):
        QTest.touchEvent(inner, screen, False).move(0, QPoint(GUTTER + x, 100), inner).commit()
    QTest.touchEvent(inner, screen, False).release(0, QPoint(GUTTER + 400, 100), inner).commit()
    assert view.selection == pytest.approx((2, 4)) and (view.start, view.end) == (0, 10)
