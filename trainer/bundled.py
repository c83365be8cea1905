"""The bundled model: train it, and pack it with its card.

python -m trainer.bundled train --root DIR --state DIR --minutes N [--processes N] [--base MODEL]
python -m trainer.bundled pack --root DIR --state DIR... [--out FILE] [--base MODEL] [--alone MODEL]
"""

import argparse
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies.ddp import DDPStrategy

from engine.device import choose_device
from engine.generator import Generator
from engine.model import load_model, save_model
from engine.model_files import BUNDLED, DEFAULT, SUFFIX, ModelCard, Prior, find_model
from engine.separator import Separator
from trainer.checkpoint import checkpoints, load_checkpoint, read_progress
from trainer.clips import Priors
from trainer.corpus import Corpus, open_corpus
from trainer.evaluate import evaluate_folder
from trainer.exclusions import read_exclusions
from trainer.growth import grow
from trainer.launch import launch, precision
from trainer.loop import Training, new_generator
from trainer.memory import keep_memory
from trainer.purity import impure
from trainer.recipe import Recipe, load_recipe, recipe_from

HELD_OUT = 0.05  # share of the files of each corpus that only validation hears
JUDGES = {"clean": "clean speech", "noise": "noise", "noisy": "recordings"}  # by their weight in a recipe
ALONE = "method alone"  # the row on the card of a model by the recipe `adversarial`
TEST_SETS = {"vbd": "development clips from VoiceBank-DEMAND", "mix": "development clips from LibriSpeech in ambiences"}


def open_priors(
    roots: list[Path],
    cache: Path,
    sample_rate: int,
    excluded: frozenset[Path] = frozenset(),
    clean_snr_db: float | None = None,
) -> Priors:
    """The "clean" and "noise" corpora of `bundled.toml`, each folder below the first root that has it.

    Args:
        clean_snr_db: of files of the "clean" corpora; those with more noise are left out.

    Raises:
        FileNotFoundError: a corpus is below none of the roots.
    """
    listed = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    priors: dict[str, list[Corpus]] = {"clean": [], "noise": []}
    for prior, corpora in priors.items():
        for entry in listed[prior]:
            name = entry.pop("folder")
            folder = next((root / name for root in roots if (root / name).is_dir()), None)
            if folder is None:
                raise FileNotFoundError(f"no folder {name} below {', '.join(map(str, roots))}")
            unmeasured, without = entry.pop("unmeasured", ["*"]), excluded
            if prior == "clean" and clean_snr_db is not None:
                without |= impure(folder, clean_snr_db, unmeasured, cache / "purity.json")
            corpora.append(open_corpus(folder, cache, sample_rate, excluded=without, **entry))
    return Priors(**priors)


def priors_of(options: argparse.Namespace, state: Path, recipe: Recipe, clean_snr_db: float | None = None) -> Priors:
    """The priors that the command line names; see `open_priors`."""
    excluded = frozenset[Path]().union(*map(read_exclusions, options.exclude))
    return open_priors(options.root, state / "cache", recipe.codec.sample_rate, excluded, clean_snr_db)


def train(options: argparse.Namespace) -> None:
    """Train, or go on training, and leave the checkpoints in the state folder."""
    keep_memory()
    torch.set_num_threads(1)
    recipe = load_recipe(options.recipe)
    recipe = replace(recipe, learning_rate=options.learning_rate or recipe.learning_rate, seed=options.seed)
    several = options.processes > 1
    fabric = Fabric(
        devices=options.processes,
        precision=precision(choose_device("auto").device, new_generator(recipe).codec),
        strategy=DDPStrategy(forward_sync_buffers=False) if several else "auto",
    )
    launch(fabric)
    priors, held_out = priors_of(options, options.state, recipe, options.clean_snr).split(HELD_OUT)
    run = Training(
        fabric, recipe, priors, held_out, options.state, minutes=options.minutes, start=start_of(options.base, recipe)
    )
    run.resume()
    run.run()


def start_of(base: str | None, recipe: Recipe) -> Generator | None:
    """The base, grown to the recipe's numbers of blocks where it has fewer."""
    if not base:
        return None
    generator = new_generator(recipe)
    grow(generator, load_model(base, fold=False).generator)
    return generator


