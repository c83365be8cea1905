"""How clean the files of clean speech are: what hums along in the prior becomes a part of what speech is."""

import json
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from trainer.audit.measures import measure
from trainer.corpus import read_mono
from trainer.listing import audio_files
from trainer.metrics import RATE, dnsmos

HEARD, WINDOW = 9.0, 9.5  # seconds: of the middle of a file, repeated to what DNSMOS scores at once

T = TypeVar("T")


def impure(
    folder: Path, least_snr_db: float, unmeasured: Sequence[str], memory: Path, least_ovrl: float | None = None
) -> frozenset[Path]:
    """The files below `folder` in which speech is less than `least_snr_db` above all else, as the audit measures it.

    Args:
        unmeasured: patterns of the paths of files, relative to `folder`, that stay though they are too short to tell.
        memory: folder for JSON files of what was once measured; they are added to.
        least_ovrl: of the other files that are long enough, those with less by DNSMOS are among them as well.

    Raises:
        InputError: a file is unreadable.
        UsageError: the package for DNSMOS is not installed.
    """
    ratios = _measured(audio_files(folder), lambda path: measure(path)[0].snr_db, memory / "purity.json")
    short = {path for path, ratio in ratios.items() if ratio is None}
    stay = {path for path in short if any(path.relative_to(folder.resolve()).match(pattern) for pattern in unmeasured)}
    pure = [path for path, ratio in ratios.items() if ratio is not None and ratio >= least_snr_db]
    if least_ovrl is not None:
        scores = _measured(pure, ovrl, memory / "ovrl.json")
        pure = [path for path in pure if scores[path] >= least_ovrl]
    return frozenset(ratios) - stay - frozenset(pure)


def ovrl(path: Path) -> float:
    """DNSMOS OVRL (`trainer.metrics.dnsmos`) of the middle of a file.

    Raises:
        InputError: the file is unreadable.
    """
    audio = read_mono(path, RATE)
    start = max(0, len(audio) - int(HEARD * RATE)) // 2
    heard = audio[start : start + int(HEARD * RATE)]
    return dnsmos(np.resize(heard, int(WINDOW * RATE)), RATE)["OVRL"]


def _measured(paths: Iterable[Path], measurement: Callable[[Path], T], memory: Path) -> dict[Path, T]:
    """Each file's measurement, once made as `memory` has it."""
    known: dict[str, T] = json.loads(memory.read_text()) if memory.is_file() else {}
    keys = {path: f"{path.resolve()} {path.stat().st_mtime_ns}" for path in paths}
    new = {key: measurement(path) for path, key in keys.items() if key not in known}
    if new:
        known |= new
        memory.parent.mkdir(parents=True, exist_ok=True)
        part = memory.with_suffix(f".{os.getpid()}.part")  # several processes measure the same
        part.write_text(json.dumps(known))
        part.replace(memory)
    return {path: known[key] for path, key in keys.items()}
