"""Splits on disk: exact, readable while they grow, continued after a kill, patched, and metered in advance."""

import errno
import math
import os
import subprocess
import sys
import threading
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from engine.errors import InputError, ResourceError, UsageError
from engine.loudness import LoudnessMeter
from engine.mixdown import Output, mixdown
from engine.model import load_model
from engine.patch import Patch
from engine.raw_audio import decode
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
    with (
        SplitWriter(tmp_path / "s", recording, separator.model_id) as writer,
        closing(StoredSplit.open(recording, tmp_path / "s")) as split,
    ):
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
        assert [next(parts).start, next(parts).start] == [0, 2 * RATE]
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
    monkeypatch.setattr("engine.stored.shutil.disk_usage", lambda path: SimpleNamespace(free=FRAMES * 4 - 1))
    with pytest.raises(ResourceError, match="Not enough space"), SplitWriter(tmp_path / "s", recording, "m"):
        pass


def test_a_disk_that_fills_up_leaves_the_windows_that_are_whole(
    separator: Separator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording, folder = write(tmp_path / "in.wav"), tmp_path / "s"

    def full(descriptor: int) -> None:
        if os.fstat(descriptor).st_size > 5 * RATE * 4:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as changed, SplitWriter(folder, recording, separator.model_id) as writer:
        changed.setattr("engine.stored.os.fsync", full)
        with pytest.raises(ResourceError, match="no space left"):
            list(writer.parts(separator))
    with closing(StoredSplit.open(recording, folder)) as split:
        assert not split.complete
    stored(recording, separator, folder)
    with closing(StoredSplit.open(recording, folder)) as split:
        assert np.array_equal(split.read(0, FRAMES)[1], direct(recording, separator))


# -- patches


def test_a_patch_crosses_over_within_its_edges(separator: Separator, other: Separator, tmp_path: Path) -> None:
    recording, patch = write(tmp_path / "in.wav"), Patch(2.5, 5.25, "other")
    assert patch_stretch(patch, recording) == (2, 6)
    base = stored(recording, separator, tmp_path / "s")
    stretch = stored(recording, other, tmp_path / "p", (2, 6))
    outer, inner = direct(recording, separator), direct(recording, other)
    with closing(StoredSplit.open(recording, base, [(patch, stretch)])) as split:
        mixture, speech = split.read(0, FRAMES)
        pieces = [split.read(a, min(a + 80, FRAMES))[1] for a in range(0, FRAMES, 80)]
        parts = [part.speech for part in split.parts()]
    first, last, edge = int(2.5 * RATE), int(5.25 * RATE), int(CROSSOVER_SECONDS * RATE)
    assert np.array_equal(speech[: first + 1], outer[: first + 1])
    assert np.array_equal(speech[last:], outer[last:])
    core = slice(first + edge, last - edge + 1)
    assert np.abs(speech[core] - inner[core]).max() <= 2**-15  # where windows begin may move a sample by one step
    assert np.abs(inner[core] - outer[core]).max() > 0.05
    share = 0.5 - 0.5 * np.cos(np.pi * np.arange(edge) / edge)[:, None]
    for where, of_patch in ((slice(first, first + edge), share), (slice(last - edge, last), 1 - share)):
        expected = outer[where] + of_patch * (inner[where] - outer[where])
        assert np.abs(speech[where] - expected).max() <= 2**-15
    for joined in (pieces, parts):
        assert np.array_equal(np.concatenate(joined), speech)
    for track in (speech, mixture - speech):
        assert np.array_equal(track * 2**15, np.rint(track * 2**15)) and np.abs(track).max() <= 1


def test_the_last_patch_is_on_top_and_a_whole_split_will_do(
    separator: Separator, other: Separator, tmp_path: Path
) -> None:
    recording = write(tmp_path / "in.wav", "FLOAT")
    base, whole = stored(recording, separator, tmp_path / "s"), stored(recording, other, tmp_path / "o")
    patches = [(Patch(1, 8, "other"), whole), (Patch(3, 5, "first"), base)]
    with closing(StoredSplit.open(recording, base, patches)) as split:
        speech = split.read(0, FRAMES)[1]
    outer, inner = direct(recording, separator), direct(recording, other)
    for seconds, expected in (((0, 1), outer), ((1.02, 3), inner), ((3.02, 4.98), outer), ((5, 7.98), inner)):
        where = slice(*(round(second * RATE) for second in seconds))
        assert np.array_equal(speech[where], expected[where])


def test_patches_that_do_not_fit_are_refused(separator: Separator, tmp_path: Path) -> None:
    recording = write(tmp_path / "in.wav")
    base, stretch = stored(recording, separator, tmp_path / "s"), stored(recording, separator, tmp_path / "p", (2, 4))
    with SplitWriter(tmp_path / "half", recording, separator.model_id, (2, 4)):
        pass
    for patch, folder in (
        (Patch(3, 5, "m"), stretch),
        (Patch(2, 3, "m"), tmp_path / "half"),
        (Patch(2, 3, "m"), tmp_path / "none"),
    ):
        with pytest.raises(InputError, match="split it again"):
            StoredSplit.open(recording, base, [(patch, folder)])
    with pytest.raises(UsageError, match=r"ends at 9\.000 s"):
        patch_stretch(Patch(SECONDS, SECONDS + 1, "m"), recording)
    assert patch_stretch(Patch(8.5, 20, "m"), recording) == (8, 9)


# -- what is played and exported


@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT"])
def test_an_export_is_what_was_rendered_block_by_block(
    separator: Separator, other: Separator, tmp_path: Path, subtype: str
) -> None:
    recording, patch = write(tmp_path / "in.wav", subtype), Patch(2.5, 5.25, "other")
    base, stretch = stored(recording, separator, tmp_path / "s"), stored(recording, other, tmp_path / "p", (2, 6))
    remix = Remix(1.5, -18, (Region(1, 3, -3, -math.inf, 0.3), Region(4.5, 6)))
    with closing(StoredSplit.open(recording, base, [(patch, stretch)])) as split:
        blocks = [render(*split.read(a, min(a + 441, FRAMES)), remix, a, RATE) for a in range(0, FRAMES, 441)]
        (result,) = mixdown(split, [Output(tmp_path / "out.wav", remix)])
    played, exported = np.concatenate(blocks), soundfile.read(tmp_path / "out.wav", dtype=recording.dtype)[0]
    assert np.array_equal(exported, played if subtype == "FLOAT" else np.rint(played * 2**15) / 2**15)
    assert result.model == separator.model_id


def test_an_export_is_what_a_mixdown_without_a_cache_writes(separator: Separator, tmp_path: Path) -> None:
    recording, remix = write(tmp_path / "in.wav"), Remix(0, -12)
    mixdown(Separation(recording, separator), [Output(tmp_path / "direct.wav", remix)])
    with closing(StoredSplit.open(recording, stored(recording, separator, tmp_path / "s"))) as split:
        mixdown(split, [Output(tmp_path / "stored.wav", remix)])
    assert (tmp_path / "stored.wav").read_bytes() == (tmp_path / "direct.wav").read_bytes()


@pytest.mark.parametrize("name", ["x.ogg", "x.mp3"])
def test_what_cannot_be_sought_in_is_read_decoded(separator: Separator, tmp_path: Path, name: str) -> None:
    audio = np.random.default_rng(0).standard_normal((FRAMES, 2)) * 0.1
    soundfile.write(tmp_path / name, audio, RATE)
    recording = open_recording(tmp_path / name)
    assert not recording.seekable
    folder = stored(recording, separator, tmp_path / "home" / "s")
    with closing(StoredSplit.open(recording, folder)) as split:
        assert split.decoded == 0
        assert not any(track.any() for track in split.read(100, 200))
        for _ in decode(recording, tmp_path / "home" / MIXTURE):
            assert split.decoded > 0
        assert split.decoded == recording.frames
        mixture, speech = split.read(0, recording.frames)
        assert np.array_equal(mixture, recording.read(0, recording.frames))
        assert np.array_equal(speech, direct(recording, separator))
        assert np.array_equal(np.concatenate([part.mixture for part in split.parts()]), mixture)


def test_a_recording_that_was_damaged_since_says_where(separator: Separator, tmp_path: Path) -> None:
    recording = write(tmp_path / "in.wav", "FLOAT")
    stored(recording, separator, tmp_path / "s")
    audio = soundfile.read(recording.path)[0]
    audio[FRAMES // 2] = np.nan
    soundfile.write(recording.path, audio, RATE, "FLOAT")
    with closing(StoredSplit.open(recording, tmp_path / "s")) as split:
        split.read(0, 100)
        with pytest.raises(InputError, match=r"NaN or infinite sample at 0:00:04\.500"):
            split.read(FRAMES // 2 - 50, FRAMES // 2 + 50)
    recording.path.unlink()
    with pytest.raises(InputError, match="still there"):
        StoredSplit.open(recording, tmp_path / "s")


def test_a_split_of_something_else_is_refused(separator: Separator, tmp_path: Path) -> None:
    recording = write(tmp_path / "in.wav")
    folder = stored(recording, separator, tmp_path / "s")
    with pytest.raises(InputError, match="no split of"):
        StoredSplit.open(write(tmp_path / "mono.wav", channels=1), folder)
    with pytest.raises(InputError, match="no split of"):
        StoredSplit.open(recording, tmp_path)


def test_threads_can_share_it(separator: Separator, tmp_path: Path) -> None:
    recording = write(tmp_path / "in.wav")
    wrong: list[int] = []
    with closing(StoredSplit.open(recording, stored(recording, separator, tmp_path / "s"))) as split:
        mixture, speech = split.read(0, FRAMES)

        def read(seed: int) -> None:
            for start in np.random.default_rng(seed).integers(0, FRAMES - 80, 500):
                found = split.read(start, start + 80)
                if not (
                    np.array_equal(found[0], mixture[start : start + 80])
                    and np.array_equal(found[1], speech[start : start + 80])
                ):
                    wrong.append(start)

        threads = [threading.Thread(target=read, args=(seed,)) for seed in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong


# -- loudness


@pytest.mark.parametrize(
    "remix",
    [
        Remix(),
        Remix(3, -18),
        Remix(-math.inf, 0),
        Remix(0, -math.inf),
        Remix(0, 0, (Region(1, 4, 6, -30, 0.2), Region(5.03, 7.21, -math.inf, -6))),
    ],
)
@pytest.mark.parametrize("patched", [False, True])
def test_the_loudness_of_a_remix_is_known_before_it_is_rendered(
    separator: Separator, other: Separator, tmp_path: Path, remix: Remix, patched: bool
) -> None:
    recording = write(tmp_path / "in.wav", channels=6)
    base, stretch = stored(recording, separator, tmp_path / "s"), stored(recording, other, tmp_path / "p", (2, 6))
    meter = LoudnessMeter(RATE, 6)
    with closing(StoredSplit.open(recording, base, [(Patch(2.5, 5.25, "o"), stretch)] if patched else [])) as split:
        meter.add(render(*split.read(0, FRAMES), remix, 0, RATE))
        exact = not (remix.regions or patched)
        assert split.loudness(remix) == pytest.approx(meter.integrated(), abs=1e-6 if exact else 0.1)


def test_silence_has_no_loudness(separator: Separator, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "in.wav", np.zeros((FRAMES, 1)), RATE)
    recording = open_recording(tmp_path / "in.wav")
    with closing(StoredSplit.open(recording, stored(recording, separator, tmp_path / "s"))) as split:
        assert split.loudness(Remix(6, 6)) == -math.inf
        assert split.facts["alpha"] == split.facts["beta"] == 1


def test_none_of_it_needs_torch() -> None:
    script = "import sys, engine.stored, engine.mixdown, engine.cache; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parents[2]).returncode == 0
