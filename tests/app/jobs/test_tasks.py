"""What the engine process does, done here: open, draw, split, split again, export."""

import json
import math
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from app.cli import main
from app.jobs import tasks
from app.jobs.tasks import TASKS, Work
from app.picture.pyramid import Pyramid, PyramidWriter
from engine.cache import recording_folder
from engine.delivery import Delivery, delivery_data
from engine.errors import Cancelled, InputError, ResourceError, UsageError
from engine.fingerprint import fingerprint
from engine.patch import Patch, patch_data
from engine.recording import open_recording, recording_from
from engine.remix import Region, Remix, remix_data
from engine.separator import Separator
from engine.stored import StoredSplit
from engine.tags import Chapter, Tags, read_tags, write_tags

RATE, SECONDS = 8000, 9
FRAMES = RATE * SECONDS


class Desk:
    """Runs tasks and keeps what they say on the way."""

    def __init__(self) -> None:
        self.progress: list[tuple[float, float]] = []
        self.began: list[dict[str, Any]] = []
        self.cancel_at = math.inf  # seconds

    def __call__(self, task: str, **arguments: Any) -> dict[str, Any]:
        self.progress, self.began = [], []
        return TASKS[task](Work(self._advance, self.began.append), **arguments)

    def _advance(self, done: float, total: float) -> None:
        self.progress.append((done, total))
        if done >= self.cancel_at:
            raise Cancelled("cancelled")


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture(autouse=True)
def short_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows of two seconds; models are loaded anew for each test."""
    monkeypatch.setattr(Separator.__init__, "__defaults__", ("auto", "masked", 2))
    tasks._loaded.cache_clear()


def sound(channels: int = 2) -> np.ndarray:
    audio = np.random.default_rng(0).standard_normal((FRAMES, channels)) * 0.1
    return np.clip(audio * (1 + np.sin(np.arange(FRAMES) / 4000)[:, None]), -1, 1)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    soundfile.write(tmp_path / "in.wav", sound(), RATE, "PCM_16")
    return tmp_path / "in.wav"


@pytest.fixture
def other_model(model_path: Path, tmp_path: Path) -> Path:
    """Another model of the same kind."""
    from engine.model import load_model, save_model

    model = load_model(str(model_path))
    for weight in model.generator.state_dict().values():
        weight.mul_(1.1)
    save_model(tmp_path / "other.safetensors", model.generator, model.file.card)
    return tmp_path / "other.safetensors"


def files(folder: Path) -> dict[str, bytes]:
    """All files below a folder, by their names within it."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def drawn(folder: Path, samples: np.ndarray) -> dict[str, bytes]:
    """The picture of samples."""
    with PyramidWriter(folder, RATE, len(samples)) as writer:
        writer.add(samples)
    return files(folder)


# -- open


def test_open_says_what_a_recording_is(desk: Desk, source: Path) -> None:
    write_tags(source, Tags(chapters=(Chapter(1.5, None, "Applause"), Chapter(4.0, 5.0, "Question"))))
    about = desk("open", path=str(source))
    assert recording_from(source, about) == open_recording(source)
    assert about["fingerprint"] == fingerprint(source) and about["seconds"] == SECONDS
    assert Path(about["folder"]) == recording_folder(fingerprint(source))
    assert about["markers"] == [{"time": 1.5, "name": "Applause"}, {"time": 4.0, "name": "Question"}]
    json.dumps(about, allow_nan=False)


