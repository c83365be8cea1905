"""The engine process and the window's side of it: real processes, real files."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QProcess
from pytestqt.qtbot import QtBot

from app.jobs import client
from app.jobs.client import ROOT, Job, Worker
from app.jobs.worker import NICE
from engine.recording import open_recording
from engine.stored import StoredSplit

DEMO = ROOT / "resources" / "demo" / "cafe.flac"
PATIENCE = 60_000  # ms; the machine may be busy


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture
def worker(qapp: object) -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.stop()


@pytest.fixture(scope="module")
def long_recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty minutes of noise, which take a while to split."""
    path = tmp_path_factory.mktemp("long") / "x.wav"
    noise = np.random.default_rng(0).standard_normal((60 * 16000, 1)).astype(np.float32) * 0.1
    with soundfile.SoundFile(path, "w", 16000, 1, "PCM_16") as file:
        for _ in range(20):
            file.write(noise)
    return path


class Outcome:
    """All that a job says."""

    def __init__(self, job: Job) -> None:
        self.said: list[tuple[str, Any]] = []
        self.progress: list[tuple[float, float]] = []
        self.began: list[Any] = []
        job.began.connect(self.began.append)
        job.progressed.connect(lambda *at: self.progress.append(at))
        job.finished.connect(lambda result: self.said.append(("finished", result)))
        job.failed.connect(lambda *why: self.said.append(("failed", why)))
        job.cancelled.connect(lambda: self.said.append(("cancelled", None)))


def ended(qtbot: QtBot, job: Job) -> Outcome:
    """Wait until a job has ended."""
    outcome = Outcome(job)
    qtbot.waitUntil(lambda: bool(outcome.said), timeout=PATIENCE)
    return outcome


def test_the_demo_is_split_and_exported(qtbot: QtBot, worker: Worker, tmp_path: Path) -> None:
    """From end to end with the bundled model; a path may be a Path, and need not be ASCII."""
    source = tmp_path / "Café 東京.flac"
    source.write_bytes(DEMO.read_bytes())
    split = ended(qtbot, worker.submit("split", path=source, device="cpu"))
    ((what, result),) = split.said
    assert what == "finished", result
    assert split.began == [{name: result[name] for name in ("folder", "pictures")}]
    assert split.progress[-1] == (14, 14)
    assert result["model"].startswith("voicebed-spectral@") and result["null_dbfs"] == -300
    outputs = [{"track": "speech", "path": str(tmp_path / "out.wav")}]
    ((what, result),) = ended(
        qtbot, worker.submit("export", path=source, folder=result["folder"], outputs=outputs)
    ).said
    assert what == "finished", result
    assert 0.001 < np.abs(soundfile.read(tmp_path / "out.wav")[0]).max() <= 1


