"""The program itself on a screen, with a real mouse and keyboard: Xvfb and xdotool."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from app.document.recovery import recovery_folder
from app.window.main_window import DEMO

ROOT = Path(__file__).parents[3]
SECONDS = 90

pytestmark = pytest.mark.skipif(
    not (shutil.which("Xvfb") and shutil.which("xdotool")), reason="needs Xvfb and xdotool (make system installs them)"
)


@pytest.fixture(scope="module")
def screen() -> Iterator[str]:
    """The name of a virtual screen."""
    read, write = os.pipe()
    process = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1600x1000x24", "-nolisten", "tcp"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as pipe:
        name = ":" + pipe.readline().strip()
    yield name
    process.terminate()
    process.wait()


def xdotool(screen: str, *arguments: str) -> str:
    return subprocess.run(
        ["xdotool", *arguments], env=os.environ | {"DISPLAY": screen}, capture_output=True, text=True
    ).stdout.strip()


def wait(condition: Callable[[], Any], what: str) -> Any:
    """What `condition` gives as soon as it is true."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        if found := condition():
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what}: not within {SECONDS} s")


@contextmanager
def program(screen: str, cache: Path, recording: Path, errors: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The program with a recording open."""
    environment = os.environ | {"DISPLAY": screen, "QT_QPA_PLATFORM": "xcb", "VOICEBED_CACHE": str(cache)}
    command = [sys.executable, "-m", "app", str(recording), "--tab", "editor"]
    with errors.open("w") as file:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=file)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def focus(screen: str, name: str) -> str:
    """The id of the window whose name begins so, once it is there and has the keyboard."""
    window = wait(lambda: xdotool(screen, "search", "--onlyvisible", "--name", f"^{name}"), name).split()[-1]
    xdotool(screen, "windowfocus", "--sync", window)
    return window


def autosaved() -> str:
    """What is unsaved; an autosave comes 2 s after the last change."""
    found = next(iter(recovery_folder().glob("*.autosave")), None)
    with suppress(OSError):
        return found.read_text(encoding="utf-8") if found else ""
    return ""


def test_mouse_and_keyboard(screen: str, lasting_cache: Path, tmp_path: Path) -> None:
    """Select, region, fader, undo, save and export by mouse and keys; then the program is ended by a signal."""
    errors, recording = tmp_path / "stderr", tmp_path / "talk.flac"
    shutil.copy(DEMO, recording)
    with program(screen, lasting_cache, recording, errors) as process:
        window = focus(screen, "Voicebed – talk")
        assert process.poll() is None, errors.read_text()
        xdotool(screen, "windowmove", "--sync", window, "0", "0")
        geometry = dict(line.split("=") for line in xdotool(screen, "getwindowgeometry", "--shell", window).split())
        noise_fader = str(int(geometry["WIDTH"]) - 67), str(int(geometry["HEIGHT"]) // 2 - 30)

        def make_region() -> bool:
            """A drag over the middle lane selects; R makes a region of it."""
            xdotool(screen, "mousemove", "300", "480", "mousedown", "1")
            for x in range(320, 520, 20):
                xdotool(screen, "mousemove", str(x), "480")
            xdotool(screen, "mouseup", "1", "key", "r")
            time.sleep(3)
            return '"regions": [\n' in autosaved()

        wait(make_region, "the region")
        xdotool(screen, "mousemove", *noise_fader, "click", "1")
        xdotool(screen, "key", "Return", "minus", "1", "8", "Return")
        wait(lambda: '"noise_db": -18.0' in autosaved(), "the fader")
        xdotool(screen, "key", "ctrl+z")
        wait(lambda: '"noise_db": 0.0' in autosaved(), "undo")
        xdotool(screen, "key", "ctrl+shift+z")
        wait(lambda: '"noise_db": -18.0' in autosaved(), "redo")
        session, export = tmp_path / "talk.voicebed", tmp_path / "talk.remix.flac"
        xdotool(screen, "key", "ctrl+s")
        focus(screen, "Save session")
        xdotool(screen, "key", "Return")
        wait(session.is_file, "the session")
        wait(lambda: not autosaved(), "the autosave gone")
        focus(screen, "Voicebed – talk")

        def ask_export() -> str:
            xdotool(screen, "key", "ctrl+e")  # in vain until the split is done
            time.sleep(1)
            return xdotool(screen, "search", "--onlyvisible", "--name", "^Export talk")

        wait(ask_export, "the export dialog")
        focus(screen, "Export talk")
        xdotool(screen, "key", "Return")
        wait(export.is_file, "the export")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, errors.read_text()
        assert "Traceback" not in errors.read_text()
    assert not autosaved()


def test_without_a_screen_there_is_one_line() -> None:
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    done = subprocess.run(
        [sys.executable, "-m", "app", str(DEMO)], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 4
    assert len(done.stderr.splitlines()) == 1


def test_a_missing_file_is_one_line() -> None:
    done = subprocess.run([sys.executable, "-m", "app", "no.wav"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1
