"""Writes recordings to files: exact PCM, one atomic rename at the end, the source's tags carried over."""

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import mutagen
import numpy as np
import soundfile
from numpy.typing import NDArray

from engine.errors import ResourceError, UsageError, VoicebedError
from engine.tags import Tags, read_tags, write_tags


@dataclass(frozen=True)
class _Format:
    name: str  # libsndfile's major format
    codec: str | None = None  # a lossy format's only subtype
    level: float | None = None  # libsndfile's compression level, 0 = best
    channels: int = 1024
    rates: range | tuple[int, ...] = range(1, 1 << 31)
    most_bytes: int | None = None  # of samples; some room is left for headers and tags


_BELOW_4_GB = (1 << 32) - (1 << 24)
_AIFF = _Format("AIFF", most_bytes=_BELOW_4_GB)
_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
# The limits are measured: libsndfile refuses beyond them with a vague message, and libvorbis crashes.
_FORMATS = {
    ".wav": _Format("WAV", most_bytes=_BELOW_4_GB),
    ".flac": _Format("FLAC", channels=8, rates=range(1, 655_351)),
    ".ogg": _Format("OGG", "VORBIS", 0.2, 255, range(1, 200_001)),
    ".opus": _Format("OGG", "OPUS", 0.5, 255, (8000, 12000, 16000, 24000, 48000)),
    ".mp3": _Format("MP3", "MPEG_LAYER_III", 0.0, 2, _MP3_RATES),
    ".aiff": _AIFF,
    ".aif": _AIFF,
    ".w64": _Format("W64"),
    ".rf64": _Format("RF64"),
}
_BITS = {"PCM_16": 16, "PCM_24": 24, "PCM_32": 32, "FLOAT": 32, "DOUBLE": 64}
_NEVER_EMPTY = (".flac", ".opus", ".mp3")  # libsndfile writes files without samples that nothing can open
_NEARLY_FULL = 1 << 24  # bytes free
_STEP = 1 << 16  # frames a call
_CODEC_STEP = 4096  # libvorbis puts a whole call on the stack and crashes on long ones


