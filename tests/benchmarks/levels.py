"""How a model takes loud and quiet recordings: python -m tests.benchmarks.levels [--model M].

The development clips, made louder and quieter: moments of speech that are lost, of clean speech and of the mixtures;
noise alone, how much of it in dB becomes speech; SI-SDR of the speech.  Of the real recordings, which have no
reference, moments lost of the speech that is found in them at their own level.  Means over the clips.
"""

import numpy as np
import torch

from engine.model import load_model
from engine.separator import Separator
from tests.benchmarks.both_tracks import level
from tests.benchmarks.machine import machine_line
from tests.benchmarks.quality import RATE, SETS, clips, parser
from trainer.corpus import read_mono
from trainer.evaluate import Audio
from trainer.leakage import lost
from trainer.metrics import si_sdr

GAINS_DB = (10, 0, -10, -20, -30)
COLUMNS = ("% lost of clean speech", "% lost of mixtures", "speech in noise alone, dB", "SI-SDR")


def main() -> None:
    """Print a Markdown table."""
    options = parser(__doc__).parse_args()
    torch.set_num_threads(1)
    separator = Separator(load_model(options.model))

    def speech(audio: Audio, gain_db: float) -> Audio:
        gain = np.float32(10 ** (gain_db / 20))
        return separator.mono_speech(gain * audio, RATE) / gain

    real = [read_mono(path, RATE) for path in sorted((options.corpora / "test" / "real").iterdir())]
    found = [(x, speech(x, 0)) for x in real]
    print("| dB |", " | ".join(f"{name}: {column}" for name in SETS for column in COLUMNS), "| real: % lost |")
    print("|---|" + (len(SETS) * len(COLUMNS) + 1) * "---|")
    for db in GAINS_DB:
        cells: list[float] = []
        for name in SETS:
            rows = []
            for x, clean in clips(options.corpora, name):
                out, kept, lured = (speech(audio, db) for audio in (x, clean, x - clean))
                shares = (100 * lost(kept, clean, RATE), 100 * lost(out, clean, RATE))
                rows.append((*shares, level(lured, x - clean), si_sdr(out, clean)))
            cells += list(np.mean(rows, axis=0))
        cells.append(float(np.mean([100 * lost(speech(x, db), own, RATE) for x, own in found])))
        print(f"| {db} |", " | ".join(f"{cell:.2f}" for cell in cells), "|", flush=True)
    print("\n" + machine_line())


if __name__ == "__main__":
    main()
