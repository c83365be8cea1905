"""Files that appear whole or not at all, and what a full disk is called."""

import errno
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from safetensors.torch import save_file

from engine.whole_file import whole_file
from tests.disks import fill, small_disk


def write(path: Path, kind: str) -> None:
    with whole_file(path) as part:
        match kind:
            case "sound":
                soundfile.write(part, np.zeros(16000), 16000, format="WAV")
            case "weights":
                save_file({"w": torch.zeros(100_000)}, part)
            case "text":
                part.write_text("words")
            case _:
                part.write_text("half")
                raise ValueError("something else")


def test_what_was_there_stays_until_the_new_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write(path, "text")
    with pytest.raises(ValueError, match="something else"):
        write(path, "broken")
    assert path.read_text() == "words" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("kind", ["sound", "weights", "text"])
def test_a_full_disk_is_called_that_whoever_writes(tmp_path: Path, kind: str) -> None:
    with small_disk(tmp_path / "disk", 1) as disk:
        fill(disk)
        with pytest.raises(OSError, match="No space left") as told:
            write(disk / "a", kind)
        assert told.value.errno == errno.ENOSPC
        assert [path.name for path in disk.iterdir()] == ["filler"]
