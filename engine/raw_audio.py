"""Samples in raw files that may still grow, and recordings kept open for many short reads."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import soundfile as sf

from engine.errors import InputError
from engine.recording import Recording
from engine.remix import Audio
from engine.split import BITS

_BLOCK = 1 << 16  # frames


def frame_bytes(recording: Recording) -> int:
    """Bytes that one sample of all channels takes in a raw file."""
    return recording.channels * _kind(recording).itemsize


def encoded(samples: Audio, recording: Recording) -> bytes:
    """Samples (frames, channels) as a raw file holds them: channels interleaved, little-endian.

    Those of an integer format are stored as its numbers, and must be on its grid and within its range.
    """
    return (samples * _scale(recording)).astype(_kind(recording)).tobytes()


def decode(recording: Recording, path: Path) -> Iterator[Audio]:
    """Write all of a recording to a raw file, and yield each block (frames, channels) once it is there.

    Raises:
        InputError: the recording is damaged.
        OSError: the file cannot be written.
    """
    path.touch()
    with path.open("r+b") as file:  # what is there already is the same, and may be in use
        for block in recording.blocks(_BLOCK):
            file.write(encoded(block, recording))
            file.flush()
            yield block


class RawAudio:
    """Reads a raw file of the samples of a recording, also while it grows, and before it is there.

    Threads may share it; one reads at a time.
    """

    def __init__(self, path: Path, recording: Recording) -> None:
        self._path, self._recording = path, recording
        self._file: BinaryIO | None = None
        self._lock = threading.Lock()

    @property
    def frames(self) -> int:
        """Frames that are there by now."""
        with self._lock:
            if self._file is None:
                with suppress(FileNotFoundError):
                    self._file = self._path.open("rb", buffering=0)
            return self._file.seek(0, 2) // frame_bytes(self._recording) if self._file else 0

    def read(self, start: int, stop: int) -> Audio:
        """Frames `start` to `stop`, (stop - start, channels) of `recording.dtype`, as they were; silent where missing.

        Raises:
            OSError: the file cannot be read.
        """
        recording, size = self._recording, frame_bytes(self._recording)
        samples = np.zeros((stop - start, recording.channels), recording.dtype)
        count = min(stop, self.frames) - start
        if count > 0 and self._file:
            with self._lock:
                self._file.seek(start * size)
                data = self._file.read(count * size)
            found = np.frombuffer(data, _kind(recording), len(data) // size * recording.channels)
            samples[: len(data) // size] = found.reshape(-1, recording.channels)
            samples /= _scale(recording)
        return samples

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._file:
                self._file.close()


class OpenRecording:
    """A seekable recording kept open: reading on where the last read ended costs next to nothing.

    Threads may share it; one reads at a time.  Raises InputError where it cannot be opened.
    """

    def __init__(self, recording: Recording) -> None:
        self._recording, self._at = recording, 0
        self.frames = recording.frames
        self._lock = threading.Lock()
        try:
            self._file = sf.SoundFile(recording.path)
        except sf.SoundFileError:
            raise InputError(f"{recording.path} cannot be opened; check that it is still there") from None

    def read(self, start: int, stop: int) -> Audio:
        """Frames `start` to `stop` as `Recording.read` gives them.

        Raises:
            InputError: the recording is damaged or cut short there, or holds NaN or infinity.
        """
        with self._lock:
            try:
                if start != self._at:
                    self._file.seek(start)
                samples: Any = self._file.read(stop - start, self._recording.dtype, always_2d=True)
                self._at = start + len(samples)
            except sf.SoundFileError:
                self._at = -1
                samples = np.empty((0, 0))
        if len(samples) < stop - start or not np.isfinite(samples).all():
            # Says what is wrong, and where.
            return self._recording.read(start, stop)
        return samples

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()


def _kind(recording: Recording) -> np.dtype:
    bits = BITS.get(recording.subtype)
    return np.dtype(f"<i{2 if bits == 16 else 4}" if bits else recording.dtype).newbyteorder("<")


def _scale(recording: Recording) -> float:
    """What full scale is in a raw file; a power of two, so that nothing is lost."""
    return 2.0 ** (BITS[recording.subtype] - 1) if recording.subtype in BITS else 1.0
