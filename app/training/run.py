"""A training from the window's side: a process of its own that outlives the window, followed by what it writes.

A training has a place, a folder below `trainings_folder()`: `plan.json` (what was wanted), `left out.txt`, `train.log`
(what the process prints), `<name>.safetensors` and `<name>.training`, which the trainer keeps (`trainer.fine_tune`).
"""

import json
import os
import shutil
import subprocess
import sys
import time
import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from enum import Enum, auto
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.document.json_file import read_json, write_json
from app.jobs.client import ROOT
from app.window.background import run_in_background
from engine.errors import InputError, UsageError
from engine.model_files import SUFFIX, user_folder
from trainer.control import Wish, ask, is_running
from trainer.exclusions import write_exclusions

PLAN, PRINTED, LEFT_OUT = "plan.json", "train.log", "left out.txt"
LOOK_MS, CATCHING_UP_MS = 400, 20
AT_ONCE = 1 << 16  # bytes of the log that are taken in one turn of the window
BEGUN = "--- begun "  # a line in `PRINTED` before what each process prints
NICE = 10
SPACE = 1 << 20  # bytes; with less, nothing more can be written
ILLEGAL = '<>:"/\\|?*'


def trainings_folder() -> Path:
    """Where the window's trainings are, beside the user's models."""
    return user_folder().with_name("trainings")


class State(Enum):
    """Where a training is."""

    PREPARING = auto()  # it looks at files, and scores the base
    RUNNING = auto()  # it learns, or is judged
    PAUSED = auto()
    INTERRUPTED = auto()  # its process was killed
    FAILED = auto()
    FINISHED = auto()


ALIVE = (State.PREPARING, State.RUNNING)


@dataclass(frozen=True)
class Plan:
    """What is wanted of a training.

    Attributes:
        name: of its folder and its model's file.
        noise: None to take it from the pauses of the noisy recordings.
        base: name, path or preset; "" is the bundled model.
        minutes, steps: how long; the steps, or the minutes where steps is 0.
        decided: the user has seen the verdict and is done with it.
    """

    name: str
    noisy: Path
    clean: Path
    noise: Path | None
    base: str = ""
    recipe: str = "quick"
    minutes: float = 20.0
    steps: int = 0
    device: str = "auto"
    decided: bool = False

    @property
    def place(self) -> Path:
        """The training's folder."""
        return trainings_folder() / self.name

    @property
    def folder(self) -> Path:
        """What the trainer keeps."""
        return self.place / f"{self.name}.training"

    @property
    def out(self) -> Path:
        """The model's file."""
        return self.place / f"{self.name}{SUFFIX}"

    def save(self) -> None:
        """Write it to its place.  Raises UsageError or ResourceError where that is impossible."""
        data = asdict(self) | {"noisy": str(self.noisy), "clean": str(self.clean)}
        write_json(self.place / PLAN, data | {"noise": str(self.noise) if self.noise else None})

    def command(self, resume: bool) -> list[str]:
        """The command line that trains it."""
        length = ["--steps", str(self.steps)] if self.steps else ["--minutes", f"{self.minutes:g}"]
        words = [sys.executable, "-P", "-m", "app", "train", "--noisy", str(self.noisy), "--clean", str(self.clean)]
        words += [*length, "--recipe", self.recipe, "--device", self.device, "-o", str(self.out), "--json"]
        for option, value in (("--noise", self.noise), ("--base", self.base)):
            words += [option, str(value)] if value else []
        left_out = self.place / LEFT_OUT
        words += ["--exclude", str(left_out)] if left_out.is_file() else []
        return [*words, "--resume"] if resume else words


def load_plan(place: Path) -> Plan:
    """The plan in the folder of a training.  Raises InputError where there is none, or it cannot be read."""
    data = read_json(place / PLAN)
    try:
        noise = Path(data["noise"]) if data["noise"] else None
        plan = Plan(**data | {"noisy": Path(data["noisy"]), "clean": Path(data["clean"]), "noise": noise})
    except (TypeError, KeyError) as error:
        raise InputError(f"{place / PLAN} is no plan of a training ({error}); delete it") from None
    if plan.place != place:
        raise InputError(f"{place} was renamed; give it back the name {plan.name}")
    return plan


