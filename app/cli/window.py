"""voicebed [FILE...]: open the editor."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from engine.errors import InputError, ResourceError, UsageError

TABS = ("editor", "trainer")


def names_files(arguments: Sequence[str], commands: Sequence[str]) -> bool:
    """Whether a command line asks for the window: nothing at all, what can be a file, or the window's own options.

    A bare word that is no file is rather a mistyped command.
    """
    if not arguments or arguments[0].split("=")[0] == "--tab":
        return True
    first = Path(arguments[0])
    return (
        arguments[0] not in commands
        and not arguments[0].startswith("-")
        and (first.exists() or first.name != str(first) or bool(first.suffix))
    )


def command(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE...]", readable=False, help="Recordings or sessions to open.")
    ] = None,
    tab: Annotated[str, typer.Option(help="Which tab to show: editor or trainer.")] = "editor",
) -> None:
    """Open recordings or .voicebed sessions in the editor, or the trainer."""
    if tab not in TABS:
        raise UsageError(f"there is no tab '{tab}'; choose {' or '.join(TABS)}")
    for path in files or ():
        if not path.is_file():
            raise InputError(f"{path}: {'a folder; name a file' if path.is_dir() else 'no such file'}")
    if sys.platform == "linux" and not any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    ):
        raise ResourceError("there is no screen for the editor; the commands work without one, see voicebed --help")
    try:
        from app.window.application import run
    except ImportError as error:
        raise ResourceError(
            f"the editor needs a library that is missing here ({error}); on Debian or Ubuntu: "
            "sudo apt-get install libegl1 libgl1 libxkbcommon0 libfontconfig1 libdbus-1-3"
        ) from None
    raise typer.Exit(run(files or [], tab))
