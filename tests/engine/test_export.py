"""Exports are exact, whole or absent, and refuse what cannot work."""

from collections import namedtuple
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.errors import ResourceError, UsageError
from engine.export import AudioWriter

Usage = namedtuple("Usage", "total used free")
NOISE = np.random.default_rng(1).uniform(-0.5, 0.5, (20_000, 2))


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "out.wav"
    path.write_bytes(b"old")
    return path


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".aiff", ".w64", ".rf64"])
@pytest.mark.parametrize("bits", [16, 24])
def test_pcm_round_trip_is_exact(tmp_path: Path, suffix: str, bits: int) -> None:
    full = 1 << (bits - 1)
    edges = [-full, -full + 1, -1, 0, 1, full - 2, full - 1]
    integers = np.r_[edges, np.random.default_rng(0).integers(-full, full, 20_001)].reshape(-1, 2)
    path = tmp_path / f"out{suffix}"
    for dtype in (np.float32, np.float64):
        with AudioWriter(path, 44_100, 2, f"PCM_{bits}") as writer:
            writer.write((integers[:9_999] / full).astype(dtype))
            writer.write((integers[9_999:] / full).astype(dtype))
        assert writer.clipped == 0
        read, rate = soundfile.read(path, dtype="int32")
        assert rate == 44_100 and soundfile.info(path).subtype == f"PCM_{bits}"
        np.testing.assert_array_equal(np.right_shift(read, 32 - bits), integers)


@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
def test_float_formats_keep_what_is_beyond_full_scale(tmp_path: Path, subtype: str) -> None:
    block = (NOISE * 4).astype(np.float32)
    with AudioWriter(tmp_path / "out.wav", 48_000, 2, subtype) as writer:
        writer.write(block)
    np.testing.assert_array_equal(soundfile.read(tmp_path / "out.wav", dtype="float32")[0], block)
    assert writer.clipped == 0


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "PCM_32"])
def test_clips_without_wrapping_and_counts(tmp_path: Path, subtype: str) -> None:
    with AudioWriter(tmp_path / "out.wav", 48_000, 1, subtype) as writer:
        writer.write(np.array([1.5, -1.5, -1.0, np.nan, 0.25], dtype=np.float32))
    assert writer.clipped == 3
    np.testing.assert_allclose(soundfile.read(tmp_path / "out.wav")[0], [1, -1, -1, 0, 0.25], atol=1e-4)


