"""Lanes: tones where they belong, and what mouse and wheel do."""

# ruff: noqa: N802  (Qt names its event handlers)

import math
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QImage, QPaintEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.document.view import AXES, Axis, ViewState
from app.picture.axis import FrequencyAxis
from app.picture.lane_view import LaneView
from app.picture.source import LaneSource
from app.picture.tiles import Tiles
from app.picture.time_view import GUTTER
from tests.app.picture.conftest import SOUND, settle
from tests.app.picture.sounds import RATE, reader

LEFT, SHIFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.NoModifier


def at(seconds: float, y: float = 150) -> QPoint:
    """Where a time is while everything is visible."""
    return QPoint(GUTTER + round(seconds * 100), round(y))


def brightness(image: QImage, point: QPoint) -> int:
    return image.pixelColor(point).lightness()


def drag(lane: LaneView, start: float, end: float, modifier: Qt.KeyboardModifier = NONE) -> None:
    QTest.mousePress(lane, LEFT, modifier, at(start))
    for share in (0.3, 0.7, 1.0):
        QTest.mouseMove(lane, at(start + share * (end - start)))
    QTest.mouseRelease(lane, LEFT, modifier, at(end))


def turn(lane: LaneView, seconds: float, angle: QPoint, modifier: Qt.KeyboardModifier = NONE) -> None:
    point = QPointF(at(seconds))
    where = lane.mapToGlobal(point)
    phase = Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(point, where, QPoint(), angle, Qt.MouseButton.NoButton, modifier, phase, False)
    QApplication.sendEvent(lane, event)


