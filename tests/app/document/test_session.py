"""Session files: round trips, recordings that moved or changed, and files with anything wrong in them."""

import errno
import json
import math
import os
import random
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.document.edit import Edit, Marker
from app.document.session import (
    Session,
    Source,
    SourceChanged,
    SourceMoved,
    load_session,
    relocate,
    save_session,
)
from engine.delivery import Delivery
from engine.errors import InputError, ResourceError, UsageError
from engine.fingerprint import fingerprint
from engine.patch import Patch
from engine.recording import Recording
from engine.remix import Region, Remix, read_regions
from tests.app.document.changes import edit

FULL = Edit(
    Remix(-3, -18, (Region(1, 2, 0, -math.inf), Region(3, 4.5, ramp=0))),
    (Marker(1.25, "Äußerung"),),
    (Patch(2, 3, "tiny"),),
    "other",
    Delivery(-16, -1, "PCM_24"),
)
KEYS = ["voicebed", "source", "remix", "regions", "markers", "patches", "model", "delivery", "view"]
VIEW = {"start": 0.0, "end": 5.0, "playhead": 1.0, "selection": [1.0, 2.0]}


@pytest.fixture
def session(recording: Recording) -> Session:
    return Session(Source.of(recording, fingerprint(recording.path)), FULL, VIEW)


@pytest.fixture
def saved(session: Session, recording: Recording) -> Path:
    """The session in a folder beside that of its recording."""
    path = recording.path.parent.parent / "sessions" / "work.voicebed"
    save_session(session, path)
    return path


@pytest.mark.parametrize("seed", range(50))
def test_sessions_come_back(session: Session, tmp_path: Path, seed: int) -> None:
    session = replace(session, edit=edit(random.Random(seed)))
    save_session(session, tmp_path / "a.voicebed")
    assert load_session(tmp_path / "a.voicebed") == session


def test_the_file_is_as_documented(session: Session, saved: Path, recording: Recording) -> None:
    data = json.loads(saved.read_text("utf-8"))
    assert list(data) == KEYS
    assert data["voicebed"] == 1
    assert data["source"] == {
        "path": "../episode/interview täglich.wav",
        "absolute": str(recording.path),
        "fingerprint": session.source.fingerprint,
        "sample_rate": 8000,
        "channels": 1,
        "frames": 80_000,
    }
    assert data["remix"] == {"speech_db": -3, "noise_db": -18} and data["regions"][0]["noise_db"] == "-inf"
    assert read_regions(saved) == FULL.remix.regions
    assert "Äußerung" in saved.read_text("utf-8") and saved.read_bytes().endswith(b"}\n")


def test_one_change_is_one_line(session: Session, saved: Path) -> None:
    before = saved.read_text("utf-8")
    save_session(session, saved)
    assert saved.read_text("utf-8") == before
    save_session(replace(session, edit=replace(FULL, remix=replace(FULL.remix, noise_db=-17.5))), saved)
    lines = zip(before.splitlines(), saved.read_text("utf-8").splitlines(), strict=True)
    assert [new.strip() for old, new in lines if old != new] == ['"noise_db": -17.5']


def test_both_files_may_move_together(saved: Path, tmp_path: Path) -> None:
    place = tmp_path / "elsewhere"
    place.mkdir()
    for folder in ("episode", "sessions"):
        (tmp_path / folder).rename(place / folder)
    session = load_session(place / "sessions" / saved.name)
    assert session.source.path == place / "episode" / "interview täglich.wav" and session.edit == FULL


def test_the_session_alone_may_move(saved: Path, tmp_path: Path, recording: Recording) -> None:
    moved = saved.rename(tmp_path / "moved.voicebed")
    assert load_session(moved).source.path == recording.path


def test_the_recording_may_lie_beside_the_session(saved: Path, recording: Recording) -> None:
    beside = recording.path.rename(saved.parent / recording.path.name)
    assert load_session(saved).source.path == beside


def test_a_recording_that_moved_is_asked_for(saved: Path, recording: Recording, tmp_path: Path) -> None:
    moved = recording.path.rename(tmp_path / "renamed.wav")
    with pytest.raises(SourceMoved, match=r"interview täglich.wav \(0:10.000\) was moved") as caught:
        load_session(saved)
    session = relocate(caught.value.session, moved)
    assert session.edit == FULL and session.view == VIEW and session.source.path == moved


def test_another_recording_is_taken_only_when_the_user_says_so(saved: Path, recording: Recording) -> None:
    with recording.path.open("r+b") as file:
        file.seek(1000)
        file.write(b"other")
    with pytest.raises(SourceChanged, match="not the recording") as caught:
        load_session(saved)
    assert caught.value.session.source.path == recording.path and caught.value.session.edit == FULL
    with pytest.raises(SourceChanged):
        relocate(caught.value.session, recording.path)


