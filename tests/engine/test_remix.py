"""Gains, regions and the one render function."""

import json
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from engine.errors import InputError, UsageError
from engine.remix import Region, Remix, read_regions, render

RATE = 1000
RNG = np.random.default_rng(0)
MIXTURE, SPEECH = RNG.standard_normal((2, 3000, 2)).astype(np.float32)


def test_unity_gains_return_the_mixture_bit_for_bit() -> None:
    assert np.array_equal(render(MIXTURE, SPEECH, Remix(), 0, RATE), MIXTURE)


@pytest.mark.parametrize(("speech_db", "noise_db"), [(-6, 0), (0, -18), (12, -math.inf), (-math.inf, 0)])
def test_render_weighs_speech_and_noise(speech_db: float, noise_db: float) -> None:
    expected = 10 ** (speech_db / 20) * SPEECH + 10 ** (noise_db / 20) * (MIXTURE - SPEECH)
    assert np.allclose(render(MIXTURE, SPEECH, Remix(speech_db, noise_db), 0, RATE), expected, atol=1e-5)


def test_region_holds_inside_and_only_there() -> None:
    remix = Remix(regions=(Region(1.0, 2.0, speech_db=0, noise_db=-math.inf, ramp=0.1),))
    mixed = render(MIXTURE, SPEECH, remix, 0, RATE)
    assert np.array_equal(mixed[:1000], MIXTURE[:1000]) and np.array_equal(mixed[2001:], MIXTURE[2001:])
    assert np.allclose(mixed[1101:1900], SPEECH[1101:1900], atol=1e-6)


def test_ramps_have_no_steps_and_blocks_do_not_matter() -> None:
    remix = Remix(noise_db=-6, regions=(Region(0.5, 1.5, 3, -20, 0.2), Region(1.4, 2.5, 0, 6, 0.1)))
    speech, noise = remix.gains(0, 3000, RATE)
    assert np.abs(np.diff(noise[:, 0])).max() < 0.05 and np.abs(np.diff(speech[:, 0])).max() < 0.05
    cuts = [0, 1, 499, 501, 1450, 3000]
    pieces = [render(MIXTURE[a:b], SPEECH[a:b], remix, a, RATE) for a, b in pairwise(cuts)]
    assert np.array_equal(np.concatenate(pieces), render(MIXTURE, SPEECH, remix, 0, RATE))


@pytest.mark.parametrize(
    "make", [lambda: Remix(13), lambda: Remix(0, math.nan), lambda: Region(2, 1), lambda: Region(0, 1, 20)]
)
def test_impossible_settings_are_refused(make) -> None:
    with pytest.raises(UsageError):
        make()


def test_regions_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "regions.json"
    path.write_text(
        json.dumps({"regions": [{"start": 1, "end": 2, "noise_db": "-inf"}, {"start": 3, "end": 4, "ramp": 0}]})
    )
    assert read_regions(path) == (Region(1, 2, 0, -math.inf), Region(3, 4, ramp=0))


@pytest.mark.parametrize(
    "text", ["nonsense", '[{"start": 1}]', '[{"start": 2, "end": 1}]', '[{"start": 1, "end": 2, "x": 3}]', "[7]"]
)
def test_broken_region_files_give_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "regions.json"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_regions(path)
    assert "\n" not in str(caught.value) and "regions.json" in str(caught.value)