class PaintWatch(QObject):
    """Counts the pixels that a widget is asked to paint."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.pixels = 0
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            region = event.region()
            self.pixels += sum(rect.width() * rect.height() for rect in region)  # pyright: ignore[reportGeneralTypeIssues]
        return False


@pytest.mark.parametrize("axis", AXES)
def test_a_tone_is_bright_where_it_sounds(qtbot: QtBot, lane: LaneView, tiles: Tiles, axis: Axis) -> None:
    lane.view.axis = axis
    settle(qtbot, lane, tiles)
    image, y = lane.grab().toImage(), FrequencyAxis(axis, RATE, 200).y(1000)
    assert brightness(image, at(5, y)) > 120
    for silence in (at(3.8, y), at(6.2, y), at(5, 20)):
        assert brightness(image, silence) < 60


def test_zoomed_in_it_begins_at_the_same_time(qtbot: QtBot, lane: LaneView, tiles: Tiles) -> None:
    lane.view.show(3, 5)
    lane.grab()
    lane.view.show(3.5, 4.5)
    settle(qtbot, lane, tiles)
    assert lane._picture._asked and lane._picture._asked.scale == RATE / 1000
    image, y = lane.grab().toImage(), FrequencyAxis("mel", RATE, 200).y(1000)
    assert brightness(image, QPoint(GUTTER + 600, round(y))) > 120
    assert brightness(image, QPoint(GUTTER + 400, round(y))) < 60


def test_before_its_tiles_come_the_last_picture_stands_in(qtbot: QtBot, lane: LaneView, tiles: Tiles) -> None:
    tiles.close()
    tiles.show(lane, None)
    lane.view.show(3.0, 7.0)
    image, y = lane.grab().toImage(), FrequencyAxis("mel", RATE, 200).y(1000)
    assert brightness(image, QPoint(GUTTER + 500, round(y))) > 120
    assert brightness(image, QPoint(GUTTER + 100, round(y))) < 60


def test_contrast_and_colours_need_no_new_tiles(lane: LaneView, monkeypatch: pytest.MonkeyPatch) -> None:
    y = FrequencyAxis("mel", RATE, 200).y(1000)
    monkeypatch.setattr(LaneSource, "strip", None)
    lane.view.colours = "grey"
    lane.view.set_contrast(-100, -20)
    bright = brightness(lane.grab().toImage(), at(5, y))
    lane.view.set_contrast(-60, 20)
    assert 60 < brightness(lane.grab().toImage(), at(5, y)) < bright - 50


def test_at_twice_the_pixels(qtbot: QtBot, lane: LaneView, tiles: Tiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LaneView, "devicePixelRatioF", lambda _: 2.0)
    lane.resize(lane.width() + 1, 200)
    settle(qtbot, lane, tiles)
    canvas = lane._canvas.toImage()
    assert canvas.width() == 2 * lane.width() and canvas.height() == 400
    y = FrequencyAxis("mel", RATE, 400).y(1000)
    assert brightness(canvas, QPoint(2 * (GUTTER + 500), round(y))) > 120
    assert brightness(canvas, QPoint(2 * (GUTTER + 350), round(y))) < 60


def test_what_is_not_there_yet_says_so(qtbot: QtBot, lane: LaneView, tiles: Tiles, tmp_path: Path) -> None:
    whole = lane.grab().toImage()
    done = len(SOUND) // 2
    lane.set_source(LaneSource(tmp_path, reader(SOUND), RATE, len(SOUND), lambda: done), "Not split yet")
    settle(qtbot, lane, tiles)
    image, y = lane.grab().toImage(), FrequencyAxis("mel", RATE, 200).y(1000)
    assert brightness(image, at(4.5, y)) == pytest.approx(brightness(whole, at(4.5, y)), abs=12)
    assert brightness(image, at(5.5, y)) < 60
    shades = {image.pixelColor(at(7.5, 100) + QPoint(x, 0)).name() for x in range(-40, 40)}
    assert len(shades) > 4  # words


def test_what_is_split_but_not_drawn_yet_is_no_silence(
    qtbot: QtBot, lane: LaneView, tiles: Tiles, tmp_path: Path
) -> None:
    done = len(SOUND) // 4
    lane.set_source(LaneSource(tmp_path, reader(SOUND), RATE, len(SOUND), lambda: done), "Not split yet")
    settle(qtbot, lane, tiles)
    tiles.want = lambda *_: None  # type: ignore[method-assign]  the threads have no time
    done = len(SOUND) // 2
    lane._redraw()
    image = lane.grab().toImage()
    shades = {image.pixelColor(at(4, 20) + QPoint(x, 0)).name() for x in range(-40, 40)}
    assert len(shades) > 1  # hatched
    assert lane._picture.drawn_to == len(SOUND) // 4


def test_a_lane_that_is_not_heard_is_dimmed(lane: LaneView) -> None:
    y = FrequencyAxis("mel", RATE, 200).y(1000)
    heard = brightness(lane.grab().toImage(), at(5, y))
    lane.view.toggle_solo("noise")
    assert brightness(lane.grab().toImage(), at(5, y)) < 0.7 * heard
    lane.view.toggle_solo("speech")
    assert brightness(lane.grab().toImage(), at(5, y)) == heard


def test_a_moving_playhead_repaints_strips_only(qtbot: QtBot, lane: LaneView, monkeypatch: pytest.MonkeyPatch) -> None:
    lane.view.move_playhead(2.0)
    qtbot.wait(20)
    watch = PaintWatch(lane)
    monkeypatch.setattr(lane, "_draw_canvas", None)
    lane.view.move_playhead(7.0)
    qtbot.waitUntil(lambda: watch.pixels > 0)
    assert watch.pixels <= 2 * 5 * lane.height()
    image = lane.grab().toImage()
    assert brightness(image, at(7.0, 100)) > 230 > brightness(image, at(2.0, 100)) + 150


def test_a_click_moves_the_playhead_and_clears_the_selection(lane: LaneView) -> None:
    lane.view.select(1, 2)
    QTest.mouseClick(lane, LEFT, NONE, at(7.5))
    assert lane.view.playhead == pytest.approx(7.5) and lane.view.selection is None


def test_a_drag_selects(lane: LaneView) -> None:
    drag(lane, 6, 2.5)
    assert lane.view.selection == pytest.approx((2.5, 6)) and lane.view.playhead == 0
    image = lane.grab().toImage()
    assert brightness(image, at(3, 120)) > brightness(image, at(2, 120)) + 15


def test_shift_extends(lane: LaneView) -> None:
    lane.view.move_playhead(3)
    QTest.mouseClick(lane, LEFT, SHIFT, at(5))
    assert lane.view.selection == pytest.approx((3, 5)) and lane.view.playhead == 3
    QTest.mouseClick(lane, LEFT, SHIFT, at(8))
    assert lane.view.selection == pytest.approx((3, 8))
    QTest.mouseClick(lane, LEFT, SHIFT, at(4))
    assert lane.view.selection == pytest.approx((4, 8))


def test_edges_of_the_selection_can_be_dragged(lane: LaneView) -> None:
    lane.view.select(4, 6)
    drag(lane, 6.02, 7)
    assert lane.view.selection == pytest.approx((4, 7))
    drag(lane, 3.98, 8)
    assert lane.view.selection == pytest.approx((7, 8))


def test_a_drag_beyond_the_edge_scrolls(qtbot: QtBot, lane: LaneView) -> None:
    lane.view.show(2, 4)
    QTest.mousePress(lane, LEFT, NONE, at(5))
    QTest.mouseMove(lane, at(10.5))
    qtbot.waitUntil(lambda: lane.view.end > 5)
    QTest.mouseRelease(lane, LEFT, NONE, at(10.5))
    end = lane.view.end
    assert lane.view.selection == pytest.approx((3, end))
    qtbot.wait(60)
    assert lane.view.end == end


def test_the_wheel_zooms_at_the_pointer_and_shift_scrolls(lane: LaneView) -> None:
    turn(lane, 2.5, QPoint(0, 240))
    assert (lane.view.start, lane.view.end) == pytest.approx((1.25, 6.25))
    turn(lane, 2.5, QPoint(0, -120), SHIFT)
    assert (lane.view.start, lane.view.end) == pytest.approx((1.75, 6.75))
    turn(lane, 2.5, QPoint(120, 0))
    assert (lane.view.start, lane.view.end) == pytest.approx((1.25, 6.25))


def test_hovering_tells_time_frequency_and_level(lane: LaneView) -> None:
    y = FrequencyAxis("mel", RATE, 200).y(1000)
    told: list[tuple[float, float, float]] = []
    lane.hovered.connect(lambda *values: told.append(values))
    QTest.mouseMove(lane, at(5, y))
    seconds, hertz, level = told[-1]
    assert lane.view.cursor == seconds == pytest.approx(5) and hertz == pytest.approx(1000, rel=0.03)
    assert level == pytest.approx(-20, abs=7)  # beside the middle of the tone by up to a pixel
    QTest.mouseMove(lane, at(2, y))
    assert told[-1][2] == -math.inf


def test_regions(qtbot: QtBot, lane: LaneView) -> None:
    plain = lane.grab().toImage()
    lane.set_regions([(1, 3, "Noise −18 dB"), (2, 5, "")])
    image = lane.grab().toImage()
    assert image.pixelColor(at(1.5, 60)) != plain.pixelColor(at(1.5, 60))
    assert image.pixelColor(at(7, 60)) == plain.pixelColor(at(7, 60))
    for seconds, index in ((1.5, 0), (2.5, 1), (4.0, 1)):
        with qtbot.waitSignal(lane.region_chosen) as chosen:
            QTest.mouseDClick(lane, LEFT, NONE, at(seconds))
        assert chosen.args == [index]
    assert lane.view.selection == (2, 5)


def test_markers_are_lines(lane: LaneView) -> None:
    plain = lane.grab().toImage()
    lane.set_markers([8.0])
    assert brightness(lane.grab().toImage(), at(8.0, 100)) > brightness(plain, at(8.0, 100)) + 60


def test_a_menu_is_asked_for(lane: LaneView) -> None:
    asked: list[tuple[QPoint, float]] = []
    lane.menu_requested.connect(lambda *values: asked.append(values))
    place = lane.mapToGlobal(at(6))
    QApplication.sendEvent(lane, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at(6), place))
    assert asked == [(place, pytest.approx(6))]


def test_the_header_has_room_for_buttons(qtbot: QtBot, lane: LaneView) -> None:
    before = lane.header.width()
    button = QPushButton("S")
    lane.header.add(button)
    qtbot.waitUntil(lambda: lane.header.width() > before)
    assert lane.header.geometry().contains(button.geometry().translated(lane.header.pos()))


def test_a_lane_that_is_gone_hears_nothing(qtbot: QtBot, view: ViewState, tiles: Tiles) -> None:
    lane = LaneView(view, "noise", "Noise", tiles)
    lane.deleteLater()
    qtbot.waitUntil(lambda: not shiboken6.isValid(lane))
    view.move_playhead(3)
    view.show(2, 3)
