"""The meters: what they show, hold and forget, and what that costs."""

import math

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.window.meters import MeterBar, level
from app.window.theme import apply_theme, colour
from tests.app.window.accessible import unnamed

SILENT = -math.inf


@pytest.fixture
def meters(qtbot: QtBot, qapp: QApplication) -> MeterBar:
    apply_theme(qapp, "dark")
    meters = MeterBar()
    qtbot.addWidget(meters)
    meters.resize(420, 44)
    meters.show()
    qtbot.waitExposed(meters)
    return meters


def lit(meters: MeterBar) -> float:
    """The share of the bar that is lit."""
    image = meters.bar.grab().toImage()
    full = [image.pixelColor(x, 6) == colour("mixture") for x in range(image.width())]
    return sum(full) / len(full)


@pytest.mark.parametrize(
    ("value", "words"), [(-18.34, "−18.3 LUFS"), (0.26, "0.3 LUFS"), (SILENT, "−∞ LUFS"), (-99, "−∞ LUFS")]
)
def test_words(value: float, words: str) -> None:
    assert level(value, "LUFS") == words


def test_numbers(meters: MeterBar) -> None:
    assert (meters.short_term.text(), meters.peak.text()) == ("−∞ LUFS", "−∞ dBTP")
    meters.set_levels(-20, -18.34, -1.25, False)
    assert (meters.short_term.text(), meters.peak.text()) == ("−18.3 LUFS", "−1.2 dBTP")


@pytest.mark.parametrize(("lufs", "share"), [(SILENT, 0), (-60, 0), (-48, 0), (-24, 0.5), (-12, 0.75), (0, 1), (3, 1)])
def test_the_bar(meters: MeterBar, lufs: float, share: float) -> None:
    meters.set_levels(lufs, SILENT, SILENT, False)
    assert lit(meters) == pytest.approx(share, abs=0.05)  # the scale's lines cross it


def test_the_highest_peak_is_held_until_reset(meters: MeterBar) -> None:
    for peak in (-6, -1.5, -12):
        meters.set_levels(-20, -20, peak, False)
    assert meters.peak.text() == "−1.5 dBTP" and not meters.peak.isChecked()
    meters.peak.click()
    assert meters.peak.text() == "−∞ dBTP"
    meters.set_levels(-20, -20, -12, False)
    assert meters.peak.text() == "−12.0 dBTP"


def test_clipping_is_held_until_reset(meters: MeterBar) -> None:
    meters.set_levels(-20, -20, -0.5, True)
    meters.set_levels(-20, -20, -6, False)
    assert meters.peak.isChecked() and meters.peak.accessibleName() == "True peak −0.5 dBTP, clipped"
    meters.peak.click()
    assert not meters.peak.isChecked() and "clipped" not in meters.peak.accessibleName()


def test_a_click_without_clipping_lights_nothing(meters: MeterBar) -> None:
    meters.peak.click()
    assert not meters.peak.isChecked()


def test_dropouts_are_shown_when_there_are_some(meters: MeterBar) -> None:
    width = meters.minimumSizeHint().width()
    assert meters.dropouts.isHidden()
    meters.set_dropouts(3)
    assert meters.dropouts.isVisible() and meters.dropouts.text() == "Dropouts: 3"
    assert meters.minimumSizeHint().width() == width  # nothing else has to give way
    meters.set_dropouts(0)
    assert meters.dropouts.isHidden()


def test_names(meters: MeterBar) -> None:
    assert unnamed(meters) == []


def test_levels_that_change_nothing_repaint_nothing(meters: MeterBar, qapp: QApplication) -> None:
    class Paints(QObject):
        count = 0

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
            self.count += event.type() == QEvent.Type.Paint
            return False

    paints = Paints()
    meters.set_levels(-20, -20, -3, False)
    qapp.processEvents()
    for widget in (meters.bar, meters.short_term, meters.peak):
        widget.installEventFilter(paints)
    meters.set_levels(-20.01, -20.01, -4, False)
    qapp.processEvents()
    assert paints.count == 0
    meters.set_levels(-10, -20.01, -4, False)
    qapp.processEvents()
    assert paints.count == 1
