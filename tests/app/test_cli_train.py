"""voicebed train: what is refused before any work, and what people read."""

from pathlib import Path

import pytest

from app.cli import main
from app.cli.train import in_words


def train(folder: Path, *more: str) -> int:
    return main(["train", "--noisy", str(folder), "--clean", str(folder), "-o", str(folder / "m"), *more])


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--recipe", "slow"], "unknown recipe 'slow'"),
        (["--minutes", "1", "--steps", "2"], "not both"),
        (["--minutes", "0"], "more than 0"),
        (["--steps", "-3"], "more than 0"),
    ],
)
def test_values_that_no_training_can_have(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], words: str
) -> None:
    assert train(tmp_path, *more) == 2
    assert words in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_folder_is_no_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "m").mkdir()
    assert train(tmp_path) == 2 and "is a folder" in capsys.readouterr().err


def test_empty_folders_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(tmp_path) == 3
    assert f"no audio files in {tmp_path}" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_nothing_to_resume(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(tmp_path, "--resume") == 2 and "nothing to resume" in capsys.readouterr().err


def test_lines_for_people() -> None:
    assert in_words({"step": 50, "eta": 330, "loss": 4.321, "remix": 3.0}) == "Step 50: loss 4.32, 6 min left"
    assert "2.51" in in_words({"step": 50, "eta": 3, "validation": {"OVRL": 2.512}})
    assert "listen" in in_words({"stage": "mined", "seconds": 30, "folder": "f"})
    assert in_words({"stage": "scored", "what": "base", "OVRL": 2.3}) == "By the base model they have OVRL 2.30"
    assert in_words({"stage": "done", "verdict": None}) == ""
