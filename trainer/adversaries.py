"""The adversaries of the generator: an ensemble of discriminators for each prior, their optimiser and their turns."""

from collections.abc import Mapping
from typing import NamedTuple, cast

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from trainer.discriminators import new_ensembles
from trainer.losses.adversarial import discriminator_loss, generator_loss, relativistic_loss
from trainer.losses.feature_matching import Features, moments, paired
from trainer.recipe import Recipe

CLIP_GRADIENT = 10.0


class Pair(NamedTuple):
    """What an ensemble compares: levelled clips (batch, samples) of a prior, and of the generator."""

    real: Tensor
    generated: Tensor


class Adversaries:
    """The ensembles that a recipe gives a weight.

    Each is wrapped by Fabric on its own, so that processes share its gradients; for the generator's turn they are used
    bare and frozen.
    """

    def __init__(self, fabric: Fabric, recipe: Recipe, sample_rate: int) -> None:
        weights = {name: getattr(recipe.unpaired, name) for name in ("clean", "noise", "noisy")}
        torch.manual_seed(recipe.seed + 1)
        ensembles = new_ensembles(recipe.discriminators, sample_rate)
        self.weights = {name: weight for name, weight in weights.items() if weight}
        self.matching, self.moments = recipe.unpaired.matching, recipe.unpaired.moments
        self.fabric, self.rate = fabric, recipe.discriminators.learning_rate
        self.relativistic = recipe.discriminators.relativistic
        self.ensembles = nn.ModuleDict({name: ensembles[name] for name in self.weights})
        self.wrapped: dict[str, nn.Module] = {}
        self.optimizer = (
            torch.optim.AdamW(self.ensembles.parameters(), self.rate, (0.8, 0.99)) if self.weights else None
        )

    def wrap(self) -> None:
        """Move to the device and hand over to Fabric, after a checkpoint has been read."""
        self.wrapped = {name: self.fabric.setup_module(ensemble) for name, ensemble in self.ensembles.items()}

    def learn(self, pairs: Mapping[str, Pair], share: float) -> dict[str, Tensor]:
        """The discriminators' turn: one update at `share` of their rate; returns the loss of each ensemble.

        1 means that it cannot tell the two apart, 0 that it always can.
        """
        assert self.optimizer is not None
        self.ensembles.requires_grad_(True)
        losses: dict[str, Tensor] = {}
        for name, pair in pairs.items():
            judgements = [member[-1] for member in self.wrapped[name](torch.cat((pair.real, pair.generated.detach())))]
            halves = [judgement.chunk(2) for judgement in judgements]
            real, fake = [real for real, _ in halves], [fake for _, fake in halves]
            loss = relativistic_loss(real, fake) if self.relativistic else 2 * discriminator_loss(real, fake)
            losses[name] = loss.mean()
        self.fabric.backward(torch.stack(list(losses.values())).sum())
        nn.utils.clip_grad_norm_(self.ensembles.parameters(), CLIP_GRADIENT)
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate * share
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.ensembles.requires_grad_(False)
        return {f"judge_{name}": loss.detach() for name, loss in losses.items()}

    def terms(self, pairs: Mapping[str, Pair]) -> dict[str, Tensor]:
        """The generator's turn: the weighted terms of its loss, one number each."""
        terms: dict[str, Tensor] = {}
        for name, pair in pairs.items():
            ensemble = self.ensembles[name]
            with self.fabric.autocast():
                generated: list[Features] = ensemble(pair.generated)
            exact = name == "noisy"
            weight = self.matching if exact else self.moments * self.weights[name]
            real: list[Features] = []
            if weight or self.relativistic:
                with torch.no_grad(), self.fabric.autocast():
                    real = ensemble(pair.real)
            fakes = [member[-1] for member in generated]
            loss = (
                relativistic_loss(fakes, [member[-1] for member in real])
                if self.relativistic
                else generator_loss(fakes)
            )
            terms[f"adversarial_{name}"] = self.weights[name] * loss.mean()
            if weight:
                distance = paired(generated, real).mean() if exact else moments(generated, real, self._over_processes)
                terms[f"matching_{name}"] = weight * distance
        return terms

    def _over_processes(self, statistics: Tensor) -> Tensor:
        gathered = cast(Tensor, self.fabric.all_gather(statistics, sync_grads=True))
        return gathered.mean(0) if self.fabric.world_size > 1 else statistics
