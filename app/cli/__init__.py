"""The `voicebed` command.  Importing this package imports neither torch nor Qt: each command loads what it needs."""

import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Any

import typer

from app.cli import demo, models, remix, split
from engine.errors import Cancelled, ResourceError, UsageError, VoicebedError

program = typer.Typer(
    name="voicebed",
    help="Split any recording into speech and noise, and remix them.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
program.command("split")(split.command)
program.command("remix")(remix.command)
program.add_typer(models.program, name="models")
program.command("demo")(demo.command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line (default: `sys.argv`); returns the exit code, after one clear line for any error."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return program(arguments, standalone_mode=False) or 0
    except BaseException as error:
        expected = as_voicebed_error(error)
        if expected is None or os.environ.get("VOICEBED_DEBUG"):
            raise
        print(f"voicebed: {expected}", file=sys.stderr)
        return expected.exit_code


def as_voicebed_error(error: BaseException) -> VoicebedError | None:
    """What the error is to the user; None for exits and for errors that are bugs."""
    match error:
        case VoicebedError():
            return error
        case KeyboardInterrupt() | typer.Abort():
            return Cancelled("cancelled; nothing half-written was left")
        case MemoryError():
            return ResourceError("not enough memory; close other programs and try again")
        case RuntimeError() if "not enough memory" in str(error) or "out of memory" in str(error):
            return ResourceError("not enough memory; close other programs, or try --device cpu")
        case BrokenPipeError():
            return Cancelled("the output was closed")
    # typer's usage errors: their base class has no public name.
    message = getattr(error, "format_message", None)
    return UsageError(f"{message()} Try --help.") if message else None


def _interrupt(number: int, frame: FrameType | None) -> Any:
    raise KeyboardInterrupt
