"""Mixing a recording down to files: render, set loudness, limit peaks, write; in one pass and in bounded memory.

Importing this imports no torch: the separated parts come from an `engine.split.Source`.
"""

import math
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np

from engine.delivery import Delivery
from engine.errors import ResourceError
from engine.export import AudioWriter
from engine.limiter import Limiter
from engine.loudness import LoudnessMeter
from engine.recording import Recording
from engine.remix import Audio, Remix, amplitude, render
from engine.split import BLOCK_SECONDS, Progress, Source, Split


@dataclass(frozen=True)
class Output:
    """A file to write, whose suffix decides the format; the balance in it, and what it must meet."""

    path: Path
    remix: Remix
    delivery: Delivery = field(default_factory=Delivery)


@dataclass(frozen=True)
class MixdownResult:
    """What a mixdown wrote and measured.

    Loudness in LUFS (−∞ for silence), true peak in dBTP, `clipped` samples that the format could not hold; the rest as
    in `engine.split.SplitResult`.
    """

    input: Path
    output: Path
    model: str
    alpha: float
    beta: float
    residual_db: float
    loudness_before: float
    loudness: float
    true_peak: float
    clipped: int
    real_time_factor: float
    seconds: float


def mixdown(source: Source, outputs: Sequence[Output], progress: Progress | None = None) -> list[MixdownResult]:
    """Write remixes of a recording; tags and chapters come along.  The files appear when all are done, or not at all.

    With both gains at 0 dB, no regions and no delivery, a 16- or 24-bit recording keeps every sample.

    Args:
        progress: an output with a loudness counts as one more pass over the recording.

    Raises:
        InputError, ResourceError, UsageError: as `Recording.blocks` and `AudioWriter` say.
    """
    started, recording = time.monotonic(), source.recording
    before = LoudnessMeter(recording.sample_rate, recording.channels)
    passes = 1 + sum(output.delivery.loudness is not None for output in outputs)
    passed = 0

    def advance(done: float, total: float) -> None:
        if progress:
            progress(passed * total + done, passes * total)

    with ExitStack() as stack:
        mixes: list[_Mix] = []
        for output in outputs:
            mixes.append(_Mix(recording, output, stack.enter_context(_writer(recording, output))))
            if output.delivery.loudness is not None:
                mixes[-1].waiting = stack.enter_context(tempfile.TemporaryFile(dir=output.path.parent))
        for part in source.parts(advance):
            before.add(part.mixture)
            for mix in mixes:
                mix.add(part)
        for mix in mixes:
            if mix.waiting:
                passed += 1
            mix.finish(advance)
    alpha, beta = source.report.weights
    return [
        MixdownResult(
            input=recording.path,
            output=mix.output.path,
            model=source.model,
            alpha=alpha,
            beta=beta,
            residual_db=source.report.residual_db,
            loudness_before=before.integrated(),
            loudness=mix.meter.integrated(),
            true_peak=mix.meter.true_peak(),
            clipped=mix.writer.clipped,
            real_time_factor=(time.monotonic() - started) / recording.seconds,
            seconds=recording.seconds,
        )
        for mix in mixes
    ]


def _writer(recording: Recording, output: Output) -> AudioWriter:
    form = (recording.sample_rate, recording.channels, output.delivery.subtype or recording.subtype)
    return AudioWriter(output.path, *form, frames=recording.frames, source=recording.path)


class _Mix:
    """One output on its way: rendered, brought to its loudness, held under its ceiling, written and measured.

    The gain to a loudness is known only at the end, so the stream waits in an unnamed file beside the output meanwhile.
    """

    def __init__(self, recording: Recording, output: Output, writer: AudioWriter) -> None:
        rate, channels, ceiling = recording.sample_rate, recording.channels, output.delivery.ceiling
        self.output, self.writer, self._recording = output, writer, recording
        self.waiting: IO[bytes] | None = None
        self.meter, self._rendered = LoudnessMeter(rate, channels), LoudnessMeter(rate, channels)
        self._limiter = None if ceiling is None else Limiter(rate, channels, ceiling)

    def add(self, part: Split) -> None:
        """Take the next part of the recording."""
        block = render(part.mixture, part.speech, self.output.remix, part.start, self._recording.sample_rate)
        if self.waiting is None:
            self._deliver(block)
            return
        self._rendered.add(block)
        try:
            self.waiting.write(block.astype(self._recording.dtype).tobytes())
        except OSError as error:
            raise ResourceError(
                f"{self.output.path.parent}: no room for the intermediate mix ({error.strerror}); free some disk space"
            ) from None

    def finish(self, progress: Progress) -> None:
        """Take it that all parts have come."""
        for number, block in enumerate(self._waited(), 1):
            self._deliver(block)
            progress(min(number * BLOCK_SECONDS, self._recording.seconds), self._recording.seconds)
        if self._limiter:
            self._write(self._limiter.flush())

    def _waited(self) -> Iterator[Audio]:
        """The waiting blocks at the wanted loudness; silence stays."""
        target = self.output.delivery.loudness
        if self.waiting is None or target is None:
            return
        measured, channels = self._rendered.integrated(), self._recording.channels
        gain = np.array(amplitude(target - measured) if math.isfinite(measured) else 1.0, self._recording.dtype)
        self.waiting.seek(0)
        while data := self.waiting.read(BLOCK_SECONDS * self._recording.sample_rate * channels * gain.itemsize):
            yield np.frombuffer(data, gain.dtype).reshape(-1, channels) * gain

    def _deliver(self, block: Audio) -> None:
        self._write(self._limiter.process(block) if self._limiter else block)

    def _write(self, block: Audio) -> None:
        self.writer.write(block)
        self.meter.add(block)
