"""Listing of folders: complete, in order, fast, and never without end."""

import os
import time
from pathlib import Path

import pytest

from engine.errors import InputError
from trainer.listing import audio_files


def touch(path: Path) -> Path:
    """An empty file, its folders made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_all_audio_is_found_in_order(tmp_path: Path) -> None:
    names = ["a-b.wav", "a/b.FLAC", "a/c/d.mp3", "b.ogg", "text.txt", "a/wav", ".hidden.wav"]
    for name in names:
        touch(tmp_path / name)
    found = [path.relative_to(tmp_path).as_posix() for path in audio_files(tmp_path)]
    assert found == [".hidden.wav", "a/b.FLAC", "a/c/d.mp3", "a-b.wav", "b.ogg"]


def test_links_are_followed_once(tmp_path: Path) -> None:
    touch(tmp_path / "corpus" / "a" / "x.wav")
    touch(tmp_path / "elsewhere" / "y.wav")
    (tmp_path / "corpus" / "a" / "loop").symlink_to(tmp_path / "corpus")
    (tmp_path / "corpus" / "more").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "corpus" / "gone.wav").symlink_to(tmp_path / "nothing.wav")
    (tmp_path / "link").symlink_to(tmp_path / "corpus")
    names = ["a/x.wav", "gone.wav", "more/y.wav"]
    for folder in ("corpus", "link"):
        found = audio_files(tmp_path / folder)
        assert [path.relative_to(tmp_path / "corpus").as_posix() for path in found] == names


@pytest.mark.parametrize("name", ["missing", "file.wav"])
def test_what_is_no_folder_is_an_error(tmp_path: Path, name: str) -> None:
    touch(tmp_path / "file.wav")
    with pytest.raises(InputError, match=name):
        audio_files(tmp_path / name)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind here")
def test_closed_folders_are_told(tmp_path: Path) -> None:
    touch(tmp_path / "x.wav")
    touch(tmp_path / "closed" / "y.wav")
    (tmp_path / "closed").chmod(0)
    closed: list[OSError] = []
    assert audio_files(tmp_path, closed) == [tmp_path / "x.wav"]
    assert [error.filename for error in closed] == [str(tmp_path / "closed")]
    with pytest.raises(InputError, match="closed"):
        audio_files(tmp_path)


def test_thousands_of_files_are_listed_fast(tmp_path: Path) -> None:
    for number in range(4000):
        touch(tmp_path / str(number % 40) / f"{number}.wav")
    started = time.process_time()
    assert len(audio_files(tmp_path)) == 4000
    assert time.process_time() - started < 1
