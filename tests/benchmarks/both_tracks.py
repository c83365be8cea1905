"""What a model leaves alone, and whether its noise is a track to use.

python -m tests.benchmarks.both_tracks [--model M]

On the development clips, whose parts are known: clean speech, which should come out as it went in; noise alone, none of
which should be called speech; moments of speech that are lost; and the noise track of the mixtures.  Levels in dB
relative to what went in; means over the clips, the worst in brackets.
"""

from pathlib import Path

import numpy as np
import torch

from engine.model import load_model
from engine.report import decibels
from engine.separator import Separator
from tests.benchmarks.machine import machine_line
from tests.benchmarks.quality import RATE, SETS, clips, parser
from trainer.evaluate import Audio, Enhance
from trainer.leakage import lost
from trainer.metrics import si_sdr, stoi


def level(part: Audio, whole: Audio) -> float:
    """dB of one signal relative to another."""
    return decibels(float(np.square(part).mean() / np.square(whole).mean()))


def scores(enhance: Enhance, corpora: Path, name: str) -> dict[str, list[float]]:
    """What is asked of both tracks, clip by clip of a set."""
    found: dict[str, list[float]] = {}
    for x, clean in clips(corpora, name):
        noise = x - clean
        kept, lured, speech = (enhance(audio, RATE) for audio in (clean, noise, x))
        row = {
            "clean in: speech track": level(kept, clean),
            "clean in: noise track": level(clean - kept, clean),
            "clean in: % lost": 100 * lost(kept, clean, RATE),
            "noise in: speech track": level(lured, noise),
            "SI-SDR of noise": si_sdr(x - speech, noise),
            "SNR in": level(clean, noise),
            "% of speech lost": 100 * lost(speech, clean, RATE),
            "STOI in": stoi(x, clean, RATE),
            "STOI of speech": stoi(speech, clean, RATE),
            "STOI of noise": stoi(x - speech, clean, RATE),
        }
        for what, value in row.items():
            found.setdefault(what, []).append(value)
    return found


# Of each figure, which end is the worst.
WORST = {"clean in: speech track": np.min, "SI-SDR of noise": np.min, "STOI of speech": np.min}


def main() -> None:
    """Print a Markdown table."""
    options = parser(__doc__).parse_args()
    torch.set_num_threads(1)
    enhance = Separator(load_model(options.model)).mono_speech
    results = {name: scores(enhance, options.corpora, name) for name in SETS}
    print("| |", " | ".join(results), "|\n|---|" + len(results) * "---|")
    for name in results[SETS[0]]:
        columns = (row[name] for row in results.values())
        cells = (f"{np.mean(values):.2f} ({WORST.get(name, np.max)(values):.2f})" for values in columns)
        print(f"| {name} |", " | ".join(cells), "|")
    print("\n" + machine_line())


if __name__ == "__main__":
    main()
