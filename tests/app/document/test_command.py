"""The document as a command line: what the shell and `voicebed` make of it is the document again."""

import math
import random
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

from app.cli import program
from app.cli.remix import listed_regions
from app.cli.resplit import stretches
from app.document.command import command_line, quoted, split_command_line
from app.document.document import Document
from app.document.edit import Edit
from app.document.session import Session, Source, save_session
from engine.delivery import Delivery
from engine.fingerprint import fingerprint
from engine.patch import Patch
from engine.recording import Recording
from engine.remix import Region, Remix
from tests.app.document.changes import edit

AWKWARD = ["", "a b", "it's", 'say "x"', "a&b", "100%", "back\\slash\\", "Äußerung 🎙", "$(rm)", "-o", "a\nb", "*.wav"]


def options(line: str) -> dict[str, Any]:
    """What the command line makes of a line: the values of the command's parameters."""
    voicebed, name, *words = shlex.split(line)
    assert voicebed == "voicebed"
    command = typer.main.get_command(program)
    assert isinstance(command, TyperGroup)
    return command.commands[name].make_context(name, words).params


def replayed(values: dict[str, Any]) -> Edit:
    """The edit, without markers, that the values of `voicebed remix` describe."""
    return Edit(
        Remix(values["speech"], values["noise"], listed_regions(values["regions"]) if values["regions"] else ()),
        patches=tuple(stretches(values["resplit"])),
        model=values["model"] or "",
        delivery=Delivery(values["loudness"], values["true_peak"], values["subtype"]),
    )


@pytest.mark.parametrize("seed", range(50))
def test_the_line_makes_the_same_remix(recording: Recording, tmp_path: Path, seed: int) -> None:
    wanted = edit(random.Random(seed))
    output = tmp_path / "it's done.flac"
    line = command_line(Document(recording, wanted, saved=False), output, windows=False)
    assert line.startswith("voicebed remix ")
    found = options(line)
    assert (found["recording"], found["output"]) == (recording.path, output)
    assert replayed(found) == Edit(wanted.remix, (), wanted.patches, wanted.model, wanted.delivery)


def test_numbers_are_short_and_exact(document: Document, tmp_path: Path) -> None:
    document.apply("All", Edit(Remix(-3.25, -math.inf), patches=(Patch(1e-05, 2, "m"),), delivery=Delivery(-16, -1)))
    line = command_line(document, tmp_path / "o.wav", windows=False)
    assert line.endswith("--speech -3.25 --noise -inf --loudness -16 --true-peak -1 --resplit 0.00001-2=m")


def test_regions_come_from_the_session_file_while_it_is_up_to_date(document: Document, tmp_path: Path) -> None:
    session, output = tmp_path / "my work.voicebed", tmp_path / "o.wav"
    document.add_region(Region(1, 2, 0, -math.inf))
    source = Source.of(document.recording, fingerprint(document.recording.path))
    save_session(Session(source, document.edit), session)
    document.mark_saved(session)
    found = options(command_line(document, output, windows=False))
    assert found["regions"] == str(session) and replayed(found).remix == document.edit.remix
    document.add_region(Region(3, 4))
    found = options(command_line(document, output, windows=False))
    assert found["regions"].startswith("[") and replayed(found).remix == document.edit.remix
    document.set_remix(Remix(), "Original")
    assert "--regions" not in command_line(document, output, windows=False)


def test_sample_format(document: Document, tmp_path: Path) -> None:
    assert "--subtype" not in command_line(document, tmp_path / "o.wav", windows=False)
    document.set_delivery(Delivery(subtype="PCM_24"))
    assert replayed(options(command_line(document, tmp_path / "o.wav", windows=False))) == document.edit


def test_tracks_by_split(document: Document, tmp_path: Path) -> None:
    document.set_model("tiny")
    document.add_patch(Patch(1, 2, "other"))
    values = options(split_command_line(document, tmp_path / "tracks", ["noise"], windows=False))
    assert (values["recordings"], values["output"]) == ([document.recording.path], tmp_path / "tracks")
    assert (values["tracks"], values["model"]) == ("noise", "tiny")
    assert tuple(stretches(values["resplit"])) == document.edit.patches


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
def test_a_posix_shell_reads_the_words_as_they_are() -> None:
    line = f"printf '%s\\0' {quoted(AWKWARD, windows=False)}"
    output = subprocess.run(["sh", "-c", line], stdout=subprocess.PIPE, check=True).stdout.decode()
    assert output.split("\0")[:-1] == AWKWARD


def test_quotes_for_windows() -> None:
    words = ["plain", r"C:\My files\a.wav", "a&b.wav", '[{"start": 1, "end": 2}]', "1-2=model", ""]
    expected = r'plain "C:\My files\a.wav" "a&b.wav" "[{\"start\": 1, \"end\": 2}]" "1-2=model" ""'
    assert quoted(words, windows=True) == expected
