"""The remix panel: the document's only truth, through its controls."""

import math

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from app.document.document import Document
from app.document.presets import BUNDLED, Preset
from app.document.view import ViewState
from app.window.remix_panel import RemixPanel
from app.window.target_box import TargetBox
from app.window.theme import apply_theme
from engine.delivery import Delivery
from engine.remix import Region
from tests.app.window.accessible import unnamed
from tests.app.window.material import document, view

SILENT = -math.inf
STREET = Preset("Street", 1.5, -12.0)


@pytest.fixture
def edited() -> Document:
    return document()


@pytest.fixture
def seen() -> ViewState:
    return view()


@pytest.fixture
def panel(qtbot: QtBot, qapp: QApplication, edited: Document, seen: ViewState) -> RemixPanel:
    apply_theme(qapp, "dark")
    panel = RemixPanel(edited, seen, (STREET,))
    qtbot.addWidget(panel)
    panel.resize(240, 800)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def choose(panel: RemixPanel, name: str) -> None:
    """Choose a preset by keyboard."""
    chooser = panel.presets.chooser
    chooser.showPopup()
    chooser.view().setCurrentIndex(chooser.model().index(chooser.findText(name), 0))
    QTest.keyClick(chooser.view(), Qt.Key.Key_Return)


def enter(box: TargetBox, text: str) -> None:
    """Type a target."""
    box.field.setFocus()
    box.field.clear()
    QTest.keyClicks(box.field, text)
    QTest.keyClick(box.field, Qt.Key.Key_Return)


class TestFaders:
    def test_a_drag_is_one_undo_step(self, panel: RemixPanel, edited: Document) -> None:
        travel = panel.noise.fader.travel
        start = travel.cap().center().toPoint()
        QTest.mousePress(travel, Qt.MouseButton.LeftButton, pos=start)
        for y in range(10, 110, 10):
            QTest.mouseMove(travel, start + QPoint(0, y))
        QTest.mouseRelease(travel, Qt.MouseButton.LeftButton, pos=start + QPoint(0, 100))
        assert edited.edit.remix.noise_db == panel.noise.fader.value < -6
        assert edited.undo_label == "Noise gain"
        edited.undo()
        assert not edited.can_undo
        assert panel.noise.fader.value == edited.edit.remix.noise_db == 0

    def test_each_sets_its_own_track(self, panel: RemixPanel, edited: Document) -> None:
        QTest.keyClick(panel.speech.fader.travel, Qt.Key.Key_PageUp)
        QTest.keyClick(panel.noise.fader.travel, Qt.Key.Key_End)
        assert (edited.edit.remix.speech_db, edited.edit.remix.noise_db) == (3, SILENT)

    def test_undo_and_redo_are_shown(self, panel: RemixPanel, edited: Document) -> None:
        edited.set_gain("speech", -7.25)
        assert panel.speech.fader.value == -7.25 and panel.speech.fader.field.text() == "−7.2 dB"
        edited.undo()
        assert panel.speech.fader.value == 0
        edited.redo()
        assert panel.speech.fader.value == -7.25

    def test_what_cannot_be_taken_is_said(self, panel: RemixPanel, qtbot: QtBot) -> None:
        panel.speech.fader.field.selectAll()
        with qtbot.waitSignal(panel.problem):
            QTest.keyClicks(panel.speech.fader.field, "much")
            QTest.keyClick(panel.speech.fader.field, Qt.Key.Key_Return)


class TestSwitches:
    def test_solo_and_mute_are_the_views(self, panel: RemixPanel, seen: ViewState) -> None:
        panel.noise.solo.click()
        panel.speech.mute.click()
        assert seen.solo == "noise" and seen.muted == {"speech"}
        seen.toggle_solo("speech")
        assert panel.speech.solo.isChecked() and not panel.noise.solo.isChecked()
        seen.toggle_mute("speech")
        assert not panel.speech.mute.isChecked()

    def test_solo_and_mute_are_no_edit(self, panel: RemixPanel, edited: Document) -> None:
        panel.noise.solo.click()
        panel.noise.mute.click()
        assert not edited.can_undo

    def test_a_fader_shows_whether_its_track_is_heard(self, panel: RemixPanel, seen: ViewState) -> None:
        def heard() -> tuple[bool, bool]:
            return panel.speech.fader.travel.heard, panel.noise.fader.travel.heard

        assert heard() == (True, True)
        seen.toggle_mute("noise")
        assert heard() == (True, False)
        seen.toggle_solo("noise")
        assert heard() == (False, True)
        seen.toggle_solo("mixture")
        assert heard() == (True, True)

    def test_bypass(self, panel: RemixPanel, qtbot: QtBot) -> None:
        with qtbot.waitSignal(panel.bypass_changed) as caught:
            panel.bypass.click()
        assert caught.args == [True]
        with qtbot.waitSignal(panel.bypass_changed) as caught:
            panel.set_bypass(False)
        assert caught.args == [False] and not panel.bypass.isChecked()

    def test_matched(self, panel: RemixPanel, qtbot: QtBot) -> None:
        with qtbot.waitSignal(panel.matched_changed) as caught:
            panel.matched.click()
        assert caught.args == [False]

    def test_export(self, panel: RemixPanel, qtbot: QtBot) -> None:
        with qtbot.waitSignal(panel.export_requested):
            panel.export.click()


