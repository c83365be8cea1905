"""What the README claims besides quality: python -m tests.benchmarks.reach [--only NAME]... [--model M] [--json].

Everything runs on the CPU and is made from the demo recording.  One line per figure; exit code 1 if one is missed.
"""

import argparse
import json
import math
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from scipy.signal import correlate, correlation_lags

from engine.errors import ResourceError, VoicebedError
from engine.mixdown import Output, mixdown
from engine.model import load_model
from engine.recording import open_recording
from engine.remix import Remix
from engine.report import decibels
from engine.separator import Audio, Separator
from engine.split import Separation, split
from tests.benchmarks.machine import machine_line

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "resources" / "demo" / "cafe.flac"
LONG_CLIP = ROOT.parent / "shared" / "corpora" / "test" / "real" / "test.flac"
SPEED_SECONDS, SPEED_RUNS, START_RUNS = 300, 3, 5
SPEEDS = "import sys; from tests.benchmarks.reach import real_time_factors; print(*real_time_factors(*sys.argv[1:]))"
# A process's peak starts at that of the one that began it, so a small one begins the one to measure.
PEAK = (
    "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True);"
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
)


@dataclass(frozen=True)
class Setting:
    """Where the measurements write, the model (None: the bundled one), and the hours of the memory test."""

    folder: Path
    model: str | None
    hours: float

    def separator(self, window: float = 60) -> Separator:
        return Separator(load_model(self.model), "cpu", window=window)

    def app(self, *arguments: str | Path) -> list[str]:
        """Arguments to Python for a command of the app with this model."""
        return ["-m", "app", *map(str, arguments), *(("--model", self.model) if self.model else ())]


@dataclass(frozen=True)
class Figure:
    """Something measured, and whether it is within its target; without a target it only informs."""

    name: str
    measured: float
    unit: str
    target: str = "no target"
    ok: bool = True

    def __str__(self) -> str:
        verdict = "ok" if self.ok else "MISSED"
        return f"{self.name:<34} {self.measured:>10.4g} {self.unit:<20} ({self.target})  {verdict}"


def at_most(name: str, measured: float, limit: float, unit: str) -> Figure:
    """A figure that must not be above `limit`; NaN misses it."""
    return Figure(name, measured, unit, f"at most {limit:g}", measured <= limit)


def at_least(name: str, measured: float, limit: float, unit: str) -> Figure:
    return Figure(name, measured, unit, f"at least {limit:g}", measured >= limit)


