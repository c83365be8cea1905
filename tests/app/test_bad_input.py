"""Whatever is given to the command line: it works, or says in one line why not; and it never leaves half a file."""

import errno
import json
import os
import resource
import shutil
import signal
import struct
import zipfile
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import av
import numpy as np
import pytest
import soundfile as sf
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from engine.separator import Separator
from tests.app.test_cli import RATE, Outcome, Voicebed, names, samples, sound, voicebed, write

__all__ = ["voicebed"]  # the fixture

TRACKS = {"x.speech.wav", "x.noise.wav"}


def refused(done: Outcome, code: int, *says: str) -> None:
    """The command ended with this code and one line that holds all of `says`."""
    assert done.code == code, done
    assert done.out == ""
    assert len(done.complaints) == 1, done.complaints
    (line,) = done.complaints
    assert line.startswith("voicebed: ") and "Traceback" not in line
    for words in says:
        assert words in line


# -- recordings that cannot be read


def cut(path: Path, share: float = 0.5) -> Path:
    """Keep the first part of a file."""
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    return path


def aac(path: Path) -> None:
    """Two seconds of m4a, its index at the end, as recorders write it."""
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=RATE, layout="mono")
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(sound(2 * RATE, 1).astype(np.float32).T.copy(), "fltp", "mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, 0, Fraction(1, RATE)
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def with_value(value: float, at: int) -> Callable[[Path], None]:
    """A float file with one odd sample."""

    def make(path: Path) -> None:
        odd = sound()
        odd[at, 1] = value
        sf.write(path, odd, RATE, subtype="FLOAT")

    return make


UNREADABLE: dict[str, tuple[str, Callable[[Path], Any], str]] = {
    "missing": ("x.wav", lambda path: None, "No such file"),
    "no bytes": ("x.wav", Path.touch, "empty"),
    "no samples": ("x.wav", lambda path: write(path, frames=0), "empty"),
    "a folder": ("x.wav", Path.mkdir, "folder"),
    "text": ("x.wav", lambda path: path.write_text("Dear diary,\n" * 50), "not a sound"),
    "text as mp3": ("x.mp3", lambda path: path.write_text("Dear diary,\n" * 50), "not a sound"),
    "only a header": ("x.wav", lambda path: cut(write(path), 0.0005), "not a sound"),
    "cut flac": ("x.flac", lambda path: cut(write(path, frames=4 * RATE)), "cut short"),
    "cut m4a": ("x.m4a", lambda path: (aac(path), cut(path)), "damaged"),
    "NaN": ("x.wav", with_value(np.nan, 8000), "NaN or infinite sample at 0:00:00.500"),
    "infinity": ("x.wav", with_value(-np.inf, 0), "NaN or infinite sample at 0:00:00.000"),
    "nine channels": ("x.wav", lambda path: write(path, channels=9), "9 channels"),
    "a name too long": ("x" * 300 + ".wav", lambda path: None, "cannot be opened"),
    "a path below a file": ("file/x.wav", lambda path: path.parent.touch(), "cannot be opened"),
}


@pytest.mark.parametrize(("name", "make", "says"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_unreadable_recordings(
    voicebed: Voicebed, tmp_path: Path, name: str, make: Callable[[Path], Any], says: str
) -> None:
    make(tmp_path / name)
    before = names(tmp_path)
    refused(voicebed("split", tmp_path / name, "-o", tmp_path / "new" / "out", "--json"), 3, says)
    refused(voicebed("split", tmp_path / name), 3, says)
    refused(voicebed("remix", tmp_path / name, "-o", tmp_path / "y.wav", "--loudness", -16), 3, says)
    assert names(tmp_path) == before


def test_damage_late_in_a_recording_leaves_no_tracks(voicebed: Voicebed, tmp_path: Path) -> None:
    source = cut(write(tmp_path / "x.flac", frames=150 * RATE, channels=1), 0.9)
    done = voicebed("split", source)
    refused(done, 3, "near 0:02:1")
    assert done.progress  # it was under way
    assert names(tmp_path) == {"x.flac"}


# -- recordings that are odd, and work


def raw_wav(path: Path, tag: int, frames: int, rate: int) -> None:
    """A mono wav of 8 bits a sample with random bytes; tag 1 is PCM, 7 µ-law."""
    data = np.random.default_rng(0).integers(0, 256, frames, np.uint8).tobytes()
    form = struct.pack("<HHIIHH", tag, 1, rate, rate, 1, 8)
    body = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", frames) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)


def saved(data: NDArray[np.float64], rate: int = RATE) -> Callable[[Path], None]:
    """A 16-bit file of these samples."""
    return lambda path: sf.write(path, data, rate, subtype="PCM_16")


def clicks() -> NDArray[np.float64]:
    """Single full-scale samples in silence."""
    data = np.zeros((RATE, 1))
    data[::997] = -1
    return data


ODD: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "cut wav": ("x.wav", lambda path: cut(write(path))),
    "silence": ("x.wav", saved(np.zeros((RATE, 2)))),
    "clipped": ("x.wav", saved(np.sign(sound()))),
    "clicks": ("x.wav", saved(clicks())),
    "one sample": ("x.wav", saved(np.full((1, 1), 0.5))),
    "two samples of 44.1 kHz": ("x.flac", saved(np.full((2, 2), -0.5), 44100)),
    "8 kHz": ("x.wav", lambda path: write(path, rate=8000)),
    "µ-law": ("x.wav", lambda path: raw_wav(path, 7, 8000, 8000)),
    "8 bit": ("x.wav", lambda path: raw_wav(path, 1, 11025, 11025)),
    "192 kHz": ("x.wav", lambda path: write(path, "PCM_24", 192000, frames=200_000)),
    "a rate of its own": ("x.wav", lambda path: write(path, rate=12347)),
    "8 channels": ("x.wav", lambda path: write(path, channels=8)),
    "spaces and other scripts": (" 東京 – Gespräch  №1 .wav", write),
    "no suffix": ("x", lambda path: sf.write(path, sound(), RATE, format="WAV")),
    "wrong suffix": ("x.mp3", lambda path: sf.write(path, sound(), RATE, format="FLAC")),
    "a leading dash": ("-x.wav", write),
    "dots": ("x.speech.wav", write),
}


@pytest.mark.parametrize(("name", "make"), ODD.values(), ids=ODD.keys())
def test_odd_recordings_work(voicebed: Voicebed, tmp_path: Path, name: str, make: Callable[[Path], Any]) -> None:
    source = tmp_path / name
    make(source)
    tracks = [tmp_path / f"{source.stem}.{track}.wav" for track in ("speech", "noise")]
    done = voicebed("split", source, "--json")
    assert not done.complaints
    assert done.json["files"][0]["null_dbfs"] == -300
    assert np.array_equal(sum(map(samples, tracks)), samples(source))
    assert names(tmp_path) == {name, *(track.name for track in tracks)}
    same = voicebed("remix", source, "-o", tmp_path / "y.wav", "--json")
    assert not same.complaints and same.json["clipped"] == 0
    assert np.array_equal(samples(tmp_path / "y.wav"), samples(source))
    assert voicebed("remix", source, "-o", tmp_path / "y.wav", "--loudness", -16, "--noise", -6).code == 0


@pytest.mark.parametrize("kind", ["mp3", "m4a"])
def test_lossy_recordings_cut_short_work_or_are_refused(voicebed: Voicebed, tmp_path: Path, kind: str) -> None:
    source = tmp_path / f"x.{kind}"
    aac(source) if kind == "m4a" else sf.write(source, sound(4 * RATE), RATE)
    done = voicebed("split", cut(source))
    assert names(tmp_path) == {source.name} | (TRACKS if done.code == 0 else set())
    if done.code:
        refused(done, 3)


def test_a_name_that_is_not_utf8(voicebed: Voicebed, tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    folder.mkdir()
    source = write(tmp_path / "x.wav").rename(folder / "x.wav")
    refused(voicebed("split", source), 2, "not UTF-8")
    done = voicebed("split", source, "-o", tmp_path / "out", "--json")
    assert done.json["files"][0]["input"] == str(source)
    assert names(folder) == {"x.wav"} and names(tmp_path / "out") == TRACKS


def test_recordings_that_may_not_be_read(voicebed: Voicebed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(path: Path, *arguments: Any, **settings: Any) -> Any:
        if path.name in ("x.wav", "r.json"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return original(path, *arguments, **settings)

    source, original = write(tmp_path / "x.wav"), Path.open
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.R_OK)
    monkeypatch.setattr(Path, "open", opened)  # chmod does not stop root, whom tests may run as
    refused(voicebed("split", source), 3, "Permission denied")
    refused(voicebed("remix", source, "-o", tmp_path / "y.wav"), 3, "Permission denied")
    refused(voicebed("remix", source, "-o", tmp_path / "y.wav", "--regions", tmp_path / "r.json"), 3, "r.json")


# -- places that cannot be written


def test_a_folder_that_cannot_be_made(voicebed: Voicebed, tmp_path: Path) -> None:
    source = write(tmp_path / "x.wav")
    for folder in (source, source / "below", Path("/proc/voicebed")):
        refused(voicebed("split", source, "-o", folder), 2, str(folder), "-o")
    assert names(tmp_path) == {"x.wav"}


@pytest.mark.parametrize("command", ["split", "remix"])
def test_a_read_only_folder(voicebed: Voicebed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    source, folder = write(tmp_path / "x.wav"), tmp_path / "locked"
    folder.mkdir()
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: (path, mode) != (folder, os.W_OK) and allowed(path, mode))
    place = folder if command == "split" else folder / "y.wav"
    refused(voicebed(command, source, "-o", place), 2, str(folder), "read-only")
    assert names(folder) == set()


def test_a_folder_that_refuses_the_file(voicebed: Voicebed, tmp_path: Path) -> None:
    source = write(tmp_path / "x.wav")
    refused(voicebed("remix", source, "-o", "/proc/self/y.wav"), 2, "/proc/self")  # root may write there, it seems
    refused(voicebed("remix", source, "-o", "/proc/self/y.wav", "--loudness", -16), 2, "/proc/self")
    refused(voicebed("split", source, "-o", "/proc/self"), 2, "/proc/self")


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ("folder", "folder"),
        ("folder/", "folder"),
        ("folder.wav", "folder"),
        ("nowhere/y.wav", "does not exist"),
        ("x.wav/y.wav", "does not exist"),
        ("x.wav", "never changed"),
        ("folder/../x.wav", "never changed"),
        ("link.wav", "never changed"),
        ("y.txt", ".wav"),
        ("y", ".wav"),
        ("y" * 300 + ".wav", "name too long"),
    ],
)
def test_outputs_that_cannot_be(voicebed: Voicebed, tmp_path: Path, output: str, says: str) -> None:
    source = write(tmp_path / "x.wav")
    (tmp_path / "link.wav").symlink_to(source)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder.wav").mkdir()
    before, content = names(tmp_path), source.read_bytes()
    refused(voicebed("remix", source, "-o", f"{tmp_path}/{output}", "--noise", -6), 2, says)
    assert names(tmp_path) == before and source.read_bytes() == content
    assert names(tmp_path / "folder") == set()


@pytest.mark.parametrize(("suffix", "rate", "channels"), [("mp3", RATE, 4), ("mp3", 96000, 2), ("opus", 44100, 1)])
def test_formats_that_cannot_hold_the_recording(
    voicebed: Voicebed, tmp_path: Path, suffix: str, rate: int, channels: int
) -> None:
    source = write(tmp_path / "x.wav", rate=rate, channels=channels, frames=1000)
    refused(voicebed("remix", source, "-o", tmp_path / f"y.{suffix}"), 2, f".{suffix}", ".wav")
    assert names(tmp_path) == {"x.wav"}


def test_a_track_whose_name_is_taken_by_a_folder(voicebed: Voicebed, tmp_path: Path) -> None:
    source = write(tmp_path / "x.wav")
    (tmp_path / "x.noise.wav").mkdir()
    refused(voicebed("split", source), 2, "x.noise.wav is a folder")
    assert names(tmp_path) == {"x.wav", "x.noise.wav"}


# -- not enough disk or memory


@pytest.mark.parametrize("command", ["split", "remix"])
def test_a_disk_too_small(voicebed: Voicebed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    source = write(tmp_path / "x.wav")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=10))
    place = tmp_path / "new" if command == "split" else tmp_path / "y.wav"
    refused(voicebed(command, source, "-o", place), 4, "Not enough space")
    assert names(tmp_path) == {"x.wav"}


@pytest.mark.parametrize(
    "arguments",
    [("split",), ("remix", "-o", "y.wav"), ("remix", "-o", "y.flac"), ("remix", "-o", "y.mp3", "--loudness", "-16")],
    ids=" ".join,
)
def test_a_disk_that_fills_up(voicebed: Voicebed, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    source = write(tmp_path / "x.wav", frames=10 * RATE)
    words = [str(tmp_path / word) if word.startswith("y.") else word for word in arguments]
    done = voicebed.process(words[0], source, *words[1:], preexec_fn=small_disk)
    refused(done, 4, str(tmp_path))
    assert names(tmp_path) == {"x.wav"}


def small_disk() -> None:
    """No file of this process may pass 100 kB: to the process that is a failure of the disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MemoryError(), 4),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), 4),
        (PermissionError(errno.EACCES, os.strerror(errno.EACCES), "somewhere"), 2),
        (KeyboardInterrupt(), 130),
    ],
    ids=["memory", "disk full", "permission", "interrupt"],
)
@pytest.mark.parametrize("command", ["split", "remix"])
def test_failures_on_the_way_leave_nothing(
    voicebed: Voicebed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, error: BaseException, code: int
) -> None:
    def fail(*_: object) -> NoReturn:
        assert any(name.startswith(".voicebed-") for name in names(tmp_path))
        raise error

    source = write(tmp_path / "x.wav")
    monkeypatch.setattr(Separator, "_window", fail)
    place = () if command == "split" else ("-o", tmp_path / "y.wav", "--loudness", -16)
    refused(voicebed(command, source, *place), code)
    assert names(tmp_path) == {"x.wav"}


def test_memory_that_torch_cannot_get(voicebed: Voicebed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Separator, "_window", lambda *_: torch.empty(1 << 50))
    refused(voicebed("split", write(tmp_path / "x.wav")), 4, "not enough memory")
    assert names(tmp_path) == {"x.wav"}


# -- models, devices, options


def zipped(path: Path, model: Path) -> None:
    """A model inside an archive."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(model)


def recarded(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path, Path], None]:
    """A model whose card was changed."""

    def make(path: Path, model: Path) -> None:
        with safe_open(model, "numpy") as file:
            card = json.loads(file.metadata()["voicebed"])
        card = change(card) or card
        save_file(load_file(model), path, {"voicebed": json.dumps(card)})

    return make


def without_a_tensor(path: Path, model: Path) -> None:
    """A model whose card promises more than there is."""
    with safe_open(model, "numpy") as file:
        metadata = file.metadata()
    tensors = load_file(model)
    tensors.popitem()
    save_file(tensors, path, metadata)


BAD_MODELS: dict[str, Callable[[Path, Path], Any]] = {
    "missing": lambda path, model: None,
    "a folder": lambda path, model: path.mkdir(),
    "empty": lambda path, model: path.touch(),
    "text": lambda path, model: path.write_text("a model\n" * 100),
    "a zip": zipped,
    "cut in the header": lambda path, model: path.write_bytes(model.read_bytes()[:100]),
    "cut in the tensors": lambda path, model: path.write_bytes(model.read_bytes()[:-1]),
    "no card": lambda path, model: save_file(load_file(model), path),
    "a card that is no object": recarded(lambda card: [1]),
    "a card with a key too few": recarded(lambda card: card.pop("date")),
    "a card of the future": recarded(lambda card: card.update(colour="blue")),
}
MISFITS: dict[str, Callable[[Path, Path], Any]] = {
    "an unknown codec": recarded(lambda card: card["architecture"]["codec"].update(kind="telepathy")),
    "a codec that is a name": recarded(lambda card: card["architecture"].update(codec="spectral")),
    "an architecture that is a name": recarded(lambda card: card.update(architecture="spectral")),
    "a size that is text": recarded(lambda card: card["architecture"]["codec"].update(width="wide")),
    "another size": recarded(lambda card: card["architecture"]["codec"].update(width=32)),
    "a size that cannot be": recarded(lambda card: card["architecture"]["branch"].update(heads=0)),
    "a tensor too few": without_a_tensor,
}


@pytest.mark.parametrize("make", (BAD_MODELS | MISFITS).values(), ids=(BAD_MODELS | MISFITS).keys())
def test_bad_models_are_refused(voicebed: Voicebed, tmp_path: Path, make: Callable[[Path, Path], Any]) -> None:
    source, model = write(tmp_path / "x.wav"), tmp_path / "bad.safetensors"
    make(model, voicebed.model)
    before = names(tmp_path)
    refused(voicebed("split", source, "-o", tmp_path / "out", "--model", model), 3, "bad.safetensors")
    refused(voicebed("remix", source, "-o", tmp_path / "y.wav", "--model", model), 3, "bad.safetensors")
    assert names(tmp_path) == before


@pytest.mark.parametrize("make", BAD_MODELS.values(), ids=BAD_MODELS.keys())
def test_bad_models_are_not_imported(voicebed: Voicebed, tmp_path: Path, make: Callable[[Path, Path], Any]) -> None:
    model = tmp_path / "bad.safetensors"
    make(model, voicebed.model)
    refused(voicebed("models", "import", model), 3, "bad.safetensors")
    refused(voicebed("models", "show", model), 3, "bad.safetensors")
    assert not (tmp_path / "home").exists()


def test_models_that_are_not_there_or_not_yours(voicebed: Voicebed, tmp_path: Path) -> None:
    assert voicebed("models", "import", voicebed.model).code == 0
    refused(voicebed("models", "import", voicebed.model), 2, "'tiny' exists")
    refused(voicebed("models", "show", "nope"), 3, "'nope'", "tiny")
    refused(voicebed("models", "remove", "nope"), 3, "'nope'")
    refused(voicebed("models", "remove", "../models/tiny"), 3)
    refused(voicebed("models", "remove", "x" * 300), 2, "name too long")
    refused(voicebed("models", "show", "x" * 300), 2, "name too long")
    assert names(tmp_path / "home" / "models") == {"tiny.safetensors"}


def test_an_import_without_room_leaves_nothing(
    voicebed: Voicebed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, target: Path) -> NoReturn:
        target.write_bytes(source.read_bytes()[:100])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))

    monkeypatch.setattr(shutil, "copyfile", full)
    refused(voicebed("models", "import", voicebed.model), 4, "space")
    assert names(tmp_path / "home" / "models") == set()


