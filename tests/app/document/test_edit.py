"""What is heard under solo and mute."""

import math

import numpy as np
import pytest

from app.document.edit import Edit, Marker, heard
from engine.errors import UsageError
from engine.remix import Region, Remix, render

REMIX = Remix(-3, -18, (Region(0.2, 0.4, 3, -math.inf), Region(0.3, 0.6, -math.inf, 6)))
SPEECH, NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 1000, 1))
MIXTURE = SPEECH + NOISE


def sound(remix: Remix) -> np.ndarray:
    return render(MIXTURE, SPEECH, remix, 0, 1000)


def test_without_solo_and_mute_the_remix_is_heard() -> None:
    assert heard(REMIX, None, frozenset()) == REMIX


@pytest.mark.parametrize(("lane", "track"), [("mixture", MIXTURE), ("speech", SPEECH), ("noise", NOISE)])
def test_solo_plays_the_raw_track_even_if_it_is_muted(lane: str, track: np.ndarray) -> None:
    for muted in (frozenset(), frozenset({lane})):
        assert np.allclose(sound(heard(REMIX, lane, muted)), track, atol=1e-15)


@pytest.mark.parametrize("lane", ["speech", "noise"])
def test_muted_track_is_silent_everywhere_and_the_other_stays(lane: str) -> None:
    speech, noise = heard(REMIX, None, frozenset({lane})).gains(0, 1000, 1000)
    of_speech, of_noise = REMIX.gains(0, 1000, 1000)
    silent, kept, expected = (speech, noise, of_noise) if lane == "speech" else (noise, speech, of_speech)
    assert not silent.any() and np.array_equal(kept, expected)


@pytest.mark.parametrize("muted", [{"mixture"}, {"speech", "noise"}, {"mixture", "speech"}])
def test_nothing_is_heard_with_the_mixture_or_both_tracks_muted(muted: set[str]) -> None:
    assert not sound(heard(REMIX, None, frozenset(muted))).any()


@pytest.mark.parametrize("time", [-1, math.nan, math.inf])
def test_marker_needs_a_time_in_the_recording(time: float) -> None:
    with pytest.raises(UsageError):
        Marker(time, "x")


def test_edits_are_values() -> None:
    assert Edit() == Edit() and hash(Edit(REMIX, (Marker(1, "a"),))) == hash(Edit(REMIX, (Marker(1, "a"),)))
