"""The remix panel: a narrow strip, like an audio plug-in, with the two faders and what goes with them."""

from dataclasses import replace
from typing import Any, Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.document.document import Document
from app.document.edit import SILENT, Edit, heard
from app.document.presets import Presets
from app.document.view import ViewState
from app.document.words import decibels
from app.window import icons, theme
from app.window.fader import Fader
from app.window.meters import level
from app.window.observe import observe
from app.window.preset_bar import PresetBar
from app.window.target_box import TargetBox
from engine.errors import UsageError
from engine.remix import Remix

WIDTH, WIDEST = 256, 320  # pixels
LONGEST_FADER = 560  # pixels; beyond that only the way of the hand grows
LOUDNESS = (-16.0, -19.0, -23.0)  # LUFS: podcasts, podcasts in mono, broadcasting in Europe
TRUE_PEAK = (-1.0,)  # dBTP


class RemixPanel(QWidget):
    """Sets the remix and the delivery of a document, and solo and mute of a view.

    Args:
        presets: the user's own.
        matched: whether bypass plays the original as loud as the remix.

    Attributes:
        bypass_changed: emits whether the original is to be heard.
        matched_changed: emits whether it is to be as loud as the remix.
        export_requested: emits () for the export button.
        presets_changed: emits the user's presets after one was saved or deleted.
        problem: emits a line for the user when something typed cannot be taken.
    """

    bypass_changed = Signal(bool)
    matched_changed = Signal(bool)
    export_requested = Signal()
    presets_changed = Signal(tuple)
    problem = Signal(str)

    def __init__(
        self,
        document: Document,
        view: ViewState,
        presets: Presets = (),
        matched: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self.setMinimumWidth(WIDTH)
        self.setMaximumWidth(WIDEST)
        self.setAutoFillBackground(True)
        self.presets = PresetBar(document, presets)
        self.presets.presets_changed.connect(self.presets_changed)
        self.presets.problem.connect(self.problem)
        self.speech = TrackStrip("speech", self.tr("Speech"), document, view)
        self.noise = TrackStrip("noise", self.tr("Noise"), document, view)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.M, theme.XS, theme.M, theme.M)  # in line with the row above the lanes
        column.setSpacing(theme.S)
        column.addWidget(self.presets)
        tracks = QHBoxLayout()
        tracks.setSpacing(theme.S)
        for strip in (self.speech, self.noise):
            strip.fader.problem.connect(self.problem)
            tracks.addWidget(strip, 1)
        column.addLayout(tracks, 1)
        column.addWidget(_line())
        column.addLayout(self._make_bypass(matched))
        column.addWidget(_line())
        column.addLayout(self._make_delivery())
        column.addLayout(self._make_figures())
        self.export = QPushButton(icons.icon("export", "on_accent"), self.tr("Export…"))
        self.export.setProperty("role", "primary")
        self.export.setToolTip(self.tr("Write the remix or the tracks"))
        self.export.clicked.connect(self.export_requested)
        column.addWidget(self.export)
        self.set_loudness(None, None)
        self._show_gains()
        self._show_delivery()
        observe(self, document.changed, self._follow)

    def set_loudness(self, remix: float | None, original: float | None) -> None:
        """Show the integrated loudness in LUFS of the whole remix and of the original; None while it isn't known."""
        for label, value in ((self.remix_loudness, remix), (self.original_loudness, original)):
            label.setText("—" if value is None else level(value, "LUFS"))

    def set_report(self, alpha: float, beta: float, residual_db: float) -> None:
        """Say how well the model's tracks explain the recording: input ≈ α · speech + β · noise.

        Args:
            residual_db: energy that they do not explain, relative to the input.
        """
        explained = min(99.9, max(0.0, 100 * (1 - 10 ** (residual_db / 10))))
        self.report.setText(self.tr("The model explains {share} % of this recording").format(share=f"{explained:.1f}"))
        tip = self.tr(
            "Input = {alpha} × speech + {beta} × noise; what they leave unexplained lies at {residual}.\n"
            "It is part of the noise track, so nothing is lost."
        )
        tip = tip.format(alpha=f"{alpha:.3f}", beta=f"{beta:.3f}", residual=decibels(residual_db))
        self.report.setToolTip(tip)
        self.report.setAccessibleDescription(tip)
        self.report.show()

    def set_bypass(self, on: bool) -> None:
        """Switch the original on or off; emits `bypass_changed` like the button."""
        self.bypass.setChecked(on)

    def _make_bypass(self, matched: bool) -> QHBoxLayout:
        self.bypass = QPushButton(icons.icon("bypass"), self.tr("Original"))
        self.bypass.setCheckable(True)
        self.bypass.setToolTip(self.tr("Hear the original, to compare"))
        self.bypass.toggled.connect(self.bypass_changed)
        self.matched = QCheckBox(self.tr("Same loudness"))
        self.matched.setChecked(matched)
        self.matched.setToolTip(self.tr("Play the original as loud as the remix: the louder one always seems better"))
        self.matched.toggled.connect(self.matched_changed)
        row = QHBoxLayout()
        row.setSpacing(theme.S)
        row.addWidget(self.bypass, 1)
        row.addWidget(self.matched)
        return row

    def _make_delivery(self) -> QGridLayout:
        self.loudness = TargetBox(self.tr("Loudness"), "LUFS", LOUDNESS)
        self.loudness.setToolTip(self.tr("Loudness of the exported file"))
        self.loudness.chosen.connect(lambda value: self._deliver(loudness=value))
        self.true_peak = TargetBox(self.tr("True peak"), "dBTP", TRUE_PEAK)
        self.true_peak.setToolTip(self.tr("The exported file never peaks above this; a loudness needs a limit"))
        self.true_peak.chosen.connect(lambda value: self._deliver(true_peak=value))
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.S)
        grid.setVerticalSpacing(theme.XS)
        headings = (self.loudness, self.tr("Export loudness")), (self.true_peak, self.tr("Peak limit"))
        for place, (box, text) in enumerate(headings):
            heading = QLabel(text)
            heading.setProperty("role", "heading")
            heading.setBuddy(box)
            box.problem.connect(self.problem)
            box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            grid.addWidget(heading, 0, place)
            grid.addWidget(box, 1, place)
            grid.setColumnStretch(place, 1)
        return grid

    def _make_figures(self) -> QGridLayout:
        self.remix_loudness, self.original_loudness, self.report = QLabel(), QLabel(), QLabel()
        grid = QGridLayout()
        grid.setContentsMargins(0, theme.XS, 0, theme.XS)
        grid.setVerticalSpacing(theme.XS)
        grid.setColumnStretch(1, 1)
        for row, (name, value) in enumerate(
            ((self.tr("Remix"), self.remix_loudness), (self.tr("Original"), self.original_loudness))
        ):
            heading = QLabel(name)
            for label in (heading, value):
                label.setProperty("role", "muted")
            value.setAccessibleDescription(self.tr("{name} loudness").format(name=name))
            value.setToolTip(self.tr("Loudness from beginning to end"))
            grid.addWidget(heading, row, 0)
            grid.addWidget(value, row, 1, Qt.AlignmentFlag.AlignRight)
        self.report.setProperty("role", "muted")
        self.report.setWordWrap(True)
        self.report.hide()
        grid.addWidget(self.report, 2, 0, 1, 2)
        return grid

    def _deliver(self, **change: Any) -> None:
        delivery = self._document.edit.delivery
        if change == {"true_peak": None} and delivery.loudness is not None:
            self.problem.emit(self.tr("a loudness needs a true-peak limit; turn the loudness off first"))
            return
        try:
            self._document.set_delivery(replace(delivery, **change))
        except UsageError as error:
            self.problem.emit(str(error))
        self._show_delivery()

    def _follow(self, old: Edit, new: Edit) -> None:
        self._show_gains()
        if old.delivery != new.delivery:
            self._show_delivery()

    def _show_gains(self) -> None:
        remix = self._document.edit.remix
        self.speech.fader.set_value(remix.speech_db)
        self.noise.fader.set_value(remix.noise_db)

    def _show_delivery(self) -> None:
        delivery = self._document.edit.delivery
        self.loudness.show_value(delivery.loudness)
        self.true_peak.allow_off(delivery.loudness is None)  # first: a change of the list changes what is shown
        self.true_peak.show_value(delivery.ceiling)


