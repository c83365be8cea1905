"""A silent output with a clock of its own, and tracks in memory: how sound is tested without a sound device."""

import threading
from collections.abc import Callable
from time import perf_counter, sleep

import numpy as np
from numpy.typing import NDArray

from app.sound.output import BLOCK_SECONDS, LATENCY_SECONDS, Callback, Opened, OutputUnavailable, block_frames
from app.sound.prefetch import Audio


class ArrayTracks:
    """Tracks from arrays of (frames, channels)."""

    def __init__(self, mixture: Audio, speech: Audio, sample_rate: int) -> None:
        self.mixture, self.speech, self.sample_rate = mixture, speech, sample_rate
        self.frames, self.channels = mixture.shape

    def read(self, start: int, stop: int) -> tuple[Audio, Audio]:
        """See `app.sound.prefetch.Tracks`."""
        return self.mixture[start:stop].copy(), self.speech[start:stop].copy()


def noise_tracks(
    seconds: float = 3.0, channels: int = 2, sample_rate: int = 48000, dtype: str = "float32"
) -> ArrayTracks:
    """Two unlike noises as mixture and speech."""
    shape = 2, round(seconds * sample_rate), channels
    mixture, speech = np.random.default_rng(0).uniform(-0.5, 0.5, shape).astype(dtype)
    return ArrayTracks(mixture, speech, sample_rate)


class ClockedOutput:
    """An `app.sound.output.Output` that keeps what it takes.

    With `feed`, which is set to `Player.feed` of a player without threads, its clock stands still but for `pump`.
    Without, a thread takes a block every 10 ms, like a device with a buffer of `latency` seconds: it makes up for calls
    that come late by less than that, and counts the others as underruns.

    Args:
        latency: seconds from a callback to the ear.
        rates: sample rates that are not refused; empty for all.
        channels: that the device has.
        keep: keep what was played.
    """

    def __init__(
        self, latency: float = LATENCY_SECONDS, rates: tuple[int, ...] = (), channels: int = 2, keep: bool = True
    ) -> None:
        self.feed: Callable[[], None] | None = None
        self.underruns = 0
        self.started = self.opened = 0  # times
        self.reason = ""  # why it cannot be opened
        self.running = False
        self.due = 0.0  # of the clock, when the block that is taken ought to be
        self._latency, self._rates, self._most, self._keep = latency, rates, channels, keep
        self._callback: Callback = lambda out: None
        self._buffer: NDArray[np.float32] = np.zeros((1, channels), np.float32)
        self._taken: list[NDArray[np.float32]] = []
        self._thread: threading.Thread | None = None

    @property
    def played(self) -> NDArray[np.float32]:
        """All that was played, silence too, (frames, channels)."""
        return np.concatenate([np.empty((0, self._buffer.shape[1]), np.float32), *self._taken])

    def open(self, sample_rate: int, channels: int, callback: Callback) -> Opened:
        """See `Output`."""
        if self.reason:
            raise OutputUnavailable(self.reason)
        rate = sample_rate if not self._rates or sample_rate in self._rates else self._rates[0]
        count = channels if channels <= self._most else min(2, self._most)
        self._buffer = np.full((block_frames(rate), count), np.nan, np.float32)
        self._callback, self.underruns = callback, 0
        self.opened += 1
        return Opened(rate, count, self._latency)

    def start(self) -> None:
        """See `Output`."""
        self.running = True
        self.started += 1
        if self.feed is None:
            self._thread = threading.Thread(target=self._run, name="clocked output", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """See `Output`."""
        self.running = False
        if self._thread:
            self._thread.join()
            self._thread = None

    def close(self) -> None:
        """See `Output`."""
        self.stop()

    def unplug(self) -> None:
        """The device is gone."""
        self.running = False

    def pump(self, blocks: int = 1) -> None:
        """Let the clock go on by some blocks of 10 ms; nothing is taken while the output is not started."""
        assert self.feed is not None, "set feed to the player's"
        for _ in range(blocks):
            self.feed()
            if self.running:
                self._take()

    def pump_out(self, most: int = 2000) -> None:
        """Let the clock go on until the player stops the output."""
        self.pump()
        for _ in range(most):
            if not self.running:
                return
            self.pump()
        raise AssertionError("the player does not stop")

    def _take(self) -> None:
        self._callback(self._buffer)
        if self._keep:
            self._taken.append(self._buffer.copy())

    def _run(self) -> None:
        self.due = perf_counter()
        while self.running:
            late = perf_counter() - self.due
            if late > self._latency:
                self.underruns += 1
                self.due += late
            if late < 0:
                sleep(-late)
            self._take()
            self.due += BLOCK_SECONDS
