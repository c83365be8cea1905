"""The recordings kept aside, before and after: seen below each other, and heard in turn without a gap, equally loud."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QMouseEvent, QShortcut
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.document.view import ViewState
from app.picture.lane_view import LaneView
from app.picture.ruler import clock
from app.picture.source import LaneSource
from app.picture.tiles import Tiles
from app.sound.output import Output, SoundDeviceOutput
from app.sound.player import Player
from app.window import icons, theme
from app.window.background import run_in_background
from engine.loudness import LoudnessMeter
from engine.remix import amplitude

CLIPS = 4
SECONDS = 8.0  # of a clip, as the trainer cuts them
KINDS = ("before", "base", "after")
LANES = {"before": "mixture", "base": "speech", "after": "speech"}
LOUDEST_LUFS, PEAK_DBTP, MOST_GAIN_DB = -20.0, -1.0, 30.0
FRAME_MS = 16
AT_END = 0.05  # seconds before the end from which playing begins anew

Audio = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Version:
    """One version of a clip.

    Attributes:
        audio: (frames, 1), full scale ±1.
        stamp: of its file, which changes when that is replaced.
        loudness, peak: in LUFS and dBTP.
    """

    audio: Audio
    sample_rate: int
    stamp: tuple[int, int]
    loudness: float
    peak: float


Clip = Mapping[str, Version]  # by kind; what has no file is missing


class Heard:
    """A version as `app.sound.prefetch.Tracks`, with a gain in dB."""

    channels = 1

    def __init__(self, version: Version, gain_db: float) -> None:
        self._audio = version.audio * np.float32(amplitude(gain_db))
        self.sample_rate, self.frames = version.sample_rate, len(version.audio)

    def read(self, start: int, stop: int) -> tuple[Audio, Audio]:
        """See `app.sound.prefetch.Tracks`: it is all speech."""
        return self._audio[start:stop].copy(), self._audio[start:stop].copy()


def read_version(path: Path, known: Version | None = None) -> Version | None:
    """A version from its file, or `known` where that is the same; None where there is no file.

    Raises OSError where it cannot be read.
    """
    try:
        found = path.stat()
        stamp = found.st_mtime_ns, found.st_ino
        if known and known.stamp == stamp:
            return known
        audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except FileNotFoundError:
        return None
    except soundfile.SoundFileError as error:
        if not path.exists():
            return None
        raise OSError(f"{path}: cannot be read ({error})") from None
    audio = np.ascontiguousarray(audio[:, :1], np.float32)
    meter = LoudnessMeter(rate, 1)
    meter.add(audio)
    return Version(audio, rate, stamp, meter.integrated(), meter.true_peak())


def read_clips(folder: Path, known: Mapping[tuple[int, str], Version]) -> list[Clip]:
    """The clips of a folder; `known` by number and kind are read again only where their files are others.

    Raises OSError where one cannot be read.
    """
    clips: list[Clip] = []
    for number in range(1, CLIPS + 1):
        found = {kind: read_version(folder / f"{number}.{kind}.wav", known.get((number, kind))) for kind in KINDS}
        clips.append({kind: version for kind, version in found.items() if version})
    return clips


def matched_gains(clip: Clip) -> dict[str, float]:
    """For each version the gain in dB with which all are equally loud: at −20 LUFS, or as loud as peaks allow.

    What would need more than 30 dB stays quieter than the others.
    """
    target = min((v.loudness + PEAK_DBTP - v.peak for v in clip.values() if v.peak > -np.inf), default=0.0)
    return {kind: min(min(target, LOUDEST_LUFS) - v.loudness, MOST_GAIN_DB) for kind, v in clip.items()}


class Previews(QWidget):
    """Shows the clips of a training, and plays them.

    Space plays and pauses; 1, 2 and 3 or a click on a picture choose what is heard.  A stretch that is selected is
    repeated, otherwise the clip.

    Args:
        output: where to; None for the system's device.
    """

    _problem = Signal(str)  # of the player, from its thread

    def __init__(self, output: Output | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAccessibleName(self.tr("Before and after"))
        self._output = output
        self._player: Player | None = None
        self._playing_clip: Clip = {}
        self._folder: Path | None = None
        self._clips: list[Clip] = [{}] * CLIPS
        self._reading = self._again = False
        self._chosen = False  # whether the user has said what to hear
        self._from_player = False
        self.clip = 0
        self.kind = KINDS[0]
        self.tiles = Tiles(self)
        self.words = {"before": self.tr("Recording"), "base": self.tr("Old model"), "after": self.tr("New model")}
        self._make_buttons()
        self._lay_out()
        self._make_lanes(SECONDS)
        self._clock = QTimer(self, interval=FRAME_MS)
        self._clock.timeout.connect(self._follow)
        self._problem.connect(self._fail)
        theme.theme_changed.connect(self._show_kind)
        for key, function in (
            ("Space", self.toggle),
            *((str(n), lambda kind=kind: self.choose_kind(kind)) for n, kind in enumerate(KINDS, 1)),
        ):
            shortcut = QShortcut(QKeySequence(key), self, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(function)
        self._show_clip()

    @property
    def playing(self) -> bool:
        """Whether something is heard."""
        return self._player is not None and self._player.playing

    def show_folder(self, previews: Path) -> None:
        """Show the clips of this folder, which may not be there yet."""
        self.stop()
        self._folder, self._playing_clip, self._chosen = previews, {}, False
        self._clips = [{}] * CLIPS
        self.clip, self.kind = 0, KINDS[0]
        self._say("")
        self._rewind()
        self.refresh()
        self._show_clip()

    def refresh(self) -> None:
        """See whether there are new files; what plays goes on as it is until it is started again."""
        self._again = self._reading
        if self._folder is None or self._reading:
            return
        self._reading, folder = True, self._folder
        known = {(n, kind): v for n, clip in enumerate(self._clips, 1) for kind, v in clip.items()}
        run_in_background(
            self, lambda: read_clips(folder, known), lambda clips: self._take(folder, clips), self._refuse
        )

    def toggle(self) -> None:
        """Play from the playhead, or be silent."""
        if self.playing:
            self._pause()
        elif self.kind in self._clips[self.clip]:
            self._say("")
            if self._player is None:
                self._player = Player(self._output or SoundDeviceOutput(None))
                self._player.on_problem = self._problem.emit
                self._playing_clip = {}
            if self._playing_clip != self._clips[self.clip]:
                self._playing_clip = self._clips[self.clip]
                self._player.load(self._heard())
            at_end = self.view.playhead >= self.view.seconds - AT_END
            self._player.seek(0.0 if at_end else self.view.playhead)
            self._repeat()
            self._player.play()
            self._clock.start()
            self._show_playing()

    def choose_kind(self, kind: str) -> None:
        """Hear this version from now on: "before", "base" or "after"; one that is not there yet is passed over."""
        if kind in self._clips[self.clip]:
            self._chosen = True
            self._set_kind(kind)

    def choose_clip(self, number: int) -> None:
        """Show another clip, counted from 0; what plays goes on with its beginning."""
        if number != self.clip and self._clips[number]:
            played = self.playing
            self._pause()
            self.clip = number
            self._rewind()
            self._show_clip()
            if played:
                self.toggle()

    def stop(self) -> None:
        """Be silent, and give the sound device back."""
        self._clock.stop()
        if self._player:
            self._player.close()
            self._player = None
        self.tiles.rest()
        self._show_playing()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """A click on a picture chooses what is heard."""
        if event.type() == QEvent.Type.MouseButtonPress and isinstance(event, QMouseEvent):
            for kind, lane in self.lanes.items():
                if watched is lane and event.button() == Qt.MouseButton.LeftButton:
                    self.choose_kind(kind)
        return super().eventFilter(watched, event)

    # Widgets

    def _make_buttons(self) -> None:
        self.play_button = QPushButton(icons.icon("play"), self.tr("Play"))
        self.play_button.setToolTip(self.tr("Play from the line on, again and again (Space)"))
        self.play_button.clicked.connect(self.toggle)
        self.time = QLabel()
        self.time.setFont(theme.font(theme.BODY))
        self.time.setFixedWidth(self.time.fontMetrics().horizontalAdvance("0:00.0") + theme.S)
        self.clip_buttons = [QPushButton(self.tr("Clip {0}").format(number + 1)) for number in range(CLIPS)]
        self.kind_buttons = {kind: QPushButton(words) for kind, words in self.words.items()}
        hints = (
            self.tr("Hear the recording as it is (1)"),
            self.tr("Hear what the model that the training began as makes of it (2)"),
            self.tr("Hear what the model makes of it that is being trained (3)"),
        )
        for (kind, button), hint in zip(self.kind_buttons.items(), hints, strict=True):
            button.setToolTip(hint)
            button.clicked.connect(lambda _=False, kind=kind: self.choose_kind(kind))
        for number, button in enumerate(self.clip_buttons):
            button.setToolTip(self.tr("A recording that the training never learns from"))
            button.clicked.connect(lambda _=False, number=number: self.choose_clip(number))
        for buttons in (self.clip_buttons, self.kind_buttons.values()):
            group = QButtonGroup(self)
            for button in buttons:
                button.setCheckable(True)
                button.setAccessibleName(button.text())
                group.addButton(button)
        self.line = QLabel(wordWrap=True)

    def _lay_out(self) -> None:
        title = QLabel(self.tr("Before and after"))
        title.setFont(theme.font(theme.BODY, bold=True))
        clips, transport = QHBoxLayout(), QHBoxLayout()
        clips.setSpacing(theme.XS)
        clips.addWidget(title)
        clips.addStretch()
        for button in self.clip_buttons:
            clips.addWidget(button)
        transport.setSpacing(theme.XS)
        transport.addWidget(self.play_button)
        transport.addWidget(self.time)
        transport.addStretch()
        for button in self.kind_buttons.values():
            transport.addWidget(button)
        self._pictures = QVBoxLayout()
        self._pictures.setSpacing(theme.XS)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.S)
        column.addLayout(clips)
        column.addLayout(self._pictures, 1)
        column.addLayout(transport)
        column.addWidget(self.line)

    def _make_lanes(self, seconds: float) -> None:
        """Make the pictures, of clips of this length."""
        while item := self._pictures.takeAt(0):
            if isinstance(old := item.widget(), LaneView):
                old.set_source(None)
                old.deleteLater()
        self.view = ViewState(seconds)
        self.view.changed.connect(self._view_changed)
        self.lanes: dict[str, LaneView] = {}
        self.marks: dict[str, QLabel] = {}
        self._shown: dict[str, tuple[Version | None, str]] = {}
        for kind in KINDS:
            self.lanes[kind] = lane = LaneView(self.view, LANES[kind], self.words[kind], self.tiles)
            self.marks[kind] = mark = QLabel()
            mark.setFixedSize(theme.ICON, theme.ICON)
            lane.header.add(mark)
            lane.set_waveform(False)
            lane.setToolTip(self.tr("Click to hear it from there, drag to repeat a stretch; the wheel zooms"))
            lane.installEventFilter(self)
            self._pictures.addWidget(lane, 1)

    # State

    def _take(self, folder: Path, clips: list[Clip]) -> None:
        self._reading = False
        if folder == self._folder:
            self._clips = clips
            there = [kind for kind in KINDS if kind in clips[self.clip]]
            if there and not self._chosen and not self.playing:
                self.kind = there[-1]
            self._show_clip()
        if self._again or folder != self._folder:
            self.refresh()

    def _refuse(self, line: str) -> None:
        self._reading = False
        self._show_clip()
        self._fail(line)

    def _fail(self, line: str) -> None:
        self._clock.stop()
        self._show_playing()
        self._say(line, "error")

    def _set_kind(self, kind: str) -> None:
        if kind != self.kind:
            self.kind = kind
            if self.playing and self._player:
                if kind not in self._playing_clip:
                    self._playing_clip = self._clips[self.clip]
                self._player.replace(self._heard())
            else:
                self._playing_clip = {}
        self._show_kind()

    def _heard(self) -> Heard:
        """What is to be heard now."""
        return Heard(self._playing_clip[self.kind], matched_gains(self._playing_clip)[self.kind])

    def _pause(self) -> None:
        if self._player:
            self._player.pause()
        self._clock.stop()
        self._show_playing()

    def _rewind(self) -> None:
        self.view.fit()
        self.view.clear_selection()
        self.view.move_playhead(0.0)

    def _repeat(self) -> None:
        if self._player:
            self._player.set_loop(*(self.view.selection or (0.0, self.view.seconds)))

    def _follow(self) -> None:
        """Bring the playhead to what is heard."""
        if self._player:
            self._from_player = True
            self.view.move_playhead(self._player.position)
            self._from_player = False
        if not self.playing:
            self._clock.stop()
            self._show_playing()

    def _view_changed(self, what: str) -> None:
        if what == "playhead":
            self._show_time()
            if self.playing and self._player and not self._from_player:
                self._player.seek(self.view.playhead)
        elif what == "selection" and self.playing:
            self._repeat()

    # Showing

    def _show_clip(self) -> None:
        clip = self._clips[self.clip]
        lengths = [len(version.audio) / version.sample_rate for version in clip.values()]
        if lengths and max(lengths) != self.view.seconds:
            self._make_lanes(max(lengths))
        for number, button in enumerate(self.clip_buttons):
            button.setEnabled(bool(self._clips[number]))
            button.setChecked(number == self.clip)
        for kind, lane in self.lanes.items():
            version = clip.get(kind)
            if self._shown.get(kind) != (shown := (version, self._waiting(kind))):
                self._shown[kind] = shown
                lane.set_source(picture(version) if version else None, shown[1])
        self._show_kind()
        self._show_time()
        self._show_playing()

    def _waiting(self, kind: str) -> str:
        """What stands where there is nothing to see."""
        if self._reading:
            return self.tr("Reading…")
        return self.tr("Comes with the first score") if kind == "after" else self.tr("Comes when the training begins")

    def _show_kind(self) -> None:
        for kind, button in self.kind_buttons.items():
            button.setEnabled(kind in self._clips[self.clip])
            button.setChecked(kind == self.kind)
            self.marks[kind].setPixmap(
                icons.icon("solo", "accent").pixmap(QSize(theme.ICON, theme.ICON), self.devicePixelRatioF())
            )
            self.marks[kind].setVisible(kind == self.kind and bool(self._clips[self.clip]))
        self.setAccessibleDescription(self.tr("Clip {0}, {1}").format(self.clip + 1, self.words[self.kind]))

    def _show_time(self) -> None:
        self.time.setText(clock(self.view.playhead, 1))

    def _show_playing(self) -> None:
        words = self.tr("Pause") if self.playing else self.tr("Play")
        if self.play_button.text() != words:
            self.play_button.setText(words)
            self.play_button.setIcon(icons.icon("pause" if self.playing else "play"))
        self.play_button.setAccessibleName(words)
        self.play_button.setEnabled(self.kind in self._clips[self.clip])

    def _say(self, line: str, role: str = "muted") -> None:
        self.line.setText(line or self.tr("Played equally loud. Space plays; 1, 2 and 3 switch."))
        if self.line.property("role") != role:
            self.line.setProperty("role", role)
            self.line.style().polish(self.line)


def picture(version: Version) -> LaneSource:
    """What a lane shows of a version."""
    audio = version.audio
    return LaneSource(None, lambda start, stop: audio[start:stop], version.sample_rate, len(audio))
