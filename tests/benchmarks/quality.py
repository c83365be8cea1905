"""Quality on the development clips: python -m tests.benchmarks.quality [--model M] [--alternatives] [--json]."""

import argparse
import importlib
import json
import sys
from pathlib import Path

import torch

from engine.errors import UsageError, VoicebedError
from tests.benchmarks.machine import machine_line
from trainer.bundled import enhancer
from trainer.evaluate import Enhance, evaluate_folder, table

CORPORA = Path(__file__).resolve().parents[3] / "shared" / "corpora"
SETS = ("vbd", "mix")


def noisereduce() -> Enhance:
    """Non-stationary spectral gating of the package of that name, as it comes.

    Raises:
        UsageError: it is not installed.
    """
    try:
        package = importlib.import_module("noisereduce")
    except ImportError as error:
        raise UsageError("the alternative noisereduce is not installed: pip install noisereduce") from error
    return lambda audio, rate: package.reduce_noise(y=audio, sr=rate)


def main() -> int:
    """Print a Markdown table for each set of clips, or one JSON object; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, help="model file (default: the bundled model)")
    parser.add_argument("--corpora", type=Path, default=CORPORA)
    parser.add_argument("--alternatives", action="store_true", help="add a row for noisereduce, if it is installed")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    try:
        systems = {"voicebed": enhancer(options.model)}
        if options.alternatives:
            try:
                systems["noisereduce"] = noisereduce()
            except UsageError as error:
                print(error, file=sys.stderr)
        torch.set_num_threads(1)
        results = {name: rows(systems, options.corpora / "test" / name) for name in SETS}
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
    """Mean scores of the input and of every system on `folder`/noisy against `folder`/clean."""
    means: dict[str, dict[str, float]] = {}
    for name, enhance in systems.items():

        def report(done: int, total: int, name: str = name) -> None:
            print(f"\r{folder.name} {name}: {done}/{total}", end="" if done < total else "\n", file=sys.stderr)

        scores = evaluate_folder(enhance, folder / "noisy", folder / "clean", report)
        means |= {"input": scores.input_mean, name: scores.output_mean}
    return means


if __name__ == "__main__":
    sys.exit(main())
