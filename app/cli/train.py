"""voicebed train: tune a model on folders of one's own."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.split import Device, Json
from engine.errors import UsageError

RECIPES = ("quick", "paper", "adversarial", "adversarial_dac")
MINUTES = 20.0  # where neither minutes nor steps are given


def command(
    noisy: Annotated[
        Path, typer.Option(metavar="DIR", readable=False, help="Folder of noisy recordings, the domain to train for.")
    ],
    clean: Annotated[
        Path, typer.Option(metavar="DIR", readable=False, help="Folder of clean speech: other recordings.")
    ],
    output: Annotated[Path, typer.Option("-o", metavar="MODEL", readable=False, help="The model file to write.")],
    noise: Annotated[
        Path | None,
        typer.Option(metavar="DIR", readable=False, help="Folder of noise; default: from pauses in the noisy ones."),
    ] = None,
    base: Annotated[
        str | None, typer.Option(metavar="M", help="Model, model file or preset to begin with; default: the bundled.")
    ] = None,
    recipe: Annotated[
        str,
        typer.Option(
            help="quick: for laptops; paper: the method as published, for GPUs; adversarial: the method alone, small; "
            "adversarial_dac: that for dac bases."
        ),
    ] = "quick",
    minutes: Annotated[float | None, typer.Option(metavar="N", help="How long to train; default: 20 minutes.")] = None,
    steps: Annotated[int | None, typer.Option(metavar="N", help="How many steps to train, instead of minutes.")] = None,
    exclude: Annotated[
        Path | None,
        typer.Option(metavar="FILE", readable=False, help="List of files to leave out, in place of the audit's."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a training that was stopped.")] = False,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Tune a model on folders of noisy recordings, clean speech and noise; no recording needs a partner.

    The folders are audited first, and files that would do harm are left out. The new model is compared with its base on
    recordings kept aside. Ctrl-C stops it in a state that --resume goes on from.
    """
    check(output, recipe, minutes, steps)
    from app.cli.output import as_json, print_json
    from trainer.exclusions import read_exclusions
    from trainer.fine_tune import Order, fine_tune

    order = Order(
        noisy=noisy,
        clean=clean,
        noise=noise,
        out=output.with_name(output.name + ".safetensors") if output.suffix != ".safetensors" else output,
        base=base,
        recipe=recipe,
        minutes=0.0 if steps else minutes or MINUTES,
        steps=steps or 0,
        exclude=read_exclusions(exclude) if exclude else None,
        device=device,
    )

    def report(line: dict[str, Any]) -> None:
        text = as_json(line) if json else in_words(line)
        if text:
            print(text, file=sys.stderr, flush=True)

    outcome = fine_tune(order, resume=resume, report=report)
    if outcome is None:  # not the first of several processes
        return
    if json:
        print_json(
            {
                "model": outcome.model.path,
                "id": outcome.model.id,
                "better": bool(outcome.verdict and outcome.verdict.better),
                "verdict": outcome.verdict,
                "steps": outcome.steps,
                "seconds": outcome.seconds,
                "folder": order.folder,
                "card": outcome.model.card,
            }
        )
        return
    print(outcome.verdict.words if outcome.verdict else outcome.model.card.notes)
    print(f"The model is {outcome.model.path}; 'voicebed split RECORDING --model {outcome.model.path}' uses it,")
    print(f"'voicebed models import {outcome.model.path}' adds it to your models.")
    print(f"{order.folder} holds what --resume would go on from, with more minutes; delete it when you are content.")


def check(output: Path, recipe: str, minutes: float | None, steps: int | None) -> None:
    """Raise UsageError for values that no training can have."""
    if recipe not in RECIPES:
        raise UsageError(f"unknown recipe '{recipe}'; choose one of {', '.join(RECIPES)}")
    if minutes is not None and steps is not None:
        raise UsageError("give --minutes or --steps, not both")
    if min(minutes if minutes is not None else 1, steps if steps is not None else 1) <= 0:
        raise UsageError("--minutes and --steps are more than 0")
    if output.is_dir():
        raise UsageError(f"{output} is a folder; give -o the name of a model file")


def in_words(line: dict[str, Any]) -> str:
    """A line of the trainer's report for people; "" for what they need not see."""
    match line:
        case {"warning": warning}:
            return f"warning: {warning}"
        case {"stage": "audited", "verdict": verdict}:
            return verdict
        case {"stage": "mined", "seconds": seconds, "folder": folder}:
            return f"Found {seconds} s of noise between the words; listen to it in {folder}"
        case {"stage": "scored", "what": who, "OVRL": score}:
            titles = {
                "input": "The recordings kept aside have",
                "base": "By the base model they have",
                "tuned": "By the new model they have",
            }
            return f"{titles[who]} OVRL {score:.2f}"
        case {"stage": "audit" | "mine" as stage, "progress": share}:
            return f"{'Looking at the files' if stage == 'audit' else 'Looking for noise'}: {100 * share:.0f} %"
        case {"validation": {"OVRL": score}, "step": step}:
            return f"Step {step}: OVRL {score:.2f} on other recordings kept aside"
        case {"step": step, "eta": left, "loss": loss}:
            return f"Step {step}: loss {loss:.2f}, {max(0, left) / 60:.0f} min left"
    return ""