class TrackStrip(QWidget):
    """The fader, solo and mute of one track."""

    def __init__(self, track: Literal["speech", "noise"], name: str, document: Document, view: ViewState) -> None:
        super().__init__()
        self._track, self._view = track, view
        title = QLabel(name)
        title.setProperty("role", track)
        title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.fader = Fader(self.tr("{track} level").format(track=name), track)
        self.fader.setMaximumHeight(LONGEST_FADER)
        self.fader.value_changed.connect(lambda db: document.set_gain(track, db))
        words = {"speech": self.tr("Hear speech alone"), "noise": self.tr("Hear what is removed")}
        self.solo = self._switch("solo", self.tr("Solo {track}").format(track=name.lower()), words[track])
        self.solo.setProperty("role", track)
        self.solo.clicked.connect(lambda: view.toggle_solo(track))
        mute = self.tr("Mute {track}").format(track=name.lower())
        self.mute = self._switch("mute", mute, mute)
        self.mute.clicked.connect(lambda: view.toggle_mute(track))
        switches = QHBoxLayout()
        switches.setSpacing(theme.XS)
        switches.addWidget(self.solo)
        switches.addWidget(self.mute)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.XS)
        column.addWidget(title)
        column.addWidget(self.fader, 1000)  # all the height, until it has enough
        column.addLayout(switches)
        column.addStretch(1)
        self._show_lanes("lanes")
        observe(self, view.changed, self._show_lanes)

    def _switch(self, icon: str, name: str, tip: str) -> QToolButton:
        switch = QToolButton()
        switch.setIcon(icons.icon(icon, checked="on_accent" if icon == "solo" else ""))
        switch.setCheckable(True)
        switch.setAccessibleName(name)
        switch.setToolTip(tip)
        switch.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        return switch

    def _show_lanes(self, what: str) -> None:
        if what == "lanes":
            self.solo.setChecked(self._view.solo == self._track)
            self.mute.setChecked(self._track in self._view.muted)
            playing = heard(Remix(), self._view.solo, self._view.muted)
            self.fader.set_heard(getattr(playing, f"{self._track}_db") > SILENT)


def _line() -> QFrame:
    line = QFrame()
    line.setFixedHeight(1)
    line.setProperty("role", "line")
    return line
