"""Views of a recording of ten seconds: a tone of 1 kHz between 4 and 6 s."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.document.view import ViewState
from app.picture.lane_view import LaneView
from app.picture.pyramid import PyramidWriter
from app.picture.source import LaneSource
from app.picture.tiles import Tiles
from app.picture.time_view import GUTTER
from tests.app.picture.sounds import RATE, beep, reader

SOUND = beep(10, 4, 6)


@pytest.fixture
def view() -> ViewState:
    return ViewState(10.0)


@pytest.fixture
def source(tmp_path: Path) -> LaneSource:
    with PyramidWriter(tmp_path / "picture", RATE, len(SOUND)) as writer:
        writer.add(SOUND)
    return LaneSource(tmp_path / "picture", reader(SOUND), RATE, len(SOUND))


@pytest.fixture
def tiles(qtbot: QtBot) -> Iterator[Tiles]:
    tiles = Tiles()
    yield tiles
    tiles.close()


@pytest.fixture
def lane(qtbot: QtBot, view: ViewState, tiles: Tiles, source: LaneSource) -> LaneView:
    """A lane of 1000x200 pixels beside the gutter: 100 pixels a second, all its tiles there."""
    lane = LaneView(view, "speech", "Speech", tiles)
    qtbot.addWidget(lane)
    lane.resize(GUTTER + 1000, 200)
    lane.set_source(source, "Not split yet")
    lane.show()
    settle(qtbot, lane, tiles)
    return lane


def settle(qtbot: QtBot, lane: LaneView, tiles: Tiles) -> None:
    """Have a lane painted with all its tiles."""
    lane.grab()
    qtbot.waitUntil(lambda: lane._picture.settled and not tiles.busy)
    qtbot.wait(1)  # what the threads have handed over is taken
    lane.grab()
