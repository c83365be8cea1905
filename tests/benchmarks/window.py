"""The window: start, memory and stalls with a long recording: python -m tests.benchmarks.window [--hours 3].

Runs the real program without a screen (QT_QPA_PLATFORM=offscreen), which splits and draws the recording meanwhile.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile as sf
import soxr

from tests.benchmarks.machine import machine_line

DEMO = Path(__file__).parents[2] / "resources" / "demo" / "cafe.flac"

START = """
import sys, time
from app.window import application
from app.window.main_window import MainWindow
class Timed(MainWindow):
    def paintEvent(self, event):
        super().paintEvent(event)
        print(time.clock_gettime(time.CLOCK_MONOTONIC), "torch" in sys.modules, flush=True)
        application.QTimer.singleShot(0, lambda: application.QApplication.exit(0))
application.MainWindow = Timed
application.run([])
"""

LONG = """
import json, resource, sys, time
from pathlib import Path
from app.window import application
from app.window.main_window import MainWindow
path, seconds = Path(sys.argv[1]), float(sys.argv[2])
found = {"stalls": []}
def drawn(lane):
    image = lane.grab().toImage()
    line = [image.pixel(x, 3 * image.height() // 4) for x in range(image.width() // 4, image.width(), 9)]
    return len(set(line)) > 8
class Watched(MainWindow):
    def open_files(self, paths):
        self.asked = time.perf_counter()
        super().open_files(paths)
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.beat, self.began = time.perf_counter(), time.perf_counter()
        self.timer = application.QTimer(self, interval=5)
        self.timer.timeout.connect(self.look)
        self.timer.start()
        self.turns = 0
    def look(self):
        now = time.perf_counter()
        if self.editor.workspace and self.turns:
            found["stalls"].append(1000 * (now - self.beat) - 5)
        self.beat = now
        if workspace := self.editor.workspace:
            self.turns += 1
            if "picture_s" not in found and drawn(workspace.lanes["mixture"]):
                found["picture_s"] = time.perf_counter() - self.asked
            if self.turns % 40 == 0:  # look around, as a user would
                step = self.turns // 40 % 8
                workspace.view.fit() if step == 0 else workspace.view.zoom(2.0, workspace.view.seconds * step / 9)
        if now - self.began > seconds:
            found["progress"] = workspace.project.progress.done / workspace.project.recording.seconds
            self.timer.stop()
            application.QApplication.exit(0)
application.MainWindow = Watched
application.run([path])
with open("/proc/self/status") as status:
    lines = dict(line.split(":", 1) for line in status)
found["peak_mb"] = int(lines["VmHWM"].split()[0]) / 1000
print(json.dumps(found))
"""


def python(code: str, *arguments: str, cache: str) -> str:
    """What a program prints that runs in a process of its own."""
    places = {f"VOICEBED_{name}": cache for name in ("HOME", "CACHE", "STATE", "CONFIG")}
    environment = os.environ | places | {"QT_QPA_PLATFORM": "offscreen"}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], env=environment, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def long_recording(folder: Path, hours: float) -> Path:
    """The demo over and over, 48 kHz stereo, 16 bit."""
    audio, rate = sf.read(DEMO, dtype="float32")
    minute = soxr.resample(np.tile(audio, 5)[: 60 * rate], rate, 48000)
    minute = np.stack((minute, np.roll(minute, 480)), axis=1)
    path = folder / "long.wav"
    with sf.SoundFile(path, "w", 48000, 2, "PCM_16") as file:
        for _ in range(round(60 * hours)):
            file.write(minute)
    return path


def main() -> int:
    """Print the figures as lines of a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=3.0)
    parser.add_argument("--seconds", type=float, default=90.0, help="to look at the long recording")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        starts: list[float] = []
        for _ in range(6):
            began = time.clock_gettime(time.CLOCK_MONOTONIC)
            shown, torch = python(START, cache=folder).split()[:2]
            assert torch == "False"
            starts.append(float(shown) - began)
        print(
            f"| window visible, from the start of the process | {np.median(starts[1:]):.2f} s (first {starts[0]:.2f}) |"
        )
        path = long_recording(Path(folder), options.hours)
        found = json.loads(python(LONG, str(path), str(options.seconds), cache=folder).splitlines()[-1])
        stalls = found["stalls"]
        print(f"| {options.hours:g} h, 48 kHz stereo: first picture, from the drop | {found['picture_s']:.2f} s |")
        print(
            f"| stalls of the window in {options.seconds:g} s: longest, of 1000 turns, over 50 ms | "
            f"{max(stalls):.0f} ms, {np.percentile(stalls, 99.9):.0f} ms, {sum(each > 50 for each in stalls)} |"
        )
        print(f"| peak memory of the window's process | {found['peak_mb']:.0f} MB |")
        print(f"| split meanwhile | {100 * found['progress']:.0f} % |")
    print(machine_line())
    return 0


if __name__ == "__main__":
    sys.exit(main())