def pack(options: argparse.Namespace) -> None:
    """Write the averaged weights of the training, or the mean of several, with their card, scored on the test clips."""
    last = [checkpoints(state)[-1] for state in options.state]
    progresses = [read_progress(checkpoint) for checkpoint in last]
    settings, seconds = progresses[0]["recipe"], sum(progress["seconds"] for progress in progresses)
    recipe = recipe_from(settings)
    generator = mean_of(last, recipe)
    priors = priors_of(options, options.state[0], recipe)
    base = find_model(options.base).card if options.base else None
    clean, noise = (
        tuple(Prior(c.name, round(c.hours, 3), c.speakers, c.licence) for c in prior)
        for prior in (priors.clean, priors.noise)
    )
    made = "hiss, mains hum, beeps and melodies" if recipe.mixing.tones else "hiss and mains hum"
    notes = f"Noise also holds synthetic {made}. No test clip and no paired recording was trained on."
    if options.clean_snr is not None:
        hours = seconds / 3600
        notes += (
            f" In the last {hours:.2f} h, clean speech was of files with an SNR of {options.clean_snr:g} dB or more."
        )
    if len(last) > 1:
        notes += f" The weights are the mean of {len(last)} trainings: steps and hours of all, the recipe of the first."
    for model, share in options.keep:
        kept = find_model(model).card
        add_share(generator, load_model(model, fold=False).generator, float(share))
        notes += (
            f" Then {float(share):.0%} of each weight became that of {kept.name} of {kept.date}, {kept.steps} steps."
        )
    notes = f"{notes} {options.note}".strip()
    judges = [what for name, what in JUDGES.items() if getattr(recipe.unpaired, name)]
    listens = any(recipe.weights.dnsmos)
    card = ModelCard(
        name=options.out.stem,
        architecture=generator.settings,
        sample_rate=recipe.codec.sample_rate,
        method="USE-DDP generator (arXiv 2509.22942), spectral codec; warm start on mixtures of two unpaired priors"
        + (f", judged by discriminators of {' and '.join(judges)}" if judges else "")
        + (", and by the network of DNSMOS, so that its scores are no independent measure" if listens else ""),
        licence="MIT",
        date=date.today().isoformat(),
        base=f"{base.name} of {base.date}: {base.steps} steps, {base.training_hours} h, on the same corpora"
        if base
        else None,
        clean=clean,
        noise=noise,
        recipe=settings | {"processes": options.processes, "held_out": HELD_OUT, "clean_snr_db": options.clean_snr},
        steps=sum(progress["step"] for progress in progresses) + (base.steps if base else 0),
        training_hours=round(seconds / 3600 + (base.training_hours if base else 0), 2),
        machine=options.machine or f"{options.processes} CPU cores",
        seed=recipe.seed,
        notes=notes,
    )
    save_model(options.out, generator, card)
    metrics = scores(options.out, options.root)
    known = scores(options.alone, options.root) if options.alone else base.metrics if base else {}
    row = "output" if options.alone else ALONE
    for title in metrics.keys() & known.keys():
        if row in known[title]:
            metrics[title][ALONE] = known[title][row]
    save_model(options.out, generator, replace(card, metrics=metrics))


def mean_of(runs: Sequence[Path], recipe: Recipe) -> Generator:
    """The mean of the averaged weights of checkpoints (Wortsman et al., "Model soups", arXiv 2203.05482)."""
    generator = new_generator(recipe)
    states = list[dict[str, torch.Tensor]]()
    for run in runs:
        load_checkpoint(run, {"average": generator}, {})
        states.append({key: value.clone() for key, value in generator.state_dict().items()})
    generator.load_state_dict({key: torch.stack([state[key] for state in states]).mean(0) for key in states[0]})
    return generator


def add_share(generator: Generator, other: Generator, share: float) -> None:
    """Bring the weights by this share of the way, 0 to 1, to those of another, which keeps what that one could do.

    Wortsman et al., "Robust fine-tuning of zero-shot models", arXiv 2109.01903.
    """
    theirs = other.state_dict()
    mixed = {key: value.lerp(theirs[key].to(value.dtype), share) for key, value in generator.state_dict().items()}
    generator.load_state_dict(mixed)


def scores(model: Path, roots: list[Path]) -> dict[str, dict[str, dict[str, float]]]:
    """Mean scores of input and output on each test set that lies below a root."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    enhance = Separator(load_model(str(model))).mono_speech
    for name, title in TEST_SETS.items():
        for root in roots:
            if (folder := root / "test" / name).is_dir():
                result = evaluate_folder(enhance, folder / "noisy", folder / "clean")
                means = {"input": result.input_mean, "output": result.output_mean}
                found[title] = {row: {k: round(v, 3) for k, v in mean.items()} for row, mean in means.items()}
    return found


def main() -> None:
    """Parse the command line and do it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for function in (train, pack):
        command = commands.add_parser(function.__name__, help=function.__doc__)
        command.set_defaults(function=function)
        command.add_argument("--root", type=Path, action="append", required=True, help="folder of corpora; repeatable")
        command.add_argument("--exclude", type=Path, action="append", default=[], help="list by voicebed audit")
        command.add_argument("--clean-snr", type=float, metavar="DB", help="leave out noisier files of clean speech")
        command.add_argument("--processes", type=int, default=1)
        command.add_argument("--base", help="name or path of the model that the training began from (default: none)")
        if function is train:
            command.add_argument("--state", type=Path, required=True, help="folder for the checkpoint and the cache")
            command.add_argument("--learning-rate", type=float, help="instead of the recipe's")
            command.add_argument("--seed", type=int, default=0, help="another where a base has seen this one's draws")
            command.add_argument("--recipe", default="warm_start")
            command.add_argument("--minutes", type=float, required=True, help="training time over all resumed parts")
        else:
            command.add_argument(
                "--state",
                type=Path,
                action="append",
                required=True,
                help="of a training; of several, the mean is packed",
            )
            command.add_argument(
                "--keep",
                nargs=2,
                action="append",
                default=[],
                metavar=("MODEL", "SHARE"),
                help="an earlier model, of which a share, 0 to 1, is kept; repeatable, one after the other",
            )
            command.add_argument("--note", default="", help="what else the card is to say")
            command.add_argument(
                "--alone",
                type=Path,
                help="model by the recipe `adversarial`, to be scored on the card too (default: as on the base's card)",
            )
            command.add_argument("--machine", help="that it was trained on (default: as many CPU cores as processes)")
            command.add_argument("--out", type=Path, default=BUNDLED / f"{DEFAULT}{SUFFIX}")
    options = parser.parse_args()
    options.function(options)


if __name__ == "__main__":
    main()
