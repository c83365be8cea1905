"""Which noises a model takes for speech: python -m tests.benchmarks.noises [--model M].

Beeps, horns, hiss and the noises of the development clips through narrow lines, all alone and equally loud: level of
the speech track relative to what went in, dB.  And the voice of another clip in a hall, beside the talker: SI-SDR of
the speech track, dB.
"""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from engine.model import load_model
from engine.separator import Separator
from tests.benchmarks.both_tracks import level
from tests.benchmarks.machine import machine_line
from tests.benchmarks.quality import RATE, SETS, clips, parser
from tests.benchmarks.voices import band, room
from trainer.evaluate import Enhance
from trainer.metrics import si_sdr
from trainer.mixing import active_level

Audio = NDArray[np.floating]
LEVEL_DB, SECONDS = -26.0, 6
LINES = ((20, 7900), (300, 3400), (500, 2500))
BYSTANDERS_DB = (5, 10, 20)  # below the talker


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


def beside_another(speech: Enhance, corpora: Path, name: str, below_db: float) -> list[float]:
    """SI-SDR of the speech track, dB, clip by clip: its clean speech and, so far below, another's from a hall."""
    voices, hall = [clean for _, clean in clips(corpora, name)], room(1.0, 6)
    scores = []
    for voice, other in zip(voices, voices[len(voices) // 2 :] + voices, strict=False):
        far = np.resize(hall(other), len(voice))
        far *= 10 ** (-below_db / 20) * active_level(voice) / active_level(far)
        scores.append(si_sdr(speech((voice + far).astype(np.float32), RATE), voice))
    return scores


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
    print("\n| another talks in a hall | SI-SDR:", " | ".join(SETS), "|\n|---|" + len(SETS) * "---|")
    for below in BYSTANDERS_DB:
        cells = [f"{np.mean(beside_another(speech, options.corpora, name, below)):.1f}" for name in SETS]
        print(f"| {below} dB below the talker |", " | ".join(cells), "|", flush=True)
    print("\n" + machine_line())


if __name__ == "__main__":
    main()