def demo(rate: int, channels: int, seconds: float | None = None) -> Audio:
    """The demo recording (frames, channels), repeated to a length; every channel is a little late and softer."""
    mono, own_rate = soundfile.read(DEMO, dtype="float32")
    mono = soxr.resample(mono, own_rate, rate)
    mono = np.resize(mono, round(seconds * rate)) if seconds else mono
    return np.stack([0.9**channel * np.roll(mono, channel * rate // 1000) for channel in range(channels)], axis=1)


def wav(folder: Path, rate: int, audio: Audio, subtype: str = "PCM_16") -> Path:
    path = folder / "input.wav"
    soundfile.write(path, audio, rate, subtype)
    return path


def loud_demo(folder: Path, subtype: str) -> Path:
    """The demo at 44.1 kHz stereo, then once more far too loud: clipped samples are the hardest to add up to."""
    audio = demo(44_100, 2)
    return wav(folder, 44_100, np.clip(np.concatenate((audio, 20 * audio)), -1, 1), subtype)


def gap(one: NDArray, other: NDArray) -> float:
    """Largest difference between samples, infinite between arrays of different shape."""
    return float(np.abs(one - other).max()) if one.shape == other.shape else math.inf


def altered(source: Path, *outputs: Path) -> Figure:
    """How many of rate, channels, length and sample format the outputs do not share with their source."""

    def form(path: Path) -> tuple:
        info = soundfile.info(path)
        return info.samplerate, info.channels, info.frames, info.subtype

    differences = sum(a != b for output in outputs for a, b in zip(form(source), form(output), strict=True))
    return at_most("rate, channels, length, format", differences, 0, "differences")


def null(subtype: str, limit: float, setting: Setting) -> Iterator[Figure]:
    path = loud_demo(setting.folder, subtype)
    tracks = split(Separation(open_recording(path), setting.separator()), setting.folder).tracks
    mixture, speech, noise = (soundfile.read(file)[0] for file in (path, *tracks.values()))
    yield at_most(f"speech + noise − input, {subtype}", gap(speech + noise, mixture), limit, "of full scale")
    yield altered(path, *tracks.values())


def remix_zero(setting: Setting) -> Iterator[Figure]:
    for subtype in ("PCM_16", "PCM_24"):
        path, output = loud_demo(setting.folder, subtype), setting.folder / "remix.wav"
        mixdown(Separation(open_recording(path), setting.separator()), [Output(output, Remix())])
        before, after = (soundfile.read(file)[0] for file in (path, output))
        yield at_most(f"remix at 0 dB − input, {subtype}", gap(after, before), 0, "of full scale")
        yield altered(path, output)


def delay(setting: Setting) -> Iterator[Figure]:
    for rate, channels in ((16_000, 1), (44_100, 2), (48_000, 2)):
        path = wav(setting.folder, rate, demo(rate, channels))
        tracks = split(Separation(open_recording(path), setting.separator()), setting.folder).tracks
        mixture, speech = (soundfile.read(file, always_2d=True)[0].mean(1) for file in (path, tracks["speech"]))
        lags = correlation_lags(len(speech), len(mixture))
        lag = lags[correlate(speech, mixture, method="fft").argmax()]
        yield at_most(f"delay of speech, {rate} Hz × {channels}", abs(int(lag)), 0, "samples")


def seams(setting: Setting) -> Iterator[Figure]:
    """Speech from windows of 10 s against one pass over a whole minute."""
    for rate in (16_000, 44_100, 48_000):
        if LONG_CLIP.exists():
            audio, own_rate = soundfile.read(LONG_CLIP, dtype="float32", always_2d=True)
            audio = soxr.resample(audio, own_rate, rate)
        else:
            audio = demo(rate, 1, 60)
        short, whole = (setting.separator(window).speech(audio, rate) for window in (10, len(audio) // rate + 1))
        difference = decibels(float(np.square(short - whole, dtype=np.float64).sum() / np.square(whole).sum()))
        yield at_most(f"seams, {rate} Hz", difference, -50, "dB of speech")


def bfloat16(setting: Setting) -> Iterator[Figure]:
    """Speech where the CPU multiplies in bfloat16 against speech in float32."""
    separator, audio = setting.separator(), demo(16_000, 1)
    speech = []
    for fast in (True, False):
        with patch("engine.separator.multiplies_bfloat16", return_value=fast):
            speech.append(separator.speech(audio, 16_000))
    difference = decibels(float(np.square(speech[0] - speech[1]).sum() / np.square(speech[1]).sum()))
    yield at_most("bfloat16 − float32", difference, -60, "dB of speech")


def speed(rate: int, channels: int, limit: float, setting: Setting) -> Iterator[Figure]:
    """Five minutes from file to files on one thread."""
    path = wav(setting.folder, rate, demo(rate, channels, SPEED_SECONDS))
    factors = python("-c", SPEEDS, str(path), setting.model or "", OMP_NUM_THREADS="1")
    median = statistics.median(map(float, factors.stdout.split()))
    yield at_most(f"speed, {rate} Hz × {channels}, 1 thread", median, limit, "of real time")
    started = time.perf_counter()
    python(*setting.app("split", path, "--device", "cpu"), OMP_NUM_THREADS="1")
    yield Figure("whole command, with start-up", time.perf_counter() - started, f"s for {SPEED_SECONDS} s")


def real_time_factors(path: str, model: str) -> list[float]:
    """Elapsed time over duration of each of `SPEED_RUNS` splits, after one to warm up."""
    separator, recording, factors = Separator(load_model(model or None), "cpu"), Path(path), []
    for _ in range(1 + SPEED_RUNS):
        started = time.perf_counter()
        seconds = split(Separation(open_recording(recording), separator), recording.parent).seconds
        factors.append((time.perf_counter() - started) / seconds)
    return factors[1:]


def memory(setting: Setting) -> Iterator[Figure]:
    """A long recording by the command line: peak memory, and what is seen of the progress."""
    rate, seconds = 48_000, round(3600 * setting.hours)
    path, block = setting.folder / "input.wav", np.rint(32_767 * demo(rate, 2)).astype(np.int16)
    if shutil.disk_usage(setting.folder).free < 3.5 * seconds * rate * block.itemsize * 2:
        raise ResourceError(f"{setting.folder}: not enough room for {setting.hours:g} hours; take fewer with --hours")
    with soundfile.SoundFile(path, "w", rate, 2, "PCM_16") as file:
        while (left := seconds * rate - file.frames) > 0:
            file.write(block[:left])
    started = time.perf_counter()
    done = python("-c", PEAK, sys.executable, *setting.app("split", path, "--device", "cpu"))
    elapsed = time.perf_counter() - started
    peak = int(done.stdout) * (1 if sys.platform == "darwin" else 1024) / 1e9
    yield at_most(f"peak memory, {setting.hours:g} h", peak, 1.2, "GB")
    yield Figure("whole command, all threads", elapsed / seconds, "of real time")
    shown = [int(share) for share in re.findall(r"(\d+) %", done.stderr)]
    increasing = all(a < b for a, b in pairwise(shown))
    yield at_least("increasing progress lines", len(shown) if increasing else 0, min(10, seconds // 60), "lines")
    yield at_least("last progress line", shown[-1] if shown else 0, 100, "%")


def start_up(setting: Setting) -> Iterator[Figure]:
    def elapsed() -> float:
        started = time.perf_counter()
        python("-m", "app", "--help")
        return time.perf_counter() - started

    yield at_most(f"start-up, best of {START_RUNS}", min(elapsed() for _ in range(START_RUNS)), 0.5, "s")
    imported = re.findall(r"\| +torch$", python("-X", "importtime", "-m", "app", "--help").stderr, re.MULTILINE)
    yield at_most("torch imported", len(imported), 0, "times")


def python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the repository with more environment variables.

    Raises:
        VoicebedError: it failed.
    """
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise VoicebedError(done.stderr.strip())
    return done


CHECKS: dict[str, Callable[[Setting], Iterator[Figure]]] = {
    "null-float": partial(null, "FLOAT", 1e-6),
    "null-16": partial(null, "PCM_16", 0),
    "null-24": partial(null, "PCM_24", 0),
    "remix-zero": remix_zero,
    "delay": delay,
    "seams": seams,
    "bfloat16": bfloat16,
    "speed-16k-mono": partial(speed, 16_000, 1, 0.02),
    "speed-48k-stereo": partial(speed, 48_000, 2, 0.06),
    "memory": memory,
    "start-up": start_up,
}


def main(arguments: list[str] | None = None) -> int:
    """Print a line per figure, or one JSON object; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=CHECKS, help="may be given several times")
    parser.add_argument("--model", help="name or file of a model (default: the bundled model)")
    parser.add_argument("--hours", type=float, default=3, help="length of the recording for memory (default: 3)")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    figures: dict[str, list[Figure]] = {}
    try:
        for name in options.only or CHECKS:
            with tempfile.TemporaryDirectory() as folder:
                for figure in CHECKS[name](Setting(Path(folder), options.model, options.hours)):
                    figures.setdefault(name, []).append(figure)
                    print(f"{name:<16} {figure}", file=sys.stderr if options.json else sys.stdout, flush=True)
    except VoicebedError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    if options.json:
        checks = {name: [asdict(figure) for figure in found] for name, found in figures.items()}
        print(json.dumps({**checks, "machine": machine_line()}, ensure_ascii=False))
    else:
        print(machine_line())
    return int(not all(figure.ok for found in figures.values() for figure in found))


if __name__ == "__main__":
    sys.exit(main())
