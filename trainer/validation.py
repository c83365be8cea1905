"""What a training run is judged by while it runs: clips that it never learns from."""

from importlib.util import find_spec

import numpy as np
import torch
from torch import Tensor

from engine.generator import Generator, Sources, inner_products
from engine.masking import masked_speech
from engine.report import least_squares
from trainer.clips import Priors, draw, tensors
from trainer.evaluate import Row
from trainer.leakage import leakage
from trainer.losses.si_sdr import si_sdr
from trainer.metrics import dnsmos
from trainer.mixing import Mixer
from trainer.recipe import Recipe

MIXTURES, MIXTURE_SECONDS = 48, 4.0
EXAM_MIXTURES = 192  # where it is to be told from chance that SI-SDR rises by 0.2 dB
NOISY, NOISY_SECONDS = 24, 8.0
AT_ONCE = 4  # mixtures that go through a generator together, which may be a large one


def validate(generator: Generator, held_out: Priors, recipe: Recipe, device: torch.device) -> dict[str, float]:
    """Scores of a generator on held-out parts of the priors and of the noisy folder, as far as there are any.

    Returns:
        On mixtures of the two priors: `si_sdr` and `si_sdr_improvement` of the speech, `noise_in_speech` and
        `speech_in_noise` (`trainer.leakage`), all in dB, and the mean `alpha` and `beta`.  On noisy recordings, where
        the package for it is installed: DNSMOS `SIG`, `BAK`, `OVRL`.
    """
    scores: dict[str, float] = {}
    if held_out.clean and held_out.noise:
        scores |= on_mixtures(generator, held_out, recipe, device)
    if held_out.noisy and find_spec("speechmos"):
        tracks = speech_of(generator, noisy_clips(held_out, NOISY), device)
        rows = opinions(tracks, generator.codec.sample_rate)
        scores |= {name: float(np.mean([row[name] for row in rows])) for name in ("SIG", "BAK", "OVRL")}
    return scores


def noisy_clips(held_out: Priors, count: int) -> Tensor:
    """The same `count` excerpts (clips, samples) of the held-out noisy recordings whenever it is called."""
    only = Recipe(seconds=NOISY_SECONDS, warm_start=0.0, seed=1)
    noisy = draw(Priors([], [], held_out.noisy), only, 0, 0, count).noisy
    assert noisy is not None
    return noisy


def speech_of(generator: Generator, clips: Tensor, device: torch.device) -> Tensor:
    """The speech that a generator finds in each clip (clips, samples), as users hear it."""
    with torch.inference_mode():
        return torch.cat([masked_speech(generator.codec, x, generator(x)).cpu() for x in clips.to(device).split(1)])


def opinions(tracks: Tensor, sample_rate: int) -> list[Row]:
    """DNSMOS of each track of (tracks, samples).

    Raises:
        UsageError: the package for it is not installed.
    """
    return [dnsmos(track.numpy(), sample_rate) for track in tracks]


@torch.inference_mode()
def on_mixtures(generator: Generator, held_out: Priors, recipe: Recipe, device: torch.device) -> dict[str, float]:
    """Of `validate`, what is measured on mixtures of two priors that are not empty."""
    x, speech, noise, both = _mixtures(held_out, recipe, MIXTURES, device)
    parts = [generator(few) for few in x.split(AT_ONCE)]
    sources = Sources(*(torch.cat(source) for source in zip(*parts, strict=True)))
    masked = masked_speech(generator.codec, x, sources)
    after, before = si_sdr(masked, speech)[both].mean(), si_sdr(x, speech)[both].mean()
    alpha, beta = least_squares(inner_products(x, *sources))
    scores = {"si_sdr": after, "si_sdr_improvement": after - before, "alpha": alpha.mean(), "beta": beta.mean()}
    s, n, true_s, true_n = (part[both].cpu().numpy() for part in (masked, x - masked, speech, noise))
    left = [leakage(*clip) for clip in zip(s, true_s, true_n, strict=True)]
    lost = [leakage(*clip) for clip in zip(n, true_n, true_s, strict=True)]
    leaks = {"noise_in_speech": float(np.mean(left)), "speech_in_noise": float(np.mean(lost))}
    return {name: float(score) for name, score in scores.items()} | leaks


@torch.inference_mode()
def si_sdr_of_mixtures(generator: Generator, held_out: Priors, recipe: Recipe, device: torch.device) -> list[float]:
    """SI-SDR (dB) of the speech in each of up to `EXAM_MIXTURES` mixtures of two priors that are not empty.

    They are the same mixtures whenever it is called, without those in which one of the two is silent.
    """
    x, speech, _, both = _mixtures(held_out, recipe, EXAM_MIXTURES, device)
    few = zip(x.split(AT_ONCE), speech.split(AT_ONCE), strict=True)
    scores = [si_sdr(masked_speech(generator.codec, mixed, generator(mixed)), true) for mixed, true in few]
    return torch.cat(scores)[both].tolist()


def _mixtures(
    held_out: Priors, recipe: Recipe, count: int, device: torch.device
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The first `count` mixtures, their speech and noise (mixtures, samples), and which of them have both."""
    rngs = [np.random.default_rng((1, clip)) for clip in range(count)]
    batch = Mixer(held_out.clean, held_out.noise, recipe.mixing).batch(rngs, MIXTURE_SECONDS)
    x, speech, noise = (part.to(device) for part in tensors(batch))
    return x, speech, noise, (speech.abs().amax(-1) > 0) & (noise.abs().amax(-1) > 0)
