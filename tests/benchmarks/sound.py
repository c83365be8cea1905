"""Sound under load: underruns, slider to sound and the feeder's share, while another process uses all cores.

    python -m tests.benchmarks.sound [--minutes 10] [--split FILE]

The player plays a recording from disk to a clock that takes 10 ms at a time, like a device with the buffer asked for,
and the main thread does what a window does: 60 times a second it asks for position and levels and holds Python's global
lock for 6 ms.  Every half second or so it moves a slider.  Meanwhile another process, as nice as the engine's,
multiplies matrices on all cores; with --split it is `voicebed split FILE`, over and over.
"""

import argparse
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from app.jobs.worker import NICE
from app.sound.output import LATENCY_SECONDS
from app.sound.player import Player
from engine.export import AudioWriter
from engine.recording import open_recording
from engine.remix import Remix, amplitude
from engine.stored import StoredSplit
from tests.app.sound.clocked import ClockedOutput
from tests.benchmarks.machine import machine_line

LEVEL = 0.25  # of the recording, which is constant: the level that is played tells the gain
FRAME, BUSY = 1 / 60, 0.006  # seconds: between two pictures of the window, and of those with the lock held
RATE = 48000
BURN = "import numpy\na = numpy.ones((1500, 1500), numpy.float32)\nwhile True: a @ a"


class MeasuringPlayer(Player):
    """Knows the processor time of its feeder."""

    busy = 0.0

    def feed(self) -> None:
        """See `Player.feed`."""
        began = time.thread_time()
        super().feed()
        self.busy += time.thread_time() - began


class ListeningOutput(ClockedOutput):
    """Notes when a level is heard for the first time."""

    level, heard_at = LEVEL, 0.0

    def _take(self) -> None:
        super()._take()
        if not self.heard_at and abs(self._buffer[0, 0] - self.level) < 1e-6:
            self.heard_at = self.due + LATENCY_SECONDS  # however late its thread came to take it


def make_recording(path: Path, seconds: float) -> None:
    """A constant in stereo."""
    with AudioWriter(path, RATE, 2, "PCM_16") as writer:
        for _ in range(round(seconds)):
            writer.write(np.full((RATE, 2), LEVEL))


@contextmanager
def load(split: Path | None, folder: Path) -> Iterator[None]:
    """Another process that uses all cores."""
    work = [sys.executable, "-c", BURN]
    if split:
        again = "import subprocess, sys\nwhile not subprocess.call(sys.argv[1:]): pass"
        work = [sys.executable, "-c", again, sys.executable, "-m", "app", "split", str(split), "-o", str(folder)]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(["nice", "-n", str(NICE), *work], stdout=quiet, stderr=quiet, start_new_session=True)
    try:
        yield
        assert process.poll() is None, "the load has ended"
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # with the split that it has started
        process.wait()


def run(path: Path, minutes: float, folder: Path) -> str:
    """Play for some minutes; returns the figures."""
    tracks = StoredSplit.unsplit(open_recording(path), folder)
    output = ListeningOutput(LATENCY_SECONDS, keep=False)
    player = MeasuringPlayer(output)
    problems, delays, longest = [], [], 0.0
    player.on_problem = problems.append
    player.load(tracks)
    player.play()
    while not player.position:
        time.sleep(0.01)
    began, waiting_since, next_move = time.perf_counter(), 0.0, 0.0
    try:
        while (now := time.perf_counter()) < began + 60 * minutes:
            if player.levels().clipped or player.position > tracks.frames / RATE:
                problems.append("what is shown is wrong")
            if waiting_since and output.heard_at:
                delays.append(output.heard_at - waiting_since)
                waiting_since = 0.0
            if not waiting_since and now > next_move:
                db = -random.uniform(1, 40)
                next_move, waiting_since = now + random.uniform(0.3, 0.7), now
                output.level, output.heard_at = LEVEL * amplitude(db), 0.0
                player.set_remix(Remix(db, db))
            while time.perf_counter() < now + BUSY:
                pass
            longest = max(longest, time.perf_counter() - now)
            time.sleep(max(0.0, now + FRAME - time.perf_counter()))
        seconds = time.perf_counter() - began
        assert not problems and player.playing, problems
    finally:
        player.close()
        tracks.close()
    return "\n".join(
        [
            f"{seconds / 60:.1f} minutes, {len(delays)} moves of a slider",
            f"underruns: {player.underruns} ({output.underruns} of them where the clock's own thread came late)",
            f"slider to full effect: median {1000 * statistics.median(delays):.0f} ms, greatest "
            f"{1000 * max(delays):.0f} ms (the device's latency is {1000 * LATENCY_SECONDS:.0f} ms of it)",
            f"feeder: {100 * player.busy / seconds:.1f} % of a core",
            f"longest frame of the window: {1000 * longest:.0f} ms",
        ]
    )


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--split", type=Path, help="a recording that another process splits meanwhile")
    options = parser.parse_args()
    sys.setswitchinterval(0.001)  # as the application does
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_recording(folder / "constant.wav", 60 * options.minutes + 10)
        with load(options.split, folder):
            print(run(folder / "constant.wav", options.minutes, folder))
    print(machine_line())


if __name__ == "__main__":
    main()
