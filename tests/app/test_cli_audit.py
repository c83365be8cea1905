"""`voicebed audit` as a contract: what it prints and writes, its exit codes, and what it does with bad folders."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import soundfile as sf

from app.cli import main
from tests.app.test_bad_input import by_hand
from tests.trainer.sounds import RATE, hiss, mixed, voice
from trainer.exclusions import read_exclusions

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    """Folders by their options; the clean one has a file of noise, one that cannot be read, and one to look at."""
    sounds = {
        "--noisy": [mixed(voice(4, seed), hiss(4, seed), 8) for seed in range(2)],
        "--clean": [*(voice(4, seed) for seed in range(10, 14)), hiss(4), mixed(voice(4, 15), hiss(4, 15), 14)],
        "--noise": [hiss(4, seed) for seed in range(20, 22)],
    }
    made: dict[str, Path] = {}
    for option, audio in sounds.items():
        made[option] = tmp_path / f"{option[2:]} folder"
        made[option].mkdir()
        for number, each in enumerate(audio):
            sf.write(made[option] / f"{number}.wav", each, RATE)
    (made["--clean"] / "bad.wav").write_text("no sound")
    return made


def line(folders: dict[str, Path], *more: object) -> list[str]:
    """A command line."""
    return ["audit", *(str(word) for pair in folders.items() for word in pair), *map(str, more)]


def audited(capsys: pytest.CaptureFixture[str], folders: dict[str, Path], *more: object) -> Any:
    """The one JSON object that is printed."""
    assert main([*line(folders, *more), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys: pytest.CaptureFixture[str], words: list[str], code: int, says: str) -> None:
    """The command ends with this code and one line."""
    assert main(words) == code
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and err.startswith("voicebed: ") and says in err


def test_json(capsys: pytest.CaptureFixture[str], folders: dict[str, Path]) -> None:
    result = audited(capsys, folders)
    assert set(result) == {"grade", "verdict", "findings", "distance", "noisy", "clean", "noise"}
    assert result["grade"] in ("ok", "look", "stop")
    files = {file["path"]: file for file in result["clean"]["files"]}
    assert files["bad.wav"]["measures"] is None and files["bad.wav"]["grade"] == "leave out"
    assert "no speech" in files["4.wav"]["reasons"][0]["what"] and files["5.wav"]["grade"] == "look"
    assert files["0.wav"]["grade"] == "ok" and files["0.wav"]["measures"]["sample_rate"] == RATE
    assert result["clean"]["grades"] == {"ok": 4, "look": 1, "leave out": 2}


def test_without_a_noise_folder(capsys: pytest.CaptureFixture[str], folders: dict[str, Path]) -> None:
    del folders["--noise"]
    assert audited(capsys, folders)["noise"] is None


def test_plain_words(capsys: pytest.CaptureFixture[str], folders: dict[str, Path]) -> None:
    assert main(line(folders)) == 0
    out, err = capsys.readouterr()
    assert "leave out 1 file: no speech found" in out and "\n    4.wav\n" in out
    assert "leave out 1 file: cannot be read" in out and "\n    bad.wav (damaged or not a sound" in out
    assert "\nin all\n" in out and "\nGood enough to train on without the 2 files to leave out, but look at" in out
    assert all(each.startswith("Looking at the files: ") and "s left" in each for each in err.splitlines())


def test_many_marked_files_are_cut_short(capsys: pytest.CaptureFixture[str], folders: dict[str, Path]) -> None:
    for number in range(30):
        (folders["--clean"] / f"bad{number}.wav").touch()
    assert main(line(folders)) == 0
    assert "    and 27 more\n" in capsys.readouterr().out


def test_the_list_for_training(capsys: pytest.CaptureFixture[str], folders: dict[str, Path], tmp_path: Path) -> None:
    before = set(tmp_path.rglob("*"))
    clean = folders["--clean"].resolve()
    audited(capsys, folders, "--exclude", tmp_path / "list.txt")
    assert read_exclusions(tmp_path / "list.txt") == {clean / "4.wav", clean / "bad.wav"}
    assert f"\n# {clean / '5.wav'}\n" in (tmp_path / "list.txt").read_text(encoding="utf-8")
    assert set(tmp_path.rglob("*")) - before == {tmp_path / "list.txt"}
    refused(capsys, line(folders, "--exclude", tmp_path / "list.txt"), 2, "exists")
    refused(capsys, line(folders, "--exclude", tmp_path / "no" / "list.txt"), 2, "not a folder")


@pytest.mark.parametrize("option", ["--noisy", "--clean", "--noise"])
def test_folders_that_cannot_be_used(
    capsys: pytest.CaptureFixture[str], folders: dict[str, Path], tmp_path: Path, option: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "x.wav").touch()
    for name, says in (
        ("empty", "no audio files"),
        ("missing", "not a folder"),
        ("bad", "none of 1 audio files can be read"),
    ):
        words = line(folders | {option: tmp_path / name}, "--exclude", tmp_path / "list")
        assert main(words) == 3
        out, err = capsys.readouterr()
        complaints = [each for each in err.splitlines() if not each.startswith("Looking at")]
        assert out == "" and len(complaints) == 1 and says in complaints[0]
    assert not (tmp_path / "list").exists()


def test_wrong_use(capsys: pytest.CaptureFixture[str], folders: dict[str, Path]) -> None:
    refused(capsys, ["audit", "--noisy", str(folders["--noisy"])], 2, "--clean")
    refused(capsys, line(folders | {"--clean": folders["--noisy"]}), 2, "the same")
    refused(capsys, line(folders | {"--clean": folders["--noisy"].parent}), 2, "in one another")


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_cancelling_leaves_nothing(folders: dict[str, Path], tmp_path: Path) -> None:
    long = hiss(300)
    for number in range(12):
        sf.write(folders["--noise"] / f"long{number}.wav", long, RATE)
    before = set(tmp_path.rglob("*"))
    words = [sys.executable, "-m", "app", *line(folders, "--exclude", tmp_path / "list")]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(
        words, cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, preexec_fn=by_hand, **streams
    ) as process:
        assert process.stderr
        first = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert first.startswith("Looking at the files")
    assert process.returncode == 130 and out == ""
    complaints = [each for each in err.splitlines() if not each.startswith("Looking at")]
    assert len(complaints) == 1 and "cancelled" in complaints[0]
    assert set(tmp_path.rglob("*")) == before


def test_no_torch_is_loaded(folders: dict[str, Path]) -> None:
    program = "import sys; from app.cli import main; main(sys.argv[1:]); sys.exit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program, *line(folders)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
