"""Which noises a model takes for speech: python -m tests.benchmarks.noises [--model M].

Beeps, horns, hiss and the noises of the development clips through narrow lines, all alone and equally loud: level of
the speech track relative to what went in, dB.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from engine.model import load_model
from engine.separator import Separator
from tests.benchmarks.both_tracks import level
from tests.benchmarks.machine import machine_line
from tests.benchmarks.quality import RATE, SETS, clips, parser
from tests.benchmarks.voices import band

Audio = NDArray[np.floating]
LEVEL_DB, SECONDS = -26.0, 6
LINES = ((20, 7900), (300, 3400), (500, 2500))


def tone(frequency: Audio | float, harmonics: int = 1) -> Audio:
    """A pitch in Hz, constant or sample by sample, with so many equally strong harmonics."""
    phase = 2 * np.pi * np.cumsum(frequency + np.zeros(SECONDS * RATE)) / RATE
    return np.sum([np.sin(k * phase) for k in range(1, harmonics + 1)], axis=0)


def made_noises() -> dict[str, Audio]:
    """Noises by name, each (samples,)."""
    rng, time = np.random.default_rng(0), np.arange(SECONDS * RATE) / RATE
    hiss, slow = rng.standard_normal(len(time)), np.sin(2 * np.pi * time)
    melody = np.repeat(220 * 2 ** (rng.integers(0, 13, 4 * SECONDS) / 12), RATE // 4)
    telephone = band(300, 3400)
    return {
        "whistle, 1 kHz": tone(1000),
        "beeps": tone(880) * (time % 0.5 < 0.25),
        "dialling tones": (tone(770) + tone(1336)) * (time % 0.3 < 0.15),
        "siren": tone(800 + 400 * slow),
        "melody": tone(melody, 7),
        "horns": tone(220, 12) + tone(277, 12) + tone(330, 12),
        "engine": telephone(tone(60 + 20 * slow, 60)),
        "hiss": hiss,
        "hiss through a telephone": telephone(hiss),
        "hiss, 4 times a second": hiss * (1 + np.sin(2 * np.pi * 4 * time)),
        "clicks": (rng.random(len(time)) < 5e-4).astype(np.float64),
    }


def main() -> None:
    """Print Markdown tables."""
    options = parser(__doc__).parse_args()
    torch.set_num_threads(1)
    speech = Separator(load_model(options.model)).mono_speech

    def lured(noise: Audio) -> float:
        loud = (noise * 10 ** (LEVEL_DB / 20) / np.sqrt(np.square(noise).mean())).astype(np.float32)
        return level(speech(loud, RATE), loud)

    print("| noise | dB |\n|---|---|")
    for name, noise in made_noises().items():
        print(f"| {name} | {lured(noise):.0f} |", flush=True)
    print("\n| mean (worst) |", " | ".join(SETS), "|\n|---|" + len(SETS) * "---|")
    for low, high in LINES:
        line, cells = band(low, high), []
        for name in SETS:
            levels = [lured(line(x - clean)) for x, clean in clips(options.corpora, name)]
            cells.append(f"{np.mean(levels):.0f} ({np.max(levels):.0f})")
        print(f"| {low:,} to {high:,} Hz |", " | ".join(cells), "|", flush=True)
    print("\n" + machine_line())


if __name__ == "__main__":
    main()