def find_trainings() -> list[tuple[Plan, bool]]:
    """The trainings that the user is not done with, and whether each runs; running ones first, then the latest."""
    found: list[tuple[bool, float, Plan]] = []
    for note in trainings_folder().glob(f"*/{PLAN}"):
        with suppress(InputError, OSError):
            plan = load_plan(note.parent)
            if not plan.decided:
                found.append((is_running(plan.folder), note.stat().st_mtime, plan))
    return [(plan, runs) for runs, _, plan in sorted(found, key=lambda one: one[:2], reverse=True)]


def free_name(wish: str) -> str:
    """A name that no training and no model has, made of what the user wishes."""
    cleaned = "".join("-" if mark in ILLEGAL or not mark.isprintable() else mark for mark in wish).strip(" .-")
    cleaned = cleaned or "my-model"
    taken, name, number = (trainings_folder(), user_folder()), cleaned, 1
    while (taken[0] / name).exists() or (taken[1] / f"{name}{SUFFIX}").exists():
        number += 1
        name = f"{cleaned}-{number}"
    return name


class LogReader:
    """Reads what is added to a log, one JSON object a line."""

    def __init__(self, path: Path) -> None:
        self._path, self._at, self._file = path, 0, 0
        self.behind = False  # there is more than the last `read` gave

    def read(self) -> list[dict[str, Any]] | None:
        """The whole lines since the last call, `AT_ONCE` bytes at most; None where the log was begun anew.

        Raises OSError but where it is missing.
        """
        self.behind = False
        try:
            with self._path.open("rb") as log:
                status = os.fstat(log.fileno())
                if status.st_size < self._at or (self._at and status.st_ino != self._file):
                    self._at = 0
                    return None
                self._file = status.st_ino
                log.seek(self._at)
                text = log.read(AT_ONCE)
        except FileNotFoundError:
            return []
        whole = text.rpartition(b"\n")[0]
        self._at += len(whole) + 1 if whole else 0
        self.behind = len(text) == AT_ONCE and bool(whole)
        lines: list[dict[str, Any]] = []
        for line in whole.splitlines():
            with suppress(ValueError):  # cut short when the trainer was killed
                if isinstance(found := json.loads(line), dict):
                    lines.append(found)
        return lines


