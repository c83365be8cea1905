"""The ruler: round times, flags that are dragged."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.document.view import ViewState
from app.picture.ruler import HEIGHT, TimeRuler, clock, ticks
from app.picture.time_view import GUTTER

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def ruler(qtbot: QtBot, view: ViewState) -> TimeRuler:
    ruler = TimeRuler(view)
    qtbot.addWidget(ruler)
    ruler.resize(GUTTER + 1000, HEIGHT)
    ruler.set_markers([(2.0, "Intro"), (6.0, "Question")])
    ruler.show()
    return ruler


def at(seconds: float, y: int = HEIGHT - 6) -> QPoint:
    return QPoint(GUTTER + round(seconds * 100), y)


@pytest.mark.parametrize(
    ("seconds", "decimals", "text"),
    [(0, 0, "0:00"), (3661.5, 1, "1:01:01.5"), (3599.9, 0, "1:00:00"), (59.9996, 3, "1:00.000"), (59.9996, 0, "1:00")],
)
def test_clock(seconds: float, decimals: int, text: str) -> None:
    assert clock(seconds, decimals) == text


@pytest.mark.parametrize("length", [0.02, 0.3, 7, 90, 1000, 10_800, 80_000])
def test_ticks_are_round_and_few(length: float) -> None:
    start = length / 3
    step, times = ticks(start, start + length, 12)
    assert 3 <= len(times) <= 13 and start <= times[0] and times[-1] <= start + length * 1.0001
    assert np.allclose(np.diff(times), step) and times[0] / step == pytest.approx(round(times[0] / step))


def test_click_and_drag_do_as_in_the_lanes(ruler: TimeRuler, view: ViewState) -> None:
    QTest.mouseClick(ruler, LEFT, NONE, at(4))
    assert view.playhead == pytest.approx(4)
    QTest.mousePress(ruler, LEFT, NONE, at(5))
    QTest.mouseMove(ruler, at(7))
    QTest.mouseRelease(ruler, LEFT, NONE, at(7))
    assert view.selection == pytest.approx((5, 7))


def test_a_flag_is_dragged(ruler: TimeRuler, view: ViewState) -> None:
    moved: list[tuple[int, float]] = []
    ruler.marker_moved.connect(lambda *values: moved.append(values))
    QTest.mousePress(ruler, LEFT, NONE, at(6.1, 6))
    QTest.mouseMove(ruler, at(8, 6))
    QTest.mouseRelease(ruler, LEFT, NONE, at(8, 6))
    assert moved == [(1, pytest.approx(8, abs=0.11))] and view.selection is None


def test_a_flag_is_chosen(qtbot: QtBot, ruler: TimeRuler, view: ViewState) -> None:
    with qtbot.waitSignal(ruler.marker_chosen) as chosen:
        QTest.mouseClick(ruler, LEFT, NONE, at(2.1, 6))
    assert chosen.args == [0] and view.playhead == 0


def test_it_is_painted(ruler: TimeRuler, view: ViewState) -> None:
    view.move_playhead(4)
    view.select(7, 8)
    image = ruler.grab().toImage()
    ground = image.pixelColor(at(9.55, 4))
    assert image.pixelColor(at(2.05, 2)) != ground  # a flag
    assert image.pixelColor(at(4, HEIGHT - 7)).lightness() > 180  # the handle
    assert image.pixelColor(at(7.5, 4)) != ground  # the selection
    assert image.pixelColor(at(3, HEIGHT - 10)) != ground  # a tick
