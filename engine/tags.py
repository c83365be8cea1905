"""Tags that travel with a recording: text, cover pictures, and chapters or markers.

Every format is read into the same `Tags` and written from it, so any source can be copied to any target.
"""

import base64
import contextlib
import io
import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import mutagen
from mutagen import flac, id3, mp4

# Canonical name: (ID3 frame, RIFF INFO chunk, MP4 atom, Vorbis comment). Others go unchanged into TXXX and Vorbis.
_NAMES = {
    "title": ("TIT2", "INAM", "\xa9nam", "title"),
    "artist": ("TPE1", "IART", "\xa9ART", "artist"),
    "album": ("TALB", "IPRD", "\xa9alb", "album"),
    "albumartist": ("TPE2", None, "aART", "albumartist"),
    "composer": ("TCOM", "IMUS", "\xa9wrt", "composer"),
    "date": ("TDRC", "ICRD", "\xa9day", "date"),
    "genre": ("TCON", "IGNR", "\xa9gen", "genre"),
    "comment": ("COMM", "ICMT", "\xa9cmt", "comment"),
    "track": ("TRCK", "ITRK", "trkn", "tracknumber"),
    "disc": ("TPOS", None, "disk", "discnumber"),
    "copyright": ("TCOP", "ICOP", "cprt", "copyright"),
    "organization": ("TPUB", "IPUB", None, "organization"),
    "language": ("TLAN", "ILNG", None, "language"),
    "isrc": ("TSRC", "ISRC", None, "isrc"),
    "lyrics": ("USLT", None, "\xa9lyr", "lyrics"),
}
_FROM_ID3, _FROM_INFO, _FROM_MP4, _FROM_VORBIS = (
    {names[column]: name for name, names in _NAMES.items() if names[column]} for column in range(4)
)
# These describe the source's encoding or loudness and would be wrong in a remix.
_STALE = re.compile(
    r"encoder|replaygain_|r128_|itun|waveformatextensible|metadata_block_picture|coverart|chapter\d"
    r"|major_brand|minor_version|compatible_brands"
)
_RIFF_TAGS = (b"cue ", b"LIST", b"id3 ", b"ID3 ")
_MOST_BYTES = 1 << 28  # a larger tag chunk is taken for damage
_MOST_CHAPTERS = 999  # what CHAPTERxxx can number
_MOST_SECONDS = 0xFFFFFFFF // 1000  # what ID3 can hold in milliseconds


@dataclass(frozen=True)
class Picture:
    """A cover or other picture: MIME type ("image/png"), encoded bytes, ID3/FLAC picture type (3 = front cover)."""

    mime: str
    data: bytes
    kind: int = 3


@dataclass(frozen=True)
class Chapter:
    """A chapter, or with `end_seconds` None a marker; times in seconds from the start of the recording."""

    start_seconds: float
    end_seconds: float | None
    title: str


@dataclass(frozen=True)
class Tags:
    """What a file says about itself.

    text      canonical lower-case name ("title", "artist", "track", …) -> its values, each a non-empty string
    pictures  in file order
    chapters  in order of start
    """

    text: dict[str, list[str]] = field(default_factory=dict)
    pictures: tuple[Picture, ...] = ()
    chapters: tuple[Chapter, ...] = ()


def read_tags(path: Path) -> Tags:
    """The tags of any audio or video file; empty if there are none or they cannot be read, whatever the reason."""
    with contextlib.suppress(Exception):  # damaged tags take many shapes, and none may stop an export
        with path.open("rb") as file:
            if _is_riff(file):
                return _read_riff(file)
        found = mutagen.File(path)
        if found is None or isinstance(found, mp4.MP4):
            return _read_container(path, found.tags if found else None)
        if isinstance(found.tags, id3.ID3):
            return _read_id3(found.tags)
        if found.tags is not None:
            return _read_vorbis(found)
    return Tags()


def write_tags(path: Path, tags: Tags) -> None:
    """Replaces the tags of an audio file in place; the samples stay as they are.

    For wav, rf64, flac, ogg (Vorbis, Opus), mp3 and aiff; other files are left alone. What a format has no place for
    is left out.
    Raises OSError or mutagen.MutagenError if the file cannot be written.
    """
    with path.open("r+b") as file:
        if _is_riff(file):
            _write_riff(file, tags)
            return
    found: Any = mutagen.File(path)
    if found is None or isinstance(found, mp4.MP4):
        return
    if found.tags is None:
        found.add_tags()
    if isinstance(found, flac.FLAC):
        found.clear_pictures()
    target: Any = found.tags
    target.clear()
    if isinstance(target, id3.ID3):
        _fill_id3(target, tags, found.info.length)
    else:
        _fill_vorbis(found, tags)
    found.save()


