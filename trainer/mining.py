"""Noise for those who have no noise folder: the stretches of the noisy recordings in which nobody speaks."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from engine.errors import InputError
from engine.whole_file import whole_file
from trainer.audit.voice import VoiceMeter
from trainer.corpus import read_mono

SILENT = 0.1  # likelihood of speech, below which nobody speaks
MARGIN = 0.25  # seconds to each side of speech that are not taken: breath, echo of the room
SHORTEST, LONGEST = 0.5, 30.0  # seconds of a stretch; a whole recording without speech gives this much of its middle
OVERLAP = 0.05  # seconds that a stretch fades into the next, and in and out at the ends of a file
AT_LEAST = 5.0  # seconds of a file: training clips then mostly hold one noise, as those of a noise folder do
HOP = 0.02  # seconds between looks
LEAST = 5.0  # seconds; less is no prior


def mine_noise(
    files: Sequence[Path], folder: Path, sample_rate: int, progress: Callable[[int, int], None] = lambda *_: None
) -> float:
    """Write the speech-free stretches of every recording that has some to `folder`; returns their seconds.

    Args:
        files: recordings; each becomes one flac file of the same stem with a number before it, mono, at `sample_rate`;
            few or short stretches are repeated in it.
        progress: called with the files done and their number.

    Raises:
        InputError: less than `LEAST` seconds were found, or a file cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    total = 0.0
    for number, path in enumerate(files):
        progress(number, len(files))
        audio = read_mono(path, sample_rate)
        pieces = [audio[start:end] for start, end in speech_free(audio, sample_rate)]
        if pieces:
            total += sum(map(len, pieces)) / sample_rate
            with whole_file(folder / f"{number:05} {path.stem}.flac") as part:
                soundfile.write(part, _joined(pieces, sample_rate), sample_rate, format="FLAC")
    progress(len(files), len(files))
    if total < LEAST:
        raise InputError(
            f"only {total:.0f} s without speech in the noisy folder, {LEAST:.0f} are the least to learn noise from; "
            "give a folder with --noise, or add recordings that begin before anybody speaks"
        )
    return total


def speech_free(audio: NDArray[np.float32], sample_rate: int) -> Iterator[tuple[int, int]]:
    """(start, end) in samples of the stretches of mono audio in which nobody speaks and something sounds."""
    if len(audio) < SHORTEST * sample_rate:
        return
    meter = VoiceMeter(sample_rate)
    meter.add(audio)
    times = np.arange(0, len(audio) / sample_rate, HOP)
    spoken = np.convolve(meter.result(times) > SILENT, np.ones(2 * round(MARGIN / HOP) + 1), "same") > 0
    edges = np.flatnonzero(np.diff(np.concatenate(([True], spoken, [True])))) * HOP
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        surplus = max(0.0, end - start - LONGEST) / 2
        span = round((start + surplus) * sample_rate), min(len(audio), round((end - surplus) * sample_rate))
        if span[1] - span[0] >= SHORTEST * sample_rate and audio[slice(*span)].any():
            yield span


def _joined(pieces: Sequence[NDArray[np.float32]], sample_rate: int) -> NDArray[np.float32]:
    """One after the other, as often as it takes to fill `AT_LEAST`, each faded into the next at equal power."""
    pieces = [*pieces] * -(-round(AT_LEAST * sample_rate) // sum(map(len, pieces)))
    overlap = round(OVERLAP * sample_rate)
    ramp = np.sin(np.linspace(0, np.pi / 2, overlap, dtype=np.float32))
    whole = np.zeros(sum(len(piece) - overlap for piece in pieces) + overlap, np.float32)
    at = 0
    for piece in pieces:
        whole[at : at + len(piece)] += piece
        whole[at : at + overlap] += (ramp - 1) * piece[:overlap]
        at += len(piece) - overlap
        whole[at : at + overlap] += (ramp[::-1] - 1) * piece[-overlap:]
    return whole
