"""Work in a thread, and its outcome in the thread of the window."""

import threading

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.window.background import run_in_background
from engine.errors import InputError


def test_the_result_comes_to_the_windows_thread(qtbot: QtBot) -> None:
    owner, seen = QObject(), list[object]()
    run_in_background(
        owner, threading.get_ident, lambda ident: seen.extend((ident, threading.get_ident())), seen.append
    )
    qtbot.waitUntil(lambda: len(seen) == 2, timeout=5000)
    assert seen[1] == threading.get_ident() != seen[0]


def test_errors_for_the_user_come_as_a_line(qtbot: QtBot) -> None:
    owner, seen = QObject(), list[str]()

    def fail() -> None:
        raise InputError("no such model")

    run_in_background(owner, fail, lambda _: seen.append("done"), seen.append)
    qtbot.waitUntil(lambda: bool(seen), timeout=5000)
    assert seen == ["no such model"]


def test_nothing_is_called_once_the_owner_is_gone(qtbot: QtBot) -> None:
    parent, go, seen = QObject(), threading.Event(), list[object]()
    owner = QObject(parent)
    run_in_background(owner, lambda: go.wait(5), seen.append, seen.append)
    parent.deleteLater()
    QApplication.sendPostedEvents(None, 52)  # DeferredDelete
    del parent
    go.set()
    other = QObject()
    run_in_background(other, lambda: "later", seen.append, seen.append)
    qtbot.waitUntil(lambda: bool(seen), timeout=5000)
    qtbot.wait(20)
    assert seen == ["later"]
