"""The ring between the thread that renders and the callback of the sound device."""

from collections.abc import Sequence
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

RING_BLOCKS = 32  # more than the player keeps in it


class Ring:
    """Blocks of float32 on their way to the device, each (frames, channels); one thread writes, another pulls.

    Everything that `pull` touches is made here, once: it allocates no memory for samples, opens nothing and waits for
    nothing.  Each counter has one writer.

    Attributes:
        written, pulled: blocks since the ring was made.
        ending: no more blocks are due, so that running dry is no fault.
        underruns: times that the device asked in vain.
        pulled_at: (blocks before, time.perf_counter()) of the last pull that got a block; None before the first.
    """

    def __init__(self, frames: int, channels: int) -> None:
        self.frames = frames
        self.written = self.pulled = self.underruns = 0
        self.ending = True
        self.pulled_at: tuple[int, float] | None = None
        self._slots, self._spare = (
            [np.zeros((frames, channels), np.float32) for _ in range(RING_BLOCKS)] for _ in range(2)
        )

    @property
    def level(self) -> int:
        """Blocks written and not yet pulled; never more than `RING_BLOCKS`."""
        return self.written - self.pulled

    def write(self, first: int, blocks: Sequence[NDArray[np.floating]]) -> None:
        """Make `blocks` the last ones, from number `first` (at most `written`) on, in place of what was there.

        Each is (frames, channels), or (frames, 1) for all channels alike.  They take effect at once, together.
        """
        slots = list(self._slots)
        for number, block in enumerate(blocks, first):
            index = number % RING_BLOCKS
            self._spare[index][:] = block
            slots[index], self._spare[index] = self._spare[index], slots[index]
        self._slots = slots
        self.written = max(first + len(blocks), self.pulled)

    def pull(self, out: NDArray[np.float32]) -> None:
        """Fill `out`, (frames, channels), with the next block, or with silence if there is none: the callback."""
        pulled = self.pulled
        if pulled < self.written:
            self.pulled_at = (pulled, perf_counter())
            np.copyto(out, self._slots[pulled % RING_BLOCKS])
            self.pulled = pulled + 1
        else:
            out.fill(0)
            if not self.ending:
                self.underruns += 1

    def heard(self, latency: float, sample_rate: int) -> float:
        """Frames heard so far, where a pulled frame is heard `latency` seconds later; runs on between two pulls."""
        if self.pulled_at is None:
            return 0.0
        blocks, when = self.pulled_at
        passed = perf_counter() - when - latency
        return min((blocks + 1) * self.frames, max(0.0, blocks * self.frames + passed * sample_rate))
