"""Colour maps from dark to bright, stretched between two levels."""

import numpy as np
import pytest

from app.picture.colour import COLOURS, colour_map, colour_table, shade_table


@pytest.mark.parametrize("name", COLOURS)
def test_maps_go_from_dark_to_bright(name: str) -> None:
    colours = colour_map(name, (47, 181, 160)).astype(int)
    brightness = colours @ [2, 5, 1]
    assert colours.shape == (256, 3) and brightness[0] < brightness[128] < brightness[255]
    assert np.diff(brightness).min() >= -8


def test_tinted_has_the_colour_of_its_lane() -> None:
    assert (np.abs(colour_map("tinted", (47, 181, 160)).astype(int) - (47, 181, 160)).sum(axis=1) < 4).any()


def test_unknown_names() -> None:
    with pytest.raises(ValueError, match="inferno"):
        colour_map("rainbow")


def test_contrast() -> None:
    colours = colour_map("grey")
    table = np.array(colour_table(colours, -90, -30)) & 0xFF
    decibels = np.linspace(-120, 0, 256)
    assert np.all(table[decibels <= -90] == 0) and np.all(table[decibels >= -30] == 255)
    assert table[round((60 / 120) * 255)] == pytest.approx(128, abs=2)


def test_shades() -> None:
    table = shade_table((1, 2, 3), 0.5)
    assert table[0] == 0x00010203 and table[255] >> 24 == 128
