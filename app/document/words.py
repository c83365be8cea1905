"""Times and levels in words, and what people type for them."""

import math

from engine.errors import UsageError
from engine.remix import decibel_value

MINUS = "−"


def clock(seconds: float) -> str:
    """A time as h:mm:ss.mmm, below an hour m:ss.mmm; negative ones with a minus sign."""
    minutes, milliseconds = divmod(round(abs(seconds) * 1000), 60_000)
    hours, minutes = divmod(minutes, 60)
    sign = MINUS if seconds < 0 and (hours or minutes or milliseconds) else ""
    front = f"{hours}:{minutes:02}" if hours else f"{minutes}"
    return f"{sign}{front}:{milliseconds // 1000:02}.{milliseconds % 1000:03}"


def parse_clock(text: str) -> float:
    """Seconds from h:mm:ss, m:ss or s, with decimals after a point or comma.  Raises UsageError for other text."""
    parts = text.strip().replace(",", ".").split(":")
    try:
        *whole, last = parts
        if len(whole) > 2 or not all(part.isascii() and part.isdigit() for part in (*whole, last.replace(".", "", 1))):
            raise ValueError
        values = [*map(int, whole), float(last)]
    except ValueError:
        raise UsageError(f"'{text}' is not a time; type it like 1:23.450 or 1:02:03") from None
    if any(value >= 60 for value in values[1:]):
        raise UsageError(f"'{text}' is not a time; minutes and seconds after a colon end at 59")
    return sum(value * 60.0**place for place, value in enumerate(reversed(values)))


def decibels(db: float) -> str:
    """A gain or level to a tenth of a dB: "−18.0 dB", "0.0 dB", "+6.0 dB", "−∞ dB"."""
    if db == -math.inf:
        return f"{MINUS}∞ dB"
    tenths = round(db, 1)
    sign = "+" if tenths > 0 else MINUS if tenths < 0 else ""
    return f"{sign}{abs(tenths):.1f} dB"


def short_decibels(db: float) -> str:
    """A gain for where there is little room, without a tenth that is 0: "−18 dB", "0 dB", "+1.5 dB", "−∞ dB"."""
    return decibels(db).replace(".0 ", " ")


def parse_decibels(text: str) -> float:
    """A gain or level in dB from what `decibels` writes and people type: "-18", "−18,5 dB", "-inf", "−∞", "off".

    Raises:
        UsageError: it is none of these.
    """
    typed = text.strip().lower().removesuffix("db").strip()
    try:
        db = -math.inf if typed == "off" else decibel_value(typed.replace(",", ".").replace(" ", ""))
        if db == math.inf:
            raise ValueError
    except ValueError:
        raise UsageError(f"'{text}' is not a level in dB; type a number like -18, or -inf for silence") from None
    return db
