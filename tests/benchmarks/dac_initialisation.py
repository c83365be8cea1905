"""Whether a codec that can already reconstruct is the better beginning for a generator.

python -m tests.benchmarks.dac_initialisation --root CORPORA... --cache DIR --out DIR [--minutes N]

The codec of `dac-small` learns to reconstruct mixtures.  Then two generators are trained to separate them, one with
that codec, one with new weights; else they are the same: branches, batches, optimiser, and training time.  That is the
time of one CPU core; they take it in turns, so that neither has the quieter machine.  Writes `initialisation.csv` and
`.png`: loss and gain in SI-SDR on mixtures of files that no training hears; and `initialised.safetensors`, the codec
with new branches, for `voicebed train --recipe adversarial --base`.
"""

import argparse
import csv
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from engine.generator import Codec, Generator
from engine.masking import masked_speech
from engine.model import build, save_model
from engine.model_files import ModelCard
from engine.presets import PRESETS
from tests.benchmarks.machine import machine_line
from trainer.bundled import HELD_OUT, open_priors
from trainer.clips import Parts, Priors, draw
from trainer.losses.si_sdr import si_sdr
from trainer.losses.supervised import separation_loss, spectral_distance
from trainer.recipe import Recipe

PRESET, SEED = "dac-small", 0
LEARNT = Recipe(batch=2, seconds=1.5, learning_rate=2e-4, warm_up=100, seed=SEED)
CODEC_RATE = 5e-4  # learning rate of the codec alone; at it, the outputs of a new generator fall silent
TESTED = Recipe(batch=24, seconds=3.0, seed=SEED + 1)
TURN_SECONDS = 15.0  # of training, before the other generator has its turn

Row = dict[str, float]
Module = TypeVar("Module", bound=nn.Module)


def mixtures(priors: Priors, recipe: Recipe, step: int) -> Parts:
    """The batch of a step; it depends on the recipe's seed and the step alone."""
    drawn = draw(priors, recipe, step, 0, recipe.batch).mixtures
    assert drawn is not None
    return drawn


def reconstruction_loss(codec: Codec, parts: Parts) -> Tensor:
    """How far the codec is from giving back what it hears, at unit level."""
    x, weights = parts.mixture, LEARNT.weights
    encoded = codec.encode(x)
    scale = x.square().mean(-1, keepdim=True).add(1e-9).rsqrt()
    given, got = scale * x, scale * codec.decode(encoded.latent, encoded)
    return (spectral_distance(got, given, weights, codec.sample_rate) - weights.si_sdr * si_sdr(got, given)).mean()


def separated(generator: Generator, parts: Parts) -> tuple[Tensor, Tensor]:
    """The masked speech (batch, samples), and the loss of the bundled model's recipe."""
    x, speech, noise = parts
    sources = generator(x)
    masked = masked_speech(generator.codec, x, sources)
    rate = generator.codec.sample_rate
    return masked, separation_loss(masked, sources.speech, sources.noise, speech, noise, LEARNT.weights, rate).mean()


def generator_loss(generator: Generator, parts: Parts) -> Tensor:
    return separated(generator, parts)[1]


class Learner(Generic[Module]):
    """A module, its optimiser, and the clock of its training: CPU time, which a busy machine does not eat."""

    def __init__(
        self,
        module: Module,
        loss: Callable[[Module, Parts], Tensor],
        priors: Priors,
        rate: float = LEARNT.learning_rate,
    ) -> None:
        self.module, self.loss, self.priors, self.rate = module, loss, priors, rate
        self.optimizer = torch.optim.AdamW(module.parameters(), rate, (0.8, 0.99))
        self.step, self.seconds = 0, 0.0

    def learn(self, until: float) -> None:
        """Train until the clock shows so many seconds."""
        while self.seconds < until:
            started = time.process_time()
            loss = self.loss(self.module, mixtures(self.priors, LEARNT, self.step))
            self.optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.module.parameters(), LEARNT.clip_gradient)
            for group in self.optimizer.param_groups:
                group["lr"] = self.rate * min(1.0, (self.step + 1) / LEARNT.warm_up)
            self.optimizer.step()
            self.step += 1
            self.seconds += time.process_time() - started


def new_generator() -> Generator:
    torch.manual_seed(SEED)
    return build(PRESETS[PRESET])