class Run(QObject):
    """A training that is begun, resumed, or found again; it is followed as long as this lives.

    Attributes:
        plan: what is wanted of it.
        state: where it is.
        asked: "stop" or "finish" while that has not come about, else None.
        share: of the stage, or of the training, that is done, 0 to 1; None where nobody knows.
        left: seconds that the training still takes; None where nobody knows.
        stage: "start", "audit", "mine", "score", "train" or "verdict".
        step: steps so far.
        error: why it failed, one line.
        verdict: `trainer.verdict.Verdict` as plain data, once it is finished; None where there is none.

    Signals:
        added(list): new lines of the log.
        cleared(): the log was begun anew.
        changed(): an attribute is another one.
        problem(str): something that was wanted could not be done.
    """

    added = Signal(list)
    cleared = Signal()
    changed = Signal()
    problem = Signal(str)

    def __init__(self, plan: Plan, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.plan = plan
        self._process: subprocess.Popen[bytes] | None = None
        self._excluded: tuple[tuple[Path, str], ...] = ()
        self._new = False  # its place is still to be made
        self._log = LogReader(plan.folder / "log.jsonl")
        self._looking = self._released = False
        self._known = False  # whether what is on the disk was looked at once
        self._alive = False
        self._last: dict[str, Any] = {}  # the last line that ends a training, if nothing came after it
        self._started = 0.0  # when the process was started, by the clock
        self.state, self.error = State.PREPARING, ""
        self.asked: Wish | None = None
        self.share: float | None = None
        self.left: float | None = None
        self.stage, self.step = "start", 0
        self.verdict: dict[str, Any] | None = None
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._look)

    @property
    def alive(self) -> bool:
        """Whether its process runs, or is being started."""
        return self.state in ALIVE

    def follow(self) -> None:
        """Look at what is on the disk, from now on."""
        self._timer.start(0)

    def begin(self, excluded: Sequence[tuple[Path, str]] = ()) -> None:
        """Write the plan and start the training.

        Args:
            excluded: files to leave out, and why; all others are used.
        """

        self._excluded, self._new = tuple(excluded), True
        self._change(State.PREPARING)
        run_in_background(self, self._start, lambda _: self.follow(), self._failed)

    def resume(self, minutes: float = 0.0, then: Wish | None = None) -> None:
        """Go on where it ended.

        Args:
            minutes: more than the plan has; the plan is changed.
            then: "finish" to keep the best so far as soon as it runs.
        """
        if minutes:
            steps = round(self.plan.steps * (1 + minutes / self.plan.minutes)) if self.plan.steps else 0
            self.plan = replace(self.plan, minutes=self.plan.minutes + minutes, steps=steps)

        self._last, self.verdict = {}, None
        self.stage, self.share, self.left, self.asked = "start", None, None, then
        self._change(State.PREPARING)
        run_in_background(self, self._start, lambda _: self.follow(), self._failed)

    def pause(self) -> None:
        """Have it write a checkpoint and end; `resume` goes on from there."""
        self._ask("stop")

    def finish(self) -> None:
        """Have it stop learning now and judge the best that it has found; a paused one is started for that."""
        if self.alive:
            self._ask("finish")
        else:
            self.resume(then="finish")

    def decide(self) -> None:
        """The user is done with it: it is not found again, and its files are deleted."""
        self._timer.stop()
        self._released = True
        plan = replace(self.plan, decided=True)

        def drop() -> None:
            plan.save()
            shutil.rmtree(plan.place, ignore_errors=True)

        run_in_background(self, drop, lambda _: None, self.problem.emit)

    def release(self) -> None:
        """Follow it no longer; its process goes on by itself."""
        self._released = True
        self._timer.stop()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)  # a process that goes on is what is wanted
            self._process = None

    # Starting and looking, in a thread

    def _prepare(self) -> None:
        """Make the training's place, or nothing."""
        place = self.plan.place
        if (place / PLAN).exists():
            raise UsageError(f"there is a training named '{self.plan.name}' already; choose another name")
        place.mkdir(parents=True, exist_ok=True)
        try:
            (place / LEFT_OUT).unlink(missing_ok=True)
            write_exclusions(place / LEFT_OUT, self._excluded, ())
            self.plan.save()
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
        self._new = False

    def _start(self) -> None:
        """Write the plan and start the process, in a session of its own, with what it prints in `PRINTED`."""
        if self._new:
            self._prepare()
        else:
            self.plan.save()
        environment = os.environ | {"PYTHONUNBUFFERED": "1"}
        paths = [str(ROOT), environment.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
        flags = 0
        if sys.platform == "win32":
            flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
            flags |= subprocess.BELOW_NORMAL_PRIORITY_CLASS
        resume = (self.plan.folder / "order.json").is_file()
        with (self.plan.place / PRINTED).open("a", encoding="utf-8") as printed:
            printed.write(f"{BEGUN}{time.strftime('%Y-%m-%d %H:%M:%S')}\n")
            printed.flush()
            process = subprocess.Popen(
                self.plan.command(resume),
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=printed,
                env=environment,
                start_new_session=True,
                creationflags=flags,
            )
        if hasattr(os, "setpriority"):
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, process.pid, NICE)
        self._process, self._started = process, time.time()

    def _look(self) -> None:
        if self._looking or self._released:
            return
        self._looking = True

        def look() -> tuple[bool, list[dict[str, Any]] | None, str]:
            process = self._process
            alive = process.poll() is None if process else is_running(self.plan.folder)
            lines = self._log.read()  # after that: what a process wrote before its end is seen with its end
            return alive, lines, "" if alive or lines is None or self._log.behind else last_words(self.plan.place)

        run_in_background(self, look, lambda found: self._take(*found), self._cannot_look)

    def _cannot_look(self, line: str) -> None:
        self._looking = False
        self.problem.emit(line)
        self._timer.start(10 * LOOK_MS)

    def _take(self, alive: bool, lines: list[dict[str, Any]] | None, printed: str) -> None:
        self._looking = False
        if self._released:
            return
        if lines is None:
            self._last, self.step = {}, 0
            self.cleared.emit()
            self._timer.start(0)
            return
        for line in lines:
            self._note(line)
        if lines:
            self.added.emit(lines)
        if self._log.behind:
            self._timer.start(CATCHING_UP_MS)
            return
        before = self.state, self.asked, self._known
        if alive:
            self.state = State.RUNNING if self.stage in ("train", "verdict") else State.PREPARING
            self._tell()  # again and again: a process that just starts forgets what was asked for before
        else:
            self._ended(printed)
        self._known = True
        if lines or before != (self.state, self.asked, self._known):
            self.changed.emit()
        if alive:
            self._timer.start(LOOK_MS)

    def _ask(self, wish: Wish) -> None:
        self.asked = wish
        self._tell()
        self.changed.emit()

    def _tell(self) -> None:
        folder, wish = self.plan.folder, self.asked

        def tell() -> None:
            if wish and folder.is_dir():
                ask(folder, wish)

        if wish:
            run_in_background(self, tell, lambda _: None, self.problem.emit)

    def _note(self, line: dict[str, Any]) -> None:
        """Take over what a line of the log says."""
        ends = "error" in line or line.get("stage") in ("stopped", "done")
        self._last = line if ends else {}
        match line:
            case {"stage": "audit" | "mine" as stage, "progress": share}:
                self.stage, self.share, self.left = stage, share, None
            case {"stage": "audited" | "mined"}:
                self.stage, self.share = "score", None
            case {"stage": "scored", "what": "input" | "base"}:
                self.stage, self.share = "score", None
            case {"stage": "verdict"}:
                self.stage, self.share, self.left = "verdict", None, None
            case {"stage": "done", "verdict": verdict}:
                self.verdict = verdict
            case {"step": step, "seconds": seconds, "eta": left}:
                self.stage, self.step, self.left = "train", step, max(0.0, left)
                self.share = seconds / (seconds + left) if step and seconds + left > 0 else 0.0

    def _ended(self, printed: str) -> None:
        """Its process is gone: find out how it ended."""
        self._process, self.asked = None, None
        self.left = None
        if self._last.get("stage") == "done":
            self.state, self.share = State.FINISHED, 1.0
        elif self._last.get("stage") == "stopped":
            self.state = State.PAUSED
        elif "error" in self._last:
            self.state, self.error = State.FAILED, str(self._last["error"])
        elif printed:
            self.state, self.error = State.FAILED, printed
        else:
            self.state = State.INTERRUPTED

    def _change(self, state: State) -> None:
        self.state, self.error = state, ""
        self.changed.emit()

    def _failed(self, line: str) -> None:
        """It could not even be started."""
        self.state, self.error, self.asked = State.FAILED, line, None
        self.changed.emit()


def last_words(place: Path) -> str:
    """The line by which the last process in the place of a training said why it ended; "" where it was killed.

    Where the disk is full it could not even say that.
    """
    try:
        with (place / PRINTED).open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - AT_ONCE))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    lines = text.rpartition(BEGUN)[2].splitlines()[1:]
    said = [line.removeprefix("voicebed: ") for line in lines if line.startswith("voicebed: ")]
    if said:
        return said[-1]
    if any(line.startswith("Traceback") for line in lines):
        return f"something went wrong inside ({lines[-1]}); please report it"
    if shutil.disk_usage(place).free < SPACE:
        return "the disk is full; free some space"
    return ""
