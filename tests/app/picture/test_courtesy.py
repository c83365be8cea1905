"""Drawing threads rest while the window paints, and never for good."""

import threading
import time

import pytest
from pytestqt.qtbot import QtBot

from app.picture import courtesy
from app.picture.tiles import Tiles


@pytest.fixture(autouse=True)
def gate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the one that other tests' windows have held."""
    monkeypatch.setattr(courtesy, "_gate", courtesy._Gate())


def rest() -> threading.Thread:
    thread = threading.Thread(target=courtesy.give_way)
    thread.start()
    return thread


def test_a_thread_rests_until_the_window_has_painted() -> None:
    thread = rest()
    thread.join(1)
    assert not thread.is_alive()
    courtesy.hold()
    thread = rest()
    thread.join(0.02)
    assert thread.is_alive()
    courtesy.release()
    thread.join(1)
    assert not thread.is_alive()


def test_a_window_that_never_says_so_holds_nobody_up() -> None:
    courtesy.hold()
    began = time.monotonic()
    courtesy.give_way()
    assert courtesy.LONGEST / 2 < time.monotonic() - began < 30 * courtesy.LONGEST
    courtesy.release()


def test_tiles_hold_until_the_next_turn(qtbot: QtBot, tiles: Tiles) -> None:
    tiles.hold()
    thread = rest()
    thread.join(0.02)
    assert thread.is_alive()
    qtbot.waitUntil(lambda: not thread.is_alive())


def test_a_window_that_always_paints_leaves_time_to_draw() -> None:
    drawn, stop = 0, time.monotonic() + 1

    def draw() -> None:
        nonlocal drawn
        while time.monotonic() < stop:
            courtesy.give_way()
            time.sleep(0.001)
            drawn += 1

    thread = threading.Thread(target=draw)
    thread.start()
    while thread.is_alive():
        courtesy.hold()
        time.sleep(0.01)
        courtesy.release()
    assert drawn > 30