class TestPresets:
    @pytest.mark.parametrize("preset", [*BUNDLED, STREET], ids=lambda preset: preset.name)
    def test_each_can_be_chosen(self, panel: RemixPanel, edited: Document, preset: Preset) -> None:
        edited.set_gain("speech", -3.0)
        choose(panel, preset.name)
        assert (edited.edit.remix.speech_db, edited.edit.remix.noise_db) == (preset.speech_db, preset.noise_db)
        assert panel.presets.chooser.currentText() == preset.name

    def test_one_is_one_step_and_keeps_the_regions(self, panel: RemixPanel, edited: Document) -> None:
        edited.add_region(Region(1, 2, -6, -6))
        choose(panel, "Voice only")
        assert len(edited.edit.remix.regions) == 1 and edited.undo_label == "Preset"
        edited.undo()
        assert panel.presets.chooser.currentText() == "Original"

    def test_the_chooser_follows_the_faders(self, panel: RemixPanel, edited: Document) -> None:
        edited.set_gain("noise", -18)
        assert panel.presets.chooser.currentText() == "Clean but natural"
        edited.set_gain("noise", -17)
        assert panel.presets.chooser.currentIndex() == -1

    def test_save_and_delete(self, panel: RemixPanel, edited: Document, qtbot: QtBot) -> None:
        edited.set_gain("noise", -9)
        panel.presets.save_action.trigger()
        assert panel.presets.name_field.isVisible()
        QTest.keyClicks(panel.presets.name_field, "Cafe ")
        with qtbot.waitSignal(panel.presets_changed) as caught:
            QTest.keyClick(panel.presets.name_field, Qt.Key.Key_Return)
        saved = Preset("Cafe", 0, -9)
        assert caught.args == [(STREET, saved)]
        assert panel.presets.chooser.isVisible() and panel.presets.chooser.currentText() == "Cafe"
        assert panel.presets.delete_action.isEnabled() and "Cafe" in panel.presets.delete_action.text()
        with qtbot.waitSignal(panel.presets_changed) as caught:
            panel.presets.delete_action.trigger()
        assert caught.args == [(STREET,)]
        assert panel.presets.chooser.findText("Cafe") == -1 and panel.presets.chooser.currentIndex() == -1

    @pytest.mark.parametrize("name", ["", "street", "Voice only"])
    def test_a_name_that_cannot_be_taken_is_said(self, panel: RemixPanel, qtbot: QtBot, name: str) -> None:
        panel.presets.save_action.trigger()
        QTest.keyClicks(panel.presets.name_field, name)
        with qtbot.assertNotEmitted(panel.presets_changed), qtbot.waitSignal(panel.problem):
            QTest.keyClick(panel.presets.name_field, Qt.Key.Key_Return)
        assert panel.presets.name_field.isVisible()

    def test_escape_gives_up_saving(self, panel: RemixPanel, qtbot: QtBot) -> None:
        panel.activateWindow()
        panel.presets.save_action.trigger()
        qtbot.waitUntil(panel.presets.name_field.hasFocus)
        QTest.keyClicks(panel.presets.name_field, "Cafe")
        QTest.keyClick(panel.presets.name_field, Qt.Key.Key_Escape)
        assert panel.presets.chooser.isVisible() and panel.presets.presets == (STREET,)

    def test_bundled_ones_cannot_be_deleted(self, panel: RemixPanel) -> None:
        choose(panel, "Voice only")
        assert not panel.presets.delete_action.isEnabled()

    def test_of_two_with_the_same_levels_the_chosen_one_is_shown(self, qtbot: QtBot, edited: Document) -> None:
        panel = RemixPanel(edited, view(), (Preset("Mine", 0, -18),))
        qtbot.addWidget(panel)
        panel.show()
        for name in ("Clean but natural", "Mine"):
            choose(panel, name)
            assert panel.presets.chooser.currentText() == name


