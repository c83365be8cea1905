"""Splits on disk: exact, readable while they grow, continued after a kill, patched, and metered in advance."""

import errno
import json
import math
import os
import sys
from collections.abc import Callable
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest
import soundfile

from engine.errors import InputError, ResourceError, UsageError
from engine.loudness import LoudnessMeter
from engine.mixdown import Output, mixdown
from engine.model import load_model
from engine.patch import Patch
from engine.recording import Recording, open_recording
from engine.remix import Region, Remix, render
from engine.report import SplitReport
from engine.separator import Separator
from engine.split import Separation, separate
from engine.stored import CROSSOVER_SECONDS, MIXTURE, SplitWriter, StoredSplit, patch_stretch

RATE, SECONDS = 8000, 9
FRAMES = RATE * SECONDS


@pytest.fixture(scope="module")
def separator(model_path: Path) -> Separator:
    return Separator(load_model(str(model_path)), "cpu", window=2)


@pytest.fixture(scope="module")
def other(model_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Separator:
    """A second model, which leaves less of the speech."""
    separator = Separator(load_model(str(model_path)), "cpu", window=2)
    separator.model_id = "other@00000000"
    apply = separator._apply
    separator._apply = lambda *arguments: 0.25 * apply(*arguments)  # pyright: ignore[reportAttributeAccessIssue]
    return separator


def write(path: Path, subtype: str = "PCM_16", loudness: float = 0.1, channels: int = 2) -> Recording:
    audio = np.random.default_rng(0).standard_normal((FRAMES, channels)) * loudness
    audio *= 1 + np.sin(np.arange(FRAMES) / 4000)[:, None]
    soundfile.write(path, np.clip(audio, -1, 1), RATE, subtype)
    return open_recording(path)


def stored(recording: Recording, separator: Separator, folder: Path, stretch: tuple[int, int] | None = None) -> Path:
    """Split into a folder, to the end."""
    with SplitWriter(folder, recording, separator.model_id, stretch) as writer:
        assert sum(len(part.mixture) for part in writer.parts(separator))
    return folder


def direct(recording: Recording, separator: Separator) -> np.ndarray:
    """The speech as a split without a cache gives it."""
    return np.concatenate([part.speech for part in separate(recording, separator, SplitReport())])


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("loudness", [0.1, 1.0])
def test_what_is_read_is_what_was_split(separator: Separator, tmp_path: Path, subtype: str, loudness: float) -> None:
    recording = write(tmp_path / "in.wav", subtype, loudness)
    with closing(StoredSplit.open(recording, stored(recording, separator, tmp_path / "s"))) as split:
        mixture, speech = split.read(0, FRAMES)
        assert split.complete and split.done == split.decoded == FRAMES
        assert split.model == separator.model_id and split.facts["null_dbfs"] < -120
        assert speech.dtype == mixture.dtype == recording.dtype
        assert np.array_equal(mixture, recording.read(0, FRAMES))
        assert np.array_equal(speech, direct(recording, separator))
        cuts = [0, 1, 480, 481, 20000, 55555, FRAMES]
        assert np.array_equal(np.concatenate([split.read(a, b)[1] for a, b in pairwise(cuts)]), speech)
        assert np.array_equal(split.read(70000, 70080)[0], mixture[70000:70080])
        assert np.array_equal(split.read(5, 85)[1], speech[5:85])  # backwards
        assert all(array.flags.writeable for array in split.read(0, 9))
        with pytest.raises(ValueError, match="frames"):
            split.read(0, FRAMES + 1)
    if subtype.startswith("PCM"):
        scale = 2 ** (int(subtype[4:]) - 1)
        for track in (speech, mixture - speech):
            assert np.array_equal(track * scale, np.rint(track * scale))
            assert track.min() >= -1 and track.max() <= 1 - 1 / scale


def test_the_report_is_that_of_the_split(separator: Separator, tmp_path: Path) -> None:
    recording, report = write(tmp_path / "in.wav"), SplitReport()
    list(separate(recording, separator, report))
    with closing(StoredSplit.open(recording, stored(recording, separator, tmp_path / "s"))) as split:
        assert split.report.weights == report.weights and split.report.residual_db == report.residual_db
        assert split.facts["alpha"] == report.weights[0] and split.facts["device"] == "cpu"


def test_it_can_be_read_while_it_grows(separator: Separator, tmp_path: Path) -> None:
    recording = write(tmp_path / "in.wav")
    mixture, speech, dones = recording.read(0, FRAMES), direct(recording, separator), []
    with SplitWriter(tmp_path / "s", recording, separator.model_id) as writer:
        with closing(StoredSplit.open(recording, tmp_path / "s")) as split:
            assert split.done == 0 and np.array_equal(split.read(0, FRAMES)[1], mixture)
            assert split.loudness(Remix()) == -math.inf
            for part in writer.parts(separator):
                dones.append(split.done)
                assert not split.complete
                assert split.done == part.start + len(part.mixture)
                read = split.read(0, FRAMES)[1]
                assert np.array_equal(read[: split.done], speech[: split.done])
                assert np.array_equal(read[split.done :], mixture[split.done :])
                with pytest.raises(UsageError, match="not split to its end"):
                    next(split.parts())
            assert split.complete
    assert dones == [2 * RATE, 4 * RATE, 6 * RATE, 8 * RATE, FRAMES]


def test_before_a_split_nothing_is_removed(tmp_path: Path) -> None:
    recording = write(tmp_path / "in.wav")
    with closing(StoredSplit.unsplit(recording, tmp_path)) as split:
        mixture, speech = split.read(100, 200)
        assert np.array_equal(mixture, recording.read(100, 200)) and np.array_equal(mixture, speech)
        assert (split.done, split.complete, split.model, split.loudness(Remix())) == (0, False, "", -math.inf)


@pytest.mark.parametrize("when", ["between windows", "within a window"])
def test_a_killed_run_goes_on(separator: Separator, tmp_path: Path, when: str) -> None:
    recording, whole, folder = write(tmp_path / "in.wav"), tmp_path / "whole", tmp_path / "s"
    stored(recording, separator, whole)
    with SplitWriter(folder, recording, separator.model_id) as writer:
        parts = writer.parts(separator)
        next(parts), next(parts)
    if when == "within a window":
        with (folder / "speech.raw").open("ab") as file:
            file.write(b"half a window")
        with (folder / "split.jsonl").open("ab") as file:
            file.write(b'{"done": 480')
    with closing(StoredSplit.open(recording, folder)) as split:
        assert not split.complete and split.done >= 4 * RATE
    seen: list[tuple[float, float]] = []
    with SplitWriter(folder, recording, separator.model_id) as writer:
        starts = [part.start for part in writer.parts(separator, lambda *at: seen.append(at))]
    assert starts == [0, 4 * RATE, 6 * RATE, 8 * RATE]  # what was there comes first, in blocks of its own
    assert seen[-1] == (SECONDS, SECONDS)
    for name in ("speech.raw", "powers.raw"):
        assert (folder / name).read_bytes() == (whole / name).read_bytes()
    with closing(StoredSplit.open(recording, folder)) as again, closing(StoredSplit.open(recording, whole)) as once:
        assert again.complete
        assert again.facts.items() >= {k: once.facts[k] for k in ("alpha", "beta", "residual_db", "null_dbfs")}.items()


@pytest.mark.parametrize("change", ["recording", "model", "journal"])
def test_a_run_on_something_else_starts_anew(separator: Separator, tmp_path: Path, change: str) -> None:
    recording, folder, model = write(tmp_path / "in.wav"), tmp_path / "s", separator.model_id
    with SplitWriter(folder, recording, model) as writer:
        next(writer.parts(separator))
    if change == "recording":
        recording = write(tmp_path / "in.wav", loudness=0.2)
    elif change == "model":
        model = "another"
    else:
        (folder / "split.jsonl").write_bytes(b"\x00\xff\n[1]\n")
    with SplitWriter(folder, recording, model) as writer, closing(StoredSplit.open(recording, folder)) as split:
        assert split.done == 0
        assert next(writer.parts(separator)).start == 0


def test_a_second_writer_is_refused(separator: Separator, tmp_path: Path) -> None:
    recording = write(tmp_path / "in.wav")
    with (
        SplitWriter(tmp_path / "s", recording, separator.model_id),
        pytest.raises(UsageError, match="another"),
        SplitWriter(tmp_path / "s", recording, separator.model_id),
    ):
        pass


def test_too_small_a_disk_is_found_out_before(
    separator: Separator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = write(tmp_path / "in.wav")
    monkeypatch.setattr("engine.stored.shutil.disk_usage", lambda path: os.statvfs_result)
    monkeypatch.setattr(os.statvfs_result, "free", FRAMES * 4 - 1, raising=False)
    with pytest.raises(ResourceError, match="Not enough space"), SplitWriter(tmp_path / "s", recording, "m"):
        pass


def test_a_disk_that_fills_up_leaves_the_windows_that_are_whole(
    separator: Separator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording, folder = write(tmp_path / "in.wav"), tmp_path / "s"
    real = SplitWriter._append

    def append(self: SplitWriter, file: BinaryIO, data: bytes) -> None:
        real(self, file, data)
        if file.name.endswith("speech.raw") and file.tell() > 6 * RATE * 4:
            raise ResourceError("full")

    def full(descriptor: int) -> None:
        if os.fstat(descriptor).st_size > 5 * RATE * 4:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("engine.stored.os.fsync", full)
    with (
        pytest.raises(ResourceError, match="no space left"),
        SplitWriter(folder, recording, separator.model_id) as writer,
    ):
        list(writer.parts(separator))
    monkeypatch.undo()
    with closing(StoredSplit.open(recording, folder)) as split:
        assert not split.complete
    stored(recording, separator, folder)
    with closing(StoredSplit.open(recording, folder)) as split:
        assert np.array_equal(split.read(0, FRAMES)[1], direct(recording, separator))
