"""Which voices a model takes for noise: python -m tests.benchmarks.voices [--model M].

The speech of the development clips as it comes through telephones, overdriven amplifiers, walls and halls, or from
other throats, at its own level: % of its moments that are lost, alone and in the clip's noise.  Means over the clips.
"""

from collections.abc import Callable

import numpy as np
import soxr
import torch
from numpy.typing import NDArray
from scipy import signal

from engine.model import load_model
from engine.separator import Separator
from tests.benchmarks.machine import machine_line
from tests.benchmarks.quality import RATE, SETS, clips, parser
from trainer.leakage import lost

Audio = NDArray[np.floating]
Change = Callable[[Audio], Audio]


def band(low: float, high: float) -> Change:
    """Only what lies between two frequencies, Hz, 48 dB an octave."""
    sections = signal.butter(8, (low, high), "bandpass", fs=RATE, output="sos")
    return lambda audio: np.asarray(signal.sosfilt(sections, audio))


def tilt(db: float) -> Change:
    """So many dB more with every octave, down to 60 Hz."""

    def tilted(audio: Audio) -> Audio:
        octaves = np.log2(np.maximum(np.fft.rfftfreq(len(audio), 1 / RATE), 60))
        return np.fft.irfft(np.fft.rfft(audio) * 10 ** (db * octaves / 20), len(audio))

    return tilted


def clipped(share: float) -> Change:
    """Cut off at this share of the greatest peak."""
    return lambda audio: np.clip(audio, -share * np.abs(audio).max(), share * np.abs(audio).max())


def faster(speed: float) -> Change:
    """Faster, and higher as well."""
    return lambda audio: soxr.resample(audio, speed, 1.0)


def room(decay: float, db: float) -> Change:
    """In a room of this RT60 in seconds, its reverberation so much louder than the direct sound."""
    time = np.arange(int(decay * RATE)) / RATE
    tail = np.random.default_rng(0).standard_normal(len(time)) * 10 ** (-3 * time / decay)
    tail *= 10 ** (db / 20) / np.sqrt(np.square(tail).sum())
    tail[0] = 1
    return lambda audio: signal.fftconvolve(audio, tail)[: len(audio)]


def whispered(audio: Audio) -> Audio:
    """Noise in the place of the voice's harmonics."""
    spectra = signal.stft(audio, RATE, nperseg=512)[2]
    noise = signal.stft(np.random.default_rng(0).standard_normal(len(audio)), RATE, nperseg=512)[2]
    envelope = signal.convolve2d(np.abs(spectra), np.full((9, 1), 1 / 9), "same")
    return signal.istft(envelope * noise / (np.abs(noise) + 1e-9), RATE, nperseg=512)[1][: len(audio)]


CHANGES: dict[str, Change] = {
    "as it is": lambda audio: audio,
    "300 to 3,400 Hz": band(300, 3400),
    "500 to 2,500 Hz": band(500, 2500),
    "above 1,000 Hz": band(1000, 7900),
    "below 1,500 Hz": band(20, 1500),
    "sharp: +6 dB an octave": tilt(6),
    "muffled: -6 dB an octave": tilt(-6),
    "clipped at 0.3": clipped(0.3),
    "clipped at 0.1": clipped(0.1),
    "1.4 times as fast": faster(1.4),
    "0.65 times as fast": faster(0.65),
    "room, 0.8 s, 0 dB": room(0.8, 0),
    "hall, 1.5 s, +6 dB": room(1.5, 6),
    "whispered": whispered,
}


def main() -> None:
    """Print a Markdown table."""
    options = parser(__doc__).parse_args()
    torch.set_num_threads(1)
    speech = Separator(load_model(options.model)).mono_speech
    print("| voice |", " | ".join(f"{name}: alone | in noise" for name in SETS), "|\n|---|" + 2 * len(SETS) * "---|")
    for change_name, change in CHANGES.items():
        cells: list[float] = []
        for name in SETS:
            rows = []
            for x, clean in clips(options.corpora, name):
                voice = change(clean).astype(np.float32)
                voice *= np.sqrt(np.square(clean).mean() / np.square(voice).mean())
                noise = np.resize(x - clean, len(voice))
                rows.append([100 * lost(speech(heard, RATE), voice, RATE) for heard in (voice, voice + noise)])
            cells += list(np.mean(rows, axis=0))
        print(f"| {change_name} |", " | ".join(f"{cell:.1f}" for cell in cells), "|", flush=True)
    print("\n" + machine_line())


if __name__ == "__main__":
    main()
