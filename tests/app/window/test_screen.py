"""The program itself on a screen, with a real mouse and keyboard: Xvfb and xdotool."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
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


def test_mouse_and_keyboard(screen: str, lasting_cache: Path, tmp_path: Path) -> None:
    environment = os.environ | {"DISPLAY": screen, "QT_QPA_PLATFORM": "xcb", "VOICEBED_CACHE": str(lasting_cache)}
    errors = tmp_path / "stderr"
    with errors.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "app", str(DEMO), "--tab", "editor"], cwd=ROOT, env=environment, stderr=file
        )
    try:
        window = wait(
            lambda: process.poll() is not None or xdotool(screen, "search", "--name", "^Voicebed – cafe"), "the window"
        )
        assert process.poll() is None, errors.read_text()
        assert xdotool(screen, "getwindowname", window).startswith("Voicebed")
        xdotool(screen, "windowmove", "--sync", window, "0", "0")
        xdotool(screen, "windowfocus", "--sync", window)

        def make_region() -> Path | None:
            """A drag over the middle lane selects; R makes a region of it: unsaved work, so there is an autosave."""
            xdotool(screen, "mousemove", "300", "480", "mousedown", "1")
            for x in range(320, 520, 20):
                xdotool(screen, "mousemove", str(x), "480")
            xdotool(screen, "mouseup", "1")
            xdotool(screen, "key", "r")
            time.sleep(3)  # an autosave comes 2 s after the last change
            return next(iter(recovery_folder().glob("*.autosave")), None)

        autosave = wait(make_region, "the autosave")
        assert '"regions": [\n' in autosave.read_text(encoding="utf-8")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, errors.read_text()
        assert "Traceback" not in errors.read_text()
    finally:
        process.kill()
        process.wait()


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
