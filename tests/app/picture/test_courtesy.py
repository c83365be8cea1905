"""Drawing threads rest while the window paints, and never for good."""

import threading
import time

from pytestqt.qtbot import QtBot

from app.picture import courtesy
from app.picture.tiles import Tiles


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
    assert courtesy.LONGEST / 2 < time.monotonic() - began < 10 * courtesy.LONGEST
    courtesy.release()


def test_tiles_hold_until_the_next_turn(qtbot: QtBot, tiles: Tiles) -> None:
    tiles.hold()
    thread = rest()
    thread.join(0.02)
    assert thread.is_alive()
    qtbot.waitUntil(lambda: not thread.is_alive())
