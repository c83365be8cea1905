"""The published weights of the Descript Audio Codec: fetched once, recorded, and verified whenever they are used.

The addresses are those in the package's `dac.utils` (MIT licence).  The sums are those that projects which fetched the
files wrote down; they could not be fetched where this was written.
"""

import hashlib
import json
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.cache import cache_folder
from engine.download import Progress, download
from engine.errors import InputError, UsageError, VoicebedError
from engine.presets import PRESETS
from engine.whole_file import whole_file

RELEASES = "https://github.com/descriptinc/descript-audio-codec/releases/download"


@dataclass(frozen=True)
class Release:
    """Where a preset's codec was published, and the SHA-256 of that file."""

    url: str
    sha256: str

    @property
    def file_name(self) -> str:
        """What the file is called at its source."""
        return self.url.rpartition("/")[2]


PUBLISHED = {
    "dac-16khz": Release(
        f"{RELEASES}/0.0.5/weights_16khz.pth", "95ab7176b67137d4d4c6c54b8d6ef3cea797faec228cb03ad084badcad570b4d"
    ),
    "dac-24khz": Release(
        f"{RELEASES}/0.0.4/weights_24khz.pth", "44bad592fc393e03eb0be7a5120b7d487fe9612fa41269dc03fca3d4b87e20ad"
    ),
    "dac-44khz": Release(
        f"{RELEASES}/0.0.1/weights.pth", "a88eed82a7024ccc1facdb1e605c4c2f99281c8118c22c9895ffa846d8fb61aa"
    ),
}


@dataclass(frozen=True)
class Weights:
    """A fetched file.

    Attributes:
        source: address or file that it came from.
        published: whether it is the published file, to the last bit.
        used, left_out: parts of the checkpoint, each with its number of values.
    """

    name: str
    path: Path
    sha256: str
    source: str
    published: bool
    used: dict[str, int]
    left_out: dict[str, int]


def weights_folder() -> Path:
    """Where they are kept: beside the cache of splits, which makes room for itself by deleting."""
    cache = cache_folder()
    return cache.with_name(f"{cache.name}-weights")


def release(name: str) -> Release:
    """The release that a preset's codec can begin with.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in PUBLISHED:
        raise UsageError(f"no published weights '{name}'; choose from {', '.join(PUBLISHED)}")
    return PUBLISHED[name]


def fetched(name: str) -> Weights | None:
    """The weights if they were fetched and are unchanged since; None if they were not fetched.

    Raises:
        UsageError: there are none of that name.
        InputError: the file is not what was recorded.
    """
    release(name)
    path, record = _places(name)
    if not (path.is_file() and record.is_file()):
        return None
    try:
        data: dict[str, Any] = json.loads(record.read_text(encoding="utf-8"))
        weights = Weights(path=path, **data)
    except (OSError, ValueError, TypeError):
        return None
    if sha256(path) != weights.sha256:
        raise InputError(f"{path} was changed since it was fetched; delete it, then 'voicebed models fetch {name}'")
    return weights


def fetch(name: str, source: Path | None = None, progress: Progress | None = None) -> Weights:
    """The weights of that name, from the cache, else from `source` (a copy of the file), else from its address.

    The file appears in the cache whole, checked and recorded, or not at all; a broken download goes on with the next.

    Raises:
        UsageError: there are none of that name.
        InputError: they cannot be had, or the file is not what it should be.
        ResourceError: the disk has too little space.
        OSError: the cache cannot be written.
    """
    wanted = release(name)
    path, record = _places(name)
    if source is None:
        with suppress(InputError):
            if there := fetched(name):
                return there
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    if source is None:
        _download(name, wanted, part, progress)
    else:
        part = path.with_name(f"{path.name}.copy")  # apart from what a broken download left
    try:
        if source is not None:
            _copy(source, part)
        digest = sha256(part)
        if source is None and digest != wanted.sha256:
            raise InputError(f"{wanted.url} is not the published file (SHA-256 {digest}); {by_hand(name)}")
        used, left_out = _contents(name, part, str(source or wanted.url))
        origin = str(source.resolve() if source else wanted.url)
        weights = Weights(name, path, digest, origin, digest == wanted.sha256, used, left_out)
        record.unlink(missing_ok=True)
        part.replace(path)
        _write(record, weights)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return weights


def by_hand(name: str) -> str:
    """How to bring the file to a machine without network."""
    wanted = PUBLISHED[name]
    return f"bring the file {wanted.file_name}, then 'voicebed models fetch {name} --from {wanted.file_name}'"


def sha256(path: Path) -> str:
    """Of a file, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _places(name: str) -> Sequence[Path]:
    """The file in the cache, and the record of it."""
    path = weights_folder() / f"{name}.pth"
    return path, path.with_suffix(".json")


def _download(name: str, wanted: Release, part: Path, progress: Progress | None) -> None:
    try:
        download(wanted.url, part, progress)
    except InputError as error:
        raise InputError(f"{error}; without network, {by_hand(name)}") from None


def _copy(source: Path, part: Path) -> None:
    if not source.is_file():
        raise InputError(f"{source}: no such file")
    try:
        shutil.copyfile(source, part)
    except PermissionError:
        raise InputError(f"{source}: cannot be read") from None


def _contents(name: str, path: Path, called: str) -> tuple[dict[str, int], dict[str, int]]:
    """What of a checkpoint is used and left out, after loading it to see that it fits."""
    from engine.dac_weights import read_weights  # imports torch

    try:
        state, left_out = read_weights(path, PRESETS[name]["codec"])
    except VoicebedError as error:
        raise InputError(str(error).replace(str(path), called)) from None
    used: dict[str, int] = {}
    for key, value in state.items():
        part = key.partition(".")[0]
        used[part] = used.get(part, 0) + value.numel()
    return used, left_out


def _write(record: Path, weights: Weights) -> None:
    data = asdict(weights)
    del data["path"]
    with whole_file(record) as part:
        part.write_text(json.dumps(data, indent=1), encoding="utf-8")
