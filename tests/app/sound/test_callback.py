"""What the device's thread must not do: allocate, open, wait."""

import gc
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from app.sound.output import SoundDeviceOutput
from app.sound.ring import RING_BLOCKS, Ring

FRAMES = 480
SMALL = 512  # bytes: counters and the time, which replace those of the callback before

watched: dict[int, list[str]] = {}  # by thread


def _hook(event: str, arguments: tuple) -> None:
    if watched and (seen := watched.get(threading.get_ident())) is not None:
        seen.append(event)


sys.addaudithook(_hook)  # for good, as Python has it


@pytest.fixture
def tracing() -> Iterator[None]:
    gc.disable()
    tracemalloc.start()
    yield
    tracemalloc.stop()
    gc.enable()


def faults(ring: Ring) -> list[str]:
    """What a device's callback that pulls from the ring does and must not: memory taken or kept, audited events.

    Two times of three there is a block for it.
    """
    output, out = SoundDeviceOutput(), np.zeros((FRAMES, 2), np.float32)
    output._callback = ring.pull
    status, block = SimpleNamespace(output_underflow=False), np.ones((FRAMES, 2), np.float32)
    ring.ending, most, kept = False, 0, 0
    seen: list[str] = []
    for turn in range(200):
        if turn % 3:
            ring.write(ring.written, [block])
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        watched[threading.get_ident()] = seen
        output._fill(out, FRAMES, None, status)
        del watched[threading.get_ident()]
        after, peak = tracemalloc.get_traced_memory()
        if turn > 2:  # what is made once, such as a cache of the interpreter
            most, kept = max(most, peak - before), kept + after - before
    return (
        [f"takes {most} bytes"] * (most > SMALL)
        + [f"keeps {kept} bytes"] * (kept > SMALL)
        + [f"does {e}" for e in seen]
    )


@pytest.mark.usefixtures("tracing")
def test_the_callback_allocates_nothing_and_opens_nothing() -> None:
    ring = Ring(FRAMES, 2)
    assert faults(ring) == []
    assert ring.pulled > 100 and ring.underruns > 50


class _Allocating(Ring):
    def pull(self, out) -> None:
        super().pull(out)
        out[:] = out * 1.0


class _Keeping(Ring):
    kept: list = []  # noqa: RUF012

    def pull(self, out) -> None:
        super().pull(out)
        self.kept.append(str(self.pulled))


class _Opening(Ring):
    def pull(self, out) -> None:
        super().pull(out)
        Path("/dev/null").open().close()


@pytest.mark.usefixtures("tracing")
@pytest.mark.parametrize(("wrong", "fault"), [(_Allocating, "takes"), (_Keeping, "keeps"), (_Opening, "does open")])
def test_the_watch_finds_what_it_is_there_for(wrong: type[Ring], fault: str) -> None:
    assert any(found.startswith(fault) for found in faults(wrong(FRAMES, 2)))


def test_blocks_come_out_as_they_went_in_and_running_dry_counts_but_at_the_end() -> None:
    ring, out = Ring(4, 2), np.full((4, 2), np.nan, np.float32)
    blocks = np.arange(3 * RING_BLOCKS * 8, dtype=np.float32).reshape(-1, 4, 2)
    for first, second in zip(blocks[::2], blocks[1::2], strict=True):
        ring.write(ring.written, [first, second])
        for block in (first, second):
            ring.pull(out)
            assert np.array_equal(out, block)
    ring.pull(out)
    assert not out.any() and ring.underruns == 0
    ring.ending = False
    ring.pull(out)
    assert ring.underruns == 1 and ring.level == 0
    ring.write(ring.written, [np.ones((4, 1))])
    ring.pull(out)
    assert np.array_equal(out, np.ones((4, 2)))


def test_blocks_that_wait_can_be_replaced_and_dropped() -> None:
    ring, out = Ring(4, 1), np.full((4, 1), np.nan, np.float32)
    ring.write(0, list(np.arange(float(RING_BLOCKS)).repeat(4).reshape(-1, 4, 1)))
    ring.pull(out)
    ring.write(2, list(np.array([-2.0, -3.0]).repeat(4).reshape(-1, 4, 1)))
    heard = []
    while ring.level:
        ring.pull(out)
        heard.append(out[0, 0])
    assert heard == [1, -2, -3] and ring.written == ring.pulled == 4
