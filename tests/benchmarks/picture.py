"""How quickly a long recording is seen: python -m tests.benchmarks.picture [--hours H] [--cold].

The demo recording is repeated to 3 hours of 48 kHz stereo in a temporary folder (2.5 GB with its picture), and shown in
three lanes of 1600x900 in all, without a screen. One line per figure; exit code 1 if one is missed.
"""

import argparse
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"

import numpy as np
import soundfile
import soxr
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from app.document.view import ViewState
from app.picture.lane_view import LaneView
from app.picture.overview import Overview
from app.picture.ruler import TimeRuler
from app.picture.source import LaneSource
from app.picture.tiles import Tiles
from app.window.theme import apply_theme
from engine.recording import Recording, open_recording
from tests.benchmarks.machine import machine_line

DEMO = Path(__file__).resolve().parents[2] / "resources" / "demo" / "cafe.flac"
RATE = 48_000
FRAMES = 250  # that are painted for each kind of movement
TICK_MS = 2
WRITE = """
import sys
from pathlib import Path
from app.picture.pyramid import PyramidWriter
from engine.recording import open_recording
recording = open_recording(Path(sys.argv[1]))
with PyramidWriter(Path(sys.argv[2]), recording.sample_rate, recording.frames) as writer:
    for block in recording.blocks(1 << 16):
        writer.add(block)
"""
# The longest gap in a loop that does nothing, in ms: what the machine does to any process.
IDLE = """
import sys, threading, time
threading.Thread(target=sys.stdin.read, daemon=True).start()
longest, last = 0.0, time.perf_counter()
while len(threading.enumerate()) > 1:
    time.sleep(0.002)
    now = time.perf_counter()
    longest, last = max(longest, now - last), now
print(1000 * longest)
"""


