"""The document as a command line: what to type to make the same files without the window."""

import json
import math
import shlex
import subprocess
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from app.document.document import Document
from engine.remix import remix_data


def command_line(document: Document, output: Path, windows: bool = sys.platform == "win32") -> str:
    """The `voicebed remix` line that writes what an export of the document to `output` writes.

    Regions come from the session file if it is up to date, and stand in the line otherwise.

    Args:
        windows: quote for cmd.exe, not for a POSIX shell.
    """
    edit = document.edit
    gains = remix_data(edit.remix)
    arguments = ["voicebed", "remix", str(document.recording.path.absolute()), "-o", str(output.absolute())]
    arguments += ["--speech", _plain(edit.remix.speech_db), "--noise", _plain(edit.remix.noise_db)]
    for option, value in (("--loudness", edit.delivery.loudness), ("--true-peak", edit.delivery.true_peak)):
        if value is not None:
            arguments += [option, _plain(value)]
    if edit.delivery.subtype:
        arguments += ["--subtype", edit.delivery.subtype]
    if regions := gains["regions"]:
        saved = document.path if not document.modified else None
        arguments += ["--regions", str(saved.absolute()) if saved else json.dumps(regions, allow_nan=False)]
    arguments += _split_options(document)
    return quoted(arguments, windows)


def split_command_line(
    document: Document, folder: Path, tracks: Sequence[str], windows: bool = sys.platform == "win32"
) -> str:
    """The `voicebed split` line that writes some of the tracks "speech" and "noise" to a folder."""
    recording = str(document.recording.path.absolute())
    arguments = ["voicebed", "split", recording, "-o", str(folder.absolute()), "--tracks", ",".join(tracks)]
    return quoted([*arguments, *_split_options(document)], windows)


def quoted(arguments: Sequence[str], windows: bool) -> str:
    """The arguments as one line for a POSIX shell, or for cmd.exe."""
    return " ".join(map(_quoted_for_windows, arguments)) if windows else shlex.join(arguments)


def _quoted_for_windows(argument: str) -> str:
    quoting = subprocess.list2cmdline([argument])
    # Outside quotes, cmd.exe gives these a meaning that list2cmdline does not know of.
    return f'"{quoting}"' if quoting == argument and set(argument) & set("&|<>^();,=") else quoting


def _split_options(document: Document) -> list[str]:
    edit = document.edit
    options = ["--model", edit.model] if edit.model else []
    for patch in edit.patches:
        options += ["--resplit", f"{_plain(patch.start)}-{_plain(patch.end)}={patch.model}"]
    return options


def _plain(number: float) -> str:
    """The shortest digits that give exactly this number, without an exponent; "-inf" for −∞."""
    return "-inf" if number == -math.inf else f"{Decimal(repr(number)):f}".removesuffix(".0")
