"""Times and levels in words."""

import math
import random

import pytest

from app.document.words import clock, decibels, parse_clock, parse_decibels
from engine.errors import UsageError


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0:00.000"),
        (83.45, "1:23.450"),
        (59.9996, "1:00.000"),
        (3599.9996, "1:00:00.000"),
        (3723.5, "1:02:03.500"),
        (360000, "100:00:00.000"),
        (-1.5, "−0:01.500"),
        (-0.0001, "0:00.000"),
    ],
)
def test_clock(seconds: float, words: str) -> None:
    assert clock(seconds) == words


def test_times_come_back() -> None:
    rng = random.Random(0)
    for _ in range(500):
        seconds = round(rng.uniform(0, 20000), 3)
        assert parse_clock(clock(seconds)) == pytest.approx(seconds, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), (" 1:02,5 ", 62.5), ("1:02:03", 3723), ("75:00", 4500), (".5", 0.5), ("5.", 5)]
)
def test_typed_times(text: str, seconds: float) -> None:
    assert parse_clock(text) == seconds


@pytest.mark.parametrize(
    "text", ["", ":", "1:60", "1:99:00", "1:2:3:4", "-1", "1e3", "nan", "1::2", "a", "1.5:00", "²"]
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(UsageError, match="is not a time"):
        parse_clock(text)


@pytest.mark.parametrize(
    ("db", "words"),
    [
        (-18, "−18.0 dB"),
        (0, "0.0 dB"),
        (-0.04, "0.0 dB"),
        (6.25, "+6.2 dB"),
        (-math.inf, "−∞ dB"),
        (-60.06, "−60.1 dB"),
    ],
)
def test_decibels(db: float, words: str) -> None:
    assert decibels(db) == words
    assert parse_decibels(words) == pytest.approx(db, abs=0.051)


@pytest.mark.parametrize("text", ["-inf", "−inf", "−∞", "-∞ dB", "off", "OFF", "-Infinity"])
def test_typed_silence(text: str) -> None:
    assert parse_decibels(text) == -math.inf


@pytest.mark.parametrize(("text", "db"), [("-18", -18), ("−18,5 dB", -18.5), ("+3", 3), (" 4 DB", 4), ("- 6", -6)])
def test_typed_levels(text: str, db: float) -> None:
    assert parse_decibels(text) == db


@pytest.mark.parametrize("text", ["", "dB", "loud", "nan", "inf", "∞", "1.2.3"])
def test_what_is_no_level(text: str) -> None:
    with pytest.raises(UsageError, match="is not a level"):
        parse_decibels(text)
