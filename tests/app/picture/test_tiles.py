"""Tiles come from other threads; what nobody waits for any more is never made; memory is bounded."""

from pathlib import Path
from threading import Event

import numpy as np
import pytest
from numpy.typing import NDArray
from pytestqt.qtbot import QtBot

from app.picture.pyramid import PyramidWriter
from app.picture.source import LaneSource
from app.picture.tiles import PLAIN, THREADS, Look, Tile, Tiles, Wish, filled
from engine.errors import InputError
from tests.app.picture.sounds import RATE, noise

SOUND = noise(10)


def wish(source: LaneSource, number: int, height: int = 50) -> Wish:
    """One of a hundred tiles, finer than the pyramid."""
    step = len(SOUND) / 100
    return Wish(source, number * step, (number + 1) * step, 60, height, "mel")


class Gate:
    """Samples that can be read once the gate is open; the places that were asked for."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.open = Event()

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        self.asked.append(start)
        assert self.open.wait(10)
        return SOUND[start:stop]


def test_superseded_wishes_are_dropped(qtbot: QtBot, tiles: Tiles, tmp_path: Path) -> None:
    gate = Gate()
    source = LaneSource(tmp_path, gate.read, RATE, len(SOUND))
    source.preview = None
    tiles.show("view", source)
    tiles.want("view", [wish(source, n) for n in range(50)], PLAIN)
    qtbot.waitUntil(lambda: len(gate.asked) == THREADS)
    last = wish(source, 90)
    tiles.want("view", [last], PLAIN)
    gate.open.set()
    qtbot.waitUntil(lambda: tiles.get(last) is not None)
    assert len(gate.asked) == THREADS + 1
    assert not any(tiles.get(wish(source, n)) for n in range(THREADS, 50))


def test_views_take_turns(qtbot: QtBot, tiles: Tiles, tmp_path: Path) -> None:
    gate = Gate()
    source = LaneSource(tmp_path, gate.read, RATE, len(SOUND))
    source.preview = None
    for owner, first in (("a", 0), ("b", 50)):
        tiles.show(owner, source)
        tiles.want(owner, [wish(source, first + n) for n in range(10)], PLAIN)
    gate.open.set()
    qtbot.waitUntil(lambda: not tiles.busy)
    assert len(gate.asked) == 20
    assert 3 <= np.count_nonzero(np.array(gate.asked[:10]) > len(SOUND) // 4) <= 7


def test_memory_is_bounded_and_what_is_wanted_stays(qtbot: QtBot, source: LaneSource) -> None:
    size = Tile(wish(source, 0), PLAIN).size
    tiles = Tiles(budget=10 * size)
    tiles.show("view", source)
    for first in range(0, 60, 3):
        tiles.want("view", [wish(source, n) for n in range(first, first + 3)], PLAIN)
        qtbot.waitUntil(lambda first=first: all(tiles.get(wish(source, n)) for n in range(first, first + 3)))
    there = [n for n in range(60) if tiles.get(wish(source, n))]
    assert there == list(range(50, 60))
    tiles.want("view", [wish(source, n) for n in range(30)], PLAIN)
    qtbot.waitUntil(lambda: all(tiles.get(wish(source, n)) for n in range(30)))
    tiles.show("view", None)
    assert not any(tiles.get(wish(source, n)) for n in range(60))
    tiles.close()


def test_what_cannot_be_read_is_told_once(qtbot: QtBot, tiles: Tiles, tmp_path: Path) -> None:
    def read(start: int, stop: int) -> NDArray[np.float32]:
        raise InputError("the file is gone; put it back")

    source = LaneSource(tmp_path, read, RATE, len(SOUND))
    told: list[str] = []
    tiles.failed.connect(told.append)
    tiles.show("view", source)
    tiles.want("view", [wish(source, n) for n in range(5)], PLAIN)
    qtbot.waitUntil(lambda: not tiles.busy)
    qtbot.wait(1)
    assert told == ["the file is gone; put it back"]


def test_a_growing_picture_is_drawn_again(qtbot: QtBot, tiles: Tiles, tmp_path: Path) -> None:
    with PyramidWriter(tmp_path, RATE, len(SOUND)) as writer:
        writer.add(SOUND[: len(SOUND) // 2])
        source = LaneSource(tmp_path, None, RATE, len(SOUND))
        all_of_it = Wish(source, 0, len(SOUND), 100, 50, "mel")
        tiles.changed.connect(lambda _: tiles.want("view", [all_of_it], PLAIN))
        tiles.show("view", source)
        tiles.want("view", [all_of_it], PLAIN)
        qtbot.waitUntil(lambda: tiles.get(all_of_it) is not None)
        half = tiles.get(all_of_it)
        assert half and half.levels[:, :40].any() and not half.levels[:, 60:].any()
        writer.add(SOUND[len(SOUND) // 2 :])
    qtbot.waitUntil(lambda: bool((tile := tiles.get(all_of_it)) and tile.levels[:, 95:].any()))


def test_a_preview_is_refined_pass_by_pass(qtbot: QtBot, tiles: Tiles, tmp_path: Path) -> None:
    sound = np.tile(SOUND, (30, 1))
    source = LaneSource(tmp_path, lambda start, stop: sound[start:stop], RATE, len(sound))
    passes: list[int] = []
    assert source.preview
    preview = source.preview
    tiles.changed.connect(lambda _: passes.append(preview.passes))
    tiles.show("view", source)
    qtbot.waitUntil(lambda: preview.complete and len(passes) == 4)


def test_the_colours_of_a_tile(source: LaneSource) -> None:
    red, blue = (tuple([colour] * 256) for colour in (0xFFFF0000, 0xFF0000FF))
    tile = Tile(wish(source, 50), Look(red, None))
    assert tile.picture(Look(red, None)).pixelColor(10, 10).name() == "#ff0000"
    assert tile.picture(Look(blue, None)).pixelColor(10, 10).name() == "#0000ff"
    solid = (0, *[0xFF00FF00] * 255)
    assert tile.picture(Look(blue, solid)).pixelColor(10, 25).name() == "#00ff00"


@pytest.mark.parametrize("gain", [1.0, 2.0])
def test_how_a_waveform_fills_its_pixels(gain: float) -> None:
    waveform = np.zeros((11, 2), np.int16)
    waveform[5:8] = round(0.24 * 32767)  # both ways
    shares = filled(waveform, 100, 1, gain)
    top = round(50 - 12 * gain)
    assert shares.shape == (100, 10)
    assert shares[[top - 1, top, 50, 99 - top, 100 - top], 5] == pytest.approx([0, 255, 130, 255, 0], abs=3)
    assert shares[[48, 49, 50, 51], 0] == pytest.approx([0, 127, 127, 0], abs=1)


def test_a_jump_is_one_line() -> None:
    waveform = np.array([[20_000, -20_000]] * 3 + [[-20_000, 20_000]] * 3, np.int16)
    shares = filled(waveform, 100, 1, 1)
    assert np.all(shares[25:75, 2] > 0)