class AudioWriter:
    """A context manager that writes one audio file, whole or not at all.

    The format follows the suffix of `path`: wav (RF64 past 4 GB), flac, ogg (Vorbis), opus, mp3, aiff, w64 or rf64.
    Samples go to a hidden file beside `path`, which takes its name on a clean exit and is removed on any exception.

    path         the file to make or replace
    sample_rate  in Hz
    channels     1 or more
    subtype      "PCM_16", "PCM_24", "PCM_32", "FLOAT" or "DOUBLE"; None or another libsndfile name = PCM_16.
                 What a format lacks becomes PCM_24; lossy formats ignore it
    frames       how many will be written, if known: decides about RF64 and checks the disk beforehand
    source       a file whose tags, pictures and chapters are copied; it can never be `path` itself
    clipped      samples so far outside the range of the format, which were brought back to it (not FLOAT, DOUBLE)

    Raises UsageError for what the format or the place cannot take, ResourceError when the disk is or would be full.
    """

    def __init__(
        self,
        path: Path,
        sample_rate: int,
        channels: int,
        subtype: str | None = None,
        frames: int | None = None,
        source: Path | None = None,
    ) -> None:
        self.clipped = 0
        suffix = path.suffix.lower()
        if suffix not in _FORMATS:
            raise UsageError(f"Cannot write {path.name}: the name must end in {', '.join(_FORMATS)}.")
        self._path, self._source, self._format = path, source, _FORMATS[suffix]
        self._rate, self._channels = sample_rate, channels
        self._refuse_misfit()
        self._subtype = _choose_subtype(self._format, subtype)
        self._frame_bytes = channels * _BITS.get(self._subtype, 16) // 8
        self._written = 0
        self._name = self._format.name
        if frames and self._format.most_bytes and frames * self._frame_bytes > self._format.most_bytes:
            if self._name != "WAV":
                raise UsageError(f"{path.name} would pass 4 GB, too much for {suffix}: choose .wav, .w64 or .flac.")
            self._name = "RF64"
        self._refuse_place()
        # Typical, not worst, sizes for compressed formats: a refusal by mistake would be worse than a late one.
        packed = 0.6 if self._name == "FLAC" else 0.25 if self._format.codec else 1.0
        self._need = int((frames or 0) * self._frame_bytes * packed)
        if self._need > (free := shutil.disk_usage(path.parent).free):
            raise ResourceError(self._full(free))
        self._temporary = path.with_name(f".voicebed-{secrets.token_hex(4)}{path.suffix}")
        self._file: soundfile.SoundFile | None = None

    def __enter__(self) -> Self:
        try:
            with self._explained():
                self._temporary.open("xb").close()  # Python names the reason for a failure, libsndfile does not
                self._file = soundfile.SoundFile(
                    self._temporary,
                    "w",
                    self._rate,
                    self._channels,
                    self._subtype,
                    format=self._name,
                    compression_level=self._format.level,
                    bitrate_mode="VARIABLE" if self._name == "MP3" else None,
                )
        except BaseException:
            self._discard()
            raise
        return self

    def write(self, block: NDArray[np.floating]) -> None:
        """Appends samples.

        block: (frames, channels), or (frames,) for mono, float32 or float64, full scale ±1.
        PCM of b bits gets rint(x·2^(b−1)), so that samples read as integer / 2^(b−1) return unchanged; no dither.
        NaN becomes silence and counts as clipped. Raises ResourceError when the disk is full.
        """
        assert self._file is not None, "use AudioWriter in a with statement"
        self._written += len(block) * self._frame_bytes
        if self._name != "RF64" and self._format.most_bytes and self._written > self._format.most_bytes:
            raise UsageError(f"{self._path.name} has grown past 4 GB: choose .w64 or .flac.")
        step = _CODEC_STEP if self._format.codec else _STEP
        with self._explained():
            for start in range(0, len(block), step):
                self._file.write(self._encoded(np.asarray(block[start : start + step])))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._file is not None
        try:
            if error is None:
                if not self._written and self._path.suffix.lower() in _NEVER_EMPTY:
                    raise UsageError(f"{self._path.name} would have no samples: choose .wav for an empty recording.")
                with self._explained():
                    self._file.close()
                    if self._source and (tags := read_tags(self._source)) != Tags():
                        write_tags(self._temporary, tags)
                    self._temporary.replace(self._path)
        finally:
            self._discard()

    def _encoded(self, block: NDArray[np.floating]) -> NDArray:
        """A block in the numbers the file stores; libsndfile itself would scale by 2^(b−1) − 1."""
        if self._subtype in ("FLOAT", "DOUBLE"):
            return block
        bits = 0 if self._format.codec else _BITS[self._subtype]
        full = 2.0 ** (bits - 1) if bits else 1.0
        scaled = np.rint(block.astype(np.float64) * full) if bits else block
        inside = np.clip(np.nan_to_num(scaled), -full, full - 1 if bits else full)
        self.clipped += int(np.count_nonzero(inside != scaled))
        if not bits:
            return inside
        return inside.astype(np.int16) if bits == 16 else inside.astype(np.int32) << (32 - bits)

    def _discard(self) -> None:
        """Closes and removes the hidden file; after the rename there is none."""
        if self._file is not None:
            with suppress(Exception):  # closing fails again on a full disk
                self._file.close()
        with suppress(OSError):
            self._temporary.unlink(missing_ok=True)

    def _refuse_misfit(self) -> None:
        suffix, rates = self._path.suffix.lower(), self._format.rates
        if not 1 <= self._channels <= self._format.channels:
            instead = "" if self._channels < 1 else ": choose .wav"
            raise UsageError(f"{suffix} holds 1 to {self._format.channels} channels, not {self._channels}{instead}.")
        if self._rate not in rates:
            choices = (rates[0], rates[-1]) if isinstance(rates, range) else rates
            near = min(choices, key=lambda rate: abs(rate - self._rate))
            raise UsageError(f"{suffix} cannot hold {self._rate} Hz: choose {near} Hz, or .wav.")

    def _refuse_place(self) -> None:
        path, folder = self._path, self._path.parent
        if not folder.is_dir():
            raise UsageError(f"The folder {folder} does not exist.")
        if not os.access(folder, os.W_OK):
            raise UsageError(f"The folder {folder} is read-only: choose another.")
        if path.is_dir():
            raise UsageError(f"{path} is a folder.")
        if path.exists():
            if self._source and self._source.exists() and path.samefile(self._source):
                raise UsageError(f"{path} is the recording itself, which is never changed: choose another name.")
            if not os.access(path, os.W_OK):
                raise UsageError(f"{path} is read-only: choose another name.")

    def _full(self, free: int) -> str:
        need = f"about {_size(self._need)} needed, " if self._need else ""
        return f"Not enough space in {self._path.parent}: {need}{_size(free)} free."

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turns failures of the disk into words for the user."""
        try:
            yield
        except (OSError, soundfile.SoundFileError, mutagen.MutagenError, AssertionError, UnicodeEncodeError) as error:
            raise self._reason(error) from error  # soundfile asserts that all samples were taken

    def _reason(self, error: BaseException) -> VoicebedError:
        if isinstance(error, mutagen.MutagenError) and isinstance(error.__context__, OSError):
            error = error.__context__
        if isinstance(error, UnicodeEncodeError):
            return UsageError(f"Cannot write {self._path}: its name is not UTF-8; choose another.")
        number = error.errno if isinstance(error, OSError) else None
        if number and number not in (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG):
            return UsageError(f"Cannot write {self._path}: {os.strerror(number)}.")
        with suppress(OSError):
            free = shutil.disk_usage(self._path.parent).free
            # libsndfile reports a full disk only as "System error"
            if number in (errno.ENOSPC, errno.EDQUOT) or free < _NEARLY_FULL:
                return ResourceError(self._full(free))
        return ResourceError(f"Writing {self._path} failed: {str(error) or 'not all samples were taken'}")


def _choose_subtype(form: _Format, wanted: str | None) -> str:
    if form.codec:
        return form.codec
    if wanted in _BITS:
        return wanted if soundfile.check_format(form.name, wanted) else "PCM_24"
    if wanted and wanted not in soundfile.available_subtypes():
        raise UsageError(f"Unknown sample format {wanted}: choose {', '.join(_BITS)}.")
    return "PCM_16"


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
