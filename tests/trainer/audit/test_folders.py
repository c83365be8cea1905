"""The audit of whole folders: what it says of files, of folders, and between them."""

import errno
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from numpy.typing import NDArray

from engine.errors import Cancelled, InputError, UsageError
from tests.trainer.sounds import RATE, hiss, in_room, mixed, resampled, voice
from trainer.audit.folders import audit_folders, guess_speakers
from trainer.audit.result import Audit, CorpusAudit, FileAudit

SECONDS = 5


def fill(folder: Path, sound: Callable[[int], NDArray], count: int = 3, first: int = 0) -> Path:
    """A folder of sounds made from the seeds `first` and on."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        sf.write(folder / f"{number}.wav", sound(number), RATE)
    return folder


def noisy_sound(seed: int) -> NDArray:
    """Speech 8 dB above noise."""
    return mixed(voice(SECONDS, seed), hiss(SECONDS, seed), 8)


def clean_sound(seed: int) -> NDArray:
    """Speech."""
    return voice(SECONDS, seed)


def noise_sound(seed: int) -> NDArray:
    """No speech."""
    return hiss(SECONDS, seed)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path, Path]:
    """(noisy, clean, noise), three files each, nothing wrong but how few they are."""
    return (
        fill(tmp_path / "noisy", noisy_sound, first=10),
        fill(tmp_path / "clean", clean_sound, first=20),
        fill(tmp_path / "noise", noise_sound, first=30),
    )


def file_of(corpus: CorpusAudit | None, name: str) -> FileAudit:
    """The audit of one file."""
    assert corpus
    return next(file for file in corpus.files if file.path == name)


def words(result: Audit) -> str:
    """All that is found."""
    return "\n".join(f"{finding.grade}: {finding.words}" for finding in result.all_findings)


def test_good_folders(folders: tuple[Path, Path, Path]) -> None:
    seen: list[tuple[float, float]] = []
    result = audit_folders(*folders, progress=lambda done, total: seen.append((done, total)))
    assert [corpus.role for corpus in result.corpora] == ["noisy", "clean", "noise"]
    for corpus in result.corpora:
        assert corpus.grades == {"ok": 3, "look": 0, "leave out": 0}
        assert corpus.hours == corpus.hours_kept == pytest.approx(3 * SECONDS / 3600, abs=1e-4)
        assert corpus.sample_rates == {RATE: 3} and corpus.channels == {1: 3}
    assert result.grade == "look"  # they are small
    assert "stop" not in words(result) and words(result).count("is small") == 3
    assert result.distance and result.distance.spectrum_db < 4
    assert seen[0][0] == 0 and seen[-1][0] == seen[-1][1] and seen == sorted(seen)
    assert not result.left_out and not result.marked("look")


def test_the_summary_fits_into_a_card(folders: tuple[Path, Path, Path]) -> None:
    summary = audit_folders(*folders).summary()
    assert len(repr(summary)) < 3000 and str(folders[0]) not in repr(summary)
    assert summary["clean"]["files"]["ok"] == 3 and summary["clean"]["median"]["snr_db"] > 30


def test_swapped_folders(folders: tuple[Path, Path, Path]) -> None:
    result = audit_folders(folders[1], folders[0], folders[2])
    assert result.grade == "stop" and "are they swapped?" in result.verdict
    assert "leaks into" in words(result)


def test_a_clean_folder_full_of_noise(folders: tuple[Path, Path, Path]) -> None:
    result = audit_folders(folders[0], folders[2], folders[1])
    assert result.grade == "stop"
    assert "No file of the clean folder can be used" in words(result)
    assert "Speech in 100 % of the noise folder" in words(result)
    assert all(file.grade == "leave out" for file in result.clean.files)


def test_a_clean_folder_of_half_noise(folders: tuple[Path, Path, Path]) -> None:
    fill(folders[1], noise_sound, 5, first=90)
    result = audit_folders(*folders)
    assert result.grade == "stop" and "62 % of the clean files hold no speech" in words(result)


def test_a_noisy_folder_without_speech(folders: tuple[Path, Path, Path]) -> None:
    fill(folders[0], noise_sound, 5, first=90)
    assert "hold hardly any speech" in words(audit_folders(*folders))


def test_speech_among_the_noise(folders: tuple[Path, Path, Path]) -> None:
    fill(folders[2], clean_sound, 1, first=90)
    result = audit_folders(*folders)
    assert file_of(result.noise, "90.wav").grade == "leave out"
    assert "may be speech in 25 %" in words(result)


def test_noise_in_clean_speech_is_said_in_the_terms_of_the_paper(folders: tuple[Path, Path, Path]) -> None:
    fill(folders[1], lambda seed: mixed(voice(SECONDS, seed), hiss(SECONDS, seed), 15), 2, first=90)
    fill(folders[1], lambda seed: mixed(voice(SECONDS, seed), hiss(SECONDS, seed), 5), 1, first=95)
    result = audit_folders(*folders)
    assert file_of(result.clean, "90.wav").grade == "look" and file_of(result.clean, "95.wav").grade == "leave out"
    assert "noise leaks into 50 %" in words(result) and "CHiME-3" in words(result) and "close-talk" in words(result)


def test_rooms_in_clean_speech(folders: tuple[Path, Path, Path]) -> None:
    fill(folders[1], lambda seed: in_room(voice(2 * SECONDS, seed), 0.9), 3, first=90)
    result = audit_folders(*folders)
    assert "a room rings along in 50 %" in words(result) and "CHiME-3" in words(result)


def test_narrow_clean_speech(folders: tuple[Path, Path, Path]) -> None:
    fill(folders[1], lambda seed: resampled(voice(SECONDS, seed), RATE, 8000), 5, first=90)
    result = audit_folders(*folders)
    file = file_of(result.clean, "90.wav")
    assert file.grade == "leave out" and "ends at 3.9 kHz, though its sample rate is higher" in file.words
    assert "The clean files reach 3.9 kHz, the noisy ones 8.0 kHz" in words(result)


def test_narrow_speech_suits_a_narrow_domain(tmp_path: Path) -> None:
    noisy = fill(tmp_path / "noisy", lambda seed: resampled(noisy_sound(seed), RATE, 8000), first=10)
    clean = fill(tmp_path / "clean", lambda seed: resampled(voice(SECONDS, seed), RATE, 8000), first=20)
    assert audit_folders(noisy, clean).clean.grades["ok"] == 3


def test_far_voices(folders: tuple[Path, Path, Path]) -> None:
    fill(folders[1], lambda seed: np.diff(voice(SECONDS, seed), n=2), 3, first=20)
    result = audit_folders(*folders)
    assert result.distance and result.distance.spectrum_db > 8
    assert "less bass" in words(result) and "more treble" in words(result)


def test_defects_of_files(folders: tuple[Path, Path, Path]) -> None:
    noisy, clean, noise = folders
    speech = voice(SECONDS, 50)
    write = {
        "clipped": np.clip(speech, -0.03, 0.03),
        "offset": speech + 0.2,
        "silent": np.zeros(RATE),
        "short": speech[:1000],
        "opposed": np.stack((speech, -speech), 1),
    }
    for name, audio in write.items():
        sf.write(clean / f"{name}.wav", audio, RATE)
    result = audit_folders(noisy, clean, noise)
    says = {"clipped": "flat tops", "offset": "offset", "silent": "silent", "short": "too short", "opposed": "cancel"}
    for name, part in says.items():
        file = file_of(result.clean, f"{name}.wav")
        assert file.grade == "leave out" and part in file.words
    assert result.left_out == {clean.resolve() / f"{name}.wav" for name in says} and not result.marked("look")
    assert result.clean.hours_kept < result.clean.hours
    assert "mixes channel counts: 1 (7 files), 2 (1 file)" in words(result)


def test_copies(folders: tuple[Path, Path, Path]) -> None:
    noisy, clean, noise = folders
    audio, _ = sf.read(clean / "20.wav", dtype="int16")
    sf.write(clean / "a copy.flac", audio, RATE)
    sf.write(clean / "louder.wav", resampled(1.5 * voice(SECONDS, 20), 48000), 48000)
    sf.write(noisy / "also here.wav", audio, RATE)
    result = audit_folders(noisy, clean, noise)
    exact, near = file_of(result.clean, "a copy.flac"), file_of(result.clean, "louder.wav")
    assert exact.grade == "leave out" and "once more; one of them is enough (as 20.wav)" in exact.words
    assert near.grade == "look" and "or nearly; keep the better one (of 20.wav)" in near.words
    assert file_of(result.clean, "20.wav").grade == "ok"
    assert (
        "1 file of the noisy folder can be found in the clean folder too, perhaps in another version: also here.wav"
        in words(result)
    )
    assert "mixes sample rates: 16000 (4 files), 48000 (1 file)" in words(result)


def test_clean_versions_of_the_noisy_recordings(tmp_path: Path) -> None:
    noisy, clean = fill(tmp_path / "noisy", noisy_sound), fill(tmp_path / "clean", clean_sound)
    assert "100 % of the noisy files have a clean one of the same name and length" in words(audit_folders(noisy, clean))


def test_unreadable_files_among_good_ones(folders: tuple[Path, Path, Path]) -> None:
    clean = folders[1]
    (clean / "empty.wav").touch()
    (clean / "text.mp3").write_text("no sound\n" * 100)
    (clean / "gone.wav").symlink_to(clean / "nothing.wav")
    sf.write(clean / "odd.wav", np.array([0.1, np.nan] * 1000), RATE, "FLOAT")
    sf.write(clean / "cut.flac", voice(10, 1), RATE)
    (clean / "cut.flac").write_bytes((clean / "cut.flac").read_bytes()[:20000])
    result = audit_folders(*folders)
    says = {
        "empty.wav": "empty",
        "text.mp3": "not a sound",
        "gone.wav": "No such file",
        "odd.wav": "NaN",
        "cut.flac": "cut",
    }
    for name, part in says.items():
        file = file_of(result.clean, name)
        assert file.grade == "leave out" and file.measures is None
        assert part in file.words and str(clean) not in file.words
    assert result.clean.grades == {"ok": 3, "look": 0, "leave out": 5}
    assert "5 files of the clean folder cannot be read" in words(result)


def test_a_closed_folder_among_good_files(folders: tuple[Path, Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    from trainer.audit import folders as module

    real = module.audio_files

    def with_closed(folder: Path, closed: list[OSError]) -> list[Path]:
        closed.append(PermissionError(errno.EACCES, "Permission denied", str(folder / "closed")))
        return real(folder, closed)

    monkeypatch.setattr(module, "audio_files", with_closed)
    file = file_of(audit_folders(*folders).clean, "closed")
    assert file.grade == "leave out" and "a folder that cannot be read" in file.words


def test_one_file_folders(tmp_path: Path) -> None:
    result = audit_folders(fill(tmp_path / "noisy", noisy_sound, 1), fill(tmp_path / "clean", clean_sound, 1, first=5))
    assert words(result).count("has one file") == 2 and result.noise is None


def test_all_is_silence(tmp_path: Path) -> None:
    noisy, clean, noise = (fill(tmp_path / name, lambda seed: np.zeros(2 * RATE)) for name in ("a", "b", "c"))
    result = audit_folders(noisy, clean, noise)
    assert result.grade == "stop" and result.distance is None
    assert words(result).count("can be used") == 3


def test_empty_and_unreadable_folders(tmp_path: Path) -> None:
    good = fill(tmp_path / "good", noisy_sound)
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "x.wav").write_text("no")
    for name, says in (("empty", "no audio files"), ("bad", "can be read"), ("missing", "not a folder")):
        with pytest.raises(InputError, match=says):
            audit_folders(good, tmp_path / name)
        with pytest.raises(InputError, match=says):
            audit_folders(tmp_path / name, good)


def test_the_same_folder_twice(folders: tuple[Path, Path, Path], tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folders[0])
    for clean in (folders[0], tmp_path / "link", folders[0] / ".." / "noisy"):
        with pytest.raises(UsageError, match="the same"):
            audit_folders(folders[0], clean)
    with pytest.raises(UsageError, match="lie in one another"):
        audit_folders(folders[0], tmp_path)


def test_progress_within_a_long_file_can_cancel(folders: tuple[Path, Path, Path]) -> None:
    for old in folders[0].iterdir():
        old.unlink()
    sf.write(folders[0] / "long.wav", np.tile(noisy_sound(1), 30), RATE)
    seen: list[float] = []

    def stop_midway(done: float, total: float) -> None:
        seen.append(done / total)
        if seen[-1] > 0.4:
            raise Cancelled("cancelled")

    with pytest.raises(Cancelled):
        audit_folders(*folders, progress=stop_midway)
    assert len(seen) > 3 and seen[-1] < 0.7


def test_nothing_is_written(folders: tuple[Path, Path, Path], tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    audit_folders(*folders)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


@pytest.mark.parametrize(
    ("names", "count"),
    [
        (["p225/1.wav", "p225/2.wav", "p226/1.wav"], 2),
        (["corpus/anna/day1/1.wav", "corpus/bert/day1/1.wav", "corpus/bert/day2/1.wav"], 2),
        (["p232_001.wav", "p232_002.wav", "p257_001.wav", "p257_002.wav"], 2),
        (["1.wav", "2.wav", "3.wav"], 0),
        (["take_1.wav", "take_2.wav"], 0),
        (["1.wav"], 0),
    ],
)
def test_speakers_are_guessed_from_names(names: list[str], count: int) -> None:
    assert guess_speakers([Path(name) for name in names]) == count
