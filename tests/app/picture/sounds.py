"""Sounds whose picture is known."""

import numpy as np
from numpy.typing import NDArray

from app.picture.sampling import Read

RATE = 16_000


def tone(seconds: float, hertz: float = 1000.0, db: float = -20.0, rate: int = RATE) -> NDArray[np.float32]:
    """A mono sine (samples, 1) of a level in dBFS."""
    wave = 10 ** (db / 20) * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return wave[:, None].astype(np.float32)


def beep(seconds: float, start: float, end: float, hertz: float = 1000.0) -> NDArray[np.float32]:
    """Silence with a tone of −20 dBFS in it."""
    sound = tone(seconds, hertz)
    sound[: round(start * RATE)] = sound[round(end * RATE) :] = 0
    return sound


def noise(seconds: float, channels: int = 1) -> NDArray[np.float32]:
    """White noise, the same every time."""
    return np.random.default_rng(1).normal(0, 0.1, (round(seconds * RATE), channels)).astype(np.float32)


def reader(sound: NDArray[np.float32]) -> Read:
    """What reads a sound in memory."""
    return lambda start, stop: sound[start:stop]
