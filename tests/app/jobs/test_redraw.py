"""A stretch of a picture drawn anew gives the bytes that drawing all of it gives."""

from pathlib import Path

import numpy as np
import pytest

from app.jobs.redraw import redraw
from app.picture.pyramid import PyramidWriter

RATE, FRAMES = 8000, 8000 * 40 + 77


@pytest.mark.parametrize(
    ("first", "last"),
    [(0, 10), (100_000, 108_000), (160_000, 160_001), (FRAMES - 5, FRAMES), (0, FRAMES)],
    ids=["beginning", "middle", "one sample", "end", "all"],
)
def test_a_stretch_drawn_anew(tmp_path: Path, first: int, last: int) -> None:
    before = np.random.default_rng(0).standard_normal((FRAMES, 2)).astype(np.float32) * 0.1
    after = before.copy()
    after[first:last] *= 3
    for name, samples in (("redrawn", before), ("drawn", after)):
        with PyramidWriter(tmp_path / name, RATE, FRAMES) as writer:
            writer.add(samples)
    assert any(
        (tmp_path / "redrawn" / file.name).read_bytes() != file.read_bytes() for file in (tmp_path / "drawn").iterdir()
    )
    redraw(tmp_path / "redrawn", first, last, lambda start, stop: after[start:stop])
    files = sorted((tmp_path / "drawn").iterdir())
    assert len(files) >= 5
    for file in files:
        assert (tmp_path / "redrawn" / file.name).read_bytes() == file.read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"redrawn", "drawn"}