def pretrained(priors: Priors, held_out: Parts, seconds: float) -> Codec:
    """A codec that learnt to reconstruct for so long."""
    learner = Learner(new_generator().codec, reconstruction_loss, priors, CODEC_RATE)
    for share in range(5):
        learner.learn(seconds * (share + 1) / 5)
        with torch.no_grad():
            loss = float(reconstruction_loss(learner.module, held_out))
        print(f"codec after {learner.seconds:.0f} s, {learner.step} steps: {loss:.3f}", flush=True)
    return learner.module


def save_initialised(codec: Codec, path: Path) -> None:
    """A model of that codec and new branches."""
    generator = new_generator()
    generator.codec.load_state_dict(codec.state_dict())
    words = "codec trained to reconstruct, branches new"
    rate = codec.sample_rate
    save_model(path, generator, ModelCard(path.stem, generator.settings, rate, words, "none", date.today().isoformat()))


def scores(generator: Generator, held_out: Parts) -> tuple[float, float]:
    """Loss, and by how many dB the masked speech is nearer to the speech than the mixture is."""
    with torch.no_grad():
        masked, loss = separated(generator, held_out)
    x, speech, noise = held_out
    both = (speech.abs().amax(-1) > 0) & (noise.abs().amax(-1) > 0)
    return float(loss), float((si_sdr(masked, speech) - si_sdr(x, speech))[both].mean())


def compared(codec: Codec, priors: Priors, held_out: Parts, seconds: float, every: float) -> list[Row]:
    """Both generators' scores after each `every` seconds of training."""
    learners = {name: Learner(new_generator(), generator_loss, priors) for name in ("new", "initialised")}
    learners["initialised"].module.codec.load_state_dict(codec.state_dict())
    rows: list[Row] = []
    for until in np.arange(0, seconds + every / 2, every):
        while any(learner.seconds < until for learner in learners.values()):
            for learner in learners.values():
                learner.learn(min(float(until), learner.seconds + TURN_SECONDS))
        row: Row = {"seconds": float(until)}
        for name, learner in learners.items():
            row[f"{name}: loss"], row[f"{name}: SI-SDR gain, dB"] = scores(learner.module, held_out)
            row[f"{name}: steps"] = learner.step
        rows.append(row)
        print("  ".join(f"{key} {value:.3f}" for key, value in row.items()), flush=True)
    return rows


def plot(rows: Sequence[Row], path: Path) -> None:
    """Loss over training time, one line per beginning."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
    for axis, what in zip(axes, ("loss", "SI-SDR gain, dB"), strict=True):
        for name in ("new", "initialised"):
            axis.plot([row["seconds"] / 60 for row in rows], [row[f"{name}: {what}"] for row in rows], label=name)
        axis.set(xlabel="training, minutes of one core", ylabel=f"{what}, held-out mixtures")
        axis.legend()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def main(arguments: list[str] | None = None) -> None:
    """Pretrain, compare, write; the codec is kept and used again."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, action="append", required=True, help="as for trainer.bundled")
    parser.add_argument("--cache", type=Path, required=True, help="where decoded corpora are kept")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=15, help="training of each generator")
    parser.add_argument("--pretrain-minutes", type=float, default=15)
    parser.add_argument("--every", type=float, default=60, help="seconds between two scores")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)  # more would count more than once
    options.out.mkdir(parents=True, exist_ok=True)
    rate = PRESETS[PRESET]["codec"]["sample_rate"]
    priors, unheard = open_priors(options.root, options.cache, rate).split(HELD_OUT)
    held_out = mixtures(unheard, TESTED, 0)
    kept = options.out / "codec.safetensors"
    if kept.exists():
        codec = new_generator().codec
        codec.load_state_dict(load_file(kept))
    else:
        codec = pretrained(priors, held_out, 60 * options.pretrain_minutes)
        save_file({key: value.contiguous() for key, value in codec.state_dict().items()}, kept)
    save_initialised(codec, options.out / "initialised.safetensors")
    rows = compared(codec, priors, held_out, 60 * options.minutes, options.every)
    with (options.out / "initialisation.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, rows[0])
        table.writeheader()
        table.writerows(rows)
    plot(rows, options.out / "initialisation.png")
    print(machine_line())


if __name__ == "__main__":
    main()