@pytest.mark.parametrize(("suffix", "rate"), [(".mp3", 8000), (".mp3", 44_100), (".ogg", 44_100), (".opus", 48_000)])
def test_lossy_formats_keep_length_and_sound(tmp_path: Path, suffix: str, rate: int) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 440 / rate * np.arange(rate))
    with AudioWriter(tmp_path / f"out{suffix}", rate, 1, "PCM_24") as writer:
        writer.write(tone)
    read, read_rate = soundfile.read(tmp_path / f"out{suffix}")
    assert (read_rate, len(read)) == (rate, rate)
    error = (read - tone)[rate // 10 : -rate // 10]
    assert 10 * np.log10(np.mean(tone**2) / np.mean(error**2)) > 25


def test_subtype_falls_back_to_the_nearest(tmp_path: Path) -> None:
    for wanted, got in [("FLOAT", "PCM_24"), ("PCM_32", "PCM_24"), (None, "PCM_16"), ("MPEG_LAYER_III", "PCM_16")]:
        with AudioWriter(tmp_path / "out.flac", 48_000, 2, wanted) as writer:
            writer.write(NOISE)
        assert soundfile.info(tmp_path / "out.flac").subtype == got
    with pytest.raises(UsageError, match="PCM_42"):
        AudioWriter(tmp_path / "out.flac", 48_000, 2, "PCM_42")


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_exception_leaves_the_old_file_and_nothing_else(old: Path, error: type[BaseException]) -> None:
    def export() -> None:
        with AudioWriter(old, 48_000, 2) as writer:
            writer.write(NOISE)
            raise error

    with pytest.raises(error):
        export()
    assert old.read_bytes() == b"old" and list(old.parent.iterdir()) == [old]


def test_success_replaces_the_old_file_and_leaves_nothing_else(old: Path) -> None:
    with AudioWriter(old, 48_000, 2) as writer:
        writer.write(NOISE)
        assert old.read_bytes() == b"old"
    assert soundfile.info(old).frames == len(NOISE) and list(old.parent.iterdir()) == [old]


def test_never_writes_over_the_source(tmp_path: Path, old: Path) -> None:
    link = tmp_path / "link.wav"
    link.symlink_to(old)
    for path in (old, link):
        with pytest.raises(UsageError, match="never changed"):
            AudioWriter(path, 48_000, 2, source=old)
    assert old.read_bytes() == b"old"


@pytest.mark.parametrize(
    ("name", "rate", "channels", "hint"),
    [
        ("a.xyz", 48_000, 2, r"\.wav, \.flac"),
        ("a.mp3", 96_000, 2, "48000 Hz"),
        ("a.mp3", 48_000, 6, r"2 channels.*\.wav"),
        ("a.opus", 44_100, 2, "48000 Hz"),
        ("a.flac", 48_000, 9, r"8 channels.*\.wav"),
        ("a.ogg", 384_000, 2, "200000 Hz"),  # libvorbis would crash
        ("a.wav", 48_000, 0, "not 0"),
        ("missing/a.wav", 48_000, 2, "does not exist"),
    ],
)
def test_refuses_what_cannot_be_written(tmp_path: Path, name: str, rate: int, channels: int, hint: str) -> None:
    with pytest.raises(UsageError, match=hint):
        AudioWriter(tmp_path / name, rate, channels)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("suffix", "works"), [(".wav", True), (".flac", False), (".mp3", False)])
def test_an_empty_recording_is_written_or_refused_but_never_broken(tmp_path: Path, suffix: str, works: bool) -> None:
    path = tmp_path / f"out{suffix}"
    with nullcontext() if works else pytest.raises(UsageError, match="no samples"), AudioWriter(path, 48_000, 2):
        pass
    assert [soundfile.info(each).frames for each in tmp_path.iterdir()] == [0] * works


def test_read_only_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)  # the tests may run as root, whom no folder stops
    with pytest.raises(UsageError, match="Permission denied"), AudioWriter(tmp_path / "out.wav", 48_000, 2):
        pass
    assert not list(tmp_path.iterdir())


def test_a_disk_too_small_is_refused_beforehand(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(10**9, 0, 10_000_000))
    with pytest.raises(ResourceError, match="58 MB needed, 10 MB free"):
        AudioWriter(old, 48_000, 2, "PCM_24", frames=48_000 * 200)
    assert list(old.parent.iterdir()) == [old]


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3"])
def test_a_disk_that_fills_up_is_a_resource_error(tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource")  # a file size limit fails a write just as a full disk does
    path = tmp_path / f"out{suffix}"
    path.write_bytes(b"old")

    def export() -> None:
        with AudioWriter(path, 48_000, 2) as writer:
            for _ in range(50):
                writer.write(NOISE)

    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(10**9, 10**9, 4096))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(ResourceError, match="0 MB free"):
            export()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_wav_past_4_gb_becomes_rf64(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(1 << 40, 0, 1 << 40))
    path = tmp_path / "out.wav"
    for frames, head in [(None, b"RIFF"), (700_000_000, b"RIFF"), (720_000_000, b"RF64")]:
        with AudioWriter(path, 48_000, 2, "PCM_24", frames=frames) as writer:
            writer.write(np.round(NOISE * 2**23) / 2**23)
        assert path.read_bytes()[:4] == head
        np.testing.assert_array_equal(soundfile.read(path)[0], np.round(NOISE * 2**23) / 2**23)
    with pytest.raises(UsageError, match="4 GB"):
        AudioWriter(tmp_path / "out.aiff", 48_000, 2, "PCM_24", frames=720_000_000)
