from collections.abc import Iterable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import resample

from engine.limiter import Limiter
from engine.loudness import LoudnessMeter

RATE = 48000
T = np.arange(RATE) / RATE


def limited(
    x: NDArray, ceiling: float = -1, rate: int = RATE, cuts: Iterable[int] = (), look_ahead: float = 0.005
) -> NDArray:
    limiter = Limiter(rate, x.shape[1], ceiling, look_ahead)
    y = np.concatenate([*(limiter.process(block) for block in np.split(x, list(cuts))), limiter.flush()])
    assert y.shape == x.shape and y.dtype == x.dtype
    return y


def true_peak(x: NDArray, rate: int = RATE) -> float:
    meter = LoudnessMeter(rate, x.shape[1])
    meter.add(x)
    return meter.true_peak()


def bursts(seed: int = 0) -> NDArray:
    noise = np.random.default_rng(seed).standard_normal((RATE, 2))
    return noise * np.where(T % 0.25 < 0.02, 3, 0.02)[:, None]


HARD = {
    "bursts": bursts(),
    "clipped square": np.clip(10 * np.sin(2 * np.pi * 997 * T), -1, 1)[:, None].repeat(2, 1),
    "fs/4": (np.sin(2 * np.pi * RATE / 4 * T + np.pi / 4) * np.where(T % 0.5 < 0.1, 4, 0.1))[:, None],
    "19 kHz pips": (np.sin(2 * np.pi * 19000 * T) * np.where(T % 0.3 < 0.005, 30, 0.1))[:, None],
    "clicks": np.where(np.arange(RATE) % 5000 < 2, 30.0, 0.0)[:, None],
    "loud noise": np.random.default_rng(1).standard_normal((RATE, 1)).astype(np.float32),
}


@pytest.mark.parametrize("x", HARD.values(), ids=HARD.keys())
@pytest.mark.parametrize("look_ahead", [0.001, 0.005])
def test_holds_the_ceiling_without_giving_away_level(x: NDArray, look_ahead: float) -> None:
    assert true_peak(x) > 1
    y = limited(x, look_ahead=look_ahead)
    assert -1.05 < true_peak(y) < -0.98
    if x is HARD["clipped square"] or x is HARD["fs/4"]:  # little above 20 kHz, so finer oversampling must agree
        faded = y[:4096] * np.hanning(4096)[:, None]  # or the cut itself would overshoot
        assert 20 * np.log10(np.abs(np.asarray(resample(faded, 16 * 4096))).max()) < -0.9


@pytest.mark.parametrize("rate", [8000, 44100, 96000, 192000])
def test_holds_the_ceiling_at_any_rate(rate: int) -> None:
    assert true_peak(limited(bursts(), -3, rate), rate) < -2.98


def test_peaks_at_the_very_ends_are_held() -> None:
    x = np.zeros((20, 1))
    x[[0, 1, -2, -1]] = 2
    assert true_peak(limited(x)) < -0.98


def test_untouched_samples_are_bit_identical() -> None:
    x = (0.05 * bursts()).astype(np.float32)
    np.testing.assert_array_equal(limited(x, true_peak(x) + 0.001), x)
    x[RATE // 5] = 2  # one click: reaches 5 ms back, and on until its release has faded
    y = limited(x)
    same = (y == x).all(1)
    assert same[: RATE // 5 - 260].all() and same[-RATE // 100 :].all() and not same[RATE // 5 : RATE // 2].any()


def test_gain_is_smooth_and_common_to_all_channels() -> None:
    x = np.full((RATE, 2), 0.1) * [1, -0.5]
    x[RATE // 2] = [4, -2]
    gain = limited(x) / x
    np.testing.assert_allclose(gain[:, 0], gain[:, 1], rtol=1e-12)
    assert gain.min() < 0.25 and gain.max() == 1
    decibels = 20 * np.log10(gain[:, 0])
    assert np.abs(np.diff(decibels)).max() < 2.5 * -decibels.min() / 240  # no steeper than its window, nowhere a step
    after = decibels[RATE // 2 + 240 :]
    assert (np.diff(after) > -1e-9).all()
    assert after[RATE // 10] / after[0] == pytest.approx(np.exp(-1), rel=0.01)  # release: to 1/e in 0.1 s


@pytest.mark.parametrize("count", [1, 30, 400])
def test_cutting_into_blocks_changes_no_bit(count: int) -> None:
    cuts = np.sort(np.random.default_rng(count).integers(0, RATE, count))
    np.testing.assert_array_equal(limited(bursts(), cuts=cuts), limited(bursts()))


@pytest.mark.parametrize("frames", [0, 1, 300, 4096])
@pytest.mark.parametrize("look_ahead", [0.005, 0.2])
def test_any_length_comes_out_whole(frames: int, look_ahead: float) -> None:
    x = np.full((frames, 3), 0.5)
    np.testing.assert_array_equal(limited(x, look_ahead=look_ahead), x)


def test_wrong_shape() -> None:
    with pytest.raises(ValueError, match="expected"):
        Limiter(RATE, 2, -1).process(np.zeros((4, 1)))
