"""The list of files that training leaves out: a text file that people can edit.

One absolute path a line.  Lines that begin with "#" say why, or hold a path that is only proposed.  A line that begins
with a quotation mark is a JSON string, for names that do not fit on a line.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from engine.errors import InputError, UsageError
from engine.whole_file import whole_file

_HEAD = """\
# Voicebed leaves the files below out of training.  Edit as you like: a line that begins with # does not count,
# so put one before a file to keep it, and take it away from a file that was only proposed to leave it out too.
"""


def check_new(path: Path) -> None:
    """Raise UsageError where a list cannot be written to `path`, so that it is known before the work."""
    if path.exists():
        raise UsageError(f"{path} exists, and may have been edited; give another name, or delete it first")
    if not path.parent.is_dir():
        raise UsageError(f"{path.parent} is not a folder; give a list in one that exists")


def write_exclusions(path: Path, excluded: Iterable[tuple[Path, str]], proposed: Iterable[tuple[Path, str]]) -> None:
    """Write a new list of files and the reasons; the proposed ones are commented out.

    Raises:
        UsageError: `path` exists or cannot be written.
    """
    check_new(path)
    lines = [_HEAD]
    for mark, files in (("", excluded), ("# ", proposed)):
        lines += [f"\n# {' '.join(reason.split())}\n{mark}{_line(file)}\n" for file, reason in files]
    try:
        with whole_file(path) as part:
            part.write_text("".join(lines), encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror}); give another name") from None


def read_exclusions(path: Path) -> frozenset[Path]:
    """The files of a list, for `trainer.corpus.open_corpus`.

    Raises:
        InputError: it cannot be read, or a line is not an absolute path.
    """
    try:
        text = path.read_text(encoding="utf-8-sig", errors="surrogateescape")
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); check its name") from None
    found: set[Path] = set()
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            file = Path(json.loads(line) if line.startswith('"') else line)
        except ValueError:
            file = Path()
        if not file.is_absolute():
            raise InputError(f"{path}, line {number}: not an absolute path; correct it, or put a # before it")
        found.add(file)
    return frozenset(found)


def _line(file: Path) -> str:
    text = str(file)
    fits = text.strip() == text and not any(character in text for character in "\r\n")
    return text if fits else json.dumps(text)
