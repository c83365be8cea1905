"""What a training step sees: clips drawn from the corpora, the same ones however a batch is spread over processes."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from trainer.corpus import LEVEL, Corpus
from trainer.mixing import Batch, Mixer
from trainer.recipe import Recipe

Audio = NDArray[np.float32]


@dataclass(frozen=True)
class Priors:
    """The corpora of the three folders, all at one rate; those that a recipe does not use can be empty."""

    clean: list[Corpus]
    noise: list[Corpus]
    noisy: list[Corpus] = field(default_factory=list)

    @property
    def sample_rate(self) -> int:
        """Hz."""
        return (self.clean or self.noise or self.noisy)[0].sample_rate

    def split(self, held_out: float) -> tuple["Priors", "Priors"]:
        """(training parts, held-out parts)."""
        names = ("clean", "noise", "noisy")
        pairs = {name: [corpus.split(held_out) for corpus in getattr(self, name)] for name in names}

        def part(index: int) -> Priors:
            return Priors(**{name: [pair[index] for pair in pairs[name]] for name in names})

        return part(0), part(1)


class Parts(NamedTuple):
    """Mixtures and what they are made of, each (batch, samples), full scale ±1; mixture = speech + noise."""

    mixture: Tensor
    speech: Tensor
    noise: Tensor


class Clips(NamedTuple):
    """Each (batch, samples), full scale ±1, or None where the recipe has no use for them or there is no corpus.

    Attributes:
        mixtures: of the two priors, for the `warm_start` addition.
        noisy: recordings of the domain.
        clean, noise: excerpts of the priors, for the discriminators.
        remix_gain: (batch, 1), for the noise that each noisy clip borrows in the `remix` addition.
    """

    mixtures: Parts | None
    noisy: Tensor | None
    clean: Tensor | None
    noise: Tensor | None
    remix_gain: Tensor | None


def draw(priors: Priors, recipe: Recipe, step: int, first: int, count: int) -> Clips:
    """Clips number `first` to `first + count` of a step's batch; each depends on seed, step and its number alone."""
    rngs = [np.random.default_rng((recipe.seed, step, first + index)) for index in range(count)]
    length = int(recipe.seconds * priors.sample_rate)

    def excerpts(corpora: Sequence[Corpus]) -> Tensor:
        return torch.from_numpy(np.stack([_excerpt(rng, corpora, length, recipe.mixing.level_db) for rng in rngs]))

    mixtures = noisy = clean = noise = gain = None
    if recipe.warm_start:
        mixtures = tensors(Mixer(priors.clean, priors.noise, recipe.mixing).batch(rngs, recipe.seconds))
    if priors.noisy:
        noisy = excerpts(priors.noisy)
        clean = excerpts(priors.clean) if recipe.unpaired.clean else None
        noise = excerpts(priors.noise) if recipe.unpaired.noise else None
        if recipe.remix.weight:
            decibels = [rng.uniform(*recipe.remix.gain_db) for rng in rngs]
            gain = 10 ** (torch.tensor(decibels, dtype=torch.float32)[:, None] / 20)
    return Clips(mixtures, noisy, clean, noise, gain)


def tensors(batch: Batch) -> Parts:
    """The same as tensors that share the memory."""
    return Parts(*map(torch.from_numpy, batch))


def feed(
    priors: Priors, recipe: Recipe, first_step: int, rank: int = 0, workers: int = 0, pinned: bool = False
) -> Iterator[Clips]:
    """The clips of a process for step after step.

    Args:
        rank: number of the process; each has `recipe.batch` clips of every step.
        workers: processes that draw ahead; 0 draws when asked.
        pinned: in memory that a CUDA device copies from.
    """
    loader = DataLoader(
        cast(Dataset[Clips], _Steps(priors, recipe, rank)),
        batch_size=None,
        sampler=itertools.count(first_step),
        num_workers=workers,
        pin_memory=pinned,
        prefetch_factor=4 if workers else None,
    )
    return iter(loader)


class _Steps(Dataset[Clips]):
    """The clips of a process by step."""

    def __init__(self, priors: Priors, recipe: Recipe, rank: int) -> None:
        self.priors, self.recipe, self.rank = priors, recipe, rank

    def __getitem__(self, step: int) -> Clips:
        return draw(self.priors, self.recipe, step, self.rank * self.recipe.batch, self.recipe.batch)


def _excerpt(rng: np.random.Generator, corpora: Sequence[Corpus], length: int, level_db: tuple[float, float]) -> Audio:
    weights = np.array([corpus.weight for corpus in corpora])
    audio = corpora[int(rng.choice(len(corpora), p=weights / weights.sum()))].crop(rng, length)
    gain = 10 ** (rng.uniform(*level_db) / 20) / LEVEL
    return audio * np.float32(min(gain, 1 / (np.abs(audio).max() + 1e-6)))
