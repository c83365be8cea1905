"""Train the bundled model: python -m trainer.bundled --root DIR --state DIR --minutes N [--processes N]."""

import argparse
import tomllib
from pathlib import Path

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies.ddp import DDPStrategy

from trainer.corpus import Corpus, open_corpus
from trainer.loop import Training
from trainer.mixing import Mixer
from trainer.recipe import load_recipe


def open_priors(roots: list[Path], cache: Path, sample_rate: int) -> tuple[list[Corpus], list[Corpus]]:
    """(clean, noise) corpora of `bundled.toml`, each folder below the first root that has it."""
    listed = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    priors: dict[str, list[Corpus]] = {"clean": [], "noise": []}
    for prior, corpora in priors.items():
        for entry in listed[prior]:
            folder = next((root / entry["folder"] for root in roots if (root / entry["folder"]).is_dir()), None)
            if folder is None:
                raise FileNotFoundError(f"no folder {entry.pop('folder')} below {', '.join(map(str, roots))}")
            del entry["folder"]
            corpora.append(open_corpus(folder, cache, sample_rate, **entry))
    return priors["clean"], priors["noise"]


def main() -> None:
    """Train, or go on training, and leave the checkpoint in the state folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--root", type=Path, action="append", required=True, help="folder that holds corpora; may be repeated"
    )
    parser.add_argument("--state", type=Path, required=True, help="folder for the checkpoint and the cache")
    parser.add_argument("--recipe", default="warm_start")
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--processes", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    recipe = load_recipe(arguments.recipe)
    fabric = Fabric(
        devices=arguments.processes,
        precision="bf16-mixed",
        strategy=DDPStrategy(forward_sync_buffers=False) if arguments.processes > 1 else "auto",
    )
    fabric.launch()
    clean, noise = open_priors(arguments.root, arguments.state / "cache", recipe.codec.sample_rate)
    parts = [[corpus.split(0.05) for corpus in prior] for prior in (clean, noise)]
    # Corpora of few files have nothing to hold out.
    chosen = [[[pair[part] for pair in prior if len(pair[part].samples)] for prior in parts] for part in (0, 1)]
    training, held_out = (Mixer(clean, noise, recipe.mixing) for clean, noise in chosen)
    run = Training(fabric, recipe, training, held_out, arguments.state, minutes=arguments.minutes)
    run.resume()
    run.run()


if __name__ == "__main__":
    main()
