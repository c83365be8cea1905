"""Unpaired training on real audio: models on the test clips of a domain, whose parts are known.

    python -m tests.benchmarks.domain [--language nl] FOLDER
    voicebed train --noisy FOLDER/noisy --clean FOLDER/clean --noise FOLDER/noise --minutes 25 -o tuned.safetensors
    python -m tests.benchmarks.unpaired FOLDER tuned.safetensors [MORE...]

prints a line for the input, the bundled model and each of the others: SI-SDR of speech and of noise, both leakages
(dB), the share of the moments of speech that is lost, in the clips and of the clean speech alone, PESQ and DNSMOS.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from engine.base import load_base
from engine.separator import Separator
from trainer.corpus import read_mono
from trainer.evaluate import Row, mean, table
from trainer.leakage import leakage, lost
from trainer.metrics import dnsmos, pesq_wb, si_sdr

RATE = 16000
Audio = NDArray[np.float32]


def score(enhance: Callable[[Audio], Audio], folder: Path) -> Row:
    """Mean scores of what `enhance` makes of every clip below `folder`/noisy."""
    rows: dict[str, Row] = {}
    for path in sorted((folder / "noisy").iterdir()):
        x, speech, noise = (read_mono(folder / part / path.name, RATE) for part in ("noisy", "clean", "noise"))
        estimate = enhance(x)
        rest = x - estimate
        rows[path.name] = {
            "SI-SDR": si_sdr(estimate, speech),
            "SI-SDR of noise": si_sdr(rest, noise) if rest.any() else float("nan"),
            "noise in speech": leakage(estimate, speech, noise),
            "speech in noise": leakage(rest, noise, speech) if rest.any() else float("nan"),
            "% lost": 100 * lost(estimate, speech, RATE),
            "% lost of clean": 100 * lost(enhance(speech), speech, RATE),
            "PESQ": pesq_wb(estimate, speech, RATE),
            **dnsmos(estimate, RATE),
        }
    return mean(rows)


def separator(name: str | None) -> Callable[[Audio], Audio]:
    """The speech track by a model, or by a preset with new weights, as users hear it."""
    from engine.model import Model, load_model
    from engine.presets import PRESETS

    if name not in PRESETS:
        model = load_model(name)
    else:
        torch.manual_seed(0)
        generator = load_base(name).generator.eval().requires_grad_(False)
        model = Model(generator, load_model(None).file)
    separate = Separator(model).mono_speech
    return lambda audio: separate(audio, RATE)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("models", nargs="*")
    options = parser.parse_args()
    rows = {"input": score(lambda audio: audio, options.folder / "test")}
    for name in (None, *options.models):
        rows[Path(name).stem if name else "bundled model"] = score(separator(name), options.folder / "test")
    print(table(rows))


if __name__ == "__main__":
    main()
