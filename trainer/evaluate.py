"""Scores of an enhancer on a folder of noisy recordings, with or without clean references."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.recording import open_recording
from trainer.listing import AUDIO_SUFFIXES
from trainer.metrics import dnsmos, paired_scores

Audio = NDArray[np.float32]
Enhance = Callable[[Audio, int], Audio]
Row = dict[str, float]


@dataclass(frozen=True)
class Scores:
    """Scores by file name, of the noisy input and of the enhanced output; the names are those of `trainer.metrics`."""

    input: dict[str, Row]
    output: dict[str, Row]

    @property
    def input_mean(self) -> Row:
        return mean(self.input)

    @property
    def output_mean(self) -> Row:
        return mean(self.output)

    def table(self) -> str:
        """The means as a Markdown table."""
        return table({"input": self.input_mean, "output": self.output_mean})


def mean(rows: Mapping[Any, Row]) -> Row:
    """The mean of every score over the files; minus infinity where one is (SI-SDR of a silent output)."""
    return {name: float(np.mean([row[name] for row in rows.values()])) for name in next(iter(rows.values()))}


def table(rows: Mapping[str, Row]) -> str:
    """A Markdown table with a line for each named row, STOI with three decimals and all else with two."""
    names = list(next(iter(rows.values())))
    lines = [["", *(name.replace("P808", "P.808") for name in names)], ["---"] * (len(names) + 1)]
    lines += [[title, *(f"{row[n]:.{3 if 'STOI' in n else 2}f}" for n in names)] for title, row in rows.items()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def evaluate_folder(
    enhance: Enhance, noisy: Path, clean: Path | None = None, report: Callable[[int, int], None] | None = None
) -> Scores:
    """Score every recording directly in `noisy`, in the order of their names, before and after `enhance`.

    Args:
        enhance: from mono audio (samples,), full scale ±1, and its rate to the enhanced audio of the same shape.
        noisy: folder of recordings of any rate; channels are averaged.
        clean: folder with a reference of the same name, rate and length for each; without it only DNSMOS is given.
        report: called with the files done and their total, first with none done.

    Raises:
        InputError: there is no audio, a reference is missing or does not fit, or a file or an output cannot be scored.
        UsageError: a package that scoring needs is not installed.
    """
    files = sorted(path for path in noisy.glob("*") if path.suffix.lower() in AUDIO_SUFFIXES)
    if not files:
        raise InputError(f"no audio files in {noisy}")
    missing = [path.name for path in files if clean and not (clean / path.name).is_file()]
    if missing:
        raise InputError(f"{clean} lacks {len(missing)} of {len(files)} references, the first is {missing[0]}")
    scores = Scores({}, {})
    for done, path in enumerate(files):
        if report:
            report(done, len(files))
        audio, rate = _read(path)
        reference = None
        if clean:
            reference, reference_rate = _read(clean / path.name)
            if (len(reference), reference_rate) != (len(audio), rate):
                sizes = f"{len(audio)} samples at {rate} Hz, its reference {len(reference)} at {reference_rate} Hz"
                raise InputError(f"{path} has {sizes}")
        try:
            scores.input[path.name] = _score(audio, reference, rate)
            scores.output[path.name] = _score(enhance(audio, rate), reference, rate)
        except InputError as error:
            raise InputError(f"{path}: {error}") from error
    if report:
        report(len(files), len(files))
    return scores


def _score(audio: Audio, reference: Audio | None, sample_rate: int) -> Row:
    paired = {} if reference is None else paired_scores(audio, reference, sample_rate)
    return paired | dnsmos(audio, sample_rate)


def _read(path: Path) -> tuple[Audio, int]:
    """(mono audio, sample rate)."""
    recording = open_recording(path)
    return recording.read(0, recording.frames).mean(axis=1, dtype=np.float32), recording.sample_rate
