"""The generator's loss: the USE-DDP objective on recordings, and the labelled additions.

Klement et al., "Unsupervised Speech Enhancement using Data-defined Priors", arXiv 2509.22942.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from engine.generator import Generator, Sources, inner_products
from engine.masking import masked_speech
from engine.report import least_squares
from trainer.adversaries import Adversaries, Pair
from trainer.clips import Clips
from trainer.discriminators import levelled
from trainer.losses.coherence import coherence
from trainer.losses.dnsmos import Dnsmos
from trainer.losses.energy import too_quiet
from trainer.losses.mel import multi_scale_mel
from trainer.losses.si_sdr import si_sdr
from trainer.losses.stft import multi_scale_stft
from trainer.losses.supervised import separation_loss
from trainer.recipe import Recipe

DNSMOS_CLIPS = 4  # mixtures of a step, at most, that DNSMOS hears; it takes longer than the generator

Terms = dict[str, Tensor]


class Heard(NamedTuple):
    """A batch that went through the generator; each (batch, samples).

    `masked` is the masked rendering of the speech, `speech` and `noise` the raw outputs.
    """

    x: Tensor
    masked: Tensor
    speech: Tensor
    noise: Tensor


class Objective:
    """From clips to the weighted terms of the loss.

    Args:
        generator: the bare one, whose codec renders.
        teacher: the averaged generator, whose estimates the `remix` addition mixes.
    """

    def __init__(
        self, fabric: Fabric, recipe: Recipe, generator: Generator, teacher: nn.Module, adversaries: Adversaries
    ) -> None:
        self.fabric, self.recipe, self.adversaries = fabric, recipe, adversaries
        self.codec, self.teacher, self.sample_rate = generator.codec, teacher, generator.codec.sample_rate
        self.dnsmos = Dnsmos().to(fabric.device) if any(recipe.weights.dnsmos) else None

    def __call__(self, model: Callable[[Tensor], Sources], clips: Clips, share: float) -> tuple[Terms, Terms]:
        """One turn of the discriminators at `share` of their learning rate, and the generator's loss.

        Returns:
            (terms of the generator's loss, weighted, to be summed; what else is worth a line in the log).
        """
        recipe, inputs, remixed = self.recipe, {}, None
        if clips.mixtures:
            inputs["mixtures"] = clips.mixtures.mixture
        if clips.noisy is not None:
            inputs["noisy"] = clips.noisy
            if recipe.remix.weight and clips.remix_gain is not None:
                remixed = self._remixed(clips.noisy, clips.remix_gain)
                inputs["remixed"] = remixed[0] + remixed[1]
        heard = self._hear(model, inputs)
        terms: Terms = {}
        log: Terms = {}
        if clips.mixtures:
            mixtures = heard["mixtures"]
            parts = (clips.mixtures.speech, clips.mixtures.noise)
            loss = separation_loss(*mixtures[1:], *parts, recipe.weights, self.sample_rate)
            terms["warm_start"] = recipe.warm_start * loss.mean()
            if self.dnsmos:
                terms |= self._opinion(self.dnsmos, mixtures.masked, *parts)
            if clips.noisy is None and self.adversaries.weights:  # the mixtures stand in for recordings
                terms |= self._adversarial(mixtures, *parts, share, log)
        if remixed:
            loss = separation_loss(*heard["remixed"][1:], *remixed, recipe.weights, self.sample_rate)
            terms["remix"] = recipe.remix.weight * loss.mean()
        if clips.noisy is not None:
            terms |= self._reconstruction(heard["noisy"])
            if self.adversaries.weights:
                terms |= self._adversarial(heard["noisy"], clips.clean, clips.noise, share, log)
        return terms, log

    def _hear(self, model: Callable[[Tensor], Sources], inputs: dict[str, Tensor]) -> dict[str, Heard]:
        """All inputs in one pass, which is faster and what gradients shared over processes want."""
        x = torch.cat(list(inputs.values()))
        sources = model(x)
        whole = Heard(x, masked_speech(self.codec, x, sources), *sources)
        sizes = [len(part) for part in inputs.values()]
        pieces = zip(*(part.split(sizes) for part in whole), strict=True)
        return {name: Heard(*piece) for name, piece in zip(inputs, pieces, strict=True)}

    def _opinion(self, dnsmos: Dnsmos, masked: Tensor, speech: Tensor, noise: Tensor) -> Terms:
        """What DNSMOS thinks of the speech that was found, beside the true one, in mixtures that hold both parts."""
        rows = (speech.any(-1) & noise.any(-1)).nonzero()[:DNSMOS_CLIPS, 0]
        if not len(rows):
            return {}
        with self.fabric.autocast():
            difference = dnsmos.compare(masked[rows], speech[rows])
        parts = zip(difference._fields, self.recipe.weights.dnsmos, difference, strict=True)
        return {f"dnsmos_{name}": weight * part.mean() for name, weight, part in parts if weight}

    def _remixed(self, x: Tensor, gain: Tensor) -> tuple[Tensor, Tensor]:
        """(speech, noise) by the averaged model: each clip's speech with its neighbour's noise."""
        sharpness = self.recipe.remix.sharpness
        with torch.no_grad(), self.fabric.autocast():
            sources = self.teacher(x)
            speech = masked_speech(self.codec, x, sources, sharpness).float()
            noise = masked_speech(self.codec, x, Sources(sources.noise, sources.speech), sharpness).float()
        noise = noise.unflatten(0, (-1, 2)).flip(1).flatten(0, 1)
        return speech, gain * noise

    def _reconstruction(self, heard: Heard) -> Terms:
        settings, terms = self.recipe.unpaired, {}
        scale = heard.x.square().mean(-1, keepdim=True).add(1e-9).rsqrt()
        x, whole = scale * heard.x, scale * self._combined(heard)
        if settings.mel:
            terms["mel"] = settings.mel * multi_scale_mel(whole, x, self.sample_rate, settings.mel_scales).mean()
        if settings.stft:
            terms["stft"] = settings.stft * multi_scale_stft(whole, x, settings.stft_windows).mean()
        if settings.si_sdr:
            terms["si_sdr"] = -settings.si_sdr * si_sdr(whole, x).mean()
        if settings.energy:
            terms["energy"] = settings.energy * too_quiet(self._judged(heard)[0], heard.x).mean()
        if settings.coherence:
            terms["coherence"] = settings.coherence * coherence(scale * heard.speech, scale * heard.noise).mean()
        return terms

    def _adversarial(self, heard: Heard, clean: Tensor | None, noise: Tensor | None, share: float, log: Terms) -> Terms:
        speech_judged, noise_judged = self._judged(heard)
        rows = {
            "clean": (clean, speech_judged),
            "noise": (noise, noise_judged),
            "noisy": (heard.x, self._combined(heard)),
        }
        pairs = {}
        for name in self.adversaries.weights:
            real, generated = rows[name]
            assert real is not None
            pairs[name] = Pair(levelled(real, real), levelled(generated, heard.x))
        log |= self.adversaries.learn(pairs, share)
        return self.adversaries.terms(pairs)

    def _judged(self, heard: Heard) -> tuple[Tensor, Tensor]:
        if self.recipe.unpaired.judged == "masked":
            return heard.masked, heard.x - heard.masked
        return heard.speech, heard.noise

    def _combined(self, heard: Heard) -> Tensor:
        """x̂, equations 1 and 2 of the paper, or ŝ + n̂."""
        if self.recipe.unpaired.tie == "sum":
            return heard.speech + heard.noise
        return combined(heard.x, heard.speech, heard.noise)


def combined(x: Tensor, speech: Tensor, noise: Tensor) -> Tensor:
    """αŝ + βn̂ with the least error, clip by clip."""
    alpha, beta = least_squares(inner_products(x, speech, noise))
    return alpha[:, None] * speech + beta[:, None] * noise
