"""Splitting a recording into its speech and noise track files.

Noise is defined as mixture − speech, so the two tracks add up to the input.  For integer formats the speech is first
put on the grid of the format, which makes the sum exact to the last bit.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.errors import UsageError
from engine.export import AudioWriter
from engine.recording import Recording
from engine.separator import Audio, Separator, SplitReport, decibels

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
    recording: Recording, separator: Separator, report: SplitReport, progress: Progress | None = None
) -> Iterator[Split]:
    """The recording in separated stretches, in order.

    Raises:
        InputError: the recording turns out unreadable on the way.
    """
    blocks = recording.blocks(BLOCK_SECONDS * recording.sample_rate)
    for window in separator.windows(blocks, recording.sample_rate, report):
        yield split_arrays(window.start, window.mixture, window.speech, recording.subtype)
        if progress:
            progress((window.start + len(window.mixture)) / recording.sample_rate, recording.seconds)


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
    recording: Recording,
    separator: Separator,
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
    started = time.monotonic()
    report, off = SplitReport(), 0.0
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
        for part in separate(recording, separator, report, progress):
            for track, writer in writers.items():
                writer.write(getattr(part, track))
            off = max(off, float(np.abs(part.speech + part.noise - part.mixture).max(initial=0)))
    alpha, beta = report.weights
    elapsed = time.monotonic() - started
    return SplitResult(
        input=recording.path,
        tracks=paths,
        model=separator.model_id,
        alpha=alpha,
        beta=beta,
        residual_db=report.residual_db,
        null_dbfs=decibels(off**2),
        real_time_factor=elapsed / recording.seconds,
        seconds=recording.seconds,
    )