def test_the_right_recording_is_preferred_to_the_nearest(saved: Path, recording: Recording, tmp_path: Path) -> None:
    place = tmp_path / "copy"
    (place / "sessions").mkdir(parents=True)
    (place / "episode").mkdir()
    (place / "episode" / recording.path.name).write_bytes(b"something else")
    copy = place / "sessions" / saved.name
    copy.write_bytes(saved.read_bytes())
    assert load_session(copy).source.path == recording.path


def test_relocating_to_nothing_is_an_input_error(session: Session, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be opened"):
        relocate(session, tmp_path / "missing.wav")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_that_is_not_utf_8(session: Session, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.wav")
    session.source.path.rename(path)
    save_session(replace(session, source=replace(session.source, path=path)), tmp_path / "a.voicebed")
    assert load_session(tmp_path / "a.voicebed").source.path == path


def complaint(path: Path) -> str:
    """The one line about a file that cannot be loaded."""
    with pytest.raises(InputError) as caught:
        load_session(path)
    assert "\n" not in str(caught.value) and not isinstance(caught.value, SourceMoved | SourceChanged)
    return str(caught.value)


def test_a_file_cut_short(saved: Path) -> None:
    data = saved.read_bytes()
    for length in range(0, len(data) - 2, 13):
        saved.write_bytes(data[:length])
        assert "damaged or cut short" in complaint(saved)


@pytest.mark.parametrize("text", ["[]", "{}", "7", '{"voicebed": "1"}', '{"voicebed": 0}', '{"voicebed": true}'])
def test_a_file_that_is_no_session(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.voicebed").write_text(text)
    assert "not a Voicebed session" in complaint(tmp_path / "a.voicebed")


def test_files_that_are_not_even_text(recording: Recording, tmp_path: Path) -> None:
    assert "damaged or cut short, or another kind" in complaint(recording.path)
    (tmp_path / "deep.voicebed").write_text("[" * 100_000)
    assert "damaged" in complaint(tmp_path / "deep.voicebed")
    assert "cannot be opened" in complaint(tmp_path / "missing.voicebed")
    assert "cannot be opened" in complaint(tmp_path)


def test_a_session_of_a_newer_voicebed(saved: Path) -> None:
    saved.write_text(json.dumps({"voicebed": 2, "source": "in the cloud"}))
    assert "made by a newer Voicebed" in complaint(saved)


def test_what_is_left_out_has_its_default_and_what_is_unknown_is_passed_over(saved: Path) -> None:
    data = json.loads(saved.read_text("utf-8"))
    data = {"voicebed": 1, "source": data["source"] | {"codec": "x"}, "weather": [1]}
    saved.write_text(json.dumps(data))
    session = load_session(saved)
    assert session.edit == Edit() and session.view == {}


def places(data: Any) -> list[tuple[Any, Any]]:
    """(container, key) of every value in plain data."""
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [place for key, value in entries for place in [(data, key), *places(value)]]


RUBBISH = [
    "null",
    "true",
    "-1",
    "0",
    "1e999",
    "-1e999",
    "1" + 400 * "0",
    '""',
    '"x"',
    r'"\u0000"',
    "[]",
    "{}",
    '[1, "y"]',
]


@pytest.mark.parametrize("rubbish", [*RUBBISH, json.dumps("a/" * 3000)])
def test_rubbish_anywhere_gives_one_line_or_a_session(saved: Path, rubbish: str) -> None:
    original, refused = saved.read_text("utf-8"), 0
    for number in range(len(places(json.loads(original)))):
        data = json.loads(original)
        container, key = places(data)[number]
        container[key] = "@"
        saved.write_text(json.dumps(data).replace('"@"', rubbish))
        try:
            load_session(saved)
        except InputError as error:
            refused += "\n" not in str(error) or pytest.fail(str(error))
    assert refused > 10


def test_nan_is_not_taken_and_never_written(session: Session, saved: Path) -> None:
    before = saved.read_bytes()
    saved.write_bytes(before.replace(b'"noise_db": -18', b'"noise_db": NaN'))
    assert "damaged" in complaint(saved)
    with pytest.raises(ValueError, match="JSON"):
        save_session(replace(session, view={"start": math.nan}), saved.parent / "new.voicebed")
    assert not (saved.parent / "new.voicebed").exists()


def test_a_place_that_cannot_be_written(session: Session, saved: Path) -> None:
    with pytest.raises(UsageError, match="choose another folder"):
        save_session(session, saved / "inside a file.voicebed")
    with pytest.raises(UsageError, match="choose another folder"):
        save_session(session, saved.parent)
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


@pytest.mark.parametrize(
    ("number", "kind"), [(errno.ENOSPC, ResourceError), (errno.EROFS, UsageError), (errno.EACCES, UsageError)]
)
def test_a_failure_keeps_the_old_file(
    session: Session, saved: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[Exception]
) -> None:
    before = saved.read_bytes()

    def fail(path: Path, text: str, **options: Any) -> None:
        path.write_bytes(text.encode()[:50])
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "write_text", fail)
    with pytest.raises(kind):
        save_session(replace(session, edit=Edit()), saved)
    assert saved.read_bytes() == before and [path.name for path in saved.parent.iterdir()] == [saved.name]
