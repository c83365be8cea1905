"""The page without a recording: buttons, recent files, drops."""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from app.window.empty_page import MOST_RECENT, EmptyPage
from tests.app.window.accessible import unnamed


@pytest.fixture
def page(qtbot: QtBot) -> EmptyPage:
    """The page, shown."""
    made = EmptyPage()
    qtbot.addWidget(made)
    made.resize(1000, 700)
    made.show()
    return made


def recent(page: EmptyPage) -> list[QToolButton]:
    """The buttons of recent files that are seen."""
    QApplication.processEvents()  # layouts show what was added in a turn of their own
    return [button for button in page.findChildren(QToolButton) if button.isVisible()]


def dragged(*urls: str) -> QMimeData:
    """What is dragged."""
    mime = QMimeData()
    mime.setUrls([QUrl(url) for url in urls])
    return mime


def enter(mime: QMimeData) -> QDragEnterEvent:
    """A drag of it onto the page."""
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    return QDragEnterEvent(QPointF(9, 9).toPoint(), Qt.DropAction.CopyAction, mime, left, none)


def test_buttons_ask(page: EmptyPage, qtbot: QtBot) -> None:
    for button, signal in ((page.open_button, page.open_requested), (page.demo_button, page.demo_requested)):
        with qtbot.waitSignal(signal):
            qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_recent_files_are_shown_and_chosen(page: EmptyPage, qtbot: QtBot) -> None:
    paths = [Path(f"/recordings/episode {number}.wav") for number in range(7)]
    page.set_recent(paths)
    assert [button.text() for button in recent(page)] == [path.name for path in paths[:MOST_RECENT]]
    with qtbot.waitSignal(page.recent_chosen) as chosen:
        qtbot.mouseClick(recent(page)[1], Qt.MouseButton.LeftButton)
    assert chosen.args == [paths[1]]


def test_recent_files_are_replaced(page: EmptyPage) -> None:
    page.set_recent([Path("/a.wav"), Path("/b.wav")])
    page.set_recent([Path("/c.wav")])
    assert [button.text() for button in recent(page)] == ["c.wav"]
    page.set_recent([])
    assert not recent(page)


def test_a_long_name_keeps_its_end(page: EmptyPage) -> None:
    page.set_recent([Path("/" + "very long " * 20 + "take 2.flac")])
    (button,) = recent(page)
    assert button.text().endswith("take 2.flac") and button.width() < 400


def test_files_can_be_dropped(page: EmptyPage, qtbot: QtBot) -> None:
    mime = dragged("file:///a.wav", "https://x.org/b.wav", "file:///c%20d.mp3")
    entering = enter(mime)
    QApplication.sendEvent(page, entering)
    assert entering.isAccepted()
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    with qtbot.waitSignal(page.files_dropped) as dropped:
        QApplication.sendEvent(page, QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, mime, left, none))
    assert dropped.args == [[Path("/a.wav"), Path("/c d.mp3")]]


def test_what_is_no_file_is_not_welcome(page: EmptyPage) -> None:
    mime = dragged("https://x.org/b.wav")  # the event does not keep it
    entering = enter(mime)
    entering.ignore()
    page.dragEnterEvent(entering)
    assert not entering.isAccepted()


def test_the_target_welcomes_a_drag_and_forgets_it(page: EmptyPage) -> None:
    calm = page.target.grab().toImage()
    mime = dragged("file:///a.wav")
    page.dragEnterEvent(enter(mime))
    assert page.target.grab().toImage() != calm
    page.dragLeaveEvent(QDragLeaveEvent())
    assert page.target.grab().toImage() == calm


def test_everything_has_a_name(page: EmptyPage) -> None:
    page.set_recent([Path("/a.wav")])
    assert unnamed(page) == []
