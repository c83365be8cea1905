"""The overview: the waveform of the whole, and the box that is dragged over it."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.document.view import ViewState
from app.picture.overview import HEIGHT, Overview
from app.picture.source import LaneSource
from app.picture.tiles import Tiles
from app.picture.time_view import GUTTER

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def overview(qtbot: QtBot, view: ViewState, tiles: Tiles, source: LaneSource) -> Overview:
    overview = Overview(view, tiles)
    qtbot.addWidget(overview)
    overview.resize(GUTTER + 1000, HEIGHT)
    overview.show()
    overview.set_sources(source)
    overview.grab()
    qtbot.waitUntil(lambda: not tiles.busy)
    qtbot.wait(1)
    return overview


def at(seconds: float, y: int = HEIGHT // 2) -> QPoint:
    return QPoint(GUTTER + round(seconds * 100), y)


def drag(overview: Overview, start: float, end: float) -> None:
    QTest.mousePress(overview, LEFT, NONE, at(start))
    QTest.mouseMove(overview, at(end))
    QTest.mouseRelease(overview, LEFT, NONE, at(end))


def test_a_quiet_recording_fills_the_height(qtbot: QtBot, overview: Overview) -> None:
    def filled() -> bool:
        image = overview.grab().toImage()  # a tone of −20 dBFS: a tenth of full scale
        return image.pixelColor(at(5, 8)) != image.pixelColor(at(2, 8))

    qtbot.waitUntil(filled)


def test_at_another_width_the_last_picture_stands_in(qtbot: QtBot, overview: Overview, tiles: Tiles) -> None:
    def waves() -> int:
        image = overview.grab().toImage()
        ground, half = image.pixel(GUTTER + 1, 3), image.height() // 2
        return sum(image.pixel(x, half) != ground for x in range(GUTTER + 1, image.width(), 7))

    qtbot.waitUntil(lambda: not tiles.busy and waves() > 20)
    before = waves()
    overview.resize(GUTTER + 500, HEIGHT)
    assert waves() > before // 3


def test_a_click_outside_the_box_brings_it_there(overview: Overview, view: ViewState) -> None:
    view.show(1, 3)
    QTest.mouseClick(overview, LEFT, NONE, at(7))
    assert (view.start, view.end) == pytest.approx((6, 8)) and view.playhead == 0


def test_the_box_and_its_edges_are_dragged(overview: Overview, view: ViewState) -> None:
    view.show(1, 3)
    drag(overview, 2, 4.5)
    assert (view.start, view.end) == pytest.approx((3.5, 5.5))
    drag(overview, 5.5, 8)
    assert (view.start, view.end) == pytest.approx((3.5, 8))
    drag(overview, 3.5, 5)
    assert (view.start, view.end) == pytest.approx((5, 8))
    drag(overview, 6, 20)
    assert (view.start, view.end) == pytest.approx((7, 10))


def test_a_double_click_shows_everything(overview: Overview, view: ViewState) -> None:
    view.show(1, 3)
    QTest.mouseDClick(overview, LEFT, NONE, at(2))
    assert (view.start, view.end) == (0, 10)


def test_outside_the_box_it_is_darker(overview: Overview, view: ViewState) -> None:
    before = overview.grab().toImage().pixelColor(at(9, 5)).lightness()
    view.show(1, 3)
    image = overview.grab().toImage()
    assert image.pixelColor(at(9, 5)).lightness() < before == image.pixelColor(at(2, 5)).lightness()


def test_a_tiny_box_can_still_be_seen(overview: Overview, view: ViewState) -> None:
    view.show(5, 5.02)
    assert overview.box().width() >= 8 and overview.box().center().x() == pytest.approx(GUTTER + 501)


def test_playhead_markers_and_regions(overview: Overview, view: ViewState) -> None:
    overview.set_markers([1.0])
    overview.set_regions([(2, 3)])
    view.move_playhead(8)
    image = overview.grab().toImage()
    ground = image.pixelColor(at(9, 4))
    assert image.pixelColor(at(1, 4)) != ground
    assert image.pixelColor(at(2.5, HEIGHT - 3)) != image.pixelColor(at(3.5, HEIGHT - 3))
    assert image.pixelColor(at(8, 4)).lightness() > 180
