"""A window on a fake clock, and a cache that lasts, so that the demo is split only once."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.document.settings import Settings
from app.window.main_window import DEMO, MainWindow
from app.window.project import SplitState
from app.window.workspace import Workspace
from tests.app.sound.clocked import ClockedOutput

SPLIT_MS = 120_000


@pytest.fixture(scope="session")
def lasting_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the cache of all tests."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def output() -> ClockedOutput:
    """Where the window's sound goes."""
    return ClockedOutput()


@pytest.fixture
def new_window(qtbot: QtBot, output: ClockedOutput) -> Iterator[Callable[[], MainWindow]]:
    """Make windows; they are shut down at the end."""
    windows: list[MainWindow] = []

    def make() -> MainWindow:
        window = MainWindow(Settings(), output)
        windows.append(window)
        window.show()
        return window

    yield make
    for window in windows:
        window.editor.forget_changes()
        window.shut_down()
        window.deleteLater()


@pytest.fixture
def window(new_window: Callable[[], MainWindow]) -> MainWindow:
    """A window with nothing open."""
    return new_window()


def opened(qtbot: QtBot, window: MainWindow, path: Path = DEMO) -> Workspace:
    """Open a file and wait until it is split."""
    window.open_files([path])
    qtbot.waitUntil(lambda: window.editor.workspace is not None, timeout=20_000)
    workspace = window.editor.workspace
    assert workspace is not None
    qtbot.waitUntil(lambda: workspace.project.state is SplitState.DONE, timeout=SPLIT_MS)
    return workspace


@pytest.fixture
def workspace(qtbot: QtBot, window: MainWindow, lasting_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The demo, open and split."""
    monkeypatch.setenv("VOICEBED_CACHE", str(lasting_cache))
    return opened(qtbot, window)
