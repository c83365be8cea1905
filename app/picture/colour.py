"""Colour maps of spectrograms: a byte of level to a colour, by a table of 256."""

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.picture.spectrum import CEILING_DB, FLOOR_DB

FOLDER = Path(__file__).parents[2] / "resources" / "colours"
COLOURS = ("inferno", "magma", "viridis", "grey", "tinted")
TINTED = ((11, 13, 16), (247, 249, 250))  # the darkest and the brightest colour of "tinted"
FULL_TINT = 0.72  # where on the way from dark to bright it has the tint itself

Rgb = tuple[int, int, int]


@lru_cache(maxsize=16)
def colour_map(name: str, tint: Rgb = (128, 128, 128)) -> NDArray[np.uint8]:
    """A map of `COLOURS` as (256, 3), quiet to loud; "tinted" passes through `tint`. Raises ValueError for others."""
    if name not in COLOURS:
        raise ValueError(f"unknown colours '{name}'; choose one of {', '.join(COLOURS)}")
    if name == "grey":
        return np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    if name == "tinted":
        dark, bright = TINTED
        marks = zip(dark, tint, bright, strict=True)
        scale = np.linspace(0, 1, 256)
        return np.stack([np.rint(np.interp(scale, (0, FULL_TINT, 1), m)) for m in marks], axis=1).astype(np.uint8)
    listed = (FOLDER / f"{name}.txt").read_text(encoding="ascii")
    return np.frombuffer(bytes.fromhex(listed.replace("#", "")), np.uint8).reshape(256, 3)


def colour_table(colours: NDArray[np.uint8], floor_db: float, ceiling_db: float) -> tuple[int, ...]:
    """The colour of each of the 256 levels as 0xffrrggbb: `colours` stretched between two levels in dBFS."""
    level = np.linspace(FLOOR_DB, CEILING_DB, 256)
    index = np.rint(np.clip((level - floor_db) / (ceiling_db - floor_db), 0, 1) * 255).astype(int)
    red, green, blue = colours[index].astype(np.uint32).T
    return tuple((0xFF000000 | red << 16 | green << 8 | blue).tolist())


def shade_table(colour: Rgb, opacity: float) -> tuple[int, ...]:
    """One colour at 256 shares of `opacity` (0 to 1), as 0xaarrggbb."""
    red, green, blue = colour
    alpha = np.rint(np.arange(256) * opacity).astype(np.uint32)
    return tuple((alpha << 24 | red << 16 | green << 8 | blue).tolist())
