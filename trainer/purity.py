"""How clean the files of clean speech are: what hums along in the prior becomes a part of what speech is."""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from trainer.audit.measures import measure
from trainer.corpus import Corpus, read_mono
from trainer.leakage import lost
from trainer.listing import audio_files
from trainer.metrics import RATE, dnsmos

HEARD, WINDOW = 9.0, 9.5  # seconds: of the middle of a file, repeated to what DNSMOS scores at once

Audio = NDArray[np.float32]
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
    top = folder.resolve()
    stay = {path for path, ratio in ratios.items() if ratio is None and _matches(path.relative_to(top), unmeasured)}
    pure = [path for path, ratio in ratios.items() if ratio is not None and ratio >= least_snr_db]
    if least_ovrl is not None:
        scores = _measured(pure, ovrl, memory / "ovrl.json")
        pure = [path for path, score in scores.items() if score >= least_ovrl]
    return frozenset(ratios) - stay - frozenset(pure)


def ovrl(path: Path) -> float:
    """DNSMOS OVRL (`trainer.metrics.dnsmos`) of the middle of a file.

    Raises:
        InputError: the file is unreadable.
        UsageError: the package for DNSMOS is not installed.
    """
    audio = read_mono(path, RATE)
    start = max(0, len(audio) - int(HEARD * RATE)) // 2
    heard = audio[start : start + int(HEARD * RATE)]
    return dnsmos(np.resize(heard, int(WINDOW * RATE)), RATE)["OVRL"]


def purified(corpus: Corpus, enhance: Callable[[Audio, int], Audio], memory: Path, kept_as: str) -> Corpus:
    """The corpus with a `pure` version of its samples, in which there is nothing that a model takes for noise.

    A file of which the model takes a moment of speech (`trainer.leakage.lost`) stays as it was.

    Args:
        enhance: from audio (samples,) and its rate to the speech in it.
        memory: folder for what was once purified.
        kept_as: names the model there.
    """
    path = memory / f"{hashlib.sha256(corpus.samples.data).hexdigest()[:16]}-{kept_as}.npy"
    if not path.is_file():
        pure = np.array(corpus.samples)
        for start, end in corpus.spans:
            audio = pure[start:end].astype(np.float32) / np.float32(32768)
            speech = enhance(audio, corpus.sample_rate)
            if not lost(speech, audio, corpus.sample_rate) > 0:
                pure[start:end] = np.rint(speech.clip(-1, 1) * 32767)
        with (part := path.with_suffix(f".{os.getpid()}.part")).open("wb") as file:  # several processes do the same
            np.save(file, pure)
        part.replace(path)
    return replace(corpus, pure=np.load(path, mmap_mode="r"))


def _matches(path: Path, patterns: Iterable[str]) -> bool:
    return any(path.match(pattern) for pattern in patterns)


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