def _tidy(pairs: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    """(name, value) pairs as canonical text: no blanks, no repeats, nothing stale."""
    text: dict[str, list[str]] = {}
    for name, value in pairs:
        name, value = name.lower(), value.replace("\0", " ").strip()
        if value and not _STALE.match(name) and value not in text.get(name, ()):
            text.setdefault(name, []).append(value)
    return text


def _in_order(chapters: list[Chapter]) -> tuple[Chapter, ...]:
    kept = (chapter for chapter in chapters if 0 <= chapter.start_seconds < _MOST_SECONDS)
    return tuple(sorted(kept, key=lambda chapter: chapter.start_seconds))


def _pictures(found: Iterable[tuple[str, bytes, int]]) -> tuple[Picture, ...]:
    """(MIME type, bytes, type number) as pictures; what the bytes show counts for more than the stated type."""
    pictures = []
    for mime, data, kind in found:
        mime = {b"\x89PN": "image/png", b"\xff\xd8\xff": "image/jpeg"}.get(data[:3], mime)
        if data and re.fullmatch(r"[\w.+-]+/[\w.+-]+", mime, re.ASCII):  # anything else is a link or damage
            pictures.append(Picture(mime, data, kind if 0 <= kind <= 20 else 0))
    return tuple(pictures)


# ID3: mp3, aiff, and a chunk of wav


def _read_id3(tags: id3.ID3) -> Tags:
    def pairs() -> Iterator[tuple[str, str]]:
        for key, frame in tags.items():
            if frame.FrameID == "TXXX":
                name = frame.desc
            elif frame.FrameID == "COMM" and frame.desc not in ("", "ID3v1 Comment"):
                continue  # players' private notes, such as iTunNORM
            else:
                name = _FROM_ID3.get(key[:4], "")
            if name:
                values = frame.genres if frame.FrameID == "TCON" else frame.text
                yield from ((name, str(value)) for value in ([values] if isinstance(values, str) else values))

    chapters = []
    for frame in tags.getall("CHAP"):
        title = frame.sub_frames.get("TIT2")
        end = frame.end_time / 1000 if frame.start_time < frame.end_time < 0xFFFFFFFF else None
        chapters.append(Chapter(frame.start_time / 1000, end, str(title) if title else ""))
    pictures = _pictures((frame.mime, frame.data, int(frame.type)) for frame in tags.getall("APIC"))
    return Tags(_tidy(pairs()), pictures, _in_order(chapters))


def _fill_id3(target: id3.ID3, tags: Tags, seconds: float | None) -> None:
    """Adds the frames; a chapter without an end lasts to the next one, the last of them to `seconds`."""
    for name, values in tags.text.items():
        kind = _NAMES[name][0] if name in _NAMES else "TXXX"
        if kind == "TDRC" and any(str(id3.ID3TimeStamp(each)) != each.replace("T", " ") for each in values):
            kind = "TXXX"  # free text, which a time stamp would lose
        extra: dict[str, Any] = {"desc": name} if kind == "TXXX" else {}
        if kind in ("COMM", "USLT"):
            extra = {"lang": "XXX", "desc": ""}
        target.add(id3.Frames[kind](encoding=3, text="\n".join(values) if kind == "USLT" else values, **extra))
    for number, picture in enumerate(tags.pictures):  # two frames with one description would replace each other
        target.add(
            id3.Frames["APIC"](encoding=3, mime=picture.mime, type=picture.kind, desc=" " * number, data=picture.data)
        )
    names = [f"chp{number}" for number in range(len(tags.chapters))]
    for name, chapter, end in zip(names, tags.chapters, _ends(tags.chapters, seconds), strict=True):
        title = [id3.Frames["TIT2"](encoding=3, text=[chapter.title])]
        start = round(chapter.start_seconds * 1000)
        target.add(
            id3.Frames["CHAP"](
                element_id=name, start_time=start, end_time=min(round(end * 1000), 0xFFFFFFFF), sub_frames=title
            )
        )
    if names:  # the table counts its entries in one byte; the CHAP frames stand without it too
        flags = id3.CTOCFlags.TOP_LEVEL | id3.CTOCFlags.ORDERED
        target.add(id3.Frames["CTOC"](element_id="toc", flags=flags, child_element_ids=names[:255], sub_frames=[]))


def _ends(chapters: tuple[Chapter, ...], seconds: float | None) -> Iterator[float]:
    following = [chapter.start_seconds for chapter in chapters[1:]] + [seconds or 0.0]
    for chapter, next_start in zip(chapters, following, strict=False):
        yield max(chapter.start_seconds, next_start) if chapter.end_seconds is None else chapter.end_seconds


# Vorbis comments: flac, ogg, opus


def _read_vorbis(found: Any) -> Tags:
    comments = [(name.lower(), value) for name, value in found.tags]
    fields = dict(comments)
    chapters = []
    for name, value in comments:
        if re.fullmatch(r"chapter\d+", name) and (time := re.fullmatch(r"(\d+):(\d+):([\d.]+)", value)):
            start = int(time[1]) * 3600 + int(time[2]) * 60 + float(time[3])
            chapters.append(Chapter(start, None, fields.get(name + "name", "")))
    pictures: list[Any] = list(getattr(found, "pictures", ()))
    for name, value in comments:
        if name == "metadata_block_picture":
            with contextlib.suppress(Exception):
                pictures.append(flac.Picture(base64.b64decode(value)))
    text = _tidy((_FROM_VORBIS.get(name) or name, value) for name, value in comments)
    return Tags(text, _pictures((each.mime, each.data, each.type) for each in pictures), _in_order(chapters))


def _fill_vorbis(found: Any, tags: Tags) -> None:
    for name, values in tags.text.items():
        name = _NAMES[name][3] if name in _NAMES else name
        if re.fullmatch(r"[ -<>-}]+", name):  # what the format allows in a name
            found.tags[name] = values
    for number, chapter in enumerate(tags.chapters[:_MOST_CHAPTERS], 1):
        minutes, milliseconds = divmod(round(chapter.start_seconds * 1000), 60_000)
        time = f"{minutes // 60:02}:{minutes % 60:02}:{milliseconds // 1000:02}.{milliseconds % 1000:03}"
        found.tags[f"CHAPTER{number:03}"] = [time]
        found.tags[f"CHAPTER{number:03}NAME"] = [chapter.title]
    for picture in tags.pictures:
        block = flac.Picture()
        block.mime, block.data, block.type = picture.mime, picture.data, picture.kind
        if not isinstance(found, flac.FLAC):
            found.tags.append(("METADATA_BLOCK_PICTURE", base64.b64encode(block.write()).decode()))
        elif len(block.write()) < 1 << 24:  # a FLAC block holds no more
            found.add_picture(block)


# MP4 and whatever else FFmpeg opens: read only


def _read_container(path: Path, atoms: Any) -> Tags:
    """`atoms` are mutagen's MP4 tags, or None where FFmpeg's own view of the text has to do."""
    import av  # loads FFmpeg: only where needed

    chapters = []
    with av.open(str(path), metadata_errors="replace") as container:
        metadata = container.metadata
        with contextlib.suppress(AttributeError):  # chapters() is younger than the oldest PyAV allowed
            for chapter in container.chapters():
                base = chapter["time_base"] or 0
                start, end = max(0.0, float(chapter["start"] * base)), float(chapter["end"] * base)
                chapters.append(Chapter(start, end if end > start else None, chapter["metadata"].get("title", "")))
    if atoms is None:
        text = _tidy((name, value) for name, value in metadata.items() if name.lower() in _NAMES)
        return Tags(text, (), _in_order(chapters))

    def pairs() -> Iterator[tuple[str, str]]:
        for atom, values in atoms.items():
            if name := _FROM_MP4.get(atom):
                for value in values:  # numbers come as (number, of how many)
                    yield (
                        name,
                        "/".join(str(part) for part in value if part) if isinstance(value, tuple) else str(value),
                    )

    pictures = _pictures(("", bytes(cover), 3) for cover in atoms.get("covr", ()))
    return Tags(_tidy(pairs()), pictures, _in_order(chapters))


# RIFF: wav and its 64-bit form. mutagen knows neither cue points nor RF64, so the chunks are handled here.


@dataclass(frozen=True)
class _Chunk:
    name: bytes
    start: int  # of the body, in bytes
    size: int  # of the body, without the padding


def _is_riff(file: BinaryIO) -> bool:
    file.seek(0)
    head = file.read(12)
    return head[:4] in (b"RIFF", b"RF64", b"BW64") and head[8:] == b"WAVE"


def _chunks(file: BinaryIO, position: int) -> Iterator[_Chunk]:
    """The chunks from a byte position to the end of the file, which also cuts their sizes; `data` may need `ds64`."""
    end = file.seek(0, io.SEEK_END)
    long_data = None
    while position + 8 <= end:
        file.seek(position)
        name, size = struct.unpack("<4sI", file.read(8))
        if name == b"ds64":
            long_data = struct.unpack("<8xQ", file.read(16))[0]
        elif name == b"data" and size == 0xFFFFFFFF and long_data is not None:
            size = long_data
        yield _Chunk(name, position + 8, min(size, end - position - 8))
        position += 8 + size + size % 2


def _body(file: BinaryIO, chunk: _Chunk) -> bytes:
    file.seek(chunk.start)
    return file.read(chunk.size) if chunk.size <= _MOST_BYTES else b""


def _read_riff(file: BinaryIO) -> Tags:
    info: list[tuple[str, str]] = []
    cues: dict[int, int] = {}
    lengths: dict[int, int] = {}
    labels: dict[int, str] = {}
    tagged, rate = Tags(), 0

    def take_item(kind: bytes, name: bytes, body: bytes) -> None:
        if kind == b"INFO" and (known := _FROM_INFO.get(name.decode("latin-1"))):
            info.append((known, _decode(body)))
        elif name == b"labl":
            labels[struct.unpack_from("<I", body)[0]] = _decode(body[4:])
        elif name == b"ltxt":
            number, length = struct.unpack_from("<II", body)
            lengths[number] = length

    for chunk in list(_chunks(file, 12)):
        if chunk.name not in (b"fmt ", *_RIFF_TAGS):
            continue
        body = _body(file, chunk)
        with contextlib.suppress(struct.error, mutagen.MutagenError):  # one damaged chunk does not hide the others
            if chunk.name == b"fmt ":
                rate = struct.unpack_from("<I", body, 4)[0]
            elif chunk.name == b"cue ":
                cues = dict(struct.iter_unpack("<I16xI", body[4 : len(body) - (len(body) - 4) % 24]))
            elif chunk.name == b"LIST":
                inner = io.BytesIO(body)
                for item in list(_chunks(inner, 4)):
                    take_item(body[:4], item.name, _body(inner, item))
            else:
                tagged = _read_id3(id3.ID3(io.BytesIO(body)))
    chapters = []
    for number, start in cues.items() if rate else ():
        end = (start + length) / rate if (length := lengths.get(number)) else None
        chapters.append(Chapter(start / rate, end, labels.get(number, "")))
    return Tags(_tidy(iter(info)) | tagged.text, tagged.pictures, _in_order(chapters) or tagged.chapters)


def _decode(value: bytes) -> str:
    """Text of a RIFF chunk, which has no stated encoding."""
    value = value.split(b"\0")[0]
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("cp1252", "replace")


def _write_riff(file: BinaryIO, tags: Tags) -> None:
    chunks = list(_chunks(file, 12))
    old = [chunk for chunk in chunks if chunk.name in _RIFF_TAGS]
    end = max((chunk.start + chunk.size for chunk in chunks if chunk not in old), default=12)
    for chunk in old:
        if chunk.start < end:  # one before the samples cannot be cut out, only disowned
            file.seek(chunk.start - 8)
            file.write(b"JUNK")
    file.truncate(end + end % 2)
    rate = next((struct.unpack_from("<I", _body(file, chunk), 4)[0] for chunk in chunks if chunk.name == b"fmt "), 0)
    new = b"".join(_riff_chunks(tags, rate))
    size = end + end % 2 + len(new) - 8
    file.seek(0)
    long = file.read(4) != b"RIFF"
    if not long and size > 0xFFFFFFFF:
        new, size = b"", size - len(new)  # no room left below 4 GB
    file.seek(0, io.SEEK_END)
    file.write(new)
    if not long:
        file.seek(4)
        file.write(struct.pack("<I", size))
    elif chunks[0].name == b"ds64":
        file.seek(chunks[0].start)
        file.write(struct.pack("<Q", size))


def _riff_chunks(tags: Tags, rate: int) -> Iterator[bytes]:
    """cue and adtl for chapters, INFO for simple readers, ID3 for everything INFO cannot hold."""
    spans = [(round(each.start_seconds * rate), each.title.encode(), each.end_seconds) for each in tags.chapters]
    cue_fits = all(start < 1 << 32 for start, _, _ in spans)  # in sample frames: 6 hours at 192 kHz
    if spans and cue_fits:
        cues, labels = [struct.pack("<I", len(spans))], [b"adtl"]
        for number, (start, title, end) in enumerate(spans, 1):
            cues.append(struct.pack("<II4sIII", number, start, b"data", 0, 0, start))
            labels.append(_chunk(b"labl", struct.pack("<I", number) + title + b"\0"))
            if end is not None and 0 < (length := round(end * rate) - start) < 1 << 32:
                labels.append(_chunk(b"ltxt", struct.pack("<II4s8x", number, length, b"rgn ")))
        yield _chunk(b"cue ", b"".join(cues))
        yield _chunk(b"LIST", b"".join(labels))
    simple = [(_NAMES[name][1], values) for name, values in tags.text.items() if name in _NAMES]
    info = [_chunk(name.encode(), "; ".join(values).encode() + b"\0") for name, values in simple if name]
    if info:
        yield _chunk(b"LIST", b"INFO" + b"".join(info))
    frames = id3.ID3()
    _fill_id3(frames, Tags(tags.text, tags.pictures, () if cue_fits else tags.chapters), None)
    if frames:
        buffer = io.BytesIO()
        frames.save(buffer, v1=0, padding=lambda _: 0)
        yield _chunk(b"id3 ", buffer.getvalue())


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack("<4sI", name, len(body)) + body + b"\0" * (len(body) % 2)
