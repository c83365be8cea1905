"""The training loop, on lightning-fabric: the same code on one process or many, CPU, CUDA or MPS."""

import copy
import json
import math
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from engine.generator import Generator
from engine.masking import masked_speech
from engine.spectral import SpectralCodec
from trainer.checkpoint import load_checkpoint, save_checkpoint
from trainer.losses import separation_loss, si_sdr
from trainer.mixing import Batch, Mixer
from trainer.muon import Muon
from trainer.recipe import Recipe

REPORT_EVERY = 50  # steps
SYNC_EVERY = 20  # steps between agreements of the processes on time and stopping
BAD_STEPS = 20  # this many non-finite gradients in a row end the run


def new_generator(recipe: Recipe) -> Generator:
    """A generator of the recipe's shape with the weights of its seed."""
    torch.manual_seed(recipe.seed)
    return Generator(SpectralCodec(recipe.codec), recipe.branch)


def is_hidden_matrix(name: str, parameter: nn.Parameter) -> bool:
    """Whether Muon trains the parameter: matrices between hidden features, not the layers at the spectrum's edge."""
    return parameter.ndim == 2 and ("blocks." in name or "encoder." in name or "decoder." in name)


class Training:
    """One run of a recipe: `run` trains until the steps or minutes are used up, or SIGTERM or SIGINT asks to stop.

    Args:
        fabric: launched; decides devices, precision and processes.
        recipe: the settings.
        mixer, held_out: draws training and validation mixtures.
        folder: where `checkpoint.safetensors` is kept.
        steps, minutes: the length of the run, one of them; minutes count training time over all resumed parts.
        report: called with plain data for every progress line, in the first process.
        start: the generator to begin from (None: new weights).
    """

    def __init__(
        self,
        fabric: Fabric,
        recipe: Recipe,
        mixer: Mixer,
        held_out: Mixer,
        folder: Path,
        *,
        steps: int = 0,
        minutes: float = 0.0,
        report: Callable[[dict[str, Any]], None] | None = None,
        start: Generator | None = None,
    ) -> None:
        self.fabric, self.recipe, self.mixer, self.held_out = fabric, recipe, mixer, held_out
        self.checkpoint = folder / "checkpoint.safetensors"
        self.steps, self.minutes = steps, minutes
        self.report = report or (lambda line: print(json.dumps(line), file=sys.stderr, flush=True))
        self.generator = start or new_generator(recipe)
        self.average = copy.deepcopy(self.generator).requires_grad_(False)
        named = list(self.generator.named_parameters())
        rate, decay = recipe.learning_rate, recipe.weight_decay
        precision = torch.bfloat16 if "bf16" in fabric.strategy.precision.precision else torch.float32
        self.optimizers: dict[str, torch.optim.Optimizer] = {
            "muon": Muon([p for n, p in named if is_hidden_matrix(n, p)], rate, weight_decay=decay, dtype=precision),
            "adamw": torch.optim.AdamW(
                [p for n, p in named if not is_hidden_matrix(n, p)], rate, (0.9, 0.98), weight_decay=decay
            ),
        }
        self.step, self.seconds, self.asked_to_stop = 0, 0.0, False

    @property
    def modules(self) -> dict[str, nn.Module]:
        return {"generator": self.generator, "average": self.average}

    def progress(self) -> float:
        """Share of the run that is done, 0 to 1."""
        return self.step / self.steps if self.steps else self.seconds / (60 * self.minutes)

    def learning_rate(self) -> float:
        """Linear warm-up, then a cosine to zero at the end of the run."""
        warm = min(1.0, (self.step + 1) / max(1, self.recipe.warm_up))
        return self.recipe.learning_rate * warm * (0.5 + 0.5 * math.cos(math.pi * min(1.0, self.progress())))

    def save(self) -> None:
        """Write the checkpoint, in the first process."""
        if self.fabric.is_global_zero:
            state = {"step": self.step, "seconds": self.seconds, "recipe": self.recipe.as_dict()}
            save_checkpoint(self.checkpoint, self.modules, self.optimizers, state)

    def resume(self) -> bool:
        """Continue from the checkpoint, if there is one."""
        if not self.checkpoint.exists():
            return False
        state = load_checkpoint(self.checkpoint, self.modules, self.optimizers)
        self.step, self.seconds = state["step"], state["seconds"]
        return True

    def run(self, save_every: float = 180.0, validate_every: float = 600.0) -> Generator:
        """Train; returns the averaged generator.  `save_every` and `validate_every` in seconds of training.

        Raises:
            FloatingPointError: gradients stayed infinite or not a number.
        """
        fabric, recipe = self.fabric, self.recipe
        previous = {s: signal.signal(s, self._ask_to_stop) for s in (signal.SIGTERM, signal.SIGINT)}
        model = fabric.setup_module(self.generator)
        self.average.to(fabric.device)
        started, before = time.monotonic(), self.seconds
        saved = validated = self.seconds
        stop, bad, losses = False, 0, []
        while self.progress() < 1 and not stop:
            batch = self._batch(recipe.seed, self.step)
            loss = self._loss(model, batch)
            fabric.backward(loss)
            norm = nn.utils.clip_grad_norm_(self.generator.parameters(), recipe.clip_gradient)
            bad = 0 if bool(torch.isfinite(norm)) else bad + 1
            if bad > BAD_STEPS:
                raise FloatingPointError(f"gradients are not finite since step {self.step - bad}")
            for optimizer in self.optimizers.values():
                for group in optimizer.param_groups:
                    group["lr"] = self.learning_rate()
                if not bad:
                    optimizer.step()
                optimizer.zero_grad()
            self._follow(recipe.ema)
            losses.append(float(loss.detach()))
            self.step += 1
            if self.step % SYNC_EVERY == 0:
                elapsed = before + time.monotonic() - started
                self.seconds, stop = fabric.broadcast((elapsed, self.asked_to_stop))
            if self.step % REPORT_EVERY == 0 and fabric.is_global_zero:
                self._tell(loss=float(np.mean(losses[-REPORT_EVERY:])), gradient=float(norm))
            if self.seconds - validated >= validate_every:
                validated = self.seconds
                if fabric.is_global_zero:
                    self._tell(**self.validate())
            if self.seconds - saved >= save_every:
                saved = self.seconds
                self.save()
        self.save()
        for number, handler in previous.items():
            signal.signal(number, handler)
        return self.average

    def validate(self, clips: int = 48, seconds: float = 4.0) -> dict[str, float]:
        """SI-SDR and its improvement in dB of the averaged generator on mixtures of the held-out parts."""
        with torch.inference_mode():
            batch = self.held_out.batch(np.random.default_rng(1), clips, seconds)
            x, speech, noise = (
                torch.from_numpy(a).to(self.fabric.device) for a in (batch.mixture, batch.speech, batch.noise)
            )
            masked = masked_speech(self.average.codec, x, self.average(x))
            both = (speech.abs().amax(-1) > 0) & (noise.abs().amax(-1) > 0)
            after, before = si_sdr(masked, speech)[both].mean(), si_sdr(x, speech)[both].mean()
        return {"si_sdr": float(after), "si_sdr_improvement": float(after - before)}

    def _batch(self, seed: int, step: int) -> Batch:
        rng = np.random.default_rng((seed, self.fabric.global_rank, step))
        return self.mixer.batch(rng, self.recipe.batch, self.recipe.seconds)

    def _loss(self, model: Callable[[Tensor], Any], batch: Batch) -> Tensor:
        x, speech, noise = (
            torch.from_numpy(a).to(self.fabric.device) for a in (batch.mixture, batch.speech, batch.noise)
        )
        sources = model(x)
        masked = masked_speech(self.generator.codec, x, sources)
        return separation_loss(masked, sources.speech, sources.noise, speech, noise, self.recipe.weights)

    def _follow(self, decay: float) -> None:
        decay = min(decay, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for average, current in zip(self.average.parameters(), self.generator.parameters(), strict=True):
                average.lerp_(current, 1 - decay)

    def _tell(self, **values: float) -> None:
        total = self.seconds / max(self.progress(), 1e-6)
        self.report({"step": self.step, "seconds": round(self.seconds), "eta": round(total - self.seconds), **values})

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.asked_to_stop = True
