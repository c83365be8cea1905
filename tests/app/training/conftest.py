"""Folders of short sounds, and a process that stands for the trainer."""

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from app.training.run import Plan, Run
from tests.app.window.models import write_model

RATE = 16000


# Does what the contract between tab and trainer says, by the second instead of by the step.
TRAINER = """
import json, sys, time
from pathlib import Path
from trainer.control import running, wished
out = Path(sys.argv[sys.argv.index("-o") + 1])
resume, mode = "--resume" in sys.argv, (Path({home!r}) / "mode").read_text()
folder = out.with_suffix(".training")
if mode == "refuse":
    sys.exit("voicebed: no audio files in there")
if mode == "bug":
    raise RuntimeError("a bug")
folder.mkdir(exist_ok=True)
def say(**line):
    with (folder / "log.jsonl").open("a") as log:
        log.write(json.dumps(line) + "\\n")
with running(folder):
    (folder / "order.json").write_text("{{}}")
    if not resume:
        say(stage="audit", progress=0.5)
        say(stage="scored", what="base", OVRL=2.5)
    else:
        say(stage="resumed", step=10)
    for step in range(10, 10**9, 10):
        say(step=step, seconds=step / 100, eta=60.0, loss=1.0)
        time.sleep(0.05)
        if mode == "full":
            say(error="the disk is full", code=4)
            sys.exit("voicebed: the disk is full")
        if wished(folder) == "stop":
            say(stage="stopped", words="stopped")
            sys.exit(130)
        if wished(folder) == "finish" or (mode == "short" and step == 20):
            break
    say(stage="verdict")
    out.write_bytes((Path({home!r}) / "model.safetensors").read_bytes())
    scores = dict(OVRL=2.5, SIG=3.0, BAK=3.0, P808=3.0)
    say(stage="done", model=str(out), verdict=dict(better=True, words="Better: all.", clips=12, clips_better=11,
        base=scores, tuned=scores | dict(OVRL=2.68)))
"""


@pytest.fixture
def mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that says how the stand-in for the trainer behaves: "long", "short", "full", "refuse" or "bug"."""
    home = tmp_path / "stand-in"
    home.mkdir()
    write_model(home / "model.safetensors", name="mine", licence="not stated")
    (home / "mode").write_text("long")
    script = home / "trainer_stand_in.py"
    script.write_text(textwrap.dedent(TRAINER).format(home=str(home)))
    real = Plan.command

    def command(self: Plan, resume: bool) -> list[str]:
        words = real(self, resume)
        return [sys.executable, "-P", str(script), *words[words.index("train") :]]

    monkeypatch.setattr(Plan, "command", command)
    return home / "mode"


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    """Folders "noisy" and "clean" with three files each: none is speech, which the audit says."""
    made: dict[str, Path] = {}
    for number, role in enumerate(("noisy", "clean")):
        made[role] = tmp_path / "recordings" / role
        made[role].mkdir(parents=True)
        for index in range(3):
            audio = 0.1 * np.random.default_rng(10 * number + index).standard_normal(2 * RATE)
            soundfile.write(made[role] / f"{index}.wav", audio, RATE)
    return made


@pytest.fixture
def plan(folders: dict[str, Path]) -> Plan:
    """A plan for these folders."""
    return Plan("mine", folders["noisy"], folders["clean"], None, minutes=1.0)


@pytest.fixture
def runs() -> Iterator[list[Run]]:
    """Takes runs whose processes are to be ended after the test."""
    made: list[Run] = []
    yield made
    for run in made:
        process = run._process
        run.release()
        if process and process.poll() is None:
            process.kill()
            process.wait()
