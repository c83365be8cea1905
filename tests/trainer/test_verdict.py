"""When a tuned model may be called better."""

import pytest

from trainer.evaluate import Row
from trainer.verdict import judge


def rows(*overall: float, sig: float = 3.0) -> list[Row]:
    return [{"SIG": sig, "BAK": 3.5, "OVRL": value} for value in overall]


def mixtures(*gains: float) -> tuple[list[float], list[float]]:
    """The SI-SDR of as many mixtures, dB, before and after."""
    before = [9.0 + number for number in range(len(gains))]
    return before, [old + gain for old, gain in zip(before, gains, strict=True)]


SAME = mixtures(0.0, 0.1, -0.1)


def test_better_on_average_and_on_most_clips() -> None:
    verdict = judge(rows(2.5, 2.6, 2.7), rows(2.6, 2.7, 2.6), SAME)
    assert verdict.better and not verdict.by_mixtures and (verdict.clips, verdict.clips_better) == (3, 2)
    assert "2 of 3" in verdict.words and "2.60 -> 2.63" in verdict.words


def test_the_same_is_not_better() -> None:
    verdict = judge(rows(2.5, 2.6), rows(2.5, 2.6), SAME)
    assert not verdict.better and "keep the base" in verdict.words


def test_a_few_clips_do_not_make_it_better() -> None:
    assert not judge(rows(2.5, 2.5, 2.5), rows(4.0, 2.4, 2.4), SAME).better


def test_voices_may_not_suffer() -> None:
    verdict = judge(rows(2.5, 2.6), rows(2.8, 2.9, sig=2.9), SAME)
    assert not verdict.better and "voices suffer" in verdict.words


def test_where_dnsmos_hears_the_same_mixtures_decide() -> None:
    higher = mixtures(0.3, 0.4, 0.5)
    verdict = judge(rows(2.5, 2.6), rows(2.5, 2.57), higher)
    assert verdict.better and verdict.by_mixtures and "come apart better" in verdict.words
    assert "10.0 -> 10.4 dB, higher in 3 of 3" in verdict.words
    assert (verdict.base["SI-SDR"], verdict.tuned["SI-SDR"]) == pytest.approx((10.0, 10.4))
    assert not judge(rows(2.5, 2.6), rows(2.5, 2.5), higher).better
    assert not judge(rows(2.5, 2.6), rows(2.5, 2.6, sig=2.9), higher).better


@pytest.mark.parametrize("gains", [(1.5, -0.4, 0.1), (0.05, 0.06, 0.05), (2.0,)], ids=["chance", "a trace", "one"])
def test_mixtures_do_not_decide_by(gains: tuple[float, ...]) -> None:
    verdict = judge(rows(2.5, 2.6), rows(2.5, 2.6), mixtures(*gains))
    assert not verdict.better and f"of {len(gains)}." in verdict.words


def test_a_small_gain_that_all_mixtures_share_decides() -> None:
    assert judge(rows(2.5, 2.6), rows(2.5, 2.6), mixtures(0.1, 0.15, 0.2)).better
