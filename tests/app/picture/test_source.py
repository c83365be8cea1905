"""A lane shows the best that there is: the pyramid, the samples themselves, or a glance at them."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.picture.pyramid import PyramidWriter
from app.picture.sampling import Preview, sampled
from app.picture.source import LaneSource
from app.picture.spectrum import Grid
from tests.app.picture.sounds import RATE, beep, noise, reader

GRID = Grid(RATE)
HOP = GRID.hop
SOUND = np.concatenate((noise(20), beep(20, 5, 15)))


def write(folder: Path, sound: NDArray[np.float32], share: float = 1.0) -> None:
    with PyramidWriter(folder, RATE, len(sound)) as writer:
        writer.add(sound[: round(share * len(sound))])


def test_samples_and_pyramid_agree_column_for_column(tmp_path: Path) -> None:
    write(tmp_path, SOUND)
    pyramid = LaneSource(tmp_path, None, RATE, len(SOUND))
    by_samples = sampled(reader(SOUND), GRID, len(SOUND), 100 * HOP, 300 * HOP, 200)
    stored = pyramid.strip(100 * HOP, 300 * HOP, 200)
    assert np.abs(stored.levels.astype(int) - by_samples.levels).max() <= 1
    assert np.array_equal(stored.waveform, by_samples.waveform)


def test_pooled_columns_hold_every_peak(tmp_path: Path) -> None:
    write(tmp_path, SOUND)
    source = LaneSource(tmp_path, None, RATE, len(SOUND))
    fine = source.strip(0, 2400 * HOP, 2400)
    for columns in (37, 300, 1000):
        coarse = source.strip(0, 2400 * HOP, columns)
        assert np.array_equal(coarse.levels.max(axis=0), fine.levels.max(axis=0))
        assert np.array_equal(coarse.waveform.max(axis=0), fine.waveform.max(axis=0))


@pytest.mark.parametrize("samples_per_column", [0.5, 7.3, 100, HOP, 3 * HOP, 20 * HOP])
def test_strips_fit_together(samples_per_column: float) -> None:
    start, step = 50_000.0, samples_per_column
    whole = sampled(reader(SOUND), GRID, len(SOUND), start, start + 64 * step, 64)
    second = sampled(reader(SOUND), GRID, len(SOUND), start + 32 * step, start + 64 * step, 32)
    assert np.abs(whole.levels[32:].astype(int) - second.levels).max() <= 1


def test_samples_of_a_deep_zoom_are_the_curve_itself() -> None:
    strip = sampled(reader(SOUND), GRID, len(SOUND), 1000, 1010, 40)
    assert np.array_equal(strip.waveform[::4, 0], np.rint(SOUND[1000:1010, 0] * 32767).astype(int))
    assert np.all(strip.waveform[:, 0] + strip.waveform[:, 1] == 0)


def test_the_preview_agrees_with_the_pyramid(tmp_path: Path) -> None:
    sound = np.tile(SOUND, (9, 1))  # 6 minutes, so that not everything is read
    read = reader(sound)
    asked = []
    preview = Preview(lambda start, stop: asked.append(stop - start) or read(start, stop), GRID, len(sound))
    while not preview.complete:
        preview.refine()
    assert preview.passes == 4 and len(preview.strip.levels) == 2048 and sum(asked) < 0.8 * len(sound)
    write(tmp_path, sound)
    exact = LaneSource(tmp_path, None, RATE, len(sound)).strip(0, len(sound), 2048)
    row = int(np.argmin(np.abs(GRID.frequencies - 1000)))
    difference = exact.levels[:, row].astype(int) - preview.strip.levels[:, row]
    assert np.mean(np.abs(difference) <= 12) > 0.9 and difference.min() > -9
    assert np.corrcoef(exact.waveform[:, 0], preview.strip.waveform[:, 0])[0, 1] > 0.9


def test_a_first_pass_shows_the_whole() -> None:
    sound = np.tile(SOUND, (9, 1))
    preview = Preview(reader(sound), GRID, len(sound))
    preview.refine()
    assert np.count_nonzero(preview.strip.levels.max(axis=1) > 100) > 1000


def test_short_recordings_are_previewed_at_once() -> None:
    preview = Preview(reader(SOUND), GRID, len(SOUND))
    preview.refine()
    assert preview.complete


def test_an_unfinished_split_ends_where_it_is_done(tmp_path: Path) -> None:
    done = 16 * RATE
    write(tmp_path, SOUND, 0.35)
    source = LaneSource(tmp_path, reader(SOUND), RATE, len(SOUND), lambda: done)
    assert source.done() == done and not source.complete()
    strip = source.strip(0, len(SOUND), 100)
    assert np.all(strip.levels[:40].max(axis=1) > 100) and not strip.levels[40:].any()
    before = source.state(0, len(SOUND), 100), source.state(0, 5 * RATE, 100)
    done += RATE
    assert source.state(0, len(SOUND), 100) != before[0] and source.state(0, 5 * RATE, 100) == before[1]
    assert source.strip(0, len(SOUND), 100).levels[41].any()


def test_without_pyramid_the_samples_are_shown(tmp_path: Path) -> None:
    source = LaneSource(tmp_path / "none", reader(SOUND), RATE, len(SOUND))
    source.preview = None
    assert source.strip(0, 20 * RATE, 50).levels.max(axis=1).min() > 100 and not source.complete()
    silent = LaneSource(tmp_path / "none", None, RATE, len(SOUND))
    assert silent.done() == 0 and not silent.strip(0, len(SOUND), 50).levels.any()


def test_changed_stretches_are_read_anew(tmp_path: Path) -> None:
    write(tmp_path, np.zeros_like(SOUND))
    source = LaneSource(tmp_path, reader(SOUND), RATE, len(SOUND), None, ((10.0, 12.0),))
    loud = source.strip(0, len(SOUND), 400).levels.max(axis=1) > 100
    assert np.array_equal(np.flatnonzero(loud), np.arange(100, 120))


def test_a_pyramid_of_another_recording_is_passed_over(tmp_path: Path) -> None:
    write(tmp_path, SOUND)
    assert LaneSource(tmp_path, None, RATE, len(SOUND) + 1).done() == 0
    assert LaneSource(tmp_path, None, 48_000, len(SOUND)).done() == 0
