"""The curves of a training: what they take of its log, what they say, and that drawing them is not felt."""

import math
import time
from typing import Any

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.training.curves import MOST, Curves, Panel, Series
from app.window import theme

UPDATE_MS = 10


def step(number: int, seconds: float, **terms: Any) -> dict[str, Any]:
    return {"step": number, "seconds": seconds, "eta": 600 - seconds, "loss": 3.0, **terms}


def score(number: int, seconds: float, ovrl: float, **others: float) -> dict[str, Any]:
    scores = {"OVRL": ovrl, "SIG": 3.0, "BAK": 3.5, "alpha": 1.2, "beta": 0.9} | others
    return {"step": number, "seconds": seconds, "eta": 600 - seconds, "validation": scores}


@pytest.fixture
def curves(qtbot: QtBot, qapp: QApplication) -> Curves:
    theme.apply_theme(qapp, "dark")
    made = Curves()
    qtbot.addWidget(made)
    made.resize(740, 600)
    made.show()
    return made


def drawn(qtbot: QtBot, curves: Curves) -> None:
    """Wait until all that came is drawn."""
    qtbot.waitUntil(lambda: not curves._due and not curves._timer.isActive())


def pixels(panel: Panel, tint: str) -> int:
    """How many pixels of its plot have a colour of the theme."""
    image, wanted = panel.plot.grab().toImage(), theme.colour(tint)
    near = 0
    for x in range(image.width()):
        for y in range(image.height()):
            found = QColor(image.pixel(x, y))
            apart = (found.red() - wanted.red(), found.green() - wanted.green(), found.blue() - wanted.blue())
            near += max(map(abs, apart)) < 40
    return near


def test_the_score_is_shown_against_the_base(qtbot: QtBot, curves: Curves) -> None:
    curves.add(score(0, 0, 2.5))
    curves.set_base_score(2.5)
    curves.add(score(100, 60, 2.4))
    drawn(qtbot, curves)
    panel = curves.score
    assert list(panel.series["OVRL"].minutes) == [0, 1] and list(panel.series["OVRL"].values) == [2.5, 2.4]
    assert panel.note.text() == "not above the old model yet"
    curves.add(score(200, 120, 2.68))
    curves.add(score(300, 180, 2.6))
    drawn(qtbot, curves)
    assert "2.60" in panel.legend.text()
    assert panel.note.text() == "best so far: 0.18 above the old model"
    assert panel.accessibleDescription() == "now 2.60, to beat: 2.50, best so far: 0.18 above the old model"
    assert panel.accessibleDescription() in curves.accessibleDescription()
    assert pixels(panel, "accent") > 200
    (low, high), (left, right) = panel._item.viewRange()[1], panel._item.viewRange()[0]
    assert low < 2.4 and high > 2.68 and left < 0 and right == pytest.approx(10, rel=0.05)  # the minutes planned


def test_each_judge_has_its_line_and_colour(qtbot: QtBot, curves: Curves) -> None:
    for number in range(1, 58):
        wave = math.sin(number / 5)
        losses = {"judge_clean": 0.8 + 0.1 * wave, "judge_noise": 0.5 + 0.1 * wave, "judge_noisy": 0.2 + 0.1 * wave}
        curves.add(step(number, 10 * number, **losses))
    for number in range(100, 140):
        curves.add(step(number, 600, judge_clean=1.4, judge_noise=0.5, judge_noisy=0.25))
    drawn(qtbot, curves)
    assert curves.judges.accessibleDescription() == "speech 100 %, noise 50 %, sum 25 %"
    for tint in ("speech", "noise", "mixture"):
        assert pixels(curves.judges, tint) > 20, tint
    assert not curves.judges.waiting.isVisible()


def test_the_error_is_a_share_of_the_first_one(qtbot: QtBot, curves: Curves) -> None:
    curves.add(step(10, 10, stft=0.5, mel=1.5, si_sdr=-0.3))
    for number in range(2, 60):
        curves.add(step(10 * number, 10 * number, stft=0.1, mel=0.4, si_sdr=-0.4))
    drawn(qtbot, curves)
    assert curves.sum.accessibleDescription() == "error 25 %"
    assert curves.sum.series["error"].values[0] == 100


def test_the_gains_come_with_the_scores(qtbot: QtBot, curves: Curves) -> None:
    curves.add(score(0, 0, 2.5, alpha=1.25, beta=0.75))
    drawn(qtbot, curves)
    assert curves.loudness.accessibleDescription() == "α 1.25, β 0.75, best at 1"


