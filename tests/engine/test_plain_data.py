"""Remixes, deliveries and patches as JSON holds them."""

import json
import math
from collections.abc import Callable
from typing import Any

import pytest

from engine.delivery import Delivery, delivery_data, delivery_from
from engine.errors import InputError
from engine.patch import Patch, patch_data, patch_from
from engine.remix import Region, Remix, regions_from, remix_data, remix_from

HUGE = 10**400  # an integer to JSON, and too much for a float


@pytest.mark.parametrize(
    "value",
    [
        Remix(),
        Remix(-math.inf, -18.5, (Region(1, 2, -math.inf, 3, 0.1), Region(2.25, 3))),
        Delivery(),
        Delivery(-16, -1.5, "PCM_24"),
        Patch(1.5, 2, "voicebed-spectral"),
    ],
)
def test_there_and_back(value: Any) -> None:
    to, back = {
        Remix: (remix_data, remix_from),
        Delivery: (delivery_data, delivery_from),
        Patch: (patch_data, patch_from),
    }[type(value)]
    assert back(json.loads(json.dumps(to(value), allow_nan=False))) == value


def test_what_is_left_out_has_its_default() -> None:
    assert remix_from({"noise_db": "-inf"}) == Remix(0, -math.inf)
    assert delivery_from({"loudness": -16}) == Delivery(-16)


def test_a_remix_is_a_list_of_regions_too() -> None:
    remix = Remix(3, -18, (Region(1, 2, -math.inf),))
    assert regions_from(remix_data(remix)) == remix.regions


BAD: list[tuple[Callable[[Any], Any], list[Any]]] = [
    (
        remix_from,
        [
            None,
            [],
            {"gain": 1},
            {"speech_db": "loud"},
            {"speech_db": 20},
            {"noise_db": None},
            {"regions": 3},
            {"regions": [{}]},
            {"regions": [{"start": HUGE, "end": 2}]},
            {"regions": [{"start": 0, "end": 1, "ramp": math.nan}]},
        ],
    ),
    (
        delivery_from,
        [
            None,
            [],
            {"loud": 1},
            {"loudness": "a"},
            {"loudness": []},
            {"loudness": 9},
            {"true_peak": HUGE},
            {"subtype": 4},
        ],
    ),
    (
        patch_from,
        [
            None,
            [],
            "text",
            {},
            {"start": 1, "end": 0, "model": "a"},
            {"start": 0, "end": 1, "model": None},
            {"start": 0, "end": HUGE, "model": "a"},
            {"start": 0, "end": 1, "model": "a", "colour": "b"},
        ],
    ),
]


@pytest.mark.parametrize(("read", "data"), [(read, data) for read, each in BAD for data in each])
def test_bad_data_are_refused_in_one_line(read: Callable[[Any], Any], data: Any) -> None:
    with pytest.raises(InputError) as caught:
        read(data)
    assert "\n" not in str(caught.value) and "__init__" not in str(caught.value)
