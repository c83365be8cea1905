"""The form for what an export writes, of one recording or of many: tracks, format, loudness, folder and name."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import soundfile
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QWidget,
)

from app.document.settings import EXPORTS, Settings
from app.window.output_names import FORMATS, LOSSY, SAME, output_paths, suffix_for
from app.window.remix_panel import LOUDNESS, TRUE_PEAK
from app.window.target_box import TargetBox
from app.window.theme import CONTROL, XL, L, S
from engine.delivery import Delivery
from engine.errors import UsageError
from engine.recording import Recording

OFFERED_DEPTHS = ("PCM_16", "PCM_24", "FLOAT")
WIDTH = 190  # pixels, of boxes


class OutputForm(QWidget):
    """What to write, and how.

    Args:
        settings: where the form begins, and what `remember` changes.
        recording: what "as the source" means; None where there are many.

    Attributes:
        changed: emits () when the user has changed something.
        problem: emits a line for the user when something typed cannot be taken.
        rows: the layout, for rows that a dialog adds.
    """

    changed = Signal()
    problem = Signal(str)

    def __init__(self, settings: Settings, recording: Recording | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._recording = recording
        self._delivery = Delivery(subtype=settings.export_subtype or None)
        self._depths = {
            "PCM_16": self.tr("16 bit"),
            "PCM_24": self.tr("24 bit"),
            "PCM_32": self.tr("32 bit"),
            "FLOAT": self.tr("32-bit float"),
            "DOUBLE": self.tr("64-bit float"),
        }
        self.rows = QFormLayout(self)
        self.rows.setContentsMargins(0, 0, 0, 0)
        self.rows.setHorizontalSpacing(L)
        self.rows.setVerticalSpacing(S)
        self.rows.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self._add_tracks(settings)
        self._add_format(settings)
        self._add_delivery()
        self._add_place(settings)
        self._show()

    @property
    def tracks(self) -> tuple[str, ...]:
        """The tracks to write, of "remix", "speech" and "noise"."""
        return tuple(track for track, box in self.boxes.items() if box.isChecked())

    @property
    def delivery(self) -> Delivery:
        """The loudness, true peak and sample format."""
        return self._delivery

    def set_delivery(self, delivery: Delivery) -> None:
        """Show a delivery, without `changed`."""
        self._delivery = delivery
        self._show()

    def paths(self, recording: Path, preset: str) -> dict[str, Path]:
        """Where the tracks of a recording go.  Raises UsageError as `output_paths`."""
        folder, suffix = self.folder.text().strip(), self.format.currentData()
        return output_paths(recording, self.tracks, folder, self.template.text(), preset, suffix)

    def remember(self, settings: Settings) -> None:
        """Put what was chosen into the settings, but for the loudness and true peak."""
        settings.export_tracks = self.tracks
        settings.export_suffix = self.format.currentData()
        settings.export_subtype = self._delivery.subtype or ""
        settings.export_folder = self.folder.text().strip()
        settings.name_template = self.template.text()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802  Qt's name
        """Enter ends the typing in a field, and does not start an export with it."""
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)

    def add_row(self, text: str, *widgets: QWidget, spacing: int = S) -> None:
        """A row with a label; only text takes the room that is left."""
        row = QHBoxLayout()
        row.setSpacing(spacing)
        for widget in widgets:
            row.addWidget(widget, stretch=isinstance(widget, QLineEdit | QLabel))
        if not any(isinstance(widget, QLineEdit | QLabel) for widget in widgets):
            row.addStretch()
        if not widgets[0].accessibleName():
            widgets[0].setAccessibleName(text)
        label = QLabel(text)
        label.setMinimumHeight(CONTROL)
        label.setBuddy(widgets[0])
        self.rows.addRow(label, row)

    def _add_tracks(self, settings: Settings) -> None:
        names = {"remix": self.tr("Remix"), "speech": self.tr("Speech"), "noise": self.tr("Noise")}
        tips = {
            "remix": self.tr("What you hear, with your gains and regions"),
            "speech": self.tr("The voice alone, as it was separated"),
            "noise": self.tr("Everything but the voice: what you would remove"),
        }
        self.boxes: dict[str, QCheckBox] = {}
        for track in EXPORTS:
            box = self.boxes[track] = QCheckBox(names[track])
            box.setToolTip(tips[track])
            box.setMinimumHeight(CONTROL)
            box.setAccessibleName(self.tr("Write {0}").format(names[track]))
            box.setChecked(track in settings.export_tracks)
            box.toggled.connect(self._user_changed)
        self.add_row(self.tr("Write"), *self.boxes.values(), spacing=XL)

    def _add_format(self, settings: Settings) -> None:
        self.format = QComboBox()
        self.format.setToolTip(self.tr("wav, flac and aiff keep every sample; the others are smaller"))
        self.format.setFixedWidth(WIDTH)
        self.format.addItem(self._source_format(), "")
        for suffix, name in zip(FORMATS, ("WAV", "FLAC", "AIFF", "Ogg Vorbis", "Opus", "MP3"), strict=True):
            self.format.addItem(name, suffix)
        self.format.setCurrentIndex(max(0, self.format.findData(settings.export_suffix)))
        self.format.currentIndexChanged.connect(self._user_changed)
        self.depth_box = QComboBox()
        self.depth_box.setToolTip(self.tr("How finely the samples are stored"))
        self.depth_box.setFixedWidth(WIDTH)
        self.depth_box.setAccessibleName(self.tr("Depth"))
        own = self._recording.subtype if self._recording else ""
        self.depth_box.addItem(self.tr("As the source") + (f" ({self._depths[own]})" if own else ""), "")
        for subtype in OFFERED_DEPTHS:
            self.depth_box.addItem(self._depths[subtype], subtype)
        self.depth_box.activated.connect(lambda: self._deliver(subtype=self.depth_box.currentData() or None))
        self.depth_note = _note()
        self.add_row(self.tr("Format"), self.format, self.depth_box, self.depth_note)

    def _add_delivery(self) -> None:
        self.loudness = TargetBox(self.tr("Loudness"), "LUFS", LOUDNESS)
        self.loudness.setToolTip(self.tr("Brings the remix to a loudness; speech and noise keep theirs"))
        self.loudness.chosen.connect(lambda value: self._deliver(loudness=value))
        self.loudness_note = _note()
        self.true_peak = TargetBox(self.tr("True peak"), "dBTP", TRUE_PEAK)
        self.true_peak.setToolTip(self.tr("The remix never peaks above this, so that nothing is distorted later"))
        self.true_peak.chosen.connect(lambda value: self._deliver(true_peak=value))
        self.true_peak_note = _note()
        for box, note in ((self.loudness, self.loudness_note), (self.true_peak, self.true_peak_note)):
            box.setFixedWidth(WIDTH)
            box.problem.connect(self.problem)
            self.add_row(box.accessibleName(), box, note)

    def _add_place(self, settings: Settings) -> None:
        self.folder = QLineEdit(settings.export_folder)
        beside = str(self._recording.path.parent) if self._recording else self.tr("Beside each recording")
        self.folder.setPlaceholderText(beside)
        choose = QPushButton(self.tr("Choose…"))
        choose.setAccessibleName(self.tr("Choose the folder"))
        choose.clicked.connect(self._choose_folder)
        self.template = QLineEdit(settings.name_template)
        fields = QMenu(self)
        for text, field in (
            (self.tr("Name of the recording"), "{stem}"),
            (self.tr("Track: remix, speech or noise"), "{track}"),
            (self.tr("Preset of the gains"), "{preset}"),
        ):
            fields.addAction(text, lambda field=field: self.template.insert(field))
        insert = QPushButton(self.tr("Insert"))
        insert.setMenu(fields)
        insert.setAccessibleName(self.tr("Insert a field into the name"))
        width = max(button.sizeHint().width() for button in (choose, insert))
        for text, edit, button in ((self.tr("Folder"), self.folder, choose), (self.tr("Name"), self.template, insert)):
            edit.textChanged.connect(self._user_changed)
            edit.setAcceptDrops(False)  # a recording dropped here is meant for the dialog
            button.setFixedWidth(width)
            button.setAutoDefault(False)
            self.add_row(text, edit, button)

    def _source_format(self) -> str:
        if self._recording is None:
            return self.tr("As the source")
        own, suffix = self._recording.path.suffix.lower(), suffix_for(self._recording.path, "")
        name = suffix.removeprefix(".").upper()
        if own == suffix:
            return self.tr("As the source ({0})").format(name)
        return self.tr("{0}, the source being {1}").format(name, own.removeprefix(".").upper())

    def _choose_folder(self) -> None:
        start = self.folder.text() or (str(self._recording.path.parent) if self._recording else "")
        if folder := QFileDialog.getExistingDirectory(self, self.tr("Folder for the files"), start):
            self.folder.setText(folder)

    def _deliver(self, **change: Any) -> None:
        try:
            self._delivery = replace(self._delivery, **change)
        except UsageError as error:
            self.problem.emit(str(error))
        self._user_changed()

    def _user_changed(self) -> None:
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        delivery, recording = self._delivery, self._recording
        self.loudness.show_value(delivery.loudness)
        uses = (self.tr("podcasts"), self.tr("podcasts in mono"), self.tr("broadcasting in Europe"))
        use = dict(zip((None, *LOUDNESS), (self.tr("as loud as it comes"), *uses), strict=True))
        self.loudness_note.setText(use.get(delivery.loudness, ""))
        self.true_peak.allow_off(delivery.loudness is None)  # before the value, which it would overwrite
        self.true_peak.show_value(delivery.ceiling)
        self.true_peak_note.setText("" if delivery.ceiling is None else self.tr("no peak is higher"))
        chosen = delivery.subtype or ""
        if self.depth_box.findData(chosen) < 0:
            self.depth_box.addItem(self._depths.get(chosen, chosen), chosen)
        self.depth_box.setCurrentIndex(self.depth_box.findData(chosen))
        suffix = suffix_for(recording.path, self.format.currentData()) if recording else self.format.currentData()
        lossy, subtype = suffix in LOSSY, chosen or (recording.subtype if recording else "")
        self.depth_box.setEnabled(not lossy)
        if lossy:
            self.depth_note.setText(self.tr("lossy, without a depth"))
        elif suffix and subtype and not soundfile.check_format(SAME[suffix], subtype):
            self.depth_note.setText(self.tr("holds 24 bit at most"))
        else:
            self.depth_note.setText("")


def _note() -> QLabel:
    label = QLabel()
    label.setProperty("role", "muted")
    return label
