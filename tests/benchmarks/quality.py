"""Quality on the development clips: python -m tests.benchmarks.quality [--model M | --checkpoint F] [--json]."""

import argparse
import importlib
import json
import os
import platform
import sys
from datetime import date
from pathlib import Path

import torch

from engine.errors import InputError, UsageError, VoicebedError
from trainer.evaluate import Audio, Enhance, evaluate_folder, table

CORPORA = Path(__file__).resolve().parents[3] / "shared" / "corpora"
SETS = ("vbd", "mix")


def enhancer(model: Path | None) -> Enhance:
    """The speech track of `engine.separator` with a model file, or the default model."""
    from engine.model import load_model
    from engine.separator import Separator

    separator = Separator(load_model(str(model) if model else None))
    return lambda audio, rate: separator.speech(audio[:, None], rate)[:, 0]


def checkpoint_enhancer(path: Path, direct: bool) -> Enhance:
    """The averaged generator of a training checkpoint on whole clips: masked rendering or raw speech output."""
    from safetensors import safe_open

    from engine.masking import masked_speech
    from trainer.loop import new_generator
    from trainer.recipe import recipe_from

    prefix = "average/"
    with safe_open(path, "pt") as file:
        progress = json.loads(file.metadata()["progress"])
        state = {k.removeprefix(prefix): file.get_tensor(k) for k in file.keys() if k.startswith(prefix)}  # noqa: SIM118
    generator = new_generator(recipe_from(progress["recipe"])).eval()
    generator.load_state_dict(state)
    print(f"{path}: step {progress['step']}", file=sys.stderr)

    @torch.inference_mode()
    def enhance(audio: Audio, rate: int) -> Audio:
        if rate != generator.codec.sample_rate:
            raise InputError(f"a checkpoint is scored at {generator.codec.sample_rate} Hz only, not at {rate} Hz")
        x = torch.from_numpy(audio)[None]
        sources = generator(x)
        return (sources.speech if direct else masked_speech(generator.codec, x, sources))[0].numpy()

    return enhance


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


def environment() -> str:
    """Machine, CPU, Python, torch and date in one line."""
    cpu, info = platform.processor() or platform.machine(), Path("/proc/cpuinfo")
    if info.exists():
        names = (
            line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        )
        cpu = next(names, cpu)
    versions = f"Python {platform.python_version()}, torch {torch.__version__}"
    return f"{platform.platform()}, {cpu} ({os.cpu_count()} cores), {versions}, {date.today().isoformat()}"


def main() -> int:
    """Print a Markdown table for each set of clips, or one JSON object; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--model", type=Path, help="model file (default: the bundled model)")
    source.add_argument("--checkpoint", type=Path, help="score a training checkpoint instead of a model file")
    parser.add_argument("--render", choices=("masked", "direct"), default="masked", help="of a checkpoint")
    parser.add_argument("--corpora", type=Path, default=CORPORA)
    parser.add_argument("--alternatives", action="store_true", help="add a row for noisereduce, if it is installed")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    try:
        direct = options.render == "direct"
        voicebed = checkpoint_enhancer(options.checkpoint, direct) if options.checkpoint else enhancer(options.model)
        systems = {"voicebed": voicebed}
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
        print(json.dumps({**results, "environment": environment()}))
        return 0
    for name, means in results.items():
        print(f"{name}\n\n{table(means)}\n")
    print(environment())
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
