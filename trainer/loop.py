"""The training loop, on lightning-fabric: the same code on one process or many, CPU, CUDA or MPS."""

import copy
import json
import math
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from engine.errors import InputError, ResourceError
from engine.generator import Generator, Sources
from engine.spectral import SpectralCodec
from trainer.adversaries import Adversaries
from trainer.checkpoint import checkpoints, load_checkpoint, save_checkpoint
from trainer.clips import Clips, Parts, Priors, feed
from trainer.control import Wish
from trainer.muon import Muon
from trainer.objective import Objective
from trainer.recipe import Recipe
from trainer.validation import validate

REPORT_EVERY = 10  # steps
SYNC_EVERY = 20  # steps between agreements of several processes on time and stopping
BAD_STEPS = 20  # this many non-finite gradients in a row end the run
KEEP = 3  # checkpoints
LEAST_BETWEEN = 4  # times as long as a validation took, before the next
WORTH_OF_A_DB = 0.05  # of SI-SDR, in points of OVRL: DNSMOS alone would keep what is quiet at the price of the voice
WORKERS = 12  # at most, that draw clips ahead of a CUDA device

Report = Callable[[dict[str, Any]], None]


def new_generator(recipe: Recipe) -> Generator:
    """A generator of the recipe's shape with the weights of its seed."""
    torch.manual_seed(recipe.seed)
    return Generator(SpectralCodec(recipe.codec), recipe.branch)


def is_hidden_matrix(name: str, parameter: nn.Parameter) -> bool:
    """Whether Muon trains the parameter: matrices between hidden features, not the layers at the spectrum's edge."""
    return parameter.ndim == 2 and ("blocks." in name or "encoder." in name or "decoder." in name)


def to_stderr(line: dict[str, Any]) -> None:
    """A progress line, as JSON."""
    print(json.dumps(line), file=sys.stderr, flush=True)