def test_a_home_that_cannot_be_made(voicebed: Voicebed, tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    refused(voicebed("models", "import", voicebed.model), 2, str(tmp_path / "home"))
    assert names(tmp_path) == {"home"}


WRONG_USE: dict[str, tuple[str, ...]] = {
    "unknown device": ("--device", "tpu"),
    "device elsewhere": ("--device", "mps"),
    "gain too high": ("--speech", "12.1"),
    "gain infinite": ("--noise", "inf"),
    "gain NaN": ("--noise", "nan"),
    "gain text": ("--speech", "loud"),
    "gain empty": ("--speech", ""),
    "loudness too high": ("--loudness", "1"),
    "loudness too low": ("--loudness", "-71"),
    "loudness NaN": ("--loudness", "nan"),
    "loudness text": ("--loudness", "loud"),
    "peak too high": ("--true-peak", "0.5"),
    "peak NaN": ("--true-peak", "nan"),
    "peak infinite": ("--true-peak", "-inf"),
    "unknown option": ("--reverb", "1"),
    "option without value": ("--speech",),
    "two inputs": ("other.wav",),
}


@pytest.mark.parametrize("options", WRONG_USE.values(), ids=WRONG_USE.keys())
def test_wrong_use_of_remix(voicebed: Voicebed, tmp_path: Path, options: tuple[str, ...]) -> None:
    source = write(tmp_path / "x.wav")
    line = ("remix", source, "-o", tmp_path / "y.wav", "--model", voicebed.model, *options)
    done = voicebed(*line)
    refused(done, 2)
    assert options[0].strip("-").replace("-", " ") in done.complaints[0].replace("-", " ")
    assert names(tmp_path) == {"x.wav"}


@pytest.mark.parametrize(
    "options",
    [
        ("--device", "tpu"),
        ("--render", "raytraced"),
        ("--tracks", "vocals"),
        ("--tracks", "speech,vocals"),
        ("--tracks", ""),
        ("--tracks", ","),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("inputs", [1, 2])
def test_wrong_use_of_split(voicebed: Voicebed, tmp_path: Path, options: tuple[str, ...], inputs: int) -> None:
    sources = [write(tmp_path / f"{number}.wav") for number in range(inputs)]
    before = names(tmp_path)
    refused(voicebed("split", *sources, "-o", tmp_path / "out", *options, "--json"), 2)
    assert names(tmp_path) == before


@pytest.mark.parametrize("line", [("split",), ("remix", "x.wav"), ("models", "show"), ("splitt",), ("models", "burn")])
def test_incomplete_or_unknown_commands(voicebed: Voicebed, line: tuple[str, ...]) -> None:
    refused(voicebed(*line), 2, "--help")


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
def test_cuda_where_there_is_none(voicebed: Voicebed, tmp_path: Path) -> None:
    refused(voicebed("split", write(tmp_path / "x.wav"), "--device", "cuda"), 2, "cuda", "not available", "cpu")
    assert names(tmp_path) == {"x.wav"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[{",
        "5",
        "null",
        '"regions"',
        '{"regions": 5}',
        '{"regions": null}',
        '{"region": []}',
        '{"start": 0, "end": 1}',
        "[5]",
        "[{}]",
        '[{"start": 0}]',
        '[{"start": 1, "end": 0}]',
        '[{"start": -1, "end": 1}]',
        '[{"start": 0, "end": NaN}]',
        '[{"start": 0, "end": 1, "noise_db": "quiet"}]',
        '[{"start": 0, "end": 1, "noise_db": 20}]',
        '[{"start": 0, "end": 1, "noise_db": null}]',
        '[{"start": 0, "end": 1, "ramp": -1}]',
        '[{"start": 0, "end": 1, "colour": 1}]',
        "[" * 100_000,
        "\udcff",
    ],
    ids=lambda text: ascii(text[:40]),
)
def test_broken_regions(voicebed: Voicebed, tmp_path: Path, text: str) -> None:
    source, regions = write(tmp_path / "x.wav"), tmp_path / "r.json"
    regions.write_bytes(os.fsencode(text))
    refused(voicebed("remix", source, "-o", tmp_path / "y.wav", "--regions", regions), 3, "r.json")
    assert names(tmp_path) == {"x.wav", "r.json"}


def test_regions_that_are_not_there(voicebed: Voicebed, tmp_path: Path) -> None:
    source = write(tmp_path / "x.wav")
    refused(voicebed("remix", source, "-o", tmp_path / "y.wav", "--regions", tmp_path / "r.json"), 3, "r.json")
    refused(voicebed("remix", source, "-o", tmp_path / "y.wav", "--regions", tmp_path), 3, str(tmp_path))


# -- signals and pipes


@pytest.fixture(scope="module")
def long_recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten minutes of stereo noise at 48 kHz."""
    path = tmp_path_factory.mktemp("long") / "x.wav"
    noise = sound(10 * 48000, 2, 48000).astype(np.float32)
    with sf.SoundFile(path, "w", 48000, 2, "PCM_16") as file:
        for _ in range(60):
            file.write(noise)
    return path


def by_hand() -> None:
    """Lets signals through even where the tests themselves run in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.mark.parametrize(
    ("command", "signals"),
    [
        ("split", [signal.SIGINT]),
        ("split", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM]),
        ("remix", [signal.SIGINT, signal.SIGINT]),
        ("remix", [signal.SIGTERM]),
    ],
)
def test_signals_cancel_and_leave_nothing(
    voicebed: Voicebed, tmp_path: Path, long_recording: Path, command: str, signals: list[signal.Signals]
) -> None:
    place = tmp_path / "out" if command == "split" else tmp_path / "y.wav"
    arguments = (command, long_recording, "-o", place, *(("--loudness", -16) if command == "remix" else ()))
    with voicebed.start(*arguments, preexec_fn=by_hand) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        hidden = [name for folder in (tmp_path, tmp_path / "out") if folder.is_dir() for name in names(folder)]
        assert any(name.startswith(".voicebed-") for name in hidden)  # else the test would show nothing
        for number in signals:
            process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert first.startswith(("Splitting x.wav: ", "Remixing x.wav: "))
    code = process.returncode
    assert (code, out) == (130, "")
    assert [line for line in err.splitlines() if not line.startswith(("Splitting", "Remixing"))] == [
        "voicebed: cancelled; nothing half-written was left"
    ]
    assert names(tmp_path) == set()


@pytest.fixture
def closed_pipe() -> Iterator[int]:
    """The end of a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["noticed at the end", "noticed at once"])
def test_a_closed_stdout(voicebed: Voicebed, tmp_path: Path, closed_pipe: int, unbuffered: str) -> None:
    source, environment = write(tmp_path / "x.wav"), {"PYTHONUNBUFFERED": unbuffered}
    done = voicebed.process("split", source, "--json", stdout=closed_pipe, env=environment)
    refused(done, 130, "output was closed")
    assert names(tmp_path) == {"x.wav"} | TRACKS


def test_a_closed_stderr(voicebed: Voicebed, tmp_path: Path, closed_pipe: int) -> None:
    with voicebed.start("split", write(tmp_path / "x.wav"), "--json", stderr=closed_pipe) as process:
        process.communicate(timeout=30)
    assert process.returncode == 130
    assert names(tmp_path) == {"x.wav"}
