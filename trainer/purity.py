"""How clean the files of clean speech are: what hums along in the prior becomes a part of what speech is."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from trainer.audit.measures import measure
from trainer.listing import audio_files


def impure(folder: Path, least_snr_db: float, unmeasured: Sequence[str], memory: Path) -> frozenset[Path]:
    """The files below `folder` in which speech is less than `least_snr_db` above all else, as the audit measures it.

    Args:
        unmeasured: patterns of the paths of files, relative to `folder`, that stay though they are too short to tell.
        memory: JSON file of what was once measured; it is added to.

    Raises:
        InputError: a file is unreadable.
    """
    known: dict[str, float | None] = json.loads(memory.read_text()) if memory.is_file() else {}
    keys = {path: f"{path.resolve()} {path.stat().st_mtime_ns}" for path in audio_files(folder)}
    new = {key: measure(path)[0].snr_db for path, key in keys.items() if key not in known}
    if new:
        known |= new
        memory.parent.mkdir(parents=True, exist_ok=True)
        part = memory.with_suffix(f".{os.getpid()}.part")  # several processes measure the same
        part.write_text(json.dumps(known))
        part.replace(memory)

    def stays(path: Path, ratio: float | None) -> bool:
        if ratio is None:
            return any(path.relative_to(folder.resolve()).match(pattern) for pattern in unmeasured)
        return ratio >= least_snr_db

    return frozenset(path for path, key in keys.items() if not stays(path, known[key]))
