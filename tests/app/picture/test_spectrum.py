"""Tones lie in their row at their level, whatever the rate."""

import numpy as np
import pytest
from scipy.fft import next_fast_len

from app.picture.spectrum import WINDOW_SECONDS, Grid, level_bytes, level_db
from tests.app.picture.sounds import tone


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000, 192_000])
@pytest.mark.parametrize("db", [-6.0, -60.0])
def test_a_tone_is_in_its_row_at_its_level(rate: int, db: float) -> None:
    grid = Grid(rate)
    row = grid.rows * 2 // 3
    hertz = grid.edges[row] * rate / grid.size
    sound = tone(grid.size / rate + 0.01, hertz, db, rate)[: grid.size]
    column = grid.levels(sound.T[:, None])[0]
    assert abs(int(column.argmax()) - row) <= 1
    assert level_db(int(column.max())) == pytest.approx(db, abs=1)


def test_the_grid() -> None:
    grid = Grid(48_000)
    assert grid.hop == 768 and grid.size == 2048 and 380 <= grid.rows <= 420
    assert np.all(np.diff(grid.edges) >= 1) and grid.edges[-1] == grid.size // 2 + 1
    assert grid.frequencies[0] == 0 and grid.frequencies[-1] == pytest.approx(24_000, rel=0.01)
    assert np.all(np.diff(grid.edges)[:128] == 1)


def test_channels_that_cancel_are_seen() -> None:
    grid = Grid(16_000)
    sound = tone(grid.size / 16_000)[: grid.size, 0]
    both = np.stack((sound, -sound))[:, None]
    assert np.array_equal(grid.levels(both), grid.levels(both[:1]))


def test_levels_are_held_at_the_ends() -> None:
    power = np.array([0, 1e-13, 1e-12, 2e-6, 1, 100], np.float32)  # at 1e-6, half a byte, processors differ
    assert level_bytes(power).tolist() == [0, 0, 0, 134, 255, 255]
    assert (level_db(0), level_db(255)) == (-120, 0)


@pytest.mark.parametrize("rate", [1000, 8000, 11_025, 22_050, 44_100, 47_999, 88_200, 192_000])
def test_the_size_is_the_one_that_scipy_would_choose(rate: int) -> None:
    wanted = next_fast_len(max(8, round(WINDOW_SECONDS / 2 * rate)), real=True)
    assert wanted and Grid(rate).size == 2 * wanted
