"""The bundled model's own corpora as three unpaired folders: what does the method alone reach with them?

    python -m tests.benchmarks.unpaired_priors FOLDER --root CORPORA... --cache DIR
    voicebed train --noisy FOLDER/noisy --clean FOLDER/clean --noise FOLDER/noise --base spectral --recipe adversarial \
        --minutes 15 -o alone.safetensors
    python -m tests.benchmarks.quality --model alone.safetensors

Files of one half of the corpora are mixed to `noisy`; `clean` and `noise` are excerpts of the other half's files.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.domain import write
from trainer.bundled import open_priors
from trainer.clips import Priors, draw
from trainer.mixing import Mixer
from trainer.recipe import Recipe, load_recipe

SECONDS = 8.0
COUNTS = {"noisy": 240, "clean": 300, "noise": 150}  # clips
RATE = 16000


def clips(mixed: Priors, others: Priors, kind: str, number: int) -> NDArray[np.float32]:
    """One clip of a folder, (samples,); the same every time."""
    if kind == "noisy":
        mixing = load_recipe("warm_start_wide").mixing
        return Mixer(mixed.clean, mixed.noise, mixing).batch([np.random.default_rng((1, number))], SECONDS).mixture[0]
    only = Recipe(seconds=SECONDS, warm_start=0.0, seed=2)
    drawn = draw(Priors([], [], others.clean if kind == "clean" else others.noise), only, number, 0, 1).noisy
    assert drawn is not None
    return drawn[0].numpy()


def main() -> None:
    """Write the folders."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--root", type=Path, action="append", required=True, help="as for trainer.bundled")
    parser.add_argument("--cache", type=Path, required=True, help="where decoded corpora are kept")
    options = parser.parse_args()
    mixed, others = open_priors(options.root, options.cache, RATE).split(0.5)
    for kind, count in COUNTS.items():
        for number in range(count):
            write(options.folder / kind, f"{number:03}", clips(mixed, others, kind, number))


if __name__ == "__main__":
    main()
