"""What commands print: progress on stderr, one JSON object or plain lines on stdout."""

import json
import math
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.split import Progress

PLAIN_STEPS = 20  # lines without a terminal, at most


def plain(value: Any) -> Any:
    """A value as JSON can hold it: paths as text, infinities as null, dataclasses as objects."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, dict):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def as_json(value: Any) -> str:
    """A value as one line of JSON, in ASCII, which every pipe can carry."""
    return json.dumps(plain(value), allow_nan=False)


def print_json(value: Any) -> None:
    """Exactly one JSON object on stdout."""
    print(as_json(value))


@contextmanager
def progress(title: str) -> "Iterator[Progress]":
    """A progress bar with remaining time on stderr; in a pipe, a line now and then."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(title, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)
        return
    started, shown = time.monotonic(), 0

    def line(done: float, total: float) -> None:
        nonlocal shown
        share = done / total
        if (step := int(share * PLAIN_STEPS)) > shown:
            shown = step
            left = (time.monotonic() - started) * (1 / share - 1)
            print(f"{title}: {100 * share:.0f} %, {left:.0f} s left", file=sys.stderr, flush=True)

    yield line
