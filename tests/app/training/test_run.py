"""A training followed from outside: begun, paused, resumed, finished, killed, and found again."""

import json
import os
import signal
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.training.run import LogReader, Plan, Run, State, find_trainings, free_name, last_words, load_plan
from tests.app.window.models import write_model
from tests.disks import fill, small_disk
from trainer.control import is_running
from trainer.exclusions import read_exclusions

SOON = 30_000  # ms


def begun(qtbot: QtBot, plan: Plan, runs: list[Run]) -> Run:
    """A training that learns."""
    run = Run(plan)
    runs.append(run)
    run.begin([(plan.clean / "2.wav", "a room rings along")])
    qtbot.waitUntil(lambda: run.state is State.RUNNING and run.step > 0, timeout=SOON)
    return run


def ended(qtbot: QtBot, run: Run, state: State) -> None:
    qtbot.waitUntil(lambda: not run.alive, timeout=SOON)
    assert run.state is state, (run.state, run.error)


@pytest.mark.usefixtures("mode")
def test_paused_and_resumed(qtbot: QtBot, plan: Plan, runs: list[Run]) -> None:
    run = begun(qtbot, plan, runs)
    assert run.left == 60 and 0 < (run.share or 0) < 0.1
    assert read_exclusions(plan.place / "left out.txt") == {plan.clean / "2.wav"}
    run.pause()
    assert run.asked == "stop"
    ended(qtbot, run, State.PAUSED)
    assert run.asked is None and not is_running(plan.folder)
    seen: list[dict] = []
    run.added.connect(seen.extend)
    run.resume()
    qtbot.waitUntil(lambda: run.state is State.RUNNING, timeout=SOON)
    assert {"stage": "resumed", "step": 10} in seen


@pytest.mark.usefixtures("mode")
def test_paused_before_it_listens(qtbot: QtBot, plan: Plan, runs: list[Run]) -> None:
    """It is asked again and again, as a trainer that just starts forgets what was asked for."""
    run = Run(plan)
    runs.append(run)
    run.begin()
    run.pause()
    ended(qtbot, run, State.PAUSED)


@pytest.mark.usefixtures("mode")
def test_stopped_with_the_best_kept(qtbot: QtBot, plan: Plan, runs: list[Run]) -> None:
    run = begun(qtbot, plan, runs)
    run.finish()
    ended(qtbot, run, State.FINISHED)
    assert run.verdict and run.verdict["better"] and plan.out.is_file() and run.share == 1


@pytest.mark.usefixtures("mode")
def test_a_paused_one_is_started_to_be_judged(qtbot: QtBot, plan: Plan, runs: list[Run]) -> None:
    run = begun(qtbot, plan, runs)
    run.pause()
    ended(qtbot, run, State.PAUSED)
    run.finish()
    ended(qtbot, run, State.FINISHED)


@pytest.mark.usefixtures("mode")
def test_killed_it_is_interrupted_and_goes_on(qtbot: QtBot, plan: Plan, runs: list[Run]) -> None:
    run = begun(qtbot, plan, runs)
    assert run._process
    os.kill(run._process.pid, signal.SIGKILL)
    ended(qtbot, run, State.INTERRUPTED)
    run.resume()
    qtbot.waitUntil(lambda: run.state is State.RUNNING, timeout=SOON)


@pytest.mark.usefixtures("mode")
def test_another_window_finds_it_again(qtbot: QtBot, plan: Plan, runs: list[Run]) -> None:
    first = begun(qtbot, plan, runs)
    process = first._process
    first.release()  # as when the window is closed, or killed
    assert process and process.poll() is None
    assert find_trainings() == [(plan, True)]
    second = Run(load_plan(plan.place))
    runs.append(second)
    lines: list[dict] = []
    second.added.connect(lines.extend)
    second.follow()
    qtbot.waitUntil(lambda: second.state is State.RUNNING, timeout=SOON)
    assert lines[0] == {"stage": "audit", "progress": 0.5}  # all of the log
    second.pause()
    process.wait(SOON / 1000)  # init does this for a window that is gone
    ended(qtbot, second, State.PAUSED)
    assert find_trainings() == [(plan, False)]


def test_a_full_disk_is_said_and_tried_again(qtbot: QtBot, plan: Plan, mode: Path, runs: list[Run]) -> None:
    mode.write_text("full")
    run = Run(plan)
    runs.append(run)
    run.begin()
    ended(qtbot, run, State.FAILED)
    assert run.error == "the disk is full"
    mode.write_text("short")
    run.resume()
    ended(qtbot, run, State.FINISHED)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("refuse", "no audio files in there"),
        ("bug", "something went wrong inside (RuntimeError: a bug); please report it"),
    ],
)
def test_what_the_trainer_says_at_once(
    qtbot: QtBot, plan: Plan, mode: Path, runs: list[Run], how: str, words: str
) -> None:
    mode.write_text(how)
    run = Run(plan)
    runs.append(run)
    run.begin()
    ended(qtbot, run, State.FAILED)
    assert run.error == words


