"""Levels: the greatest true peak since they were asked for, whatever the blocks."""

import math

import numpy as np
import pytest

from app.sound.meters import Levels, Meters

RATE = 48000


def blocks(samples: np.ndarray, frames: int = 480) -> list[np.ndarray]:
    return [samples[start : start + frames] for start in range(0, len(samples), frames)]


def test_peaks_between_samples_are_found_and_asked_for_once() -> None:
    # A quarter of the sample rate, sampled at 45°: 3 dB more between the samples than on them.
    tone = np.sin(np.pi / 2 * np.arange(RATE) + np.pi / 4).astype(np.float32)[:, None] * 0.5
    meters = Meters(RATE, 1)
    for block in blocks(tone):
        meters.add(block)
    assert meters.levels().true_peak == pytest.approx(20 * math.log10(0.5), abs=0.2)
    assert meters.levels().true_peak == -math.inf
    quiet = []
    for block in np.full((2, 480, 1), 0.001):
        meters.add(block)
        quiet.append(meters.levels().true_peak)
    assert quiet[0] < -5 and quiet[1] < -50  # what lies across the edge of two blocks counts to the later


def test_clipping_is_told_once() -> None:
    meters = Meters(RATE, 2)
    for value in (0.99, -1.0, 0.5):
        meters.add(np.full((480, 2), value))
    assert meters.levels().clipped and not meters.levels().clipped


def test_silence_and_reset() -> None:
    meters = Meters(RATE, 2)
    for _ in range(100):
        meters.add(np.full((480, 2), 0.1) * np.resize([1, -1], (480, 1)))
    assert meters.levels().momentary > -30
    meters.reset()
    assert meters.levels() == Levels()


@pytest.mark.parametrize("sample_rate", [1000, 8000, 192000])
def test_any_rate(sample_rate: int) -> None:
    meters = Meters(sample_rate, 1)
    for block in blocks(np.random.default_rng(0).uniform(-0.5, 0.5, (sample_rate, 1)), sample_rate // 100):
        meters.add(block)
    levels = meters.levels()
    assert -7 < levels.true_peak < 3 and (levels.momentary > -30) == (sample_rate >= 4000)
