"""Tuning on a user's folders: the whole way, stopped and resumed, and what is refused."""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from safetensors.torch import load_file

from engine.errors import Cancelled, InputError, ResourceError, UsageError
from engine.model_files import read_model_file
from tests.trainer.sounds import RATE, hiss, mixed, voice
from trainer.checkpoint import checkpoints
from trainer.control import ask, is_running
from trainer.fine_tune import Order, Outcome, _logged, fine_tune
from trainer.loop import REPORT_EVERY

ROOT = Path(__file__).parents[2]

# A small recipe, and opinions without DNSMOS: a number that depends on the weights.
QUICKER = """
import sys, torch
from dataclasses import replace
import trainer.fine_tune as f, trainer.validation as v
whole = f.load_recipe
f.load_recipe = lambda name: replace(whole(name), batch=2, seconds=0.5)
v.MIXTURES, v.EXAM_MIXTURES, v.NOISY, v.NOISY_SECONDS, f.JUDGED = 4, 4, 2, 1.0, 2
def opinions(tracks, sample_rate):
    return [{"SIG": 3.0, "BAK": 3.0, "OVRL": 2 + float(track.square().mean()), "P808": 3.0} for track in tracks]
f.opinions = v.opinions = opinions
"""

PROGRAM = f"{QUICKER}\nfrom app.cli import main\nsys.exit(main(sys.argv[1:]))"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders `noisy`, `clean` and `noise`, four files each, and one that is no audio."""
    top = tmp_path_factory.mktemp("folders")
    for name in ("noisy", "clean", "noise"):
        (top / name).mkdir()
        for number in range(4):
            speech = np.concatenate([np.zeros(4 * RATE), voice(4, number)])
            sounds = {"clean": voice(5, 10 + number), "noise": hiss(3, 20 + number)}
            audio = sounds.get(name, mixed(speech, hiss(8, number), 10))
            soundfile.write(top / name / f"{number}.wav", 0.5 * audio, RATE)
    (top / "noisy" / "broken.wav").write_text("no sound")
    return top


@pytest.fixture
def order(folders: Path, tmp_path: Path, model_path: Path) -> Order:
    noisy, clean, noise = (folders / name for name in ("noisy", "clean", "noise"))
    return Order(noisy, clean, noise, tmp_path / "mine.safetensors", str(model_path), steps=6, device="cpu")


@pytest.fixture
def quicker() -> Any:
    """The same patches as in child processes."""
    import trainer.fine_tune
    import trainer.validation

    before = [(m, dict(vars(m))) for m in (trainer.fine_tune, trainer.validation)]
    exec(QUICKER, {})
    yield
    for module, names in before:
        vars(module).update(names)


def tuned(order: Order, **options: Any) -> Outcome:
    """What comes of it in this process, which is the first."""
    outcome = fine_tune(order, **options)
    assert outcome
    return outcome


@pytest.mark.usefixtures("quicker")
def test_the_whole_way(order: Order) -> None:
    lines: list[dict[str, Any]] = []
    outcome = tuned(order, report=lines.append)
    card = read_model_file(order.out).card
    assert outcome.steps == 6 and card.steps == 6 and card.base == read_model_file(Path(str(order.base))).id
    assert [len(prior) for prior in (card.clean, card.noise, card.noisy)] == [1, 1, 1]
    assert card.noisy[0].in_domain and not card.clean[0].in_domain
    assert "remix" in card.method and card.recipe["audit"]["noisy"]["files"]["leave out"] == 1
    assert [*card.metrics["held-out noisy clips"]] == ["input", "base", "output"]
    assert outcome.verdict and card.notes == outcome.verdict.words and outcome.verdict.clips == 2
    assert {"OVRL", "SI-SDR"} <= outcome.verdict.base.keys() & outcome.verdict.tuned.keys()
    stages = [line["stage"] for line in lines if "progress" not in line and "stage" in line]
    assert stages == ["audited", "scored", "scored", "verdict", "scored", "done"]
    logged = [json.loads(line) for line in (order.folder / "log.jsonl").read_text().splitlines()]
    assert logged == json.loads(json.dumps(lines))
    previews = {f"{number}.{kind}.wav" for number in (1, 2) for kind in ("before", "base", "after")}
    assert {path.name for path in (order.folder / "previews").iterdir()} == previews and lines.index(
        {"previews": 0}
    ) < lines.index({"previews": 6})
    assert "validation" in str(lines) and load_file(order.out).keys() == load_file(Path(str(order.base))).keys()


@pytest.mark.usefixtures("quicker")
def test_noise_is_mined_where_there_is_none(order: Order) -> None:
    order = replace(order, noise=None, steps=2)
    tuned(order)
    card = read_model_file(order.out).card
    assert card.noise[0].in_domain and card.noise[0].name == "mined noise" and card.noise[0].hours >= 0.004
    assert len(list((order.folder / "mined noise").glob("*.flac"))) == 4


@pytest.mark.usefixtures("quicker")
def test_more_steps_go_on_from_the_end(order: Order) -> None:
    tuned(replace(order, steps=2))
    first = order.out.read_bytes()
    assert tuned(replace(order, steps=4), resume=True).steps == 4
    assert order.out.read_bytes() != first


def test_one_training_does_not_overwrite_another(order: Order) -> None:
    order.out.write_bytes(b"precious")
    with pytest.raises(UsageError, match="exists"):
        tuned(order)
    assert order.out.read_bytes() == b"precious"
    order.out.unlink()
    order.folder.mkdir()
    with pytest.raises(UsageError, match="--resume"):
        tuned(order)


@pytest.mark.usefixtures("quicker")
def test_folders_may_change_while_it_trains(order: Order, tmp_path: Path) -> None:
    noisy = shutil.copytree(order.noisy, tmp_path / "noisy")
    order = replace(order, noisy=noisy, steps=2)

    def changed(line: dict[str, Any]) -> None:
        if line.get("what") == "base":
            (noisy / "0.wav").unlink()
            (noisy / "1.wav").write_text("cut short")
            shutil.copy(order.clean / "0.wav", noisy / "new.wav")

    tuned(order, report=changed)
    shutil.rmtree(noisy)
    assert tuned(replace(order, steps=4), resume=True).steps == 4


@pytest.mark.usefixtures("quicker")
def test_a_file_a_folder_is_enough(folders: Path, order: Order, tmp_path: Path) -> None:
    for name in ("noisy", "clean", "noise"):
        (tmp_path / name).mkdir()
        shutil.copy(folders / name / "0.wav", tmp_path / name)
    noisy, clean, noise = (tmp_path / name for name in ("noisy", "clean", "noise"))
    assert tuned(replace(order, noisy=noisy, clean=clean, noise=noise, steps=2)).steps == 2


@pytest.mark.usefixtures("quicker")
def test_a_training_is_resumed_with_what_it_was_begun_with(order: Order, folders: Path) -> None:
    with pytest.raises(UsageError, match="nothing to resume"):
        tuned(order, resume=True)
    tuned(replace(order, steps=1))
    with pytest.raises(UsageError, match="--noisy"):
        tuned(replace(order, noisy=folders / "clean"), resume=True)


def test_bad_folders_leave_nothing_behind(order: Order, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder, words in ((tmp_path / "empty", "no audio files"), (tmp_path / "none", "not a folder")):
        with pytest.raises(InputError, match=words):
            tuned(replace(order, clean=folder))
    with pytest.raises(InputError, match="no model 'nothing'"):
        tuned(replace(order, base="nothing"))
    assert not order.folder.exists()


def begin(
    order: Order, *more: str, before: Callable[[], None] | None = None, launch: Sequence[str] = ("-c", PROGRAM)
) -> subprocess.Popen[str]:
    """`voicebed train` in a process of its own, with the patches; `before` is called there first."""
    arguments = ["train", "--noisy", order.noisy, "--clean", order.clean, "--noise", order.noise, "--json"]
    arguments += ["--base", order.base, "--steps", order.steps, "-o", order.out, "--device", "cpu", *more]
    command = [sys.executable, *launch, *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True, preexec_fn=before)


def test_asked_to_stop_it_saves_and_goes_on_later(order: Order) -> None:
    order = replace(order, steps=100_000)
    process = begin(order)
    assert process.stderr
    for line in process.stderr:
        if '"loss"' in line:
            break
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and "--resume" in errors and "Traceback" not in errors
    saved = checkpoints(order.folder)
    assert saved and not order.out.exists()
    step = int(saved[-1].stem.split("-")[1])
    done = begin(replace(order, steps=step + 2), "--resume")
    result, errors = done.communicate(timeout=120)
    assert done.returncode == 0, errors
    assert all(json.loads(line) for line in errors.splitlines())
    assert json.loads(result)["steps"] == step + 2 and order.out.exists()


def test_torch_starts_it_in_two_processes(order: Order, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(program)]
    done = begin(replace(order, steps=4), launch=launch)
    result, errors = done.communicate(timeout=180)
    assert done.returncode == 0, errors
    assert json.loads(result)["steps"] == 4 and read_model_file(order.out).card.machine.startswith("2 x cpu")


def test_another_process_asks_it_to_finish(order: Order) -> None:
    process = begin(replace(order, steps=100_000))
    assert process.stderr and not is_running(order.folder)
    for line in process.stderr:
        if '"loss"' in line:
            break
    assert is_running(order.folder)
    for resume in (True, False):
        with pytest.raises(UsageError, match="is running"):
            tuned(order, resume=resume)
    ask(order.folder, "finish")
    result, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert REPORT_EVERY <= json.loads(result)["steps"] < 100_000 and json.loads(result)["verdict"]
    assert order.out.exists() and not is_running(order.folder)


@pytest.mark.usefixtures("quicker")
def test_another_process_asks_it_to_stop_early(order: Order) -> None:
    def soon(line: dict[str, Any]) -> None:
        if line == {"stage": "audit", "progress": 0.0}:
            ask(order.folder, "stop")

    with pytest.raises(Cancelled, match="--resume"):
        tuned(order, report=soon)
    assert "stopped" in (order.folder / "log.jsonl").read_text().splitlines()[-1]
    assert tuned(order, resume=True).steps == 6


@pytest.mark.skipif(sys.platform == "win32", reason="limits on files are POSIX")
def test_a_full_disk_ends_it_in_a_state_to_go_on_from(order: Order) -> None:
    order = replace(order, steps=30)

    def limited() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (1_100_000, 1_100_000))

    short = begin(order, before=limited)
    _, errors = short.communicate(timeout=120)
    assert short.returncode == 4 and "no checkpoint could be written" in errors and "Traceback" not in errors
    assert json.loads((order.folder / "log.jsonl").read_text().splitlines()[-1])["code"] == 4
    assert not checkpoints(order.folder) and not list(order.folder.glob("*.part"))
    done = begin(order, "--resume")
    result, errors = done.communicate(timeout=120)
    assert done.returncode == 0 and json.loads(result)["steps"] == 30, errors


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system itself refuses")
@pytest.mark.usefixtures("quicker")
def test_too_little_memory_ends_it_in_one_line(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.memory.free_memory", lambda: 0)
    monkeypatch.setattr("trainer.clips.draw", lambda *_: torch.ones(10**9))  # a step that wants 4 GB
    with pytest.raises(ResourceError, match=r"not enough memory to train .*; close other programs") as error:
        tuned(order)
    last = json.loads((order.folder / "log.jsonl").read_text().splitlines()[-1])
    assert last == {"error": str(error.value), "code": 4}


def test_a_line_cut_short_does_not_spoil_the_next(order: Order, tmp_path: Path) -> None:
    order.folder.mkdir()
    (order.folder / "order.json").write_text("{}")
    (order.folder / "log.jsonl").write_text('{"step": 1}\n{"st')
    with suppress(InputError), _logged(lambda line: None, order.folder) as report:
        report({"step": 2})
        raise InputError("bad\nluck")
    lines = (order.folder / "log.jsonl").read_text().splitlines()
    assert lines == ['{"step": 1}', '{"st', '{"step": 2}', '{"error": "bad luck", "code": 3}']


def test_killed_at_any_moment_it_goes_on(order: Order) -> None:
    order = replace(order, steps=30)
    rng = np.random.default_rng(0)

    def attempt(patience: float) -> dict[str, Any] | None:
        process = begin(order, *(["--resume"] if (order.folder / "order.json").exists() else []))
        try:
            result, errors = process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return None
        assert process.returncode == 0, errors
        return json.loads(result)

    outcomes = (attempt(rng.uniform(3, 7) + number) for number in range(30))
    assert next(filter(None, outcomes))["steps"] == 30
    assert all(torch.isfinite(value).all() for value in load_file(order.out).values())
