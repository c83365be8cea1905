"""The cache: places, fingerprints, and what has to go when room is short."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.cache import cache_folder, make_room, recording_folder, split_folder
from engine.errors import InputError, ResourceError, UsageError
from engine.fingerprint import fingerprint


def test_a_fingerprint_is_of_the_size_and_three_places(tmp_path: Path) -> None:
    data = bytearray(os.urandom(5 << 20))
    (tmp_path / "a").write_bytes(data)
    (tmp_path / "b.wav").write_bytes(data)
    mark = fingerprint(tmp_path / "a")
    assert len(mark) == 64 and fingerprint(tmp_path / "b.wav") == mark
    for at in (0, len(data) // 2, len(data) - 1):
        changed = bytes([*data[:at], data[at] ^ 1, *data[at + 1 :]])
        (tmp_path / "b.wav").write_bytes(changed)
        assert fingerprint(tmp_path / "b.wav") != mark
    (tmp_path / "b.wav").write_bytes(data + b"\0")
    assert fingerprint(tmp_path / "b.wav") != mark


def test_short_and_missing_files_have_a_fingerprint_and_none(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "b").touch()
    assert fingerprint(tmp_path / "a") != fingerprint(tmp_path / "b")
    with pytest.raises(InputError, match="cannot be opened"):
        fingerprint(tmp_path / "c")


def test_names_of_models_do_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    home = recording_folder("0123")
    assert home.parent == cache_folder() == tmp_path / "cache"
    assert split_folder(home, "voicebed-spectral@29912f28") == home / "voicebed-spectral@29912f28"
    assert split_folder(home, "a@1", (3, 9)) == home / "a@1.3-9"
    for model in ("../../up@00000000", "C:\\up@00000000", "聲" * 300 + "@00000000"):
        folder = split_folder(home, model)
        assert folder.parent == home and len(folder.name.encode()) <= 255 and folder.name.endswith("@00000000")


def test_a_cache_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "cache").touch()
    with pytest.raises(UsageError, match="VOICEBED_CACHE"):
        recording_folder("0123")


def filled(size: int, *names: str) -> list[Path]:
    """Folders of recordings, from the one not used for longest."""
    folders = [recording_folder(name) for name in names]
    for age, folder in enumerate(reversed(folders)):
        (folder / "split").mkdir()
        (folder / "split" / "speech.raw").write_bytes(bytes(size))
        os.utime(folder, (1e9 - age, 1e9 - age))
    return folders


def left() -> set[str]:
    return {folder.name for folder in cache_folder().iterdir()}


def test_what_was_not_used_for_longest_goes_first() -> None:
    folders = filled(100, "a", "b", "c", "d")
    make_room(folders[3], 100, limit=500)
    assert left() == {"a", "b", "c", "d"}
    recording_folder("a")  # is used
    make_room(folders[3], 101, limit=400)
    assert left() == {"a", "d"}
    make_room(folders[3], 1000, limit=400)
    assert left() == {"d"}  # never what the room is for


def test_a_small_disk_empties_the_cache_before_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    folders = filled(100, "a", "b", "c")

    def disk_usage(path: Path) -> SimpleNamespace:
        return SimpleNamespace(free=1000 - 100 * len(left()))

    monkeypatch.setattr("engine.cache.shutil.disk_usage", disk_usage)
    make_room(folders[2], 800)
    assert left() == {"b", "c"}
    with pytest.raises(ResourceError, match="Not enough space"):
        make_room(folders[2], 901)
