"""No value is lost on a coarser grid, and a finer one is a straight line."""

import numpy as np

from app.picture.peaks import PeakMap


def test_every_value_is_in_exactly_one_cell() -> None:
    values = np.zeros(100, np.uint8)
    to_cells = PeakMap(np.linspace(-0.5, 99.5, 14), 100)
    for place in range(100):
        values[:] = 0
        values[place] = 200
        assert np.count_nonzero(to_cells(values)) == 1


def test_more_cells_than_values() -> None:
    values = np.array([[0.0, 10.0], [4.0, 10.0], [0.0, 10.0]], np.float32)
    cells = PeakMap(np.linspace(-0.5, 2.5, 13), 3)(values)
    assert cells.shape == (12, 2) and np.all(cells[:, 1] == 10)
    assert cells[:, 0].max() == 4 and np.all(np.abs(np.diff(cells[:, 0])) <= 1.5)


def test_the_ends_are_held() -> None:
    values = np.array([3, 1, 7], np.int16)
    assert PeakMap(np.arange(-3, 7) - 0.5, 3)(values).tolist() == [3, 3, 3, 3, 1, 7, 7, 7, 7]
