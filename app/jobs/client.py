"""The window's side of the engine process: jobs with signals, and a process that is started again when it crashes."""

import json
import os
import sys
from collections import deque
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

from engine.errors import Cancelled

ROOT = Path(__file__).parents[2]
PROGRAM = ["-P", "-m", "app.jobs.worker"]  # -P: a folder named app where the user stands is none of ours
ASK_MS, KILL_MS = 2000, 3000  # after a cancel: to ask the system to end the job, and the process
STOP_MS = 2000


class Job(QObject):
    """Something that a `Worker` was asked for.  Just one of `finished`, `failed` and `cancelled` ends it.

    Signals:
        began: data (dict) that are of use before the end, from tasks that have them.
        progressed: seconds of audio done, and in all.
        finished: what the task returned (dict).
        failed: a line for the user, and whether the process crashed: then trying again may help.
        cancelled: it was, by `cancel` or the worker's `stop`.
    """

    began = Signal(object)
    progressed = Signal(float, float)
    finished = Signal(object)
    failed = Signal(str, bool)
    cancelled = Signal()

    def __init__(self, worker: "Worker", message: dict[str, Any]) -> None:
        super().__init__()
        self.message = message
        self._worker = worker

    def cancel(self) -> None:
        """Have it stopped, within one window or three seconds; nothing to do where it has ended."""
        self._worker.cancel(self)


class Worker(QObject):
    """An engine process that does one job after another; it starts with the first job, and anew after a crash."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None
        self._waiting: deque[Job] = deque()
        self._running: Job | None = None
        self._cancelling = False
        self._number = 0

    def submit(self, task: str, **arguments: Any) -> Job:
        """Have a task of `app.jobs.tasks` done, after those already asked for; paths may be `Path`."""
        self._number += 1
        job = Job(self, {"id": self._number, "task": task} | arguments)
        self._waiting.append(job)
        if self._running is None:
            QTimer.singleShot(0, self._next)  # so that signals can be connected first
        return job

    def cancel(self, job: Job) -> None:
        """See `Job.cancel`."""
        if job in self._waiting:
            self._waiting.remove(job)
            job.cancelled.emit()
        elif job is self._running and not self._cancelling:
            self._cancelling = True
            self._send({"cancel": job.message["id"]})
            QTimer.singleShot(ASK_MS, self, lambda: self._press(job, QProcess.terminate))
            QTimer.singleShot(KILL_MS, self, lambda: self._press(job, QProcess.kill))

    def stop(self) -> None:
        """Drop all jobs and end the process; may take two seconds if a job does not listen."""
        dropped = [*([self._running] if self._running else ()), *self._waiting]
        self._waiting.clear()
        self._running = None
        if self._process:
            process, self._process = self._process, None
            process.blockSignals(True)
            process.closeWriteChannel()
            if not process.waitForFinished(STOP_MS):
                process.kill()
                process.waitForFinished()
        for job in dropped:
            job.cancelled.emit()

    def _next(self) -> None:
        if self._running is None and self._waiting:
            self._running, self._cancelling = self._waiting.popleft(), False
            self._send(self._running.message)

    def _send(self, message: dict[str, Any]) -> None:
        if self._process is None:
            self._start()
        if self._process:
            self._process.write(json.dumps(message, default=str).encode() + b"\n")

    def _start(self) -> None:
        self._process = process = QProcess(self)
        environment = QProcessEnvironment.systemEnvironment()
        paths = [str(ROOT), environment.value("PYTHONPATH")]
        environment.insert("PYTHONPATH", os.pathsep.join(path for path in paths if path))
        process.setProcessEnvironment(environment)
        process.setProcessChannelMode(QProcess.ProcessChannelMode.ForwardedErrorChannel)
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._ended)
        process.errorOccurred.connect(self._failed_to_start)
        process.start(sys.executable, PROGRAM)

    def _read(self) -> None:
        while self._process and self._process.canReadLine():
            message = json.loads(bytes(self._process.readLine().data()))
            job = self._running
            if job is None or message["id"] != job.message["id"]:
                continue
            if "began" in message:
                job.began.emit(message["began"])
            elif "progress" in message:
                job.progressed.emit(*message["progress"])
            else:
                self._end(job, message)

    def _end(self, job: Job, message: dict[str, Any]) -> None:
        self._running = None
        self._next()
        if "result" in message:
            job.finished.emit(message["result"])
        elif message["code"] == Cancelled.exit_code:
            job.cancelled.emit()
        else:
            job.failed.emit(message["error"], False)

    def _press(self, job: Job, end: Any) -> None:
        """End the process if it is still busy with a job that was cancelled."""
        if job is self._running and self._process:
            end(self._process)

    def _failed_to_start(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._ended()

    def _ended(self) -> None:
        """The process is gone, and with it the job that it was doing."""
        if self._process:
            self._process.deleteLater()
            self._process = None
        job, self._running = self._running, None
        cancelled = self._cancelling
        self._next()
        if job and cancelled:
            job.cancelled.emit()
        elif job:
            job.failed.emit(self.tr("The engine stopped unexpectedly; nothing of yours is lost. Try again."), True)
