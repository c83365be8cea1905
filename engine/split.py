"""Splitting a recording into its speech and noise track files.

Noise is defined as mixture − speech, so the two tracks add up to the input.  For integer formats the speech is first
put on the grid of the format, which makes the sum exact to the last bit.  Importing this imports no torch.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from engine.errors import UsageError
from engine.export import AudioWriter
from engine.recording import Recording
from engine.remix import Audio
from engine.report import SplitReport, decibels

if TYPE_CHECKING:
    from engine.separator import Separator

TRACKS = ("speech", "noise")
BLOCK_SECONDS = 4
BITS = {"PCM_16": 16, "PCM_24": 24, "PCM_32": 32}

Progress = Callable[[float, float], None]  # seconds of audio done, seconds in all


@dataclass(frozen=True)
class Split:
    """A separated stretch of a recording: three arrays (frames, channels), with mixture = speech + noise."""

    start: int
    mixture: Audio
    speech: Audio
    noise: Audio


class Source(Protocol):
    """Where the separated parts of a recording come from: `Separation`, or `engine.stored.StoredSplit`."""

    @property
    def recording(self) -> Recording:
        """What is separated."""
        ...

    @property
    def model(self) -> str:
        """Id of the model."""
        ...

    @property
    def report(self) -> SplitReport:
        """What the split measured; of the whole recording once all parts have come."""
        ...

    def parts(self, progress: Progress | None = None) -> Iterator[Split]:
        """All of the recording in order."""
        ...


class Separation:
    """A recording that is separated as its parts are asked for, and of which nothing is kept."""

    def __init__(self, recording: Recording, separator: "Separator") -> None:
        self.recording, self.model, self.report = recording, separator.model_id, SplitReport()
        self._separator = separator

    def parts(self, progress: Progress | None = None) -> Iterator[Split]:
        """All of the recording in order; raises InputError where it turns out unreadable on the way."""
        self.report = SplitReport()
        return separate(self.recording, self._separator, self.report, progress)


@dataclass(frozen=True)
class SplitResult:
    """What a split wrote and measured.

    `residual_db`: energy that αŝ + βn̂ does not explain, relative to the input; `null_dbfs`: largest deviation of
    speech + noise from the input, -300 for none; `real_time_factor`: elapsed time over duration.
    """

    input: Path
    tracks: dict[str, Path]
    model: str
    alpha: float
    beta: float
    residual_db: float
    null_dbfs: float
    real_time_factor: float
    seconds: float


def split_arrays(start: int, mixture: Audio, speech: Audio, subtype: str) -> Split:
    """Noise := mixture − speech, with both on the grid and in the range of an integer `subtype`."""
    if subtype in BITS:
        scale = 2.0 ** (BITS[subtype] - 1)
        grid = np.clip(np.rint(speech * scale) / scale, -1, 1 - 1 / scale, dtype=mixture.dtype)
        noise = np.clip(mixture - grid, -1, 1 - 1 / scale, dtype=mixture.dtype)
        return Split(start, mixture, mixture - noise, noise)
    return Split(start, mixture, speech, mixture - speech)


def separate(
    recording: Recording,
    separator: "Separator",
    report: SplitReport,
    progress: Progress | None = None,
    start: int = 0,
    stop: int | None = None,
) -> Iterator[Split]:
    """Frames `start` to `stop` (default: the end) of the recording in separated stretches, in order.

    They are what they would be within a split of the whole recording.

    Raises:
        InputError: the recording turns out unreadable on the way.
    """
    rate, stop = recording.sample_rate, recording.frames if stop is None else stop
    first = start - start % rate
    context = separator.context_seconds * rate
    before = recording.read(max(0, first - context), first)
    blocks = recording.blocks(BLOCK_SECONDS * rate, first, min(stop + context, recording.frames))
    for window in separator.windows(blocks, rate, report, first, before):
        at, end = max(start, window.start), min(stop, window.start + len(window.mixture))
        kept = slice(at - window.start, end - window.start)
        yield split_arrays(at, window.mixture[kept], window.speech[kept], recording.subtype)
        if progress:
            progress((end - start) / rate, (stop - start) / rate)
        if end == stop:
            return


def track_path(recording: Path, folder: Path, track: str) -> Path:
    """`<folder>/<stem>.<track>.wav`."""
    return folder / f"{recording.stem}.{track}.wav"


def check_tracks(tracks: Sequence[str]) -> None:
    """Raise UsageError unless these are names of tracks, one at least."""
    if unknown := sorted(set(tracks) - set(TRACKS)):
        raise UsageError(f"unknown track '{', '.join(unknown)}'; choose from {', '.join(TRACKS)}")
    if not tracks:
        raise UsageError(f"no track to write; choose from {', '.join(TRACKS)}")


def split(
    source: Source,
    folder: Path,
    tracks: Sequence[str] = TRACKS,
    progress: Progress | None = None,
) -> SplitResult:
    """Write the tracks of a recording as wav files with its rate, channels and sample format.

    The files appear when all is done; on any error or interruption nothing is left behind.

    Raises:
        InputError, ResourceError, UsageError: as `Recording.blocks` and `AudioWriter` say; unknown track names.
    """
    check_tracks(tracks)
    started, recording, off = time.monotonic(), source.recording, 0.0
    paths = {track: track_path(recording.path, folder, track) for track in TRACKS if track in tracks}
    with ExitStack() as stack:
        writers = {
            track: stack.enter_context(
                AudioWriter(
                    path,
                    recording.sample_rate,
                    recording.channels,
                    recording.subtype,
                    frames=recording.frames,
                    source=recording.path,
                )
            )
            for track, path in paths.items()
        }
        for part in source.parts(progress):
            for track, writer in writers.items():
                writer.write(getattr(part, track))
            off = max(off, float(np.abs(part.speech + part.noise - part.mixture).max(initial=0)))
    alpha, beta = source.report.weights
    elapsed = time.monotonic() - started
    return SplitResult(
        input=recording.path,
        tracks=paths,
        model=source.model,
        alpha=alpha,
        beta=beta,
        residual_db=source.report.residual_db,
        null_dbfs=decibels(off**2),
        real_time_factor=elapsed / recording.seconds,
        seconds=recording.seconds,
    )
