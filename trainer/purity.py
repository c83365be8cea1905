"""How clean the files of clean speech are: what hums along in the prior becomes a part of what speech is."""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy import signal

from trainer.audit.measures import measure
from trainer.corpus import read_mono
from trainer.leakage import lost
from trainer.listing import audio_files

Audio = NDArray[np.float32]
LOWEST_VOICE = 70.0  # Hz


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


def purified(
    folder: Path, out: Path, enhance: Callable[[Audio, int], Audio], sample_rate: int, excluded: frozenset[Path]
) -> frozenset[Path]:
    """Fill `out` with copies of the files below `folder` without what a model takes for noise; those there stay.

    What lies below any voice stays in: whose rumble it is, nobody hears.  Where the model takes a moment of speech too,
    the copy is of the file as it was.

    Args:
        enhance: from audio (samples,) and its rate to the speech in it.
        excluded: files of `folder` to leave out.

    Returns:
        What is in `out` beside them, from another time.

    Raises:
        InputError: a file is unreadable.
    """
    folder, copies = folder.resolve(), set[Path]()
    for path in audio_files(folder):
        if path in excluded:
            continue
        copy = out.resolve() / path.relative_to(folder).with_suffix(".flac")
        copies.add(copy)
        if not copy.is_file():
            copy.parent.mkdir(parents=True, exist_ok=True)
            part = copy.with_suffix(f".{os.getpid()}.part")  # several processes purify the same
            soundfile.write(part, _pure(read_mono(path, sample_rate), enhance, sample_rate), sample_rate, format="FLAC")
            part.replace(copy)
    return frozenset(audio_files(out)) - copies


def _pure(audio: Audio, enhance: Callable[[Audio, int], Audio], sample_rate: int) -> Audio:
    speech = enhance(audio, sample_rate)
    if lost(speech, audio, sample_rate) > 0:
        return audio
    rumble = signal.butter(4, LOWEST_VOICE, fs=sample_rate, output="sos")
    return speech + np.asarray(signal.sosfiltfilt(rumble, audio - speech), np.float32)