class TestDelivery:
    @pytest.mark.parametrize(
        ("text", "loudness"), [("-16 LUFS", -16), ("-18,5", -18.5), ("-23 lufs", -23), ("off", None), ("", None)]
    )
    def test_loudness(self, panel: RemixPanel, edited: Document, text: str, loudness: float | None) -> None:
        edited.set_delivery(Delivery(-20.0))
        enter(panel.loudness, text)
        assert edited.edit.delivery.loudness == loudness

    def test_offers(self, panel: RemixPanel) -> None:
        def offers(box: TargetBox) -> list[str]:
            return [box.itemText(row) for row in range(box.count())]

        assert offers(panel.loudness) == ["Off", "−16 LUFS", "−19 LUFS", "−23 LUFS"]
        assert offers(panel.true_peak) == ["Off", "−1 dBTP"]

    def test_an_offer_is_taken_by_keyboard(self, panel: RemixPanel, edited: Document) -> None:
        panel.loudness.setFocus()
        for _ in range(2):
            QTest.keyClick(panel.loudness, Qt.Key.Key_Down)
        assert edited.edit.delivery.loudness == -19 and panel.loudness.currentText() == "−19 LUFS"

    def test_a_loudness_brings_a_limit_that_cannot_be_off(
        self, panel: RemixPanel, edited: Document, qtbot: QtBot
    ) -> None:
        enter(panel.loudness, "-16")
        assert panel.true_peak.currentText() == "−1 dBTP" and edited.edit.delivery == Delivery(-16.0)
        with qtbot.waitSignal(panel.problem):
            enter(panel.true_peak, "off")
        assert panel.true_peak.currentText() == "−1 dBTP"
        enter(panel.true_peak, "-2")
        assert edited.edit.delivery == Delivery(-16.0, -2.0)

    def test_the_limit_alone(self, panel: RemixPanel, edited: Document) -> None:
        enter(panel.true_peak, "-1.5 dBTP")
        assert edited.edit.delivery == Delivery(None, -1.5)
        enter(panel.true_peak, "off")
        assert edited.edit.delivery == Delivery()

    @pytest.mark.parametrize("text", ["loud", "5", "-90"])
    def test_what_cannot_be_taken_is_said(self, panel: RemixPanel, edited: Document, qtbot: QtBot, text: str) -> None:
        with qtbot.waitSignal(panel.problem):
            enter(panel.loudness, text)
        assert edited.edit.delivery == Delivery() and panel.loudness.currentText() == "Off"

    def test_undo_is_shown(self, panel: RemixPanel, edited: Document) -> None:
        edited.set_delivery(Delivery(-19.0, -3.0))
        assert (panel.loudness.currentText(), panel.true_peak.currentText()) == ("−19 LUFS", "−3 dBTP")
        edited.undo()
        assert (panel.loudness.currentText(), panel.true_peak.currentText()) == ("Off", "Off")


class TestFigures:
    def test_loudness(self, panel: RemixPanel) -> None:
        assert panel.remix_loudness.text() == panel.original_loudness.text() == "—"
        panel.set_loudness(-18.34, SILENT)
        assert panel.remix_loudness.text() == "−18.3 LUFS" and panel.original_loudness.text() == "−∞ LUFS"

    @pytest.mark.parametrize(
        ("residual_db", "share"), [(-21, "99.2 %"), (-10, "90.0 %"), (-80, "99.9 %"), (SILENT, "99.9 %"), (3, "0.0 %")]
    )
    def test_report(self, panel: RemixPanel, residual_db: float, share: str) -> None:
        assert panel.report.isHidden()
        panel.set_report(1.02, 0.98, residual_db)
        assert panel.report.isVisible() and share in panel.report.text()
        assert all(words in panel.report.toolTip() for words in ("1.020 × speech", "0.980 × noise", " dB."))


def test_names(panel: RemixPanel) -> None:
    assert unnamed(panel) == []
    panel.presets.save_action.trigger()
    assert unnamed(panel) == []


def test_every_control_is_reached_by_tab(panel: RemixPanel, qtbot: QtBot) -> None:
    panel.activateWindow()
    panel.presets.chooser.setFocus()
    qtbot.waitUntil(panel.presets.chooser.hasFocus)
    passed = [panel.focusWidget()]
    while (widget := panel.focusNextPrevChild(True) and panel.focusWidget()) and widget not in passed:
        passed.append(widget)
    of_speech = [panel.speech.fader.travel, panel.speech.fader.field, panel.speech.solo, panel.speech.mute]
    of_noise = [panel.noise.fader.travel, panel.noise.fader.field, panel.noise.solo, panel.noise.mute]
    delivery = [panel.bypass, panel.matched, panel.loudness, panel.true_peak, panel.export]
    assert passed == [panel.presets.chooser, panel.presets.menu_button, *of_speech, *of_noise, *delivery]


def test_it_is_usable_in_a_narrow_low_window(panel: RemixPanel) -> None:
    panel.set_report(1, 1, -21)
    assert panel.minimumSizeHint().width() <= 256 and panel.minimumSizeHint().height() <= 500
    panel.resize(220, 500)
    for child in (panel.presets, panel.speech, panel.noise, panel.loudness, panel.true_peak, panel.export):
        assert panel.rect().contains(child.geometry()) and child.height() >= child.minimumSizeHint().height()


def test_a_panel_that_is_gone_watches_nothing(qtbot: QtBot, edited: Document, seen: ViewState) -> None:
    panel = RemixPanel(edited, seen)
    panel.deleteLater()
    qtbot.waitUntil(lambda: not isValid(panel))
    edited.set_gain("speech", -3)
    seen.toggle_solo("speech")
