"""voicebed models: list, show, import and remove models, and fetch weights to begin a training with."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.split import Json

if TYPE_CHECKING:
    from engine.model_files import ModelFile

program = typer.Typer(
    help="List, show, import and remove models; fetch published weights.",
    invoke_without_command=True,
    rich_markup_mode=None,
)


def entry(model: "ModelFile") -> dict[str, Any]:
    """A model as a JSON object."""
    from app.cli.output import plain

    return {"id": model.id, "path": str(model.path), "bundled": model.bundled, "card": plain(model.card)}


@program.callback()
def default(context: typer.Context, json: Json = False) -> None:
    if context.invoked_subcommand is None:
        list_command(json)


@program.command("list")
def list_command(json: Json = False) -> None:
    """List the bundled and imported models."""
    from app.cli.output import print_json
    from app.document.settings import load_settings
    from engine.model_files import DEFAULT, list_models

    found, default = list_models(), load_settings().model or DEFAULT
    if json:
        print_json({"models": [entry(model) for model in found]})
        return
    for model in found:
        kind = "bundled" if model.bundled else "imported"
        mark = "  (default of the window)" if model.path.stem == default else ""
        print(
            f"{model.path.stem:24} {kind:9} {model.card.sample_rate} Hz  {model.card.date}  {model.card.licence}{mark}"
        )


@program.command()
def show(name: Annotated[str, typer.Argument(metavar="M")], json: Json = False) -> None:
    """Show the card of a model: the corpora behind it, how it was trained, its figures."""
    from app.cli.output import print_json
    from engine.model_files import find_model

    model = find_model(name)
    if json:
        print_json(entry(model))
        return
    card = model.card
    print(f"{model.id}\n{model.path}\n{card.method}; {card.sample_rate} Hz; {card.licence}; {card.date}")
    print(
        f"base: {card.base or 'none'}; {card.steps} steps, {card.training_hours:.1f} h on {card.machine}; "
        f"seed {card.seed}"
    )
    for prior in ("clean", "noise", "noisy"):
        for corpus in getattr(card, prior):
            voices = f", {corpus.speakers} speakers" if corpus.speakers else ""
            print(f"{prior:>6}: {corpus.name} ({corpus.hours:.2f} h{voices}; {corpus.licence})")
    for test_set, rows in card.metrics.items():
        for row, scores in rows.items():
            print(f"{test_set}, {row}: " + ", ".join(f"{metric} {value:.2f}" for metric, value in scores.items()))
    if card.notes:
        print(card.notes)


@program.command("import")
def import_command(file: Annotated[Path, typer.Argument(metavar="FILE", readable=False)], json: Json = False) -> None:
    """Copy a model file into the folder of your models."""
    from app.cli.output import print_json
    from engine.model_files import import_model

    model = import_model(file)
    if json:
        print_json(entry(model))
    else:
        print(f"imported {model.path.stem}; use it with --model {model.path.stem}")


@program.command()
def remove(name: Annotated[str, typer.Argument(metavar="M")], json: Json = False) -> None:
    """Delete one of your imported models."""
    from app.cli.output import print_json
    from engine.model_files import remove_model

    path = remove_model(name)
    if json:
        print_json({"removed": str(path)})
    else:
        print(f"removed {path}")


@program.command()
def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME", help="dac-16khz, dac-24khz or dac-44khz.")],
    source: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", readable=False, help="A copy of the file, no download.")
    ] = None,
    json: Json = False,
) -> None:
    """Fetch the published weights of a Descript Audio Codec, for a training to begin with."""
    from app.cli.output import plain, print_json, progress
    from engine.errors import Cancelled
    from engine.published import fetch

    with progress(f"Fetching {name}") as shown:
        try:
            weights = fetch(name, source, shown)
        except KeyboardInterrupt:
            raise Cancelled("cancelled; the same command goes on where this one was") from None
    if json:
        print_json(plain(weights))
        return

    def values(parts: dict[str, int]) -> str:
        return ", ".join(f"{part} {count / 1e6:.1f} M" for part, count in parts.items()) or "nothing"

    print(f"{weights.name}: {weights.path}\nfrom {weights.source}")
    print(f"SHA-256 {weights.sha256}, {'as published' if weights.published else 'not that of the published file'}")
    print(f"used: {values(weights.used)}; left out: {values(weights.left_out)}")
