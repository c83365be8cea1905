"""voicebed evaluate: score a model on a folder of noisy recordings."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.split import Device, Json, Model


def command(
    noisy: Annotated[Path, typer.Option(metavar="DIR", readable=False, help="Folder of noisy recordings.")],
    clean: Annotated[
        Path | None, typer.Option(metavar="DIR", readable=False, help="Folder of references with the same names.")
    ] = None,
    model: Model = None,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Score a model by DNSMOS and, where there are references, by PESQ, STOI, SI-SDR and composite measures."""
    from app.cli.output import print_json, progress
    from engine.model import load_model
    from engine.separator import Separator
    from trainer.evaluate import evaluate_folder

    separator = Separator(load_model(model), device)
    with progress("Scoring") as advance:
        scores = evaluate_folder(separator.mono_speech, noisy, clean, advance)
    if json:
        means = {"input": scores.input_mean, "output": scores.output_mean}
        print_json({"model": separator.model_id, "mean": means, "input": scores.input, "output": scores.output})
    else:
        print(scores.table())
