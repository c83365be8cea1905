"""Quality on the development clips, and on the recordings without references.

python -m tests.benchmarks.quality [--model M] [--rate HZ] [--alternatives] [--json]

With `--rate`, every system hears the clips at that sample rate: users' recordings are at 44.1 or 48 kHz.
"""

import argparse
import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soxr
import torch
from scipy import signal

from engine.errors import VoicebedError
from engine.model import load_model
from engine.separator import Separator
from tests.benchmarks.machine import machine_line
from trainer.corpus import read_mono
from trainer.evaluate import Audio, Enhance, evaluate_folder, table

CORPORA = Path(__file__).resolve().parents[3] / "shared" / "corpora"
SETS = ("vbd", "mix")
REAL = "real"  # recordings without references
RATE = 16000  # of the clips, Hz


def noisereduce() -> Enhance:
    """Non-stationary spectral gating of the package of that name, as it comes."""
    package = importlib.import_module("noisereduce")
    return lambda audio, rate: package.reduce_noise(y=audio, sr=rate)


def rnnoise() -> Enhance:
    """RNNoise (Valin, arXiv 1709.08243) as packed in pyrnnoise; at 48 kHz, its delay of two frames taken out."""
    package = importlib.import_module("pyrnnoise.rnnoise")

    def enhance(audio: Audio, rate: int) -> Audio:
        size, state = package.FRAME_SIZE, package.create()
        wide = soxr.resample(audio, rate, package.SAMPLE_RATE).clip(-1, 1)
        frames = np.pad(wide, (0, 3 * size - len(wide) % size)).reshape(-1, size)
        out = np.concatenate([package.process_mono_frame(state, frame)[0] for frame in frames])
        package.destroy(state)
        out = soxr.resample(out[2 * size :].astype(np.float32) / 32768, package.SAMPLE_RATE, rate)
        return np.pad(out, (0, len(audio)))[: len(audio)]

    return enhance


def at_rate(enhance: Enhance, rate: int) -> Enhance:
    """The same on audio resampled to `rate`, and back, up to the top of its band."""

    def resampled(audio: Audio, own_rate: int) -> Audio:
        wide = np.asarray(signal.resample(audio, round(len(audio) * rate / own_rate)))
        return np.asarray(signal.resample(enhance(wide, rate), len(audio)))

    return resampled


ALTERNATIVES = {"noisereduce": noisereduce, "RNNoise": rnnoise}


def parser(description: str | None) -> argparse.ArgumentParser:
    """The options of every benchmark on the development clips."""
    options = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--model", help="name or path of a model (default: the bundled one)")
    options.add_argument("--corpora", type=Path, default=CORPORA)
    return options


def with_alternatives(options: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """The same options and one more, `--alternatives`."""
    options.add_argument(
        "--alternatives", action="store_true", help="add rows for noisereduce and RNNoise, where installed"
    )
    return options


def clips(corpora: Path, name: str) -> Iterator[tuple[Audio, Audio]]:
    """Every development clip of a set, and the speech alone, each (samples,) at `RATE`."""
    folder = corpora / "test" / name
    for path in sorted((folder / "noisy").iterdir()):
        yield read_mono(path, RATE), read_mono(folder / "clean" / path.name, RATE)


def separators(options: argparse.Namespace) -> dict[str, Enhance]:
    """The model that the command line names, and the alternatives if it asks for them, by their names in tables."""
    systems: dict[str, Enhance] = {"voicebed": Separator(load_model(options.model)).mono_speech}
    for name, alternative in ALTERNATIVES.items() if options.alternatives else ():
        try:
            systems[name] = alternative()
        except ImportError:
            print(f"{name} is not installed: pip install noisereduce pyrnnoise", file=sys.stderr)
    return systems


def main() -> int:
    """Print a Markdown table for each set of clips, or one JSON object; returns the exit code."""
    command = with_alternatives(parser(__doc__))
    command.add_argument("--rate", type=int, metavar="HZ", help="sample rate at which the clips are heard")
    command.add_argument("--json", action="store_true")
    options = command.parse_args()
    try:
        systems = separators(options)
        if options.rate:
            systems = {name: at_rate(enhance, options.rate) for name, enhance in systems.items()}
        torch.set_num_threads(1)
        results = {name: rows(systems, options.corpora / "test" / name) for name in (*SETS, REAL)}
    except VoicebedError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    if options.json:
        print(json.dumps({**results, "environment": machine_line()}))
        return 0
    for name, means in results.items():
        print(f"{name}\n\n{table(means)}\n")
    print(machine_line())
    return 0


def rows(systems: dict[str, Enhance], folder: Path) -> dict[str, dict[str, float]]:
    """Mean scores of the input and of every system on `folder`/noisy against `folder`/clean, or on `folder` without."""
    paired = (folder / "noisy", folder / "clean") if (folder / "clean").is_dir() else (folder, None)
    means: dict[str, dict[str, float]] = {}
    for name, enhance in systems.items():

        def report(done: int, total: int, name: str = name) -> None:
            print(f"\r{folder.name} {name}: {done}/{total}", end="" if done < total else "\n", file=sys.stderr)

        scores = evaluate_folder(enhance, *paired, report)
        means |= {"input": scores.input_mean, name: scores.output_mean}
    return means


if __name__ == "__main__":
    sys.exit(main())