def test_more_minutes(qtbot: QtBot, plan: Plan, mode: Path, runs: list[Run]) -> None:
    mode.write_text("short")
    run = Run(plan)
    runs.append(run)
    run.begin()
    ended(qtbot, run, State.FINISHED)
    run.resume(minutes=20)
    ended(qtbot, run, State.FINISHED)
    assert load_plan(plan.place).minutes == 21


def test_one_that_is_done_with_is_gone(qtbot: QtBot, plan: Plan, mode: Path, runs: list[Run]) -> None:
    mode.write_text("short")
    run = Run(plan)
    runs.append(run)
    run.begin()
    ended(qtbot, run, State.FINISHED)
    run.decide()
    qtbot.waitUntil(lambda: not plan.place.exists(), timeout=SOON)
    assert find_trainings() == []


@pytest.mark.usefixtures("mode")
def test_a_name_is_not_used_twice(qtbot: QtBot, plan: Plan, runs: list[Run], tmp_path: Path) -> None:
    assert free_name("mine") == "mine" and free_name(' a/b: "c" ') == "a-b- -c" and free_name(" . ") == "my-model"
    begun(qtbot, plan, runs)
    write_model(tmp_path / "home" / "models" / "mine-2.safetensors")
    assert free_name("mine") == "mine-3"
    other = Run(plan)
    runs.append(other)
    other.begin()
    ended(qtbot, other, State.FAILED)
    assert "already" in other.error
    other.resume()
    ended(qtbot, other, State.FAILED)
    assert "already" in other.error and (plan.place / "plan.json").is_file()


def test_the_command_line(plan: Plan) -> None:
    words = plan.command(False)
    assert words[1:5] == ["-P", "-m", "app", "train"]
    assert "--exclude" not in words and "--noise" not in words and "--base" not in words and "--resume" not in words
    assert words[words.index("--minutes") + 1] == "1" and words[words.index("-o") + 1] == str(plan.out)
    more = Plan("b", plan.noisy, plan.clean, plan.noisy / "n", "dac-small", "paper", 20, 50, "cpu").command(True)
    pairs = dict(pairwise(more))
    wanted = {"--noise": str(plan.noisy / "n"), "--base": "dac-small", "--recipe": "paper", "--steps": "50"}
    assert wanted.items() <= pairs.items() and pairs["--device"] == "cpu" and more[-1] == "--resume"
    assert "--minutes" not in more


def test_a_log_that_grows(tmp_path: Path) -> None:
    log, path = LogReader(tmp_path / "log.jsonl"), tmp_path / "log.jsonl"
    assert log.read() == []
    path.write_text('{"step": 1}\n{"ste')
    assert log.read() == [{"step": 1}] and log.read() == []
    with path.open("a") as file:
        file.write('p": 2}\nno json\n[3]\n')
    assert log.read() == [{"step": 2}]
    path.write_text("")
    assert log.read() is None and log.read() == []


def test_a_long_log_is_read_piece_by_piece(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps({"step": step, "words": "w" * 90}) + "\n" for step in range(2000)))
    log, lines, turns = LogReader(path), list[dict](), 0
    while True:
        lines += log.read() or []
        turns += 1
        if not log.behind:
            break
    assert [line["step"] for line in lines] == [*range(2000)] and turns >= 3


def test_last_words(tmp_path: Path) -> None:
    assert last_words(tmp_path) == ""
    (tmp_path / "train.log").write_text("--- begun 1\nvoicebed: old\n--- begun 2\n{}\n")
    assert last_words(tmp_path) == ""
    with (tmp_path / "train.log").open("a") as file:
        file.write("voicebed: new\n")
    assert last_words(tmp_path) == "new"


def test_a_plan_that_was_moved_or_damaged(plan: Plan) -> None:
    plan.save()
    assert load_plan(plan.place) == plan and find_trainings() == [(plan, False)]
    plan.place.rename(plan.place.with_name("other"))
    assert find_trainings() == []
    (plan.place.with_name("other") / "plan.json").write_text("{}")
    assert find_trainings() == []


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """The user's folder, on a disk of its own of 3 MB."""
    with small_disk(tmp_path / "home", 3) as home:
        yield home


@pytest.mark.usefixtures("mode")
def test_the_disk_gets_full_while_it_trains(qtbot: QtBot, home: Path, plan: Plan, runs: list[Run]) -> None:
    run = begun(qtbot, plan, runs)
    filler = fill(home)
    ended(qtbot, run, State.FAILED)
    assert "disk is full" in run.error or "No space left" in run.error
    filler.unlink()
    run.resume()
    qtbot.waitUntil(lambda: run.state is State.RUNNING, timeout=SOON)


@pytest.mark.usefixtures("mode")
def test_the_disk_is_full_before_it_begins(qtbot: QtBot, home: Path, plan: Plan, runs: list[Run]) -> None:
    filler = fill(home)
    run = Run(plan)
    runs.append(run)
    run.begin([(plan.noisy / "1.wav", "why")])
    ended(qtbot, run, State.FAILED)
    assert "disk is full" in run.error or "No space left" in run.error
    filler.unlink()
    run.resume()
    qtbot.waitUntil(lambda: run.state is State.RUNNING, timeout=SOON)
    assert read_exclusions(plan.place / "left out.txt") == {plan.noisy / "1.wav"}
