"""Jobs that a test drives by hand, in place of the engine process."""

from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.errors import UsageError


class FakeJob(QObject):
    """Has the signals of `app.jobs.client.Job`; a cancel is answered at once."""

    began = Signal(object)
    progressed = Signal(float, float)
    finished = Signal(object)
    failed = Signal(str, bool)
    cancelled = Signal()

    def __init__(self, task: str, arguments: dict[str, Any]) -> None:
        super().__init__()
        self.task, self.arguments = task, arguments

    def cancel(self) -> None:
        """As the engine does."""
        self.cancelled.emit()

    def finish(self, before: float = -23.4, after: float = -16.0, clipped: int = 0) -> None:
        """End well, with these loudnesses for each output."""
        measured = {"loudness_before": before, "loudness": after, "true_peak": -1.04, "clipped": clipped}
        self.finished.emit({"outputs": [output | measured for output in self.arguments["outputs"]]})


class FakeSubmit:
    """Stands for `Worker.submit`; keeps the jobs it gave out.  With `refusal` it raises that."""

    def __init__(self) -> None:
        self.jobs: list[FakeJob] = []
        self.refusal = ""

    def __call__(self, task: str, **arguments: Any) -> Any:
        if self.refusal:
            raise UsageError(self.refusal)
        self.jobs.append(FakeJob(task, arguments))
        return self.jobs[-1]

    @property
    def last(self) -> FakeJob:
        """The job that was asked for last."""
        return self.jobs[-1]
