"""JSON files that are read with clear errors and appear whole or not at all."""

import errno
import json
import secrets
from pathlib import Path
from typing import Any, NoReturn

from engine.errors import InputError, ResourceError, UsageError


def read_json(path: Path) -> Any:
    """The content of a JSON file in UTF-8.

    Raises:
        InputError: it cannot be read, or is not JSON; NaN and Infinity, which Python would take, are not.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse)
    except OSError as error:
        raise InputError(f"{path} cannot be opened ({error.strerror}); check its name and permissions") from None
    except (ValueError, RecursionError):
        raise InputError(f"{path} is damaged or cut short, or another kind of file; get a new copy") from None


def write_json(path: Path, data: Any) -> None:
    """Write plain data so that a file that was there stays as it is on any failure.

    Nothing waits for the disk: the window calls this, and a disk that is busy with a split can take seconds.

    Raises:
        UsageError: the place cannot be written.
        ResourceError: the disk is full.
    """
    text = json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    path = path.resolve()  # a link stays a link
    part = path.with_name(f".voicebed-{secrets.token_hex(4)}.json")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            # Bytes of a file name that are no UTF-8 are lone surrogates here; as backslashes they are proper JSON.
            part.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ResourceError(f"{path} could not be saved: the disk is full; free some space") from None
        raise UsageError(f"{path} could not be saved ({error.strerror}); choose another folder") from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} in JSON")
