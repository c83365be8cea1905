"""Text, pictures and chapters survive every format, and the samples do not notice."""

import struct
from fractions import Fraction
from pathlib import Path

import av
import mutagen
import numpy as np
import pytest
import soundfile
from mutagen import mp4

from engine.export import AudioWriter
from engine.tags import Chapter, Picture, Tags, read_tags, write_tags

RATE = 8000
SAMPLES = np.random.default_rng(0).integers(-(1 << 15), 1 << 15, (4 * RATE + 1, 1)) / (1 << 15)
TAGS = Tags(
    {
        "title": ["Straße, тест"],
        "artist": ["One", "Two"],
        "date": ["2024-05-01"],
        "genre": ["Speech"],
        "comment": ["a; b=c"],
        "track": ["3/12"],
        "own field": ["kept"],
    },
    (Picture("image/png", b"\x89PNG" + bytes(range(256)) * 9), Picture("image/jpeg", b"\xff\xd8\xff\xe0 back", 4)),
    (Chapter(0.5, 1.25, "first"), Chapter(2.0, None, "Ünd zweitens"), Chapter(3.0, 4.0, "")),
)


def make(path: Path) -> Path:
    with AudioWriter(path, RATE, 1) as writer:
        writer.write(SAMPLES)
    return path


def without_ends(tags: Tags) -> Tags:
    return Tags(tags.text, tags.pictures, tuple(Chapter(c.start_seconds, None, c.title) for c in tags.chapters))


@pytest.mark.parametrize("suffix", [".wav", ".rf64", ".flac", ".aiff", ".mp3", ".ogg", ".opus"])
def test_write_then_read_and_write_again(tmp_path: Path, suffix: str) -> None:
    path = make(tmp_path / f"a{suffix}")
    assert read_tags(path) == Tags()
    before = soundfile.read(path)[0]
    for tags in (TAGS, TAGS, Tags({"title": ["other"]}), Tags()):  # each replaces the last
        write_tags(path, tags)
        read = read_tags(path)
        assert (without_ends(read), tags.chapters[2:]) == (without_ends(tags), tags.chapters[2:])
        if suffix in (".wav", ".rf64"):
            assert read == tags
        np.testing.assert_array_equal(soundfile.read(path)[0], before)


def test_tags_travel_from_format_to_format(tmp_path: Path) -> None:
    source = make(tmp_path / "source.wav")
    write_tags(source, TAGS)
    for target in ("copy.wav", "a.flac", "a.mp3", "a.ogg", "a.aiff", "a.opus"):
        with AudioWriter(tmp_path / target, RATE, 1, source=source) as writer:
            writer.write(SAMPLES)
        assert without_ends(read_tags(tmp_path / target)) == without_ends(TAGS), target
        source = tmp_path / target
    np.testing.assert_array_equal(soundfile.read(tmp_path / "copy.wav", always_2d=True)[0], SAMPLES)
    ends = [chapter.end_seconds for chapter in read_tags(tmp_path / "a.mp3").chapters]
    assert ends == pytest.approx([2.0, 3.0, 4.0], abs=0.01)  # flac stores no ends: each lasts to the next


@pytest.mark.parametrize("suffix", [".wav", ".rf64"])
def test_riff_stays_well_formed(tmp_path: Path, suffix: str) -> None:
    path = make(tmp_path / f"a{suffix}")
    write_tags(path, TAGS)
    data = path.read_bytes()
    size = struct.unpack_from("<I", data, 4)[0] if suffix == ".wav" else struct.unpack_from("<Q", data, 20)[0]
    assert size == len(data) - 8
    names, start = [], 12
    while start < len(data):
        name, size = struct.unpack_from("<4sI", data, start)
        names.append(name)
        size = len(SAMPLES) * 2 if size == 0xFFFFFFFF else size
        start += 8 + size + size % 2
    assert start == len(data) and names[-4:] == [b"cue ", b"LIST", b"LIST", b"id3 "]
    with av.open(str(path)) as container:  # another reader agrees
        assert container.metadata["title"] == TAGS.text["title"][0]
        assert sum(frame.samples for frame in container.decode(audio=0)) == len(SAMPLES)


def test_reads_wav_chunks_of_other_programs(tmp_path: Path) -> None:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack("<4sI", name, len(body)) + body + b"\0" * (len(body) % 2)

    cues = b"".join(struct.pack("<II4sIII", n, 0, b"data", 0, 0, at) for n, at in [(7, 16_000), (3, 8_000)])
    labels = chunk(b"labl", struct.pack("<I", 3) + "café\0".encode("cp1252")) + chunk(b"labl", b"\7")  # damaged
    body = chunk(b"LIST", b"INFOINAM\4\0\0\0name") + chunk(b"cue ", struct.pack("<I", 2) + cues)
    body += chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, RATE, RATE * 2, 2, 16)) + chunk(b"LIST", b"adtl" + labels)
    body = b"WAVE" + body + chunk(b"data", b"\1\0" * 5) + chunk(b"id3 ", b"nonsense")
    path = tmp_path / "a.wav"
    path.write_bytes(struct.pack("<4sI", b"RIFF", len(body)) + body)
    assert read_tags(path) == Tags({"title": ["name"]}, (), (Chapter(1.0, None, "café"), Chapter(2.0, None, "")))
    write_tags(path, Tags({"title": ["new"]}))
    assert read_tags(path) == Tags({"title": ["new"]}) and len(soundfile.read(path)[0]) == 5


def test_reads_m4a(tmp_path: Path) -> None:
    path = tmp_path / "a.m4a"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=RATE, layout="mono")
        millisecond = Fraction(1, 1000)
        container.set_chapters(
            [
                {"id": 0, "start": 0, "end": 1000, "time_base": millisecond, "metadata": {"title": "one"}},
                {"id": 1, "start": 1000, "end": 3000, "time_base": millisecond, "metadata": {"title": "two"}},
            ]
        )
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 3 * RATE), np.float32), "fltp", "mono")
        frame.sample_rate = RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    file = mp4.MP4(path)
    file["\xa9nam"], file["trkn"], file["covr"] = ["name"], [(2, 9)], [mp4.MP4Cover(TAGS.pictures[0].data)]
    file.save()
    assert read_tags(path) == Tags(
        {"title": ["name"], "track": ["2/9"]}, TAGS.pictures[:1], (Chapter(0, 1, "one"), Chapter(1, 3, "two"))
    )


def test_what_described_the_old_encoding_stays_behind(tmp_path: Path) -> None:
    path = make(tmp_path / "a.flac")
    file = mutagen.File(path)
    assert file is not None
    file["replaygain_track_gain"], file["encoder"], file["tracknumber"] = ["-9 dB"], ["x"], ["4"]
    file.save()
    assert read_tags(path) == Tags({"track": ["4"]})


@pytest.mark.parametrize(
    "content", [b"", b"RIFF\xff\xff\xff\xffWAVEfmt \xff", b"ID3\4\0\0\0\0\1\0 junk", b"fLaC" + bytes(99)]
)
def test_damaged_files_have_no_tags(tmp_path: Path, content: bytes) -> None:
    for name in ("a.wav", "a.mp3", "a.flac", "a.m4a"):
        (tmp_path / name).write_bytes(content)
        assert read_tags(tmp_path / name) == Tags()
    assert read_tags(tmp_path / "missing.wav") == Tags()
