"""Trains a tiny model by the whole method and saves its weights: in one process, or by torchrun in several.

python tests/trainer/in_processes.py OUT BATCH STEPS
"""

import atexit
import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch.distributed
from lightning_fabric import Fabric
from safetensors.torch import save_file

from engine.generator import BranchConfig
from engine.spectral import SpectralConfig
from trainer.clips import Priors
from trainer.corpus import Corpus
from trainer.launch import launch
from trainer.loop import Training
from trainer.recipe import Discriminators, Mixing, Recipe, Remix, Unpaired

RECIPE = Recipe(
    seconds=0.5,
    warm_up=5,
    optimizer="adamw",
    learning_rate=1e-4,  # small steps, so that rounding has no time to grow
    codec=SpectralConfig(bands=16, width=16, encoder_blocks=1, decoder_blocks=1, level_reach=20),
    branch=BranchConfig(layers=1, heads=2, feed_forward=32, span=8),
    mixing=Mixing(only_noise=0, only_speech=0, reverberation=0, noise_reverberation=0),
    unpaired=Unpaired(
        stft=1.0, si_sdr=0.1, clean=1.0, noise=1.0, noisy=1.0, matching=1.0, moments=1.0, coherence=0.5, energy=0.5
    ),
    remix=Remix(weight=0.1),
    discriminators=Discriminators(windows=(256,), channels=4),
)


def corpus(seed: int) -> Corpus:
    """Four seconds of bursts, never silent: what is compressed has no gradient that floats could hold there."""
    rng = np.random.default_rng(seed)
    audio = rng.standard_normal(64000) * (0.2 + (np.arange(64000) // 2000 % (seed + 2) > 0))
    return Corpus(str(seed), "CC0", 0, 1.0, 16000, (1600 * audio).astype(np.int16), ((0, 32000), (32000, 64000)))


def end_alone() -> None:
    """Fail where the group of processes, or a thread of it, is left to the end of Python, which that may abort."""
    threads = [name.read_text() for name in Path("/proc/self/task").glob("*/comm")]
    if torch.distributed.is_initialized() or any("gloo" in name for name in threads):
        os._exit(3)


def main(out: Path, batch: int, steps: int, processes: int) -> None:
    """Train with `batch` clips per process."""
    torch.set_num_threads(1)
    strategy = "ddp" if processes > 1 else "auto"
    fabric = Fabric(accelerator="cpu", devices=processes, strategy=strategy)
    atexit.register(end_alone)  # called after what is registered later
    launch(fabric)
    priors = Priors([corpus(0)], [corpus(1)], [corpus(2)])
    recipe = replace(RECIPE, batch=batch)
    run = Training(fabric, recipe, priors, Priors([], []), out.parent, steps=steps, report=lambda line: None)
    for optimizer in run.optimizers.values():
        for group in optimizer.param_groups:
            group["eps"] = 1e-3  # or rounding decides where weights go that have next to no gradient
    run.run(save_every=1e9, validate_every=0)
    if fabric.is_global_zero:
        tensors = {
            f"{name}.{key}": value for name, part in run.modules.items() for key, value in part.state_dict().items()
        }
        save_file(tensors, out)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(os.environ.get("WORLD_SIZE", "1")))