def test_jobs_come_in_order_and_one_that_fails_stops_no_other(qtbot: QtBot, worker: Worker, tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("Dear diary")
    order: list[str] = []
    jobs = {
        name: worker.submit("open", path=path)
        for name, path in (("bad", tmp_path / "text.wav"), ("none", tmp_path / "none.wav"), ("good", DEMO))
    }
    outcomes = {name: Outcome(job) for name, job in jobs.items()}
    for name, job in jobs.items():
        for signal_ in (job.finished, job.failed):
            signal_.connect(lambda *_, name=name: order.append(name))
    qtbot.waitUntil(lambda: len(order) == 3, timeout=PATIENCE)
    assert order == ["bad", "none", "good"]
    for name in ("bad", "none"):
        ((what, (message, crashed)),) = outcomes[name].said
        assert what == "failed" and not crashed and "\n" not in message and ".wav" in message
    assert outcomes["good"].said[0][1]["seconds"] == 14


def test_what_nobody_foresaw_is_one_line_too(qtbot: QtBot, worker: Worker) -> None:
    ((what, (message, crashed)),) = ended(qtbot, worker.submit("open", colour="blue")).said
    assert what == "failed" and not crashed and "colour" in message and "\n" not in message
    assert ended(qtbot, worker.submit("open", path=DEMO)).said[0][0] == "finished"


def test_a_cancelled_split_stops_and_stays_readable(
    qtbot: QtBot, worker: Worker, model_path: Path, long_recording: Path
) -> None:
    job = worker.submit("split", path=long_recording, model=model_path, device="cpu")
    after = worker.submit("open", path=DEMO)
    outcome, next_outcome = Outcome(job), Outcome(after)
    with qtbot.waitSignal(job.progressed, timeout=PATIENCE):
        pass
    job.cancel()
    job.cancel()  # a second time changes nothing
    qtbot.waitUntil(lambda: bool(next_outcome.said), timeout=PATIENCE)
    assert outcome.said == [("cancelled", None)] and next_outcome.said[0][0] == "finished"
    split = StoredSplit.open(open_recording(long_recording), Path(outcome.began[0]["folder"]))
    assert 0 < split.done < split.frames and not split.complete
    split.close()


def test_a_job_that_waits_is_cancelled_at_once(qtbot: QtBot, worker: Worker) -> None:
    first, second = (worker.submit("open", path=DEMO) for _ in range(2))
    outcomes = [Outcome(job) for job in (first, second)]
    second.cancel()
    assert outcomes[1].said == [("cancelled", None)]
    qtbot.waitUntil(lambda: bool(outcomes[0].said), timeout=PATIENCE)
    assert outcomes[0].said[0][0] == "finished" and len(outcomes[1].said) == 1


def test_a_crash_fails_the_job_and_the_next_has_a_new_process(
    qtbot: QtBot, worker: Worker, model_path: Path, long_recording: Path
) -> None:
    job = worker.submit("split", path=long_recording, model=model_path, device="cpu")
    after = worker.submit("open", path=DEMO)
    outcome, next_outcome = Outcome(job), Outcome(after)
    with qtbot.waitSignal(job.progressed, timeout=PATIENCE):
        pass
    (process,) = worker.findChildren(QProcess)
    os.kill(process.processId(), signal.SIGKILL)
    qtbot.waitUntil(lambda: bool(next_outcome.said), timeout=PATIENCE)
    ((what, (message, crashed)),) = outcome.said
    assert what == "failed" and crashed and "Try again" in message
    assert next_outcome.said[0][0] == "finished"
    again = worker.submit("split", path=long_recording, model=model_path, device="cpu")
    with qtbot.waitSignal(again.progressed, timeout=PATIENCE) as first:
        pass
    assert first.args is not None and 0 < first.args[0] < 60  # less than a window: it is what was kept


def test_a_job_that_does_not_listen_is_killed(
    qtbot: QtBot, worker: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deaf = tmp_path / "deaf.py"
    deaf.write_text("from signal import *\nsignal(SIGTERM, SIG_IGN)\nprint(flush=True)\n[*open(0)]")
    monkeypatch.setattr(client, "PROGRAM", [str(deaf)])
    monkeypatch.setattr(client, "ASK_MS", 10)
    monkeypatch.setattr(client, "KILL_MS", 20)
    monkeypatch.setattr(Worker, "_read", lambda self: None)
    job = worker.submit("open", path=DEMO)
    outcome = Outcome(job)
    qtbot.waitUntil(lambda: bool(worker.findChildren(QProcess)), timeout=PATIENCE)
    (process,) = worker.findChildren(QProcess)
    with qtbot.waitSignal(process.readyReadStandardOutput, timeout=PATIENCE):
        pass
    job.cancel()
    qtbot.waitUntil(lambda: bool(outcome.said), timeout=PATIENCE)
    assert outcome.said == [("cancelled", None)]


def test_no_process_is_a_crash_too(qtbot: QtBot, worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client.sys, "executable", "/nowhere/python")
    ((what, (message, crashed)),) = ended(qtbot, worker.submit("open", path=DEMO)).said
    assert what == "failed" and crashed and message


def test_stop_ends_the_process_and_its_jobs(
    qtbot: QtBot, worker: Worker, model_path: Path, long_recording: Path
) -> None:
    jobs = [worker.submit("split", path=long_recording, model=model_path, device="cpu") for _ in range(2)]
    outcomes = [Outcome(job) for job in jobs]
    with qtbot.waitSignal(jobs[0].began, timeout=PATIENCE):
        pass
    (process,) = worker.findChildren(QProcess)
    worker.stop()
    assert [outcome.said for outcome in outcomes] == [[("cancelled", None)]] * 2
    assert process.state() is QProcess.ProcessState.NotRunning


# -- the process alone


def start() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "app.jobs.worker"]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def said(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert process.stdout
    return json.loads(process.stdout.readline())


def ask(process: subprocess.Popen[bytes], **message: Any) -> None:
    assert process.stdin
    process.stdin.write(json.dumps(message).encode() + b"\n")
    process.stdin.flush()


def test_the_process_ends_with_who_started_it(model_path: Path, long_recording: Path) -> None:
    with start() as process:
        ask(process, id=7, task="split", path=str(long_recording), model=str(model_path), device="cpu")
        assert said(process).keys() == {"id", "began"}
        assert process.stdin
        process.stdin.close()
        assert process.wait(timeout=30) == 0


def test_a_signal_cancels_the_job_and_ends_an_idle_process(model_path: Path, long_recording: Path) -> None:
    with start() as process:
        ask(process, id=7, task="split", path=str(long_recording), model=str(model_path), device="cpu")
        while "progress" not in said(process):
            pass
        process.terminate()
        while "progress" in (answer := said(process)):
            pass
        assert answer["code"] == 130 and answer["id"] == 7
        ask(process, id=8, task="open", path=str(DEMO))
        assert said(process)["result"]["seconds"] == 14
        process.terminate()
        assert process.wait(timeout=30) == 0


def test_prints_do_not_get_among_the_answers(tmp_path: Path) -> None:
    noisy = "import os, app.jobs.worker as w; w.TASKS['say'] = lambda work: print('hello') or {}; w.main()"
    with subprocess.Popen(
        [sys.executable, "-c", noisy], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        ask(process, id=1, task="say")
        assert said(process) == {"id": 1, "result": {}}
        out, err = process.communicate(timeout=30)
    assert out == b"" and err == b"hello\n"


@pytest.mark.skipif(not hasattr(os, "nice"), reason="needs priorities")
def test_the_process_gives_way() -> None:
    with start() as process:
        ask(process, id=1, task="open", path=str(DEMO))
        assert "result" in said(process)
        own = os.getpriority(os.PRIO_PROCESS, 0)
        assert os.getpriority(os.PRIO_PROCESS, process.pid) == min(19, own + NICE)
        assert process.stdin
        process.stdin.close()
        process.wait(timeout=30)


def test_only_models_need_torch() -> None:
    """And what loads slowest of the rest is not loaded before it is needed either."""
    script = "import sys, app.jobs.worker, app.jobs.client; print({'torch', 'scipy', 'av'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "set()\n"
