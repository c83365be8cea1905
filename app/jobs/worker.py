"""The engine process, `python -m app.jobs.worker`: does one job after another for the window that started it.

Each line on stdin is a JSON object: {"id", "task", …arguments} wants a job done (`app.jobs.tasks`), {"cancel": id} not
any more.  On stdout come, each with the job's "id", "began" (data that are there before the end), "progress" ([seconds
of audio done, in all]), and once at last "result" or "error" (one line, with the exit "code" of the command line; 130
is cancelled).  When stdin closes, whoever started the process is gone, and it ends.
"""

import json
import os
import signal
import sys
import threading
import time
import traceback
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, BinaryIO

from app.jobs.tasks import TASKS, Work
from engine.errors import Cancelled, VoicebedError

NICE = 5  # sound and window come first
STEP_SECONDS = 0.05  # between messages of progress
LAST_SECONDS = 10.0  # to clean up in, when stdin has closed


class Server:
    """Runs jobs and answers on `out`."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._wanted: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
        self._cancelled: set[int] = set()
        self._ending = False
        self._running = False

    def listen(self, lines: BinaryIO) -> None:
        """Take messages until there are no more; then have the process end."""
        for line in lines:
            message = json.loads(line)
            if "cancel" in message:
                self._cancelled.add(message["cancel"])
            else:
                self._wanted.put(message)
        self._ending = True
        self._wanted.put(None)
        time.sleep(LAST_SECONDS)
        os._exit(1)

    def serve(self) -> None:
        """Do jobs until there are no more."""
        while (job := self._wanted.get()) is not None:
            self._run(job.pop("id"), job.pop("task"), job)

    def interrupt(self, *_: object) -> None:
        """A signal to end: the job is cancelled, and without one the process ends."""
        if not self._running:
            os._exit(0)
        raise Cancelled("cancelled")

    def _run(self, number: int, task: str, arguments: dict[str, Any]) -> None:
        shown = 0.0

        def progress(done: float, total: float) -> None:
            nonlocal shown
            if self._ending or number in self._cancelled:
                raise Cancelled("cancelled")
            if done >= total or time.monotonic() - shown > STEP_SECONDS:
                shown = time.monotonic()
                self._answer({"id": number, "progress": [done, total]})

        try:
            self._running = True
            work = Work(progress, lambda data: self._answer({"id": number, "began": data}))
            if number in self._cancelled:
                raise Cancelled("cancelled")
            answer = {"result": TASKS[task](work, **arguments)}
        except BaseException as error:
            answer = failure(error)
        finally:
            self._running = False
        self._answer({"id": number} | answer)

    def _answer(self, message: dict[str, Any]) -> None:
        self._out.write(json.dumps(message, default=str).encode() + b"\n")
        self._out.flush()


def failure(error: BaseException) -> dict[str, Any]:
    """An error as an answer; what nobody foresaw is also printed, for who mends it."""
    from app.cli import as_voicebed_error

    expected = as_voicebed_error(error)
    if expected is None:
        traceback.print_exception(error)
        expected = VoicebedError(f"something went wrong inside ({type(error).__name__}: {error}); please report it")
    return {"error": " ".join(str(expected).split()), "code": expected.exit_code}


def main() -> None:
    """Serve whoever holds stdin and stdout."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print does not get among the answers
    if hasattr(os, "nice"):
        os.nice(NICE)
    server = Server(out)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal is for the window
    signal.signal(signal.SIGTERM, server.interrupt)
    with open(0, "rb", closefd=False) as lines:
        threading.Thread(target=server.listen, args=(lines,), daemon=True).start()
        with suppress(BrokenPipeError):
            server.serve()
    sys.stderr.flush()
    os._exit(0)  # without taking torch apart


if __name__ == "__main__":
    main()
