"""Recordings are exact: every sample, every length, whatever the format; bad input is one clear line."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile as sf
from numpy.typing import NDArray

from engine.errors import InputError
from engine.recording import open_recording

RATE = 48000


def noise(frames: int, channels: int = 2) -> NDArray[np.float32]:
    return np.random.default_rng(frames).uniform(-0.3, 0.3, (frames, channels)).astype(np.float32)


def encode(path: Path, samples: NDArray[Any], codec: str, kind: str, mux: dict[str, str] | None = None) -> Path:
    """Encode stereo samples (frames, 2), whose dtype fits `kind`, with FFmpeg at RATE."""
    with av.open(str(path), "w", options=mux or {}) as container:
        stream = container.add_stream(codec, rate=RATE, layout="stereo")
        assert isinstance(stream, av.AudioStream)
        stream.format = kind
        for at in range(0, len(samples), 960):  # 960 frames is one Opus packet
            part = samples[at : at + 960]
            planes = part.T if kind.endswith("p") else part.reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(planes), kind, "stereo")
            frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def cut(path: Path, share: float) -> Path:
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    return path


@pytest.mark.parametrize(
    ("container", "subtype"),
    [("WAV", s) for s in ("PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE")]
    + [("W64", "PCM_24"), ("RF64", "PCM_16"), ("FLAC", "PCM_16"), ("FLAC", "PCM_24"), ("AIFF", "PCM_32")],
)
def test_samples_survive_bit_for_bit(tmp_path: Path, container: str, subtype: str) -> None:
    bits = int(subtype[4:]) if subtype.startswith("PCM") else 32
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    values = np.random.default_rng(0).integers(low, high, (5000, 2), endpoint=True)
    values[:2] = low, high
    expected = values / 2.0 ** (bits - 1)
    if subtype == "FLOAT":
        expected = expected.astype(np.float32)
    sf.write(tmp_path / "x", expected, RATE, format=container, subtype=subtype)
    recording = open_recording(tmp_path / "x")
    assert (recording.frames, recording.subtype) == (5000, subtype)
    assert recording.dtype == ("float64" if subtype in ("PCM_32", "DOUBLE") else "float32")
    samples = recording.read(0, 5000)
    assert samples.dtype == recording.dtype and np.array_equal(samples, expected)


@pytest.mark.parametrize(
    ("codec", "kind", "bits"), [("alac", "s16p", 16), ("pcm_s24le", "s32", 24), ("pcm_u8", "u8", 8)]
)
def test_lossless_samples_in_a_video_container_are_exact(tmp_path: Path, codec: str, kind: str, bits: int) -> None:
    values = np.random.default_rng(0).integers(-(2 ** (bits - 1)), 2 ** (bits - 1), (3000, 2))
    stored = (values + 128).astype(np.uint8) if kind == "u8" else values.astype(np.int16)
    if kind == "s32":
        stored = (values << 8).astype(np.int32)
    recording = open_recording(encode(tmp_path / "x.mov", stored, codec, kind))
    assert np.array_equal(recording.read(0, recording.frames), values / 2.0 ** (bits - 1))


@pytest.mark.parametrize(("name", "subtype"), [("x.mp3", "MPEG_LAYER_III"), ("x.ogg", "VORBIS"), ("x.ogg", "OPUS")])
@pytest.mark.parametrize("frames", [1, 1000, 50001])
def test_lossy_length_is_the_source_length(tmp_path: Path, name: str, subtype: str, frames: int) -> None:
    sf.write(tmp_path / name, noise(frames), RATE, subtype=subtype)
    assert open_recording(tmp_path / name).frames == frames


@pytest.mark.parametrize(
    ("name", "codec", "kind"),
    [
        ("x.m4a", "aac", "fltp"),
        ("x.mp4", "aac", "fltp"),
        ("x.webm", "libopus", "flt"),
        ("x.mkv", "libmp3lame", "fltp"),
        ("x.ogg", None, None),
        ("x.flac", None, None),
    ],
)
def test_blocks_and_read_agree(tmp_path: Path, name: str, codec: str | None, kind: str) -> None:
    path, source = tmp_path / name, noise(30000)
    if codec:
        encode(path, source, codec, kind)
    else:
        sf.write(path, source, RATE)
    recording = open_recording(path)
    assert (recording.sample_rate, recording.channels) == (RATE, 2) and recording.frames >= 30000
    whole = recording.read(0, recording.frames)
    blocks = list(recording.blocks(7001, 123, 29000))
    assert [len(block) for block in blocks] == [7001] * 4 + [873]
    assert np.array_equal(np.concatenate(blocks), whole[123:29000])
    assert sum(len(block) for block in recording.blocks(1024)) == recording.frames
    # The sound is in its place: lossy coding distorts white noise, but a shift by one sample would leave almost 0.
    assert np.corrcoef(whole[:30000, 0], source[:, 0])[0, 1] > 0.4
    with pytest.raises(ValueError, match="recording of"):
        recording.read(0, recording.frames + 1)


def test_vorbis_is_read_at_the_right_place(tmp_path: Path) -> None:
    sf.write(tmp_path / "x.ogg", noise(120000), RATE)
    recording = open_recording(tmp_path / "x.ogg")
    whole = recording.read(0, 120000)
    for start in (1, 60000, 110000, 119000):  # libsndfile's own seek goes wrong in the last page
        assert np.array_equal(recording.read(start, start + 500), whole[start : start + 500])


def test_mp3_without_a_length_is_read_to_its_end(tmp_path: Path) -> None:
    sound = noise(RATE * 3)
    sound[RATE:] *= 0  # the quiet part packs tighter: a guess from the first packets is far too short or long
    encode(tmp_path / "x.mp3", sound, "libmp3lame", "fltp", {"write_xing": "0"})
    with (tmp_path / "x.mp3").open("ab") as file:
        file.write(b"LYRICSBEGIN" + b"la" * 500)  # a tag that is not sound
    recording = open_recording(tmp_path / "x.mp3")
    assert 0 <= recording.frames - RATE * 3 < 4000
    assert sum(len(block) for block in recording.blocks(RATE)) == recording.frames


@pytest.mark.parametrize(
    ("frames", "channels", "rate", "level"), [(1, 1, 8000, 1), (50, 8, 192000, 1), (50, 1, 44100, 0), (50, 2, RATE, 9)]
)
def test_unusual_recordings(tmp_path: Path, frames: int, channels: int, rate: int, level: float) -> None:
    path = tmp_path / "наша запись 录音 50%20.wav"
    sf.write(path, np.clip(noise(frames, channels) * level, -1, 1), rate, subtype="FLOAT")
    recording = open_recording(path)
    assert (recording.frames, recording.channels, recording.sample_rate) == (frames, channels, rate)
    assert recording.seconds == frames / rate
    assert np.array_equal(recording.read(0, frames), np.clip(noise(frames, channels) * level, -1, 1))


def video_without_sound(path: Path) -> None:
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 16
        stream.pix_fmt = "yuv420p"
        container.mux(stream.encode(av.VideoFrame(16, 16, "yuv420p")))
        container.mux(stream.encode(None))


def flac_without_samples(path: Path) -> None:
    sf.write(path, noise(10), RATE, format="FLAC")
    header = bytearray(path.read_bytes()[4:42])  # the STREAMINFO block
    header[0] |= 0x80  # no other block follows
    header[17] &= 0xF0
    header[18:22] = bytes(4)  # total samples: 36 bits
    path.write_bytes(b"fLaC" + header)


@pytest.mark.parametrize(
    ("name", "make", "says"),
    [
        ("gone.wav", lambda path: None, "No such file"),
        ("folder.wav", Path.mkdir, "folder"),
        ("nothing.wav", Path.touch, "empty"),
        ("zero.wav", lambda path: sf.write(path, noise(0), RATE), "empty"),
        ("zero.flac", flac_without_samples, "empty"),
        ("text.wav", lambda path: path.write_text("Dear diary,\n" * 50), "not a sound"),
        ("text.raw", lambda path: path.write_text("Dear diary,\n" * 50), "no sound"),
        ("nine.wav", lambda path: sf.write(path, noise(10, 9), RATE), "9 channels"),
        ("silent film.mp4", video_without_sound, "no sound"),
    ],
)
def test_bad_files_are_refused_in_one_line(tmp_path: Path, name: str, make: Callable[[Path], Any], says: str) -> None:
    make(tmp_path / name)
    with pytest.raises(InputError, match=says) as error:
        open_recording(tmp_path / name)
    assert name in str(error.value) and "\n" not in str(error.value)


def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "x.wav").touch()
    monkeypatch.setattr(Path, "open", refuse)  # chmod does not stop root, whom tests may run as
    with pytest.raises(InputError, match=r"x\.wav .*Permission denied"):
        open_recording(tmp_path / "x.wav")


def test_a_wav_cut_short_gives_what_is_there(tmp_path: Path) -> None:
    sf.write(tmp_path / "x.wav", noise(10000), RATE, subtype="FLOAT")
    recording = open_recording(cut(tmp_path / "x.wav", 0.5))
    assert 4900 < recording.frames < 5000
    assert np.array_equal(recording.read(0, recording.frames), noise(10000)[: recording.frames])


def test_damage_is_placed_in_time(tmp_path: Path) -> None:
    sf.write(tmp_path / "x.flac", noise(RATE * 4), RATE)
    recording = open_recording(cut(tmp_path / "x.flac", 0.7))
    with pytest.raises(InputError, match=r"x\.flac .* near 0:00:02\.\d{3};"):
        list(recording.blocks(1000))
    encode(tmp_path / "x.m4a", noise(RATE * 4), "aac", "fltp", {"movflags": "faststart"})
    with pytest.raises(InputError, match=r"x\.m4a .* near 0:00:02\.\d{3};"):
        open_recording(cut(tmp_path / "x.m4a", 0.7))


def test_a_recording_that_shrinks_while_in_use(tmp_path: Path) -> None:
    sf.write(tmp_path / "x.wav", noise(RATE), RATE)
    recording = open_recording(tmp_path / "x.wav")
    cut(tmp_path / "x.wav", 0.5)
    with pytest.raises(InputError, match=r"near 0:00:00\.\d{3};"):
        recording.read(0, recording.frames)


@pytest.mark.parametrize(("name", "value"), [("x.wav", np.nan), ("x.mov", -np.inf)])
def test_the_first_sample_that_is_no_number_is_named(tmp_path: Path, name: str, value: float) -> None:
    sound = noise(RATE * 62)
    sound[RATE * 61 + 24000 :: 7, 1] = value
    if name == "x.wav":
        sf.write(tmp_path / name, sound, RATE, subtype="FLOAT")
    else:
        encode(tmp_path / name, sound, "pcm_f32le", "flt")
    recording = open_recording(tmp_path / name)
    start = RATE * 61 + 23900
    assert len(recording.read(start, start + 100)) == 100
    with pytest.raises(InputError, match=rf"{name} .*0:01:01\.500"):
        recording.read(start, recording.frames)
