"""Sounds made on the spot that the audit takes for speech and for noise."""

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.signal import fftconvolve, lfilter

RATE = 16000


def voice(seconds: float, seed: int = 0) -> NDArray[np.float64]:
    """Syllables of gliding harmonics through formants, sibilants between them, pauses between words; at `RATE`."""
    rng = np.random.default_rng(seed)
    pieces: list[NDArray[np.float64]] = []
    while sum(map(len, pieces)) < seconds * RATE:
        for _ in range(rng.integers(4, 9)):
            length = int(rng.uniform(0.08, 0.16) * RATE)
            shape = np.hanning(length)
            pitch = np.linspace(rng.uniform(80, 130), rng.uniform(70, 110), length)
            sound = np.zeros(length)
            phase = 2 * np.pi * np.cumsum(pitch) / RATE
            for harmonic in range(1, 30):
                sound += np.sin(harmonic * phase) / harmonic
            for formant in (rng.uniform(300, 800), rng.uniform(900, 2200), 2700):
                radius = np.exp(-np.pi * 100 / RATE)
                poles = [1, -2 * radius * np.cos(2 * np.pi * formant / RATE), radius**2]
                sound = np.asarray(lfilter([1 - radius], poles, sound))
            pieces.append(shape * sound / np.abs(sound).max())
            if rng.random() < 0.5:
                hiss = np.diff(rng.standard_normal(int(rng.uniform(0.05, 0.1) * RATE) + 1))
                pieces.append(0.08 * np.hanning(len(hiss)) * hiss)
        pieces.append(np.zeros(int(rng.uniform(0.2, 0.9) * RATE)))
    speech = np.concatenate(pieces)[: int(seconds * RATE)]
    return 0.3 * speech + 1e-4 * rng.standard_normal(len(speech))


def hiss(seconds: float, seed: int = 0) -> NDArray[np.float64]:
    """Coloured noise of mean square 0.01, at `RATE`."""
    white = np.random.default_rng(seed + 1000).standard_normal(int(seconds * RATE))
    noise = np.asarray(lfilter([1], [1, -0.7], white))
    return 0.1 * noise / np.std(noise)


def mixed(speech: NDArray[np.float64], noise: NDArray[np.float64], snr_db: float) -> NDArray[np.float64]:
    """Speech and noise; the ratio counts the speech only where it is within 30 dB of its loudest."""
    power = np.square(speech).reshape(-1, 160).mean(1)
    active = power[power > power.max() / 1000].mean()
    return speech + noise * np.sqrt(active / np.mean(np.square(noise)) / 10 ** (snr_db / 10))


def in_room(speech: NDArray[np.float64], seconds: float, seed: int = 0) -> NDArray[np.float64]:
    """Speech in a room that falls by 60 dB in this time, as loud as the direct sound."""
    length = int(seconds * RATE)
    tail = np.random.default_rng(seed).standard_normal(length) * 10 ** (-3 * np.arange(length) / length)
    response = tail / np.sqrt(np.sum(np.square(tail)))
    response[0] = 1
    return fftconvolve(speech, response)[: len(speech)]


def resampled(audio: NDArray[np.float64], rate: int, through: int = RATE) -> NDArray[np.float64]:
    """Audio of `RATE` at another rate, by way of a third that may be lower."""
    return soxr.resample(soxr.resample(audio, RATE, through), through, rate)
