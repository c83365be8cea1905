"""There and back on each axis, and figures that keep apart."""

import numpy as np
import pytest

from app.document.view import AXES, Axis
from app.picture.axis import FrequencyAxis, pixel_map
from app.picture.spectrum import Grid


@pytest.mark.parametrize("kind", AXES)
@pytest.mark.parametrize("rate", [8_000, 48_000])
def test_there_and_back(kind: Axis, rate: int) -> None:
    axis = FrequencyAxis(kind, rate, 300)
    for y in (0.0, 10.5, 150.0, 299.0, 300.0):
        assert axis.y(axis.frequency(y)) == pytest.approx(y, abs=1e-6)
    assert axis.frequency(0) == pytest.approx(rate / 2)
    assert axis.frequency(300) == pytest.approx(40 if kind == "log" else 0, abs=1e-6)


@pytest.mark.parametrize("kind", AXES)
@pytest.mark.parametrize("height", [60, 300, 1200])
def test_a_row_is_drawn_where_its_frequency_is(kind: Axis, height: int) -> None:
    grid = Grid(48_000)
    axis = FrequencyAxis(kind, 48_000, height)
    for row in (20, 100, 250, grid.rows - 10):
        rows = np.zeros(grid.rows, np.uint8)
        rows[row] = 255
        lines = pixel_map(kind, grid, height)(rows)[::-1]
        assert lines.max() > 120  # however few pixels there are
        assert abs(int(lines.argmax()) + 0.5 - axis.y(grid.frequencies[row])) <= max(1.5, 0.01 * height)


@pytest.mark.parametrize("kind", AXES)
@pytest.mark.parametrize("height", [100, 300, 900])
def test_figures_keep_apart(kind: Axis, height: int) -> None:
    axis = FrequencyAxis(kind, 48_000, height)
    figures = axis.ticks(26)
    places = [axis.y(hertz) for hertz, _ in figures]
    assert len(figures) >= 2 and np.all(np.diff(places) <= -26 + 1e-6)
    assert all(0 < y < height for y in places)


def test_how_figures_are_written() -> None:
    assert dict(FrequencyAxis("log", 48_000, 300).ticks(20))[100.0] == "100"
    assert dict(FrequencyAxis("linear", 48_000, 900).ticks(20))[5000.0] == "5k"
