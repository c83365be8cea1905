"""Autosave and recovery: what a killed process leaves, and what a running one keeps to itself."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.document.edit import Edit
from app.document.recovery import LONGEST_SECONDS, QUIET_SECONDS, Autosave, Leftover, recoverable, recovery_folder
from app.document.session import Session, Source, SourceMoved
from engine.errors import UsageError
from engine.fingerprint import fingerprint
from engine.recording import Recording
from engine.remix import Remix
from tests.app.document.conftest import Clock

ROOT = Path(__file__).parents[3]
CHILD = """
import sys
from pathlib import Path
from app.document.edit import Edit
from app.document.recovery import Autosave
from app.document.session import Session, Source
from engine.fingerprint import fingerprint
from engine.recording import open_recording
from engine.remix import Remix
recording = open_recording(Path(sys.argv[1]))
session = Session(Source.of(recording, fingerprint(recording.path)), Edit(Remix(noise_db=-18)), {"start": 1.0})
autosave = Autosave()
autosave.write(session, Path(sys.argv[2]) if sys.argv[2:] else None)
print("written", flush=True)
sys.stdin.read()
autosave.discard()
"""


@pytest.fixture
def session(recording: Recording) -> Session:
    return Session(Source.of(recording, fingerprint(recording.path)), Edit(Remix(noise_db=-18)), {"start": 1.0})


@contextmanager
def editing(recording: Recording, *saved_as: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that has autosaved."""
    command = [sys.executable, "-c", CHILD, recording.path, *saved_as]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout and process.stdout.readline().split() == [b"written"]
        yield process
        process.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_what_a_killed_process_had_unsaved_is_offered_once(
    recording: Recording, session: Session, tmp_path: Path
) -> None:
    with editing(recording, tmp_path / "work.voicebed") as process:
        assert recoverable() == []
        process.send_signal(signal.SIGKILL)
        process.wait()
    [leftover] = recoverable()
    assert (leftover.title, leftover.saved_as) == ("work.voicebed", tmp_path / "work.voicebed")
    assert leftover.session() == session
    assert recoverable() == []  # as another window that starts now would see it
    leftover.release()
    [leftover] = recoverable()
    leftover.discard()
    assert recoverable() == [] and not list(recovery_folder().iterdir())


def test_a_clean_close_leaves_nothing(recording: Recording) -> None:
    with editing(recording) as process:
        assert recovery_folder().is_dir()
        process.communicate()
    assert process.returncode == 0 and recoverable() == [] and not list(recovery_folder().iterdir())


def test_a_process_with_the_same_id_does_not_count(session: Session) -> None:
    autosave = Autosave()
    autosave.write(session, None)
    [file] = recovery_folder().glob("*.autosave")
    assert file.name.startswith(f"{os.getpid()}-") and recoverable() == []
    old = file.with_name(f"{os.getpid()}-1.autosave")  # of a process of that id, before the computer was started again
    old.write_bytes(file.read_bytes())
    [leftover] = recoverable()
    assert (leftover.title, leftover.saved_as) == (session.source.path.name, None)
    leftover.discard()
    autosave.discard()
    assert not list(recovery_folder().iterdir())


def test_an_autosave_is_written_after_a_pause_or_after_long_changing(clock: Clock) -> None:
    autosave = Autosave(clock)
    assert not autosave.due()
    autosave.change()
    clock.now += 0.9 * QUIET_SECONDS
    autosave.change()
    clock.now += 0.9 * QUIET_SECONDS
    assert not autosave.due()
    clock.now += 0.2 * QUIET_SECONDS
    assert autosave.due()
    autosave.discard()
    assert not autosave.due()
    for _ in range(int(LONGEST_SECONDS / QUIET_SECONDS)):
        assert not autosave.due()
        autosave.change()
        clock.now += QUIET_SECONDS
        autosave.change()
    assert autosave.due()


def test_the_last_state_counts_and_nothing_is_due_after_writing(session: Session, clock: Clock) -> None:
    autosave = Autosave(clock)
    for db in (-6, -12):
        autosave.change()
        clock.now += QUIET_SECONDS
        assert autosave.due()
        autosave.write(Session(session.source, Edit(Remix(noise_db=db))), None)
        assert not autosave.due()
    [file] = recovery_folder().glob("*.autosave")
    file.rename(file.with_name("other.autosave"))
    [leftover] = recoverable()
    assert leftover.session().edit.remix.noise_db == -12
    leftover.release()
    autosave.discard()


def test_the_latest_comes_first_and_damaged_ones_stay_on_disk(session: Session) -> None:
    autosave = Autosave()
    autosave.write(session, None)
    [file] = recovery_folder().glob("*.autosave")
    text = file.read_text("utf-8")
    for number, content in enumerate([text, text, text[:-9], "[]", text.replace('"voicebed": 1', '"voicebed": 9')]):
        place = file.with_name(f"1-{number}.autosave")
        place.write_text(content, "utf-8")
        os.utime(place, (1e9 + number, 1e9 + number))
    found = recoverable()
    assert [leftover.when.timestamp() for leftover in found] == [1e9 + 1, 1e9]
    for leftover in found:
        leftover.discard()
    autosave.discard()
    left = sorted(recovery_folder().glob("*.autosave"))
    assert [path.name for path in left] == [f"1-{number}.autosave" for number in (2, 3, 4)]
    left[0].write_text(text, "utf-8")  # nobody holds it
    [leftover] = recoverable()
    leftover.discard()


def test_a_leftover_whose_recording_moved_can_be_recovered(session: Session, recording: Recording) -> None:
    autosave = Autosave()
    autosave.write(session, None)
    [file] = recovery_folder().glob("*.autosave")
    leftover = Leftover(file.rename(file.with_name("other.autosave")))
    recording.path.rename(recording.path.with_name("renamed.wav"))
    with pytest.raises(SourceMoved) as caught:
        leftover.session()
    assert caught.value.session.edit == session.edit
    leftover.discard()
    autosave.discard()


def test_a_folder_that_cannot_be_written_is_said_once_a_change(session: Session, clock: Clock) -> None:
    recovery_folder().parent.write_text("a file where the folder should be")
    autosave = Autosave(clock)
    autosave.change()
    clock.now += QUIET_SECONDS
    with pytest.raises(UsageError, match="no autosave"):
        autosave.write(session, None)
    assert not autosave.due() and recoverable() == []
    autosave.discard()
