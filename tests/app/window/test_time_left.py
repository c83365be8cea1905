"""How far a job is, in words."""

from app.window.time_left import TimeLeft


def test_words() -> None:
    now = [0.0]
    left = TimeLeft(lambda: now[0])
    assert left.words(0, 100) == "0 %"
    now[0] = 0.5
    assert left.words(10, 100) == "10 %"  # too early to say
    now[0] = 10
    assert left.words(0, 100) == "0 %"
    assert left.words(25, 100) == "25 %, 30 s left"
    assert left.words(5, 100) == "5 %, 3 min left"
    assert left.words(101, 100).startswith("100 %")
    assert left.words(0, 0) == "0 %"
