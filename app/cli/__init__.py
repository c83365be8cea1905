"""The `voicebed` command.  Importing this package imports neither torch nor Qt: each command loads what it needs."""

import errno
import io
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from app.cli import audit, demo, evaluate, models, remix, split, train, window
from engine.errors import Cancelled, ResourceError, UsageError, VoicebedError, is_out_of_memory

CLEANING_SECONDS = 2.0

program = typer.Typer(
    name="voicebed",
    add_completion=False,
    rich_markup_mode=None,
)
program.command("split")(split.command)
program.command("remix")(remix.command)
program.add_typer(models.program, name="models")
program.command("train")(train.command)
program.command("audit")(audit.command)
program.command("evaluate")(evaluate.command)
program.command("demo")(demo.command)
program.command("open")(window.command)
COMMANDS = ("split", "remix", "models", "train", "audit", "evaluate", "demo", "open")


def print_version(wanted: bool) -> None:
    """Print the version and end."""
    if wanted:
        from importlib.metadata import version

        print(f"voicebed {version('voicebed')}")
        raise typer.Exit


@program.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Split any recording into speech and noise, and remix them.  Without a command: the editor, with any FILE."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line (default: `sys.argv`); returns the exit code, after one clear line for any error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a file name may hold what the terminal cannot show
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    if window.names_files(arguments, COMMANDS):
        arguments = ["open", *arguments]
    with _signals():
        try:
            code = program(arguments, standalone_mode=False) or 0
            if code == Cancelled.exit_code:  # typer's answer to KeyboardInterrupt
                raise KeyboardInterrupt
            sys.stdout.flush()
            return code
        except BaseException as error:
            expected = as_voicebed_error(error)
            if expected is None or os.environ.get("VOICEBED_DEBUG"):
                raise
            if isinstance(expected, OutputClosed):
                # Else Python complains when it flushes stdout at its end.
                with suppress(OSError), Path(os.devnull).open("wb") as nothing:
                    os.dup2(nothing.fileno(), sys.stdout.fileno())
            with suppress(OSError):
                print(f"voicebed: {expected}", file=sys.stderr)
            return expected.exit_code


class OutputClosed(Cancelled):
    """Nobody reads what is printed any more."""


def as_voicebed_error(error: BaseException) -> VoicebedError | None:
    """What the error is to the user; None for exits and for errors that are bugs."""
    match error:
        case VoicebedError():
            return error
        case KeyboardInterrupt() | typer.Abort():
            return Cancelled("cancelled; nothing half-written was left")
        case MemoryError():
            return ResourceError("not enough memory; close other programs and try again")
        case RuntimeError() if is_out_of_memory(error):
            return ResourceError("not enough memory; close other programs, or try --device cpu")
        case BrokenPipeError() | SystemExit(__context__=BrokenPipeError()):  # the latter from typer
            return OutputClosed("the output was closed")
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return ResourceError(f"{error.filename or 'the disk'}: no space left; free some")
        case OSError():
            return UsageError(f"{error.filename or 'a file'} cannot be used ({error.strerror or error})")
    # typer's usage errors: their base class has no public name.
    message = getattr(error, "format_message", None)
    return UsageError(f"{message()} Try --help.") if message else None


@contextmanager
def _signals() -> Iterator[None]:
    """Signals that ask the process to end do so cleanly; one right after another does not disturb the cleaning up."""
    last = -CLEANING_SECONDS

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal last
        if time.monotonic() - last >= CLEANING_SECONDS:
            last = time.monotonic()
            raise KeyboardInterrupt

    numbers = {signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)}  # Windows has no SIGHUP
    before = {number: signal.getsignal(number) for number in numbers}
    for number, handler in before.items():
        if handler != signal.SIG_IGN:  # as `nohup` and `&` in a script want it
            signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