class Training:
    """One run of a recipe: `run` trains until the steps or minutes are used up, or SIGTERM or SIGINT asks to stop.

    Args:
        fabric: launched; decides devices, precision and processes.
        recipe: the settings.
        priors, held_out: the corpora to learn from, and those only validation hears.
        folder: for checkpoints and for `best.safetensors`, the averaged generator with the best validation.
        steps, minutes: the length of the run, one of them; minutes count training time over all resumed parts.
        report: called with plain data for every progress line, in the first process.
        start: the generator to begin from (None: new weights).

    Attributes:
        finished: `run` came to its end, or was asked to make an end of it.
    """

    def __init__(
        self,
        fabric: Fabric,
        recipe: Recipe,
        priors: Priors,
        held_out: Priors,
        folder: Path,
        *,
        steps: int = 0,
        minutes: float = 0.0,
        report: Report = to_stderr,
        start: Generator | None = None,
    ) -> None:
        self.fabric, self.recipe, self.priors, self.held_out, self.folder = fabric, recipe, priors, held_out, folder
        self.steps, self.minutes, self.report = steps, minutes, report
        self.generator = start or new_generator(recipe)
        self.average = copy.deepcopy(self.generator).requires_grad_(False).eval()
        self.anchor = [p.clone() for p in self.average.parameters()] if recipe.anchor else []
        self.adversaries = Adversaries(fabric, recipe, self.generator.codec.sample_rate)
        self.objective = Objective(fabric, recipe, self.generator, self.average, self.adversaries)
        self.generator_optimizers = self._optimizers()
        self.step, self.seconds, self.asked_to_stop, self.finished = 0, 0.0, False, False
        self.best: float | None = None

    def _optimizers(self) -> dict[str, torch.optim.Optimizer]:
        rate, decay = self.recipe.learning_rate, self.recipe.weight_decay
        named = [(name, p) for name, p in self.generator.named_parameters() if p.requires_grad]
        by_muon = [p for n, p in named if self.recipe.optimizer == "muon" and is_hidden_matrix(n, p)]
        chosen = {id(p) for p in by_muon}
        others = [p for _, p in named if id(p) not in chosen]
        precision = torch.bfloat16 if "bf16" in self.fabric.strategy.precision.precision else torch.float32
        optimizers: dict[str, torch.optim.Optimizer] = {
            "adamw": torch.optim.AdamW(others, rate, (0.9, 0.98), weight_decay=decay)
        }
        if by_muon:
            optimizers["muon"] = Muon(by_muon, rate, weight_decay=decay, dtype=precision)
        return optimizers

    @property
    def modules(self) -> dict[str, nn.Module]:
        """What a checkpoint holds, by name."""
        return {"generator": self.generator, "average": self.average, "judges": self.adversaries.ensembles}

    @property
    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """What a checkpoint holds, by name."""
        judges = self.adversaries.optimizer
        return self.generator_optimizers | ({"judges_adamw": judges} if judges else {})

    def progress(self) -> float:
        """Share of the run that is done, 0 to 1."""
        return self.step / self.steps if self.steps else self.seconds / (60 * self.minutes)

    def rate_share(self) -> float:
        """Of the full learning rate: linear warm-up, then a cosine to zero at the end of the run."""
        warm = min(1.0, (self.step + 1) / max(1, self.recipe.warm_up))
        return warm * (0.5 + 0.5 * math.cos(math.pi * min(1.0, self.progress())))

    def save(self) -> None:
        """Write a checkpoint and delete all but the newest few, in the first process.

        Raises:
            ResourceError: the disk is full; earlier checkpoints are left as they were.
        """
        if self.fabric.is_global_zero:
            state = {"step": self.step, "seconds": self.seconds, "best": self.best, "recipe": self.recipe.as_dict()}
            try:
                save_checkpoint(self.folder, self.step, self.modules, self.optimizers, state, keep=KEEP)
            except OSError as error:
                raise ResourceError(f"no checkpoint could be written to {self.folder}: {error.strerror}") from error

    def resume(self) -> bool:
        """Continue from the newest checkpoint, if there is one."""
        found = checkpoints(self.folder)
        if not found:
            return False
        state = load_checkpoint(found[-1], self.modules, self.optimizers)
        self.step, self.seconds, self.best = state["step"], state["seconds"], state.get("best")
        return True

    def check_space(self) -> None:
        """Refuse to begin where the checkpoints will not fit.

        Raises:
            ResourceError: too little space is free.
        """
        weights = sum(p.numel() for module in self.modules.values() for p in module.parameters())
        needed = 4 * weights * 3 * (KEEP + 1)  # float32; optimisers keep up to two more numbers for each
        free = shutil.disk_usage(self.folder).free + sum(path.stat().st_size for path in checkpoints(self.folder))
        if free < needed:
            sizes = f"{needed / 1e9:.1f} GB for its checkpoints, {free / 1e9:.1f} GB are free"
            raise ResourceError(f"training in {self.folder} needs {sizes}")

    def wrap(self) -> Callable[[Tensor], Sources]:
        """The generator as Fabric wraps it, for `learn`; everything is on its device then."""
        model = self.fabric.setup_module(self.generator)
        self.average.to(self.fabric.device)
        self.anchor = [p.to(self.fabric.device) for p in self.anchor]
        self.adversaries.wrap()
        return model

    def run(
        self,
        save_every: float = 180.0,
        validate_every: float = 600.0,
        wished: Callable[[], Wish | None] = lambda: None,
        validated: Callable[[Generator], None] = lambda average: None,
    ) -> Generator:
        """Train; returns the averaged generator.

        Args:
            save_every: seconds of training between checkpoints.
            validate_every: seconds between validations, more where these take long; there is one at the beginning and
                at the end, too; 0 for none.
            wished: asked before every step, in the first process.
            validated: called after every validation but the first, in the first process.

        Raises:
            InputError: gradients stayed infinite or not a number.
            ResourceError: the disk is or would be full.
        """
        fabric, recipe = self.fabric, self.recipe
        self.check_space()
        previous = {s: signal.signal(s, self._ask_to_stop) for s in (signal.SIGTERM, signal.SIGINT)}
        model = self.wrap()
        cuda = fabric.device.type == "cuda"
        clips = feed(self.priors, recipe, self.step, fabric.global_rank, WORKERS if cuda else 0, cuda)
        started, before = time.monotonic(), self.seconds
        saved = scored = self.seconds
        pause = validate_every
        wish, bad, sums, summed = None, 0, {}, 0
        self.finished = self.progress() >= 1
        try:
            if self.step == 0 and validate_every:
                self._validate(save=False)
            while self.progress() < 1 and not wish:
                torch.manual_seed(hash((recipe.seed, self.step, fabric.global_rank)) % 2**31)
                values = self.learn(model, next(clips))
                bad = 0 if bool(torch.isfinite(values["gradient"])) else bad + 1
                if bad > BAD_STEPS:
                    since = f"the gradients are not finite since step {self.step - bad}"
                    raise InputError(f"the training went astray ({since}); begin anew, with another base or less data")
                for name, value in values.items():
                    sums[name] = sums.get(name, 0) + value.detach()
                self.step, summed = self.step + 1, summed + 1
                if fabric.world_size == 1 or self.step % SYNC_EVERY == 0:
                    elapsed = before + time.monotonic() - started
                    wish = "stop" if self.asked_to_stop else wished()
                    self.seconds, wish = fabric.broadcast((elapsed, wish))
                if self.step % REPORT_EVERY == 0:
                    self._tell({name: float(value) / summed for name, value in sums.items()})
                    sums, summed = {}, 0
                self.finished = self.progress() >= 1 or wish == "finish"
                if validate_every and (self.seconds - scored >= pause or self.finished):
                    asked = time.monotonic()
                    self._validate()
                    if fabric.is_global_zero:
                        validated(self.average)
                    scored = before + time.monotonic() - started
                    pause = max(validate_every, LEAST_BETWEEN * (time.monotonic() - asked))
                if self.seconds - saved >= save_every:
                    saved = self.seconds
                    self.save()
            self.save()
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
        return self.average

    def learn(self, model: Callable[[Tensor], Sources], clips: Clips) -> dict[str, Tensor]:
        """One step with the generator as Fabric wrapped it; returns its loss, the norm of the gradient, and the terms.

        Where the norm is not finite, the weights of the generator stay what they are.
        """
        terms, log = self.objective(model, self._to_device(clips), self.rate_share())
        loss = torch.stack(list(terms.values())).sum()
        self.fabric.backward(loss)
        norm = nn.utils.clip_grad_norm_(self.generator.parameters(), self.recipe.clip_gradient)
        self._update(bool(torch.isfinite(norm)))
        return {"loss": loss, "gradient": norm} | terms | log

    def validate(self) -> dict[str, float]:
        """Scores of the averaged generator on the held-out parts, as `trainer.validation.validate` gives them."""
        return validate(self.average, self.held_out, self.recipe, self.fabric.device)

    def _validate(self, save: bool = True) -> None:
        """Score the averaged generator, and keep it if it is the best; without `save`, as the one to be bettered."""
        if self.fabric.is_global_zero:
            scores = self.validate()
            self._tell({"validation": scores})
            score = scores.get("OVRL", 0.0) + WORTH_OF_A_DB * scores.get("si_sdr", 0.0)
            if scores and (self.best is None or score > self.best):
                self.best = score
                if save:
                    save_checkpoint(self.folder, None, {"average": self.average}, {}, {"step": self.step, **scores})

    def _to_device(self, clips: Clips) -> Clips:
        def moved(part: Tensor | Parts | None) -> Any:
            if isinstance(part, tuple):
                return Parts(*map(moved, part))
            return None if part is None else part.to(self.fabric.device, non_blocking=True)

        return Clips(*map(moved, clips))

    def _update(self, finite: bool) -> None:
        share = self.rate_share()
        for optimizer in self.generator_optimizers.values():
            for group in optimizer.param_groups:
                group["lr"] = self.recipe.learning_rate * share
            if finite:
                optimizer.step()
            optimizer.zero_grad()
        decay = min(self.recipe.ema, (1 + self.step) / (10 + self.step))
        follow = get_ema_multi_avg_fn(decay)
        weights = [parameter.detach() for parameter in self.generator.parameters()]
        if self.anchor:
            pairs = zip(weights, self.anchor, strict=True)
            weights = [weight.lerp(anchor, self.recipe.anchor) for weight, anchor in pairs]
        follow(list(self.average.parameters()), weights, self.step)

    def _tell(self, values: dict[str, Any]) -> None:
        if self.fabric.is_global_zero:
            left = self.seconds / max(self.progress(), 1e-6) - self.seconds
            self.report({"step": self.step, "seconds": round(self.seconds), "eta": round(left), **values})

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.asked_to_stop = True
