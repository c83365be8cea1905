"""How fast a machine trains."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.base import load_base
from engine.device import use_sensible_threads
from trainer.clips import Priors, draw
from trainer.corpus import Corpus
from trainer.launch import launched
from trainer.loop import Training
from trainer.memory import keep_memory
from trainer.recipe import load_recipe

SECONDS, MOST_STEPS = 5.0, 20


@dataclass(frozen=True)
class Pace:
    """Steps of training in a second, and on what."""

    steps_per_second: float
    device: str


def measure_pace(base: str | None, recipe: str, device: str = "auto") -> Pace:
    """Train on noise for a few seconds; no step takes longer for what it hears.  The arguments are those of an `Order`.

    Raises:
        InputError, UsageError: there is no such base or device.
    """
    keep_memory()
    use_sensible_threads()
    start = load_base(base).generator
    settings, fabric = load_recipe(recipe), launched(device, start.codec)
    priors = noise_priors(start.codec.sample_rate)
    with tempfile.TemporaryDirectory() as folder:
        run = Training(fabric, settings, priors, priors, Path(folder), steps=1, start=start)
        model = run.wrap()
        run.learn(model, draw(priors, settings, 0, 0, settings.batch))  # the first step takes longer than any other
        started, steps = time.monotonic(), 0
        while steps < MOST_STEPS and time.monotonic() - started < SECONDS:
            steps += 1
            run.learn(model, draw(priors, settings, steps, 0, settings.batch))
        return Pace(steps / (time.monotonic() - started), fabric.device.type)


def noise_priors(sample_rate: int) -> Priors:
    """Three priors of ten seconds of noise each."""

    def corpus(seed: int) -> Corpus:
        audio = np.random.default_rng(seed).normal(0, 1600, 10 * sample_rate).astype(np.int16)
        return Corpus("noise", "CC0", 0, 1.0, sample_rate, audio, ((0, len(audio)),))

    return Priors([corpus(0)], [corpus(1)], [corpus(2)])