def test_what_is_missing_is_said(qtbot: QtBot, curves: Curves) -> None:
    drawn(qtbot, curves)
    assert curves.score.waiting.isVisible() and curves.score.waiting.text() == "Comes with the first score"
    curves.add(step(10, 10))
    curves.add({"step": 20, "seconds": 20, "eta": 5, "validation": {"si_sdr": 3.0, "OVRL": float("nan")}})
    drawn(qtbot, curves)
    assert "not installed" in curves.score.waiting.text()
    assert curves.judges.waiting.text() == curves.judges.accessibleDescription() == "This recipe has no judges"


@pytest.mark.parametrize(
    "line",
    [
        {"stage": "audit", "progress": 0.3},
        {"stage": "mined", "seconds": 30, "folder": "x"},
        {"stage": "scored", "what": "base", "OVRL": 2.5},
        {"warning": "words"},
        {"previews": 100},
        {"error": "words", "code": 4},
        {},
    ],
)
def test_other_lines_are_passed_over(curves: Curves, line: dict[str, Any]) -> None:
    curves.add(line)
    assert all(panel.empty for panel in curves.panels)


def test_after_a_resume_it_goes_on_from_the_checkpoint(qtbot: QtBot, curves: Curves) -> None:
    for number in range(1, 11):
        curves.add(step(10 * number, 60 * number, stft=1.0))
    curves.add({"stage": "resumed", "step": 50})
    curves.add(step(60, 330, stft=0.5))
    assert list(curves.sum.series["error"].minutes) == [1, 2, 3, 4, 5, 5.5]
    curves.clear()
    assert all(panel.empty for panel in curves.panels)
    drawn(qtbot, curves)
    assert curves.sum.waiting.isVisible()


def test_noisy_values_are_smoothed_from_the_first_one_on() -> None:
    series = Series(memory=0.2)
    for number in range(200):
        series.add(number, 10.0 + (-1) ** number)
    assert all(abs(value - 10) <= 0.5 for value in series.smooth[1:])
    minutes, values = series.painted(series.smooth)
    assert len(minutes) == len(values) == MOST and minutes[0] == 0 and minutes[-1] == 199
    plain = Series(memory=1)
    plain.add(0, 1)
    plain.add(1, 5)
    assert list(plain.smooth) == [1, 5]


def test_ten_thousand_points_are_not_felt(qtbot: QtBot, curves: Curves) -> None:
    began = time.thread_time()
    for number in range(10_000):
        curves.add(step(50 * number, number / 20, stft=1.0, judge_clean=0.5, judge_noise=0.7, judge_noisy=0.6))
    assert 1000 * (time.thread_time() - began) / 10_000 < 0.2  # of one line
    drawn(qtbot, curves)
    took: list[float] = []
    for panel in curves.panels:
        tries: list[float] = []
        for turn in range(5):
            curves._end += 0.1 * (turn + 1)
            began = time.thread_time()  # others may use the machine, too
            curves._draw_panel(panel)
            panel.plot.grab()
            tries.append(1000 * (time.thread_time() - began))
        took.append(min(tries))
    assert max(took) < UPDATE_MS, took


def test_nothing_is_drawn_that_nobody_sees(qtbot: QtBot, curves: Curves, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn(qtbot, curves)
    curves.hide()
    times: list[Panel] = []
    draw = Panel.draw
    monkeypatch.setattr(Panel, "draw", lambda self, minutes: (times.append(self), draw(self, minutes)))
    curves.add(step(10, 10, stft=1.0))
    drawn(qtbot, curves)
    assert not times and curves.sum.accessibleDescription() == "error 100 %"
    curves.show()
    assert times == list(curves.panels)


def test_the_colours_follow_the_theme(qtbot: QtBot, qapp: QApplication, curves: Curves) -> None:
    curves.add(score(0, 0, 2.5))
    curves.add(score(10, 300, 2.6))
    drawn(qtbot, curves)
    for choice in ("light", "dark"):
        theme.apply_theme(qapp, choice)
        assert pixels(curves.score, "accent") > 100
        assert theme.colour("speech").name() in curves.loudness.legend.text()


def test_lines_are_as_wide_on_a_fine_screen(qtbot: QtBot, curves: Curves, monkeypatch: pytest.MonkeyPatch) -> None:
    curves.add(step(10, 10, stft=1.0))
    drawn(qtbot, curves)
    assert curves.sum._curves["error"].opts["pen"].widthF() == 2
    monkeypatch.setattr(Panel, "devicePixelRatioF", lambda _: 2.0)
    curves.add(step(20, 20, stft=1.0))
    drawn(qtbot, curves)
    assert curves.sum._curves["error"].opts["pen"].widthF() == 4


def test_every_plot_explains_itself(curves: Curves) -> None:
    for panel in curves.panels:
        assert panel.accessibleName() and len(panel.toolTip()) > 60
