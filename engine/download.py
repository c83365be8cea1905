"""Downloading one large file so that an interrupted download goes on where it was.  Needs no torch."""

import http.client
import shutil
import ssl
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from engine.errors import InputError, ResourceError

BLOCK = 1 << 18  # bytes
PATIENCE = 30.0  # seconds without a byte
COMPLETE = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE  # for a range that begins at the end of the file
BROKEN = (URLError, http.client.HTTPException, ConnectionError, TimeoutError, ssl.SSLError)

Progress = Callable[[float, float], None]  # bytes there, bytes in all


def download(url: str, part: Path, progress: Progress | None = None) -> None:
    """Bring a partial file to completeness, or begin it; beside it stands which version of the remote file it is of.

    Where the server cannot tell that the file is still the same, or cannot begin in the middle, it comes all anew.

    Raises:
        InputError: the file cannot be had, or broke off; what came stays.
        ResourceError: the disk has too little space.
    """
    note = part.with_name(f"{part.name}.version")
    have = part.stat().st_size if part.exists() and note.exists() else 0
    headers = {"User-Agent": "voicebed", "Accept-Encoding": "identity"}
    if have:
        headers |= {"Range": f"bytes={have}-", "If-Range": note.read_text(encoding="utf-8")}
    try:
        with urlopen(Request(url, headers=headers), timeout=PATIENCE) as response:
            start = have if response.status == HTTPStatus.PARTIAL_CONTENT else 0
            length = response.headers.get("Content-Length")
            total = start + int(length) if length else 0
            if total - start > (free := shutil.disk_usage(part.parent).free):
                raise ResourceError(f"{part.parent}: {_megabytes(total - start)} needed, {_megabytes(free)} free")
            if not start:
                part.unlink(missing_ok=True)  # before its version is overwritten
            _note_version(note, response.headers)
            with part.open("r+b" if start else "wb") as file:
                whole = _copy(response, file, start, total, progress)
    except HTTPError as error:
        if error.code == COMPLETE and error.headers.get("Content-Range", "").endswith(f"/{have}"):
            note.unlink(missing_ok=True)
            return
        raise InputError(f"{url} cannot be had (status {error.code})") from None
    except BROKEN as error:
        reason = error.reason if isinstance(error, URLError) else error
        raise InputError(f"{url} cannot be had ({reason or type(error).__name__})") from None
    if not whole:
        there = _megabytes(part.stat().st_size)
        raise InputError(f"{url} broke off at {there}{f' of {_megabytes(total)}' * bool(total)}; fetch again to go on")
    note.unlink(missing_ok=True)


def _note_version(note: Path, headers: http.client.HTTPMessage) -> None:
    """Keep what tells versions of the remote file apart, where the server says; a weak tag is no promise."""
    tag = headers.get("ETag", "")
    version = tag if tag and not tag.startswith("W/") else headers.get("Last-Modified", "")
    if version:
        note.write_text(version, encoding="utf-8")
    else:
        note.unlink(missing_ok=True)


def _copy(source: IO[bytes], file: IO[bytes], start: int, total: int, progress: Progress | None) -> bool:
    """Append to the file from `start` on; returns whether all of it came (`total` is 0 where nobody said how much)."""
    file.seek(start)
    try:
        while block := source.read(BLOCK):
            file.write(block)
            start += len(block)
            if progress and total:
                progress(start, total)
    except BROKEN:
        return False
    return start >= total


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB"
