"""The command line as a contract: what scripts may count on, through `main` and, where processes matter, a real one."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import soundfile as sf
from numpy.typing import NDArray

from app.cli import main
from app.document.settings import Settings, save_settings
from engine import model_files
from engine.loudness import LoudnessMeter
from engine.recording import open_recording
from engine.separator import Separator
from engine.tags import Chapter, Tags, read_tags, write_tags

RATE = 16000
SPLIT_TRACKS = ("speech", "noise")
SPLIT_KEYS = {"input", "tracks", "model", "alpha", "beta", "residual_db", "null_dbfs", "real_time_factor", "seconds"}
ROOT = Path(__file__).parents[2]


class Outcome(NamedTuple):
    """What a command left: exit code, stdout, and the lines on stderr that are not progress."""

    code: int
    out: str
    complaints: list[str]
    progress: list[str]

    @property
    def json(self) -> Any:
        """The one JSON object on stdout."""
        assert self.code == 0, self.complaints
        return json.loads(self.out)


def outcome(code: int, out: str, err: str) -> Outcome:
    """Sort the lines of stderr; empty ones are complaints."""
    lines = err.splitlines()
    progress = [line for line in lines if line.startswith(("Splitting ", "Remixing "))]
    return Outcome(code, out, [line for line in lines if line not in progress], progress)


class Voicebed:
    """Runs commands in this process, or in one of their own, with a model given."""

    def __init__(self, capsys: pytest.CaptureFixture[str], model: Path) -> None:
        self.capsys, self.model = capsys, model

    def __call__(self, *arguments: object) -> Outcome:
        """Run `main` here."""
        self.capsys.readouterr()
        code = main(self.with_model(arguments))
        out, err = self.capsys.readouterr()
        return outcome(code, out, err)

    def process(self, *arguments: object, **settings: Any) -> Outcome:
        """Run `python -m app` and wait for it."""
        with self.start(*arguments, **settings) as process:
            out, err = process.communicate(timeout=60)
        return outcome(process.returncode, out or "", err)

    def start(self, *arguments: object, **settings: Any) -> subprocess.Popen[str]:
        """Start `python -m app`; `settings` go to Popen, and `env` comes on top of the environment."""
        settings = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": ROOT} | settings
        settings["env"] = os.environ | {"OMP_NUM_THREADS": "1"} | settings.get("env", {})
        return subprocess.Popen([sys.executable, "-m", "app", *self.with_model(arguments)], **settings)

    def with_model(self, arguments: tuple[object, ...]) -> list[str]:
        """The command line as text; `split` and `remix` get the model unless they name one."""
        words = [str(word) for word in arguments]
        needed = words and words[0] in ("split", "remix") and "--model" not in words
        return [*words, "--model", str(self.model)] if needed else words


@pytest.fixture
def voicebed(capsys: pytest.CaptureFixture[str], model_path: Path) -> Voicebed:
    """The command, with the tiny model."""
    return Voicebed(capsys, model_path)


def sound(frames: int = RATE, channels: int = 2, rate: int = RATE) -> NDArray[np.float64]:
    """A tone that comes and goes, in noise: (frames, channels), within ±0.6."""
    t = np.arange(frames) / rate
    tone = 0.4 * np.sin(2 * np.pi * 440 * t) * (np.sin(2 * np.pi * 3 * t) > 0)
    return tone[:, None] + np.random.default_rng(frames).uniform(-0.2, 0.2, (frames, channels))


def write(path: Path, subtype: str = "PCM_16", rate: int = RATE, **options: Any) -> Path:
    """A file with `sound`."""
    sf.write(path, sound(rate=rate, **options), rate, subtype=subtype)
    return path


def samples(path: Path | str) -> NDArray[np.float64]:
    """All samples of a file, (frames, channels); in a 16- or 24-bit file they are exact."""
    return sf.read(path, always_2d=True)[0].astype(np.float64)


def names(folder: Path) -> set[str]:
    """Everything in a folder, hidden files too."""
    return {path.name for path in folder.iterdir()}


# -- split


def test_split_reports_every_key_of_the_contract(voicebed: Voicebed, tmp_path: Path) -> None:
    source = write(tmp_path / "talk.wav")
    done = voicebed("split", source, "-o", tmp_path / "new" / "tracks", "--json")
    assert done.out.count("\n") == 1 and not done.complaints
    assert done.progress[-1].startswith("Splitting talk.wav: 100 %")
    assert done.json.keys() == {"files"}
    (entry,) = done.json["files"]
    assert entry.keys() == SPLIT_KEYS
    assert entry["input"] == str(source)
    assert entry["tracks"] == {track: str(tmp_path / "new" / "tracks" / f"talk.{track}.wav") for track in SPLIT_TRACKS}
    assert entry["model"].startswith("tiny@") and len(entry["model"]) == len("tiny@") + 8
    assert 0 <= entry["alpha"] <= 10 and 0 <= entry["beta"] <= 10
    assert -300 <= entry["residual_db"] < 20
    assert entry["null_dbfs"] == -300
    assert entry["real_time_factor"] > 0
    assert entry["seconds"] == 1
    assert names(tmp_path / "new" / "tracks") == {"talk.speech.wav", "talk.noise.wav"}


@pytest.mark.parametrize(
    ("name", "subtype", "rate", "channels"),
    [
        ("x.wav", "PCM_16", 44100, 1),
        ("x.wav", "PCM_24", 48000, 2),
        ("x.wav", "PCM_32", 22050, 2),
        ("x.wav", "FLOAT", 16000, 6),
        ("x.wav", "DOUBLE", 11025, 1),
        ("x.flac", "PCM_16", 32000, 2),
        ("x.flac", "PCM_24", 96000, 1),
    ],
)
def test_tracks_are_like_the_input_and_add_up_to_it(
    voicebed: Voicebed, tmp_path: Path, name: str, subtype: str, rate: int, channels: int
) -> None:
    source = write(tmp_path / name, subtype, rate, frames=rate + 77, channels=channels)
    assert voicebed("split", source).code == 0
    tracks = [tmp_path / "x.speech.wav", tmp_path / "x.noise.wav"]
    assert names(tmp_path) == {name, "x.speech.wav", "x.noise.wav"}
    for track in tracks:
        about = sf.info(track)
        assert (about.samplerate, about.channels, about.frames, about.subtype) == (rate, channels, rate + 77, subtype)
    speech, noise = map(samples, tracks)
    assert np.abs(speech).max() > 0.01 and np.abs(noise).max() > 0.01
    assert np.abs(speech + noise - samples(source)).max() <= (0 if subtype.startswith("PCM") else 1e-6)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "PCM_32"])
def test_tracks_add_up_where_a_track_would_pass_full_scale(
    voicebed: Voicebed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, subtype: str
) -> None:
    gain = np.linspace(-2.5, 2.5, RATE)[:, None]
    monkeypatch.setattr(Separator, "_window", lambda self, chunk, *_: (gain * chunk).astype(chunk.dtype))
    sf.write(tmp_path / "x.wav", np.clip(sound() * 20, -1, 1), RATE, subtype=subtype)
    assert voicebed("split", tmp_path / "x.wav").code == 0
    total = samples(tmp_path / "x.speech.wav") + samples(tmp_path / "x.noise.wav")
    assert np.array_equal(total, samples(tmp_path / "x.wav"))


def test_only_the_wanted_track_is_written(voicebed: Voicebed, tmp_path: Path) -> None:
    entry = voicebed("split", write(tmp_path / "x.wav"), "--tracks", "speech", "--json").json["files"][0]
    assert entry["tracks"].keys() == {"speech"}
    assert names(tmp_path) == {"x.wav", "x.speech.wav"}


def test_direct_rendering_adds_up_too(voicebed: Voicebed, tmp_path: Path) -> None:
    source = write(tmp_path / "x.wav", rate=44100, frames=44100)
    assert voicebed("split", source, "--render", "direct").code == 0
    speech, noise = samples(tmp_path / "x.speech.wav"), samples(tmp_path / "x.noise.wav")
    assert np.array_equal(speech + noise, samples(source))
    assert np.array_equal(speech[:, 0], speech[:, 1])


def test_a_bad_file_does_not_keep_the_others_from_being_split(voicebed: Voicebed, tmp_path: Path) -> None:
    good, bad, other = write(tmp_path / "good.wav"), tmp_path / "bad.wav", write(tmp_path / "other.flac")
    bad.write_text("no sound")
    done = voicebed("split", good, bad, other, "-o", tmp_path / "out", "--json")
    assert done.code == 3
    assert len(done.complaints) == 1 and done.complaints[0].startswith(f"voicebed: {bad} ")
    files = json.loads(done.out)["files"]
    assert [entry["input"] for entry in files] == [str(good), str(bad), str(other)]
    assert files[0].keys() == files[2].keys() == SPLIT_KEYS
    assert files[1].keys() == {"input", "error"} and files[1]["error"] in done.complaints[0]
    assert names(tmp_path / "out") == {f"{stem}.{track}.wav" for stem in ("good", "other") for track in SPLIT_TRACKS}


@pytest.mark.parametrize(
    "recordings",
    [("x.wav", "x.flac"), ("x.wav", "x.wav"), ("x.wav", "sub/../x.wav"), ("x.wav", "x.speech.wav")],
    ids=["same stem", "twice", "twice by two paths", "a track of the other"],
)
def test_inputs_that_would_overwrite_each_other_are_refused(
    voicebed: Voicebed, tmp_path: Path, recordings: tuple[str, ...]
) -> None:
    (tmp_path / "sub").mkdir()
    for name in set(recordings):
        write(tmp_path / name)
    before = names(tmp_path)
    done = voicebed("split", *(tmp_path / name for name in recordings))
    assert done.code == 2 and len(done.complaints) == 1
    assert names(tmp_path) == before


def test_without_json_the_result_is_on_stdout_in_words(voicebed: Voicebed, tmp_path: Path) -> None:
    done = voicebed("split", write(tmp_path / "x.wav"))
    assert str(tmp_path / "x.speech.wav") in done.out and "null -300 dBFS" in done.out
    assert done.progress and not done.complaints


def test_tracks_carry_the_tags_of_the_input(voicebed: Voicebed, tmp_path: Path) -> None:
    tags = Tags({"title": ["Café №5"], "artist": ["A", "B"]}, chapters=(Chapter(0.25, 0.5, "Question"),))
    write_tags(write(tmp_path / "x.flac"), tags)
    assert voicebed("split", tmp_path / "x.flac").code == 0
    for track in SPLIT_TRACKS:
        carried = read_tags(tmp_path / f"x.{track}.wav")
        assert carried.text["title"] == ["Café №5"]
        assert [chapter.title for chapter in carried.chapters] == ["Question"]


# -- remix


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
@pytest.mark.parametrize(("name", "output"), [("x.wav", "y.wav"), ("x.flac", "y.flac"), ("x.wav", "y.flac")])
def test_remix_at_zero_keeps_every_sample(
    voicebed: Voicebed, tmp_path: Path, name: str, output: str, subtype: str
) -> None:
    source = tmp_path / name
    sf.write(source, np.clip(2 * sound(), -1, 1), RATE, subtype=subtype)  # up to full scale
    result = voicebed("remix", source, "-o", tmp_path / output, "--speech", 0, "--noise", 0, "--json").json
    about = sf.info(tmp_path / output)
    assert (about.samplerate, about.channels, about.subtype) == (RATE, 2, subtype)
    assert np.array_equal(samples(source), samples(tmp_path / output))
    assert (result["clipped"], result["speech_db"], result["noise_db"]) == (0, 0, 0)
    assert result["loudness"] == result["loudness_before"]


def test_remix_reports_what_it_wrote(voicebed: Voicebed, tmp_path: Path) -> None:
    source = write(tmp_path / "x.wav")
    done = voicebed("remix", source, "-o", tmp_path / "y.wav", "--noise", "-inf", "--json")
    assert done.out.count("\n") == 1 and not done.complaints
    assert done.progress[-1].startswith("Remixing x.wav: 100 %")
    result = done.json
    assert result.keys() > {"input", "output", "model", "alpha", "beta", "residual_db", "loudness", "true_peak"}
    assert (result["input"], result["output"]) == (str(source), str(tmp_path / "y.wav"))
    assert result["noise_db"] is None and result["speech_db"] == 0  # JSON has no infinity
    assert result["seconds"] == 1


@pytest.mark.parametrize(
    ("option", "silence", "track"),
    [("--noise", "-inf", "speech"), ("--speech", "-inf", "noise"), ("--noise", "−∞", "speech")],
)
def test_remix_without_the_one_is_the_other_track(
    voicebed: Voicebed, tmp_path: Path, option: str, silence: str, track: str
) -> None:
    source = write(tmp_path / "x.wav")
    assert voicebed("split", source).code == 0
    assert voicebed("remix", source, "-o", tmp_path / "y.wav", option, silence).code == 0
    difference = samples(tmp_path / "y.wav") - samples(tmp_path / f"x.{track}.wav")
    assert np.abs(difference).max() <= 2**-15  # the track may be rounded the other way


def test_gains_are_in_decibels(voicebed: Voicebed, tmp_path: Path) -> None:
    source = write(tmp_path / "x.wav", "FLOAT")
    assert voicebed("split", source).code == 0
    assert voicebed("remix", source, "-o", tmp_path / "y.wav", "--speech", 6, "--noise", "-20").code == 0
    expected = 10 ** (6 / 20) * samples(tmp_path / "x.speech.wav") + 0.1 * samples(tmp_path / "x.noise.wav")
    assert np.abs(samples(tmp_path / "y.wav") - expected).max() < 1e-6


@pytest.mark.parametrize("wrapped", [True, False])
def test_regions_have_gains_of_their_own(voicebed: Voicebed, tmp_path: Path, wrapped: bool) -> None:
    source = write(tmp_path / "x.wav")
    regions = [{"start": 0.25, "end": 0.5, "speech_db": "-inf", "noise_db": "-inf", "ramp": 0.01}]
    (tmp_path / "r.json").write_text(json.dumps({"regions": regions} if wrapped else regions))
    assert voicebed("remix", source, "-o", tmp_path / "y.wav", "--regions", tmp_path / "r.json").code == 0
    before, after = samples(source), samples(tmp_path / "y.wav")
    assert np.array_equal(after[: RATE // 4], before[: RATE // 4])
    assert np.array_equal(after[RATE // 2 + 1 :], before[RATE // 2 + 1 :])
    assert not after[int(0.261 * RATE) : int(0.489 * RATE)].any()


@pytest.mark.parametrize("level", [0.02, 1.0], ids=["quiet", "loud"])
@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT"])
def test_loudness_and_true_peak_are_reached(voicebed: Voicebed, tmp_path: Path, subtype: str, level: float) -> None:
    sf.write(tmp_path / "x.wav", level * sound(4 * RATE), RATE, subtype=subtype)
    delivery = ("--loudness", -16, "--true-peak", -1)
    result = voicebed("remix", tmp_path / "x.wav", "-o", tmp_path / "y.wav", *delivery, "--json").json
    meter = LoudnessMeter(RATE, 2)
    meter.add(samples(tmp_path / "y.wav"))
    assert meter.integrated() == pytest.approx(-16, abs=0.5)
    assert meter.true_peak() <= -0.9
    assert result["loudness"] == pytest.approx(meter.integrated(), abs=0.05)
    assert result["true_peak"] == pytest.approx(meter.true_peak(), abs=0.05)
    assert names(tmp_path) == {"x.wav", "y.wav"}


def test_true_peak_alone_limits_and_leaves_the_loudness(voicebed: Voicebed, tmp_path: Path) -> None:
    source = write(tmp_path / "x.wav", frames=2 * RATE)
    result = voicebed("remix", source, "-o", tmp_path / "y.wav", "--true-peak", -12, "--json").json
    assert result["true_peak"] <= -11.9
    assert result["loudness"] < result["loudness_before"]
    assert len(samples(tmp_path / "y.wav")) == 2 * RATE


@pytest.mark.parametrize(("suffix", "form"), [("wav", "WAV"), ("flac", "FLAC"), ("ogg", "OGG"), ("mp3", "MP3")])
def test_formats_follow_the_suffix_and_tags_are_carried(
    voicebed: Voicebed, tmp_path: Path, suffix: str, form: str
) -> None:
    write_tags(write(tmp_path / "x.wav"), Tags({"title": ["Überschrift"], "artist": ["Ada"]}))
    output = tmp_path / f"y.{suffix}"
    assert voicebed("remix", tmp_path / "x.wav", "-o", output, "--noise", -6).code == 0
    assert sf.info(output).format == form
    recording = open_recording(output)
    assert (recording.sample_rate, recording.channels, recording.frames) == (RATE, 2, RATE)
    assert read_tags(output).text.items() >= {"title": ["Überschrift"], "artist": ["Ada"]}.items()
    assert names(tmp_path) == {"x.wav", output.name}


def test_an_old_output_is_replaced(voicebed: Voicebed, tmp_path: Path) -> None:
    source = write(tmp_path / "x.wav")
    (tmp_path / "y.wav").write_text("old")
    assert voicebed("remix", source, "-o", tmp_path / "y.wav").code == 0
    assert np.array_equal(samples(tmp_path / "y.wav"), samples(source))


# -- models


def test_models_are_imported_listed_shown_used_and_removed(
    voicebed: Voicebed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_files, "BUNDLED", tmp_path / "bundled")
    kept = tmp_path / "home" / "models" / "tiny.safetensors"
    assert voicebed("models", "list", "--json").json == {"models": []}
    imported = voicebed("models", "import", voicebed.model, "--json").json
    assert imported.keys() == {"id", "path", "bundled", "card"}
    assert imported["path"] == str(kept) and kept.read_bytes() == voicebed.model.read_bytes()
    assert imported["bundled"] is False and imported["card"]["name"] == "tiny"
    assert voicebed("models", "list", "--json").json == voicebed("models", "--json").json == {"models": [imported]}
    assert voicebed("models", "show", "tiny", "--json").json == imported
    assert voicebed("models", "show", kept, "--json").json == imported
    used = voicebed("split", write(tmp_path / "x.wav"), "--model", "tiny", "--json").json["files"][0]
    assert used["model"] == imported["id"]
    assert voicebed("models", "remove", "tiny", "--json").json == {"removed": str(kept)}
    assert names(kept.parent) == set()


def test_models_in_words(voicebed: Voicebed, tmp_path: Path) -> None:
    assert "tiny" in voicebed("models", "import", voicebed.model).out
    listed = voicebed("models", "list")
    assert listed.code == 0 and "tiny" in listed.out and "imported" in listed.out
    assert [line.split()[0] for line in listed.out.splitlines() if "default of the window" in line] == [
        model_files.DEFAULT
    ]
    save_settings(Settings(model="tiny"))
    listed = voicebed("models", "list").out.splitlines()
    assert [line.split()[0] for line in listed if "default of the window" in line] == ["tiny"]
    shown = voicebed("models", "show", "tiny")
    assert shown.out.startswith("tiny@") and "random weights" in shown.out and "CC0" in shown.out
    assert "tiny" in voicebed("models", "remove", "tiny").out


# -- processes


def test_stdout_has_the_json_and_nothing_else(voicebed: Voicebed, tmp_path: Path) -> None:
    """Here of a whole process, whose file names its stdout cannot spell."""
    source = write(tmp_path / "Gespräch 東京.wav")
    done = voicebed.process("split", source, "--json", env={"PYTHONIOENCODING": "ascii"})
    assert done.out.count("\n") == 1 and not done.complaints
    assert done.json["files"][0]["tracks"]["speech"] == str(tmp_path / "Gespräch 東京.speech.wav")


@pytest.mark.parametrize("arguments", [("--help",), ("split", "--help"), ("models", "--help")], ids=" ".join)
def test_help_is_quick_and_loads_nothing_heavy(arguments: tuple[str, ...]) -> None:
    script = (
        "import sys; from app.cli import main; code = main(sys.argv[1:]);"
        "heavy = {'torch', 'scipy', 'soundfile', 'PySide6'} & sys.modules.keys(); sys.exit(str(heavy or '') or code)"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, "-c", script, *arguments], cwd=ROOT, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Usage:" in done.stdout and "--help" in done.stdout
    # Processor time: it does not depend on what else the machine does.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.5


@pytest.mark.parametrize("references", [True, False])
def test_evaluate_scores_input_and_output(
    tmp_path: Path, model_path: Path, capsys: pytest.CaptureFixture[str], references: bool
) -> None:
    for package in ("onnxruntime", "speechmos", "pesq", "pystoi"):
        pytest.importorskip(package)
    rng = np.random.default_rng(0)
    for name, level in (("clean", 0.0), ("noisy", 0.05)):
        (tmp_path / name).mkdir()
        time = np.arange(3 * 16000) / 16000
        voice = 0.3 * np.sin(2 * np.pi * 150 * time + 3 * np.sin(2 * np.pi * 3 * time)) * np.sin(np.pi * time) ** 2
        sf.write(tmp_path / name / "a.wav", voice + level * rng.standard_normal(len(time)), 16000)
    more = ["--clean", str(tmp_path / "clean")] if references else []
    arguments = ["evaluate", "--noisy", str(tmp_path / "noisy"), *more, "--model", str(model_path), "--json"]
    assert main(arguments) == 0
    scores = json.loads(capsys.readouterr().out)
    assert set(scores["mean"]) == {"input", "output"} and list(scores["input"]) == ["a.wav"]
    assert ("PESQ" in scores["mean"]["output"]) == references and "OVRL" in scores["mean"]["output"]


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.split() == ["voicebed", "0.1.0"]
