"""Recordings: any sound or video file as exact float samples, read block by block.

libsndfile (soundfile) reads uncompressed and lossless files, Ogg and Opus. FFmpeg (PyAV) reads all the rest, MP3 among
it: libsndfile only guesses the length of an MP3 without a Xing header, and then stops reading at that guess.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from engine.errors import InputError

if TYPE_CHECKING:
    from av import AudioFrame

MAX_CHANNELS = 8
_CHUNK = 1 << 14  # frames per read; also how closely libsndfile places damage in time
_UNKNOWN = 1 << 62  # libsndfile says 2^63 - 1 frames when a header does not state the length

# The subtype that holds the decoded samples exactly. All others (8 bit, µ-law, A-law, ADPCM) lie on the 16-bit grid.
_SNDFILE_SUBTYPES = {name: name for name in ("PCM_24", "PCM_32", "FLOAT", "DOUBLE")} | {
    "ALAC_20": "PCM_24",
    "ALAC_24": "PCM_24",
    "DWVW_24": "PCM_24",
    "ALAC_32": "PCM_32",
    "VORBIS": "FLOAT",
    "OPUS": "FLOAT",
}
# In other encodings, what a sample becomes depends on what was decoded before it.
_EXACT_SEEK = ("PCM_", "FLOAT", "DOUBLE", "ULAW", "ALAW", "ALAC_")
# FFmpeg does not say how many of 32 bits are used, so 24-bit ALAC or FLAC in a video container counts as 32 bit.
_FFMPEG_SUBTYPES = {"u8": "PCM_16", "s16": "PCM_16", "s32": "PCM_32", "flt": "FLOAT", "dbl": "DOUBLE"}


@dataclass(frozen=True)
class Recording:
    """A readable sound file, from `open_recording`. It keeps no file open, so it can be shared and read many times.

    `sample_rate` is in Hz, `channels` is 1 to 8, `frames` is the exact number of samples per channel (at least 1).
    `subtype` is the libsndfile subtype that holds the samples without loss: "PCM_16", "PCM_24", "PCM_32", "FLOAT"
    (lossy sources too) or "DOUBLE". `seekable` is whether a stretch can be read without decoding all before it.
    """

    path: Path
    sample_rate: int
    channels: int
    frames: int
    subtype: str
    seekable: bool = field(default=True, repr=False)
    _by_ffmpeg: bool = field(default=False, repr=False)

    @property
    def seconds(self) -> float:
        """Duration in seconds."""
        return self.frames / self.sample_rate

    @property
    def dtype(self) -> Literal["float32", "float64"]:
        """The smallest float type that holds every sample exactly."""
        return "float64" if self.subtype in ("PCM_32", "DOUBLE") else "float32"

    def blocks(self, size: int, start: int = 0, stop: int | None = None) -> Iterator[NDArray[Any]]:
        """Yield frames `start` to `stop` (default: the end) in order, as fresh arrays of `dtype`.

        Each has shape (size, channels), only the last may be shorter. Full scale is ±1 (exactly x / 2^(bits - 1) for
        PCM); float files may exceed it. Where `seekable` is false, all from the beginning is decoded for any `start`.
        Raises InputError where the file is damaged, cut short or holds NaN or infinity, ValueError for a wrong range.
        """
        stop = self.frames if stop is None else stop
        if size < 1 or not 0 <= start <= stop <= self.frames:
            raise ValueError(f"frames {start} to {stop} in blocks of {size} of a recording of {self.frames}")
        left = stop - start
        if not left:
            return
        block, filled = self._empty(min(size, left)), 0
        for at, decoded in _ffmpeg_pieces(self) if self._by_ffmpeg else _sndfile_pieces(self, start, stop):
            piece = decoded[max(0, start - at) : max(0, stop - at)]
            if not np.isfinite(piece).all():
                first = max(at, start) + int(np.argmin(np.isfinite(piece).all(axis=1)))
                when = _clock(first, self.sample_rate)
                raise InputError(f"{self.path} has a NaN or infinite sample at {when}; repair it or export it again")
            while len(piece):
                part, piece = np.split(piece, [len(block) - filled])
                block[filled : filled + len(part)] = part
                filled += len(part)
                if filled == len(block):
                    yield block
                    left -= filled
                    if not left:
                        return
                    block, filled = self._empty(min(size, left)), 0
        raise _damaged(self.path, stop - left + filled, self.sample_rate)

    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Return frames `start` to `stop` as one array of shape (stop - start, channels); see `blocks`."""
        return next(self.blocks(max(1, stop - start), start, stop), self._empty(0))

    def _empty(self, frames: int) -> NDArray[Any]:
        return np.empty((frames, self.channels), self.dtype)


