"""Same samples, same bytes; higher levels are peaks; what is there can be read while it grows."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.picture.pyramid import POOL, Pyramid, PyramidWriter, level_count
from app.picture.spectrum import level_db
from tests.app.picture.sounds import RATE, beep, noise

SOUND = np.concatenate((noise(17.3, 2), 0.3 * noise(5, 2)))


def written(folder: Path, sound: NDArray[np.float32], size: int = 5000) -> Pyramid:
    with PyramidWriter(folder, RATE, len(sound)) as writer:
        for start in range(0, len(sound), size):
            writer.add(sound[start : start + size])
    return Pyramid(folder)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("size", [331, 16_384, 1 << 20])
def test_blocks_of_any_size_give_the_same_bytes(tmp_path: Path, size: int) -> None:
    written(tmp_path / "a", SOUND)
    written(tmp_path / "b", SOUND, size)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_levels_are_peaks_of_the_level_below(tmp_path: Path) -> None:
    pyramid = written(tmp_path, SOUND)
    assert pyramid.complete and pyramid.levels == 2
    assert pyramid.ready() == pyramid.columns == -(-len(SOUND) // pyramid.grid.hop)
    for level in range(1, pyramid.levels):
        below, here = pyramid.read(level - 1, 0, 10_000), pyramid.read(level, 0, 10_000)
        low, high = pyramid.waveform(level - 1, 0, 10_000)
        assert here.shape[1] == pyramid.ready(level) == -(-below.shape[1] // POOL)
        for column in range(here.shape[1]):
            part = slice(POOL * column, POOL * column + POOL)
            assert np.array_equal(here[:, column], below[:, part].max(axis=1))
            lowest, highest = pyramid.waveform(level, column, 1)
            assert (lowest[0], highest[0]) == (low[part].min(), high[part].max())


def test_the_waveform_holds_the_extremes(tmp_path: Path) -> None:
    sound = np.zeros((RATE, 2), np.float32)
    sound[5000, 1], sound[5001, 0] = 0.5, -0.25
    pyramid = written(tmp_path, sound)
    low, high = pyramid.waveform(0, 0, 100)
    column = 5000 // pyramid.grid.hop
    assert (low[column], high[column]) == (round(-0.25 * 32767), round(0.5 * 32767))
    assert np.count_nonzero(low) == np.count_nonzero(high) == 1


def test_a_tone_is_where_it_sounds(tmp_path: Path) -> None:
    pyramid = written(tmp_path, beep(4, 1, 3))
    row = int(np.argmin(np.abs(pyramid.grid.frequencies - 1000)))
    loud = np.array([level_db(int(byte)) for byte in pyramid.read(0, 0, 1000)[row]])
    seconds = (np.arange(len(loud)) + 0.5) * pyramid.grid.hop / RATE
    assert np.all(np.abs(loud[(seconds > 1.05) & (seconds < 2.95)] + 20) < 1.5)
    assert np.all(loud[(seconds < 0.95) | (seconds > 3.05)] < -110)


def test_reading_while_it_grows(tmp_path: Path) -> None:
    writer = PyramidWriter(tmp_path, RATE, len(SOUND))
    pyramid = Pyramid(tmp_path)
    assert pyramid.ready() == 0 and not pyramid.complete
    writer.add(SOUND[: len(SOUND) // 2])
    half = pyramid.ready()
    assert 0.4 * pyramid.columns < half <= 0.5 * pyramid.columns
    early = pyramid.read(0, 0, 10_000)
    assert early.shape == (pyramid.grid.rows, half)
    writer.add(SOUND[len(SOUND) // 2 :])
    assert not pyramid.complete
    writer.close()
    assert pyramid.complete and np.array_equal(pyramid.read(0, 0, half), early)


def test_one_that_was_given_up_is_not_complete(tmp_path: Path) -> None:
    with PyramidWriter(tmp_path, RATE, len(SOUND)) as writer:
        writer.add(SOUND[:100_000])
    assert not Pyramid(tmp_path).complete
    assert written(tmp_path, SOUND[:20_000]).columns == Pyramid(tmp_path).ready()


def test_too_many_samples(tmp_path: Path) -> None:
    with PyramidWriter(tmp_path, RATE, 100) as writer, pytest.raises(ValueError, match="101 samples"):
        writer.add(np.zeros((101, 1), np.float32))


def test_no_pyramid_of_this_version(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="meta"):
        Pyramid(tmp_path)
    (tmp_path / "meta.json").write_text('{"version": 0}')
    with pytest.raises(ValueError, match="another version"):
        Pyramid(tmp_path)


def test_level_for_a_zoom(tmp_path: Path) -> None:
    pyramid = written(tmp_path, SOUND)
    hop = pyramid.grid.hop
    assert [pyramid.level_for(samples) for samples in (1, hop, 3.9 * hop, 4 * hop, 400 * hop)] == [0, 0, 0, 1, 1]
    assert (level_count(1024), level_count(1025), level_count(675_000)) == (1, 2, 6)