class Stage:
    """A window of three lanes, overview and ruler on a recording, of which only the mixture is there at first."""

    def __init__(self, recording: Recording, pictures: Path) -> None:
        self.recording, self.pictures = recording, pictures
        self.view, self.tiles = ViewState(recording.seconds), Tiles()
        self.lanes = [LaneView(self.view, lane, lane, self.tiles) for lane in ("mixture", "speech", "noise")]
        self.overview = Overview(self.view, self.tiles)
        self.views: list[QWidget] = [self.overview, TimeRuler(self.view), *self.lanes]
        self.window = QWidget()
        column = QVBoxLayout(self.window)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for view in self.views:
            column.addWidget(view, int(view in self.lanes))
        mixture = self.source()
        self.lanes[0].set_source(mixture)
        self.overview.set_sources(mixture)
        self.window.resize(1600, 900)
        self.window.show()

    def source(self) -> LaneSource:
        return LaneSource(self.pictures, self.recording.read, self.recording.sample_rate, self.recording.frames)

    def show_all(self) -> None:
        """Show all lanes: the same track three times, each with tiles of its own."""
        for lane in self.lanes:
            lane.set_source(self.source())

    def is_drawn(self) -> bool:
        """Whether there is more than one colour in the middle line of the mixture."""
        image = self.lanes[0].grab().toImage()
        return len({image.pixel(x, 3 * image.height() // 4) for x in range(image.width() // 4, image.width(), 9)}) > 8

    def frame(self) -> float:
        """Milliseconds to paint everything that has changed."""
        start = time.perf_counter()
        self.window.repaint()
        return 1000 * (time.perf_counter() - start)

    def frames(self, move: Callable[[int], None]) -> Iterator[float]:
        """The frame times of a movement at 60 frames a second, tiles coming in between."""
        for number in range(FRAMES):
            move(number)
            yield self.frame()
            pump(0.012)


def pump(seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
    """Run the event loop for some time, or until something is so; returns whether it is."""
    end = time.perf_counter() + seconds
    while not (found := until()) and time.perf_counter() < end:
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 2)
    return found


class Stalls:
    """Watches for how long the event loop does not come round."""

    def __init__(self) -> None:
        self.gaps: list[float] = []
        self._last = time.perf_counter()
        self._timer = QTimer(interval=TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self) -> None:
        now = time.perf_counter()
        self.gaps.append(1000 * (now - self._last))
        self._last = now


def long_wav(path: Path, hours: float) -> None:
    """The demo recording as 16-bit stereo at 48 kHz, over and over."""
    mono, rate = soundfile.read(DEMO, dtype="float32")
    mono = soxr.resample(mono, rate, RATE)
    turn = np.stack((mono, 0.9 * np.roll(mono, 48)), axis=1)
    left = round(hours * 3600 * RATE)
    with soundfile.SoundFile(path, "w", RATE, 2, "PCM_16") as file:
        while left:
            file.write(turn[:left])
            left -= len(turn[:left])


def forget(path: Path) -> None:
    """Have the system give up what it keeps of a file in memory; Linux only."""
    with path.open("r+b") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def measure(folder: Path, hours: float, cold: bool) -> Iterator[tuple[str, float, float, str]]:
    """Yield name, value, limit (infinite if none) and unit."""
    path = folder / "long.wav"
    long_wav(path, hours)
    if cold:
        forget(path)
    start = time.perf_counter()
    stage = Stage(open_recording(path), folder / "pictures")
    while not stage.is_drawn() and time.perf_counter() < start + 60:
        pump(0.02)
    yield "first picture", time.perf_counter() - start, 1.5, "s"
    pump(60, lambda: not stage.tiles.busy)
    yield "preview complete", time.perf_counter() - start, math.inf, "s"

    idle = subprocess.Popen([sys.executable, "-c", IDLE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    stalls, start = Stalls(), time.perf_counter()
    writer = subprocess.Popen([sys.executable, "-c", WRITE, str(path), str(stage.pictures)])
    while writer.poll() is None:
        stage.view.zoom(1.05, 0.3 * stage.view.seconds) if stage.view.start < 1000 else stage.view.fit()
        pump(0.1)
    yield "pyramid", time.perf_counter() - start, math.inf, "s"
    yield "longest stall meanwhile", max(stalls.gaps), 50, "ms"
    yield "of an idle process meanwhile", float(idle.communicate()[0]), math.inf, "ms"
    del stalls

    stage.view.fit()
    stage.show_all()
    pump(60, lambda: not stage.tiles.busy)
    view = stage.view
    for name, length in (("hours", view.seconds / 3), ("minutes", 300.0), ("seconds", 8.0)):
        view.show(100, 100 + length)
        pump(60, lambda: not stage.tiles.busy)
        times = list(stage.frames(lambda _, step=length / 120: view.scroll(step)))
        yield f"pan over {name}, median", float(np.median(times)), 12, "ms"
        yield f"pan over {name}, 99 %", float(np.percentile(times, 99)), 33, "ms"
    view.fit()
    middle = view.seconds / 2
    times = list(stage.frames(lambda n: view.zoom(1.09 if n % 250 < 125 else 1 / 1.09, middle)))
    yield "zoom, median", float(np.median(times)), 12, "ms"
    yield "zoom, 99 %", float(np.percentile(times, 99)), 33, "ms"

    view.show(100, 400)
    pump(60, lambda: not stage.tiles.busy)
    times = []
    for number in range(FRAMES):
        start = time.perf_counter()
        view.move_playhead(100 + number)
        QApplication.processEvents()
        times.append(1000 * (time.perf_counter() - start))
    yield "playhead, all views", float(np.median(times)), 3, "ms"
    yield "memory at its peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 400, "MB"
    stage.tiles.close()


def main(arguments: list[str] | None = None) -> int:
    """Print a line per figure; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=3)
    parser.add_argument("--cold", action="store_true", help="the recording comes from the disk, not from its cache")
    options = parser.parse_args(arguments)
    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    apply_theme(application, "dark")
    missed = False
    with tempfile.TemporaryDirectory() as folder:
        for name, value, limit, unit in measure(Path(folder), options.hours, options.cold):
            target = f"at most {limit:g}" if limit < math.inf else "no target"
            missed |= value > limit
            print(f"{name:<28} {value:>9.3g} {unit:<4} ({target})  {'MISSED' if value > limit else 'ok'}", flush=True)
    print(machine_line())
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
