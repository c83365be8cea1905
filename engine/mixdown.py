"""Mixing a recording down to a file: split, render, set loudness, limit peaks, write; in bounded memory."""

import math
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
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
from engine.separator import Separator, SplitReport
from engine.split import BLOCK_SECONDS, Progress, separate


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


def mixdown(
    recording: Recording,
    separator: Separator,
    remix: Remix,
    output: Path,
    delivery: Delivery | None = None,
    progress: Progress | None = None,
) -> MixdownResult:
    """Write the remix of a recording to `output`, whose suffix decides the format; tags and chapters come along.

    With both gains at 0 dB, no regions and no delivery, a 16- or 24-bit recording keeps every sample.

    Raises:
        InputError, ResourceError, UsageError: as `Recording.blocks` and `AudioWriter` say.
    """
    started = time.monotonic()
    delivery = delivery or Delivery()
    rate, channels = recording.sample_rate, recording.channels
    report, before, after = SplitReport(), LoudnessMeter(rate, channels), LoudnessMeter(rate, channels)

    def rendered() -> Iterator[Audio]:
        for part in separate(recording, separator, report, progress):
            before.add(part.mixture)
            yield render(part.mixture, part.speech, remix, part.start, rate)

    subtype = delivery.subtype or recording.subtype
    with AudioWriter(output, rate, channels, subtype, frames=recording.frames, source=recording.path) as writer:
        blocks = rendered()
        if delivery.loudness is not None:
            blocks = at_loudness(blocks, delivery.loudness, recording, output.parent)
        for block in blocks if delivery.ceiling is None else limited(blocks, recording, delivery.ceiling):
            writer.write(block)
            after.add(block)
    alpha, beta = report.weights
    return MixdownResult(
        input=recording.path,
        output=output,
        model=separator.model_id,
        alpha=alpha,
        beta=beta,
        residual_db=report.residual_db,
        loudness_before=before.integrated(),
        loudness=after.integrated(),
        true_peak=after.true_peak(),
        clipped=writer.clipped,
        real_time_factor=(time.monotonic() - started) / recording.seconds,
        seconds=recording.seconds,
    )


def limited(blocks: Iterable[Audio], recording: Recording, ceiling: float) -> Iterator[Audio]:
    """The stream under a true-peak ceiling in dBTP, without delay."""
    limiter = Limiter(recording.sample_rate, recording.channels, ceiling)
    for block in blocks:
        yield limiter.process(block)
    yield limiter.flush()


def at_loudness(blocks: Iterable[Audio], target: float, recording: Recording, folder: Path) -> Iterator[Audio]:
    """The stream at an integrated loudness in LUFS; silence stays.

    The gain is known only at the end, so the stream waits in an unnamed file in `folder` meanwhile.

    Raises:
        ResourceError: the disk is full.
    """
    meter = LoudnessMeter(recording.sample_rate, recording.channels)
    with tempfile.TemporaryFile(dir=folder) as file:
        for block in blocks:
            meter.add(block)
            keep(file, block.astype(recording.dtype), folder)
        measured = meter.integrated()
        gain = np.array(amplitude(target - measured) if math.isfinite(measured) else 1.0, recording.dtype)
        file.seek(0)
        frame_bytes = recording.channels * gain.itemsize
        while data := file.read(BLOCK_SECONDS * recording.sample_rate * frame_bytes):
            yield np.frombuffer(data, gain.dtype).reshape(-1, recording.channels) * gain


def keep(file: IO[bytes], block: Audio, folder: Path) -> None:
    """Append a block to the waiting file."""
    try:
        file.write(block.tobytes())
    except OSError as error:
        raise ResourceError(
            f"{folder}: no room for the intermediate mix ({error.strerror}); free some disk space"
        ) from None