def test_what_takes_long_to_find_out_is_found_out_once(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    soundfile.write(tmp_path / "in.mp3", sound(), RATE)
    about = desk("open", path=str(tmp_path / "in.mp3"))
    (tmp_path / "in.mp3").rename(tmp_path / "moved.mp3")
    monkeypatch.setattr(tasks, "open_recording", None)
    assert desk("open", path=str(tmp_path / "moved.mp3")) == about
    assert recording_from(tmp_path / "moved.mp3", about) == open_recording(tmp_path / "moved.mp3")


def test_what_is_no_recording_leaves_nothing_in_the_cache(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "in.wav").write_text("Dear diary")
    with pytest.raises(InputError, match="not a sound"):
        desk("open", path=str(tmp_path / "in.wav"))
    assert not (tmp_path / "cache").exists()


# -- picture


@pytest.mark.parametrize("name", ["in.flac", "in.mp3"])
def test_the_mixture_is_drawn_and_decoded_where_need_be(desk: Desk, tmp_path: Path, name: str) -> None:
    soundfile.write(tmp_path / name, sound(), RATE)
    recording = open_recording(tmp_path / name)
    pictures = Path(desk("picture", path=str(tmp_path / name))["pictures"])
    samples = recording.read(0, recording.frames)
    assert files(pictures / "mixture") == drawn(tmp_path / "expected", samples)
    assert desk.began == [{"pictures": str(pictures)}] and desk.progress[-1][0] == recording.seconds
    with closing(StoredSplit.unsplit(recording, pictures.parent)) as split:
        assert np.array_equal(split.read(0, recording.frames)[0], samples)
    desk("picture", path=str(tmp_path / name))
    assert not desk.progress  # it was there


# -- split


def test_a_split_is_stored_and_drawn(desk: Desk, source: Path, tmp_path: Path, model_path: Path) -> None:
    result = desk("split", path=str(source), model=str(model_path), device="cpu")
    assert result.keys() == {"folder", "pictures", "seconds", "model", "alpha", "beta", "residual_db", "null_dbfs"} | {
        "real_time_factor",
        "device",
        "device_reason",
    }
    assert desk.began == [{name: result[name] for name in ("folder", "pictures")}]
    assert [done for done, _ in desk.progress] == [2, 4, 6, 8, 9]
    assert (result["seconds"], result["null_dbfs"], result["device"]) == (SECONDS, -300, "cpu")
    with closing(StoredSplit.open(open_recording(source), Path(result["folder"]))) as split:
        mixture, speech = split.read(0, FRAMES)
        assert split.complete and np.abs(mixture - speech).max() > 0.01
    for lane, samples in (("speech", speech), ("noise", mixture - speech)):
        assert files(Path(result["pictures"]) / lane) == drawn(tmp_path / lane, samples)


def test_a_split_in_the_cache_needs_no_model(
    desk: Desk, source: Path, model_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = desk("split", path=str(source), model=str(model_path), device="cpu")
    monkeypatch.setattr(tasks, "_separator", None)
    assert desk("split", path=str(source), model=str(model_path), device="cpu") == result
    assert not desk.progress


def test_a_cancelled_split_can_be_heard_and_goes_on(desk: Desk, source: Path, model_path: Path) -> None:
    desk.cancel_at = 4
    with pytest.raises(Cancelled):
        desk("split", path=str(source), model=str(model_path), device="cpu")
    folder, pictures = (Path(desk.began[0][name]) for name in ("folder", "pictures"))
    with closing(StoredSplit.open(open_recording(source), folder)) as split:
        assert split.done == 4 * RATE and not split.complete
    assert not Pyramid(pictures / "speech").complete
    desk.cancel_at = math.inf
    assert desk("split", path=str(source), model=str(model_path), device="cpu")["folder"] == str(folder)
    assert all(Pyramid(pictures / lane).complete for lane in ("speech", "noise"))
    with closing(StoredSplit.open(open_recording(source), folder)) as split:
        assert split.complete


def test_pictures_that_are_missing_are_drawn_from_the_split(desk: Desk, source: Path, model_path: Path) -> None:
    result = desk("split", path=str(source), model=str(model_path), device="cpu")
    pictures = Path(result["pictures"])
    before = files(pictures)
    (pictures / "noise" / "meta.json").unlink()
    assert desk("split", path=str(source), model=str(model_path), device="cpu") == result
    after = files(pictures)
    assert {name: after[name] for name in before} == before


def test_too_small_a_disk_is_found_out_before_any_work(
    desk: Desk, source: Path, model_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.cache.shutil.disk_usage", lambda path: type("Usage", (), {"free": 1000}))
    monkeypatch.setattr(tasks, "_separator", None)
    with pytest.raises(ResourceError, match="Not enough space"):
        desk("split", path=str(source), model=str(model_path))
    assert not desk.began


# -- patch


def test_patches_come_and_go_in_the_pictures(
    desk: Desk, source: Path, tmp_path: Path, model_path: Path, other_model: Path
) -> None:
    split = desk("split", path=str(source), model=str(model_path), device="cpu")
    pictures = Path(split["pictures"])
    plain = files(pictures / "speech") | files(pictures / "noise")
    wanted = [Patch(1.2, 3.4, str(other_model)), Patch(3, 8.5, str(other_model))]
    patches = [
        patch_data(patch) | {"folder": desk("patch", path=str(source), device="cpu", **patch_data(patch))["folder"]}
        for patch in wanted
    ]
    assert len({patch["folder"] for patch in patches}) == 2
    for shown in (patches[:1], patches, patches[1:], []):
        assert desk("picture", path=str(source), folder=split["folder"], patches=shown)["pictures"] == str(pictures)
        placed = [(wanted[patches.index(patch)], Path(patch["folder"])) for patch in shown]
        with closing(StoredSplit.open(open_recording(source), Path(split["folder"]), placed)) as stored:
            mixture, speech = stored.read(0, FRAMES)
        for lane, samples in (("speech", speech), ("noise", mixture - speech)):
            assert files(pictures / lane) == drawn(tmp_path / lane, samples), f"{lane} with {len(shown)} patches"
    assert files(pictures / "speech") | files(pictures / "noise") == plain


def test_pictures_half_redrawn_are_put_right(
    desk: Desk, source: Path, tmp_path: Path, model_path: Path, other_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    split = desk("split", path=str(source), model=str(model_path), device="cpu")
    plain = files(Path(split["pictures"]))
    patch = patch_data(Patch(1, 3, str(other_model)))
    patch["folder"] = desk("patch", path=str(source), device="cpu", **patch)["folder"]
    real = tasks.redraw

    def killed(folder: Path, *arguments: Any) -> None:
        if folder.name == "noise":
            raise KeyboardInterrupt
        real(folder, *arguments)

    with monkeypatch.context() as changed:
        changed.setattr(tasks, "redraw", killed)
        with pytest.raises(KeyboardInterrupt):
            desk("picture", path=str(source), folder=split["folder"], patches=[patch])
    half = files(Path(split["pictures"]))
    assert any(half[name] != plain[name] for name in plain)
    desk("split", path=str(source), model=str(model_path), device="cpu")  # shows no patches
    after = files(Path(split["pictures"]))
    assert {name: after[name] for name in plain} == plain


def test_a_patch_beyond_the_end_is_refused(desk: Desk, source: Path, model_path: Path) -> None:
    with pytest.raises(UsageError, match="ends at"):
        desk("patch", path=str(source), start=9.0, end=10.0, model=str(model_path))


# -- export


def test_an_export_is_what_the_command_line_writes(
    desk: Desk, source: Path, tmp_path: Path, model_path: Path, other_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With regions, stretches of another model, a loudness and a sample format: as `Copy as command` has it."""
    remix = Remix(1.5, -18, (Region(1, 3, -3, -math.inf, 0.3), Region(4.5, 6)))
    patch = Patch(2.5, 5.25, str(other_model))
    delivery = Delivery(-20, -2, "PCM_24")
    folder = desk("split", path=str(source), model=str(model_path), device="cpu")["folder"]
    stretch = desk("patch", path=str(source), device="cpu", **patch_data(patch))["folder"]
    outputs = [{"track": track, "path": str(tmp_path / f"{track}.wav")} for track in ("remix", "speech", "noise")]
    arguments = {
        "path": str(source),
        "outputs": outputs,
        "remix": remix_data(remix),
        "delivery": delivery_data(delivery),
    }
    result = desk("export", folder=folder, patches=[patch_data(patch) | {"folder": stretch}], **arguments)
    assert [output["track"] for output in result["outputs"]] == ["remix", "speech", "noise"]
    assert result["outputs"][0]["loudness"] == pytest.approx(-20, abs=0.5)
    line = ["remix", source, "-o", tmp_path / "line.wav", "--speech", 1.5, "--noise", -18, "--loudness", -20]
    line += ["--true-peak", -2, "--subtype", "PCM_24", "--regions", json.dumps(remix_data(remix)["regions"])]
    line += ["--model", model_path, "--resplit", f"2.5-5.25={other_model}", "--device", "cpu", "--json"]
    assert main([str(word) for word in line]) == 0, capsys.readouterr().err
    assert (tmp_path / "line.wav").read_bytes() == (tmp_path / "remix.wav").read_bytes()
    session = tmp_path / "talk.voicebed"
    session.write_text(json.dumps({"voicebed": 1, "regions": remix_data(remix)["regions"], "markers": []}))
    line[line.index("--regions") + 1] = session
    assert main([str(word) for word in line]) == 0, capsys.readouterr().err
    assert (tmp_path / "line.wav").read_bytes() == (tmp_path / "remix.wav").read_bytes()


def test_exported_tracks_add_up_and_are_those_of_the_command_line(
    desk: Desk, source: Path, tmp_path: Path, model_path: Path, other_model: Path
) -> None:
    write_tags(source, Tags({"title": ["Café"]}, chapters=(Chapter(1.0, 2.0, "One"),)))
    folder = desk("split", path=str(source), model=str(model_path), device="cpu")["folder"]
    patch = patch_data(Patch(3, 4, str(other_model)))
    patch["folder"] = desk("patch", path=str(source), device="cpu", **patch)["folder"]
    outputs = [{"track": track, "path": str(tmp_path / f"x.{track}.flac")} for track in ("speech", "noise")]
    desk("export", path=str(source), folder=folder, outputs=outputs, patches=[patch], delivery={"loudness": -16})
    line = ["split", source, "-o", tmp_path / "cli", "--model", model_path, "--resplit", f"3-4={other_model}"]
    assert main([str(word) for word in [*line, "--device", "cpu"]]) == 0
    tracks = [soundfile.read(output["path"], dtype="int16")[0] for output in outputs]
    assert np.array_equal(tracks[0] + tracks[1], soundfile.read(source, dtype="int16")[0])
    for track, samples in zip(("speech", "noise"), tracks, strict=True):
        assert np.array_equal(samples, soundfile.read(tmp_path / "cli" / f"in.{track}.wav", dtype="int16")[0])
        tags = read_tags(tmp_path / f"x.{track}.flac")
        assert tags.text["title"] == ["Café"] and [chapter.title for chapter in tags.chapters] == ["One"]


def test_a_cancelled_export_leaves_nothing(desk: Desk, source: Path, tmp_path: Path, model_path: Path) -> None:
    folder = desk("split", path=str(source), model=str(model_path), device="cpu")["folder"]
    (tmp_path / "out").mkdir()
    outputs = [{"track": track, "path": str(tmp_path / "out" / f"{track}.wav")} for track in ("remix", "noise")]
    desk.cancel_at = 12  # of 18: the second pass, for the loudness
    with pytest.raises(Cancelled):
        desk("export", path=str(source), folder=folder, outputs=outputs, delivery={"loudness": -16})
    assert not list((tmp_path / "out").iterdir())


def test_a_split_that_is_not_complete_is_not_exported(
    desk: Desk, source: Path, tmp_path: Path, model_path: Path
) -> None:
    desk.cancel_at = 4
    with pytest.raises(Cancelled):
        desk("split", path=str(source), model=str(model_path), device="cpu")
    outputs = [{"track": "remix", "path": str(tmp_path / "out.wav")}]
    with pytest.raises(UsageError, match="not split to its end"):
        desk("export", path=str(source), folder=desk.began[0]["folder"], outputs=outputs)
    assert not (tmp_path / "out.wav").exists()


def test_a_mixdown_keeps_nothing_and_writes_the_same(
    desk: Desk, source: Path, tmp_path: Path, model_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def outputs(folder: str) -> dict[str, Any]:
        (tmp_path / folder).mkdir()
        files = [{"track": track, "path": str(tmp_path / folder / f"{track}.wav")} for track in ("remix", "noise")]
        return {"path": str(source), "outputs": files, "remix": {"noise_db": -12}, "delivery": {"true_peak": -3}}

    desk("mixdown", model=str(model_path), device="cpu", **outputs("a"))
    home = recording_folder(fingerprint(source))
    assert [path.name for path in home.iterdir()] == [tasks.NOTE]
    split = desk("split", path=str(source), model=str(model_path), device="cpu")
    desk("export", folder=split["folder"], **outputs("b"))
    monkeypatch.setattr(tasks, "_separator", None)
    desk("mixdown", model=str(model_path), device="cpu", **outputs("c"))  # from the cache
    assert files(tmp_path / "a") == files(tmp_path / "b") == files(tmp_path / "c")