def open_recording(path: Path) -> Recording:
    """Open a sound or video file (the first sound track counts) and find out its exact length.

    Files that only FFmpeg reads are decoded once here: 1.5 (AAC) to 5 s (Opus) for an hour of stereo.
    Raises InputError if the file is missing, unreadable, empty, damaged, or not a recording of 1 to 8 channels.
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder; choose a sound or video file")
        with path.open("rb") as file:
            has_bytes = bool(file.read(1))
    except OSError as error:
        raise InputError(f"{path} cannot be opened ({error.strerror}); check its name and permissions") from error
    recording = (_open_sndfile(path) or _open_ffmpeg(path)) if has_bytes else None
    if recording is None:
        raise InputError(f"{path} is empty; choose a file with sound in it")
    if recording.channels > MAX_CHANNELS:
        raise InputError(f"{path} has {recording.channels} channels; reduce it to {MAX_CHANNELS} or fewer")
    return recording


def recording_data(recording: Recording) -> dict[str, Any]:
    """All but the path as JSON can hold it, so that another process need not open the file to know it."""
    return {name: value for name, value in vars(recording).items() if name != "path"}


def recording_from(path: Path, data: Any) -> Recording:
    """The recording at `path` from its `recording_data`, among which there may be more.

    Raises:
        InputError: the data are not that.
    """
    fields = Recording.__dataclass_fields__.keys() - {"path"}
    try:
        return Recording(path, **{name: data[name] for name in fields})
    except (LookupError, TypeError):
        raise InputError(f"{path}: what was noted about it is incomplete; open it again") from None


def _open_sndfile(path: Path) -> Recording | None:
    """Open with libsndfile; None if it cannot read this file exactly (then FFmpeg may)."""
    try:
        with sf.SoundFile(path) as file:
            # No frames may be an unfinished header (a recorder that crashed), which FFmpeg reads past.
            if file.format == "MP3" or not file.seekable() or not 0 < file.frames < _UNKNOWN:
                return None
            subtype = _SNDFILE_SUBTYPES.get(file.subtype, "PCM_16")
            seekable = file.subtype.startswith(_EXACT_SEEK)
            return Recording(path, file.samplerate, file.channels, file.frames, subtype, seekable)
    except (sf.SoundFileError, TypeError, UnicodeEncodeError):  # TypeError: .raw; Unicode: a name that is not UTF-8
        return None


def _sndfile_pieces(recording: Recording, start: int, stop: int) -> Iterator[tuple[int, NDArray[Any]]]:
    """Yield (first frame, samples), from `start` or earlier up to `stop`."""
    at = start
    try:
        with sf.SoundFile(recording.path) as file:
            if recording.seekable:
                file.seek(start)
            else:
                at = 0
            while at < stop and len(piece := file.read(min(_CHUNK, stop - at), recording.dtype, always_2d=True)):
                yield at, piece
                at += len(piece)
    except sf.SoundFileError as error:
        raise _damaged(recording.path, at, recording.sample_rate) from error


def _open_ffmpeg(path: Path) -> Recording | None:
    """Open with FFmpeg and count the decoded samples (no header states them reliably); None if there are none."""
    first, frames = None, 0
    for frame in _ffmpeg_frames(path):
        first = first or frame
        frames += frame.samples
    if first is None:
        return None
    subtype = _FFMPEG_SUBTYPES.get(first.format.packed.name)
    if subtype is None:
        raise InputError(f"{path} has samples of an unusual kind ({first.format.name}); convert it to WAV")
    return Recording(path, first.sample_rate, first.layout.nb_channels, frames, subtype, False, True)


def _ffmpeg_pieces(recording: Recording) -> Iterator[tuple[int, NDArray[Any]]]:
    """Yield (first frame, samples), from the file's beginning: decoding is fast, and a seek would not be exact."""
    at = 0
    for frame in _ffmpeg_frames(recording.path):
        samples = frame.to_ndarray()
        samples = samples.T if frame.format.is_planar else samples.reshape(-1, recording.channels)
        if samples.dtype.kind in "iu":
            half = 2.0 ** (8 * samples.itemsize - 1)
            samples = (samples.astype(recording.dtype) - (half if samples.dtype.kind == "u" else 0)) / half
        yield at, samples
        at += frame.samples


def _ffmpeg_frames(path: Path) -> Iterator[AudioFrame]:
    """Decode the first sound track; all frames have the same rate, layout and sample format."""
    # Not at the top: FFmpeg takes a moment to load, and most recordings do not need it.
    import av
    from av.error import FFmpegError, InvalidDataError

    at, kind, bad_packet = 0, None, None
    try:
        # "file:" and the whitelist: no part of a name is a URL, and a playlist cannot make FFmpeg go to the network.
        options = {"protocol_whitelist": "file"}
        with av.open(f"file:{path}", options=options, metadata_errors="replace") as container:
            if not container.streams.audio:
                raise InputError(f"{path} has no sound; choose a file with a sound track")
            stream = container.streams.audio[0]
            if stream.codec_context is None:
                raise InputError(f"{path}: the encoding of its sound is not supported; convert it to WAV")
            for packet in container.demux(stream):
                try:
                    frames = packet.decode()
                except InvalidDataError as error:
                    # Tags and padding at the end of an MP3 look like broken packets.
                    if not stream.codec_context.name.startswith(("mp1", "mp2", "mp3")):
                        raise
                    bad_packet = error
                    continue
                for frame in frames:
                    if bad_packet:
                        raise bad_packet
                    kind = kind or (frame.sample_rate, frame.layout.name, frame.format.name)
                    if kind != (frame.sample_rate, frame.layout.name, frame.format.name):
                        when = _clock(at, kind[0])
                        raise InputError(f"{path} changes its sample rate or channels at {when}; convert it to WAV")
                    if frame.samples:
                        yield frame
                    at += frame.samples
    except FFmpegError as error:
        if kind is None:
            raise InputError(f"{path} is damaged or not a sound or video file; convert it to WAV") from error
        raise _damaged(path, at, kind[0]) from error


def _damaged(path: Path, at: int, rate: int) -> InputError:
    return InputError(f"{path} is damaged or cut short near {_clock(at, rate)}; repair it or get a new copy")


def _clock(frame: int, rate: int) -> str:
    """Format a position as h:mm:ss.mmm."""
    minutes, milliseconds = divmod(frame * 1000 // rate, 60_000)
    return f"{minutes // 60}:{minutes % 60:02}:{milliseconds / 1000:06.3f}"
