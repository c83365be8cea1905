"""Presets: those of Voicebed, and the user's own under unique names."""

import math

import pytest

from app.document.presets import BUNDLED, Preset, Presets, added, presets_data, presets_from, renamed
from engine.errors import UsageError
from engine.remix import Region, Remix

MINE: Presets = (Preset("Mine", -3, -math.inf), Preset("Straße", 0, -12))


def test_bundled_presets() -> None:
    gains = {preset.name: (preset.speech_db, preset.noise_db) for preset in BUNDLED}
    assert gains == {
        "Voice only": (0, -math.inf),
        "Clean but natural": (0, -18),
        "Original": (0, 0),
        "Atmosphere up": (0, 6),
    }


def test_a_preset_leaves_the_regions() -> None:
    remix = Remix(3, 3, (Region(1, 2),))
    assert BUNDLED[1].applied(remix) == Remix(0, -18, (Region(1, 2),))


def test_names_are_trimmed_and_unique() -> None:
    assert added(MINE, Preset(" New ", 0, 0))[-1].name == "New"
    for name in ("", "  ", "mine", "STRASSE", "voice ONLY "):
        with pytest.raises(UsageError):
            added(MINE, Preset(name, 0, 0))


def test_renaming() -> None:
    assert [preset.name for preset in renamed(MINE, 0, "MINE")] == ["MINE", "Straße"]
    assert renamed(MINE, 1, "Street") == (MINE[0], Preset("Street", 0, -12))
    with pytest.raises(UsageError, match="already"):
        renamed(MINE, 1, "mine")


def test_gains_are_checked() -> None:
    with pytest.raises(UsageError):
        Preset("Loud", 13, 0)


def test_presets_come_back() -> None:
    assert presets_from(presets_data(MINE)) == MINE
