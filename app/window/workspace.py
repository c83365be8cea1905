"""The window's view of one opened recording: lanes, transport, remix panel and region table, kept in step."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QInputDialog, QLabel, QMenu, QSplitter, QToolButton, QVBoxLayout, QWidget

from app.document.command import command_line
from app.document.edit import LANES, Edit, heard
from app.document.recovery import Autosave
from app.document.session import save_session
from app.document.settings import Settings
from app.document.words import clock, decibels, short_decibels
from app.picture.lane_view import LaneView
from app.picture.overview import Overview
from app.picture.ruler import TimeRuler
from app.picture.tiles import Tiles
from app.sound.player import Player
from app.window import icons, theme
from app.window.background import run_in_background
from app.window.fixed_words import in_words
from app.window.message_bar import MessageBar
from app.window.meters import MeterBar
from app.window.model_card import ModelsDialog
from app.window.observe import observe
from app.window.project import Project, SplitState
from app.window.region_table import RegionTable
from app.window.remix_panel import RemixPanel
from app.window.split_bar import SplitBar
from app.window.transport import TransportBar
from engine.errors import VoicebedError
from engine.model_files import DEFAULT
from engine.patch import Patch
from engine.remix import TOP_DB, Region, Remix

FRAME_MS = 16  # between looks at the player while it plays
METER_EVERY = 5  # frames
LOUDNESS_MS = 150  # after the last change of the remix
STEP_SECONDS = 5.0
CONTRAST_STEP = 6.0  # dB
LOUDEST_TRIM = 24.0  # dB
METER_WIDTH = 300, 480  # pixels, at least and at most
LOWEST_DB = -60.0  # below it a gain steps to −∞


class Workspace(QWidget):
    """Everything that belongs to one recording; made anew for the next.

    Args:
        project: an opened one.
        player: what plays it; loaded here.
        settings: the user's; changed as the user chooses.
        actions: the window's, by name.
        messages: where problems are shown.
    """

    def __init__(
        self,
        project: Project,
        player: Player,
        settings: Settings,
        actions: Mapping[str, QAction],
        messages: MessageBar,
    ) -> None:
        super().__init__()
        self.project, self.document, self.view = project, project.document, project.view
        self._player, self._settings, self._actions, self._messages = player, settings, actions, messages
        self.autosave = Autosave()
        self._from_player = False
        self._frame = 0
        self._began_at = self.view.playhead
        self._loudness: tuple[float, float] | None = None  # of the remix and of the original
        self._make_widgets()
        self._lay_out()
        self.commands = self._make_commands()
        self._connect()
        player.load(project.tracks)
        player.seek(self.view.playhead)
        self._show_tracks()
        self._show_edit()
        self._show_lanes()
        self._push()
        self.update_actions()

    def close_recording(self) -> None:
        """Stop playing it, and drop its jobs and files."""
        for timer in (self._clock, self._loudness_timer, self._autosave_timer):
            timer.stop()
        self._player.pause()
        self._player.load(None)
        self.tiles.close()
        self.project.close()

    def save(self, path: Path) -> None:
        """Write the session file.  Raises UsageError or ResourceError where that is impossible."""
        save_session(self.project.session(), path)
        self.document.mark_saved(path)
        self.autosave.discard()
        self._settings.add_recent(path)

    def autosave_now(self) -> None:
        """Write what is unsaved where the next start finds it."""
        if self.document.modified:
            self._write_autosave()

    # Widgets

    def _make_widgets(self) -> None:
        project = self.project
        self.split_bar = SplitBar(project, self._actions["cancel_split"])
        self.tiles = Tiles(self)
        self.overview = Overview(self.view, self.tiles)
        self.ruler = TimeRuler(self.view)
        titles = {"mixture": self.tr("Mixture"), "speech": self.tr("Speech"), "noise": self.tr("Noise")}
        self.lanes = {lane: LaneView(self.view, lane, titles[lane], self.tiles) for lane in LANES}
        for lane, widget in self.lanes.items():
            widget.header.add(self._lane_button(f"solo_{lane}", "solo"))
            if lane != "mixture":
                widget.header.add(self._lane_button(f"mute_{lane}", "mute"))
        self.readout = QLabel()
        self.readout.setFont(theme.font(theme.SMALL))
        self.readout.setProperty("role", "muted")
        self.readout.setAccessibleName(self.tr("Under the pointer"))
        longest = readout_words(project.recording.seconds, project.recording.sample_rate / 2, -100.0)
        self.readout.setMinimumWidth(self.readout.fontMetrics().horizontalAdvance(longest))  # nothing moves for it
        self.transport = TransportBar(self._actions, project.recording.seconds)
        self.meters = MeterBar()
        self.panel = RemixPanel(self.document, self.view, self._settings.presets, self._settings.matched_bypass)
        self.regions = RegionTable(self.document, self.view)
        self.regions.setVisible(self._actions["regions"].isChecked())

    def _lane_button(self, name: str, icon: str) -> QToolButton:
        action, button = self._actions[name], QToolButton()
        button.setCheckable(True)
        button.setIcon(icons.icon(icon, checked="on_accent" if icon == "solo" else ""))
        button.setProperty("role", name.split("_")[1] if icon == "solo" else "")
        button.setToolTip(action.toolTip())
        button.setAccessibleName(action.text())
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setChecked(action.isChecked())
        button.clicked.connect(action.trigger)
        observe(button, self.view.changed, lambda _: button.setChecked(self._lane_switch(name)))
        return button

    def _lane_switch(self, name: str) -> bool:
        """Whether the solo or mute of that action is on."""
        kind, lane = name.split("_")
        return self.view.solo == lane if kind == "solo" else lane in self.view.muted

    def _lay_out(self) -> None:
        lanes = QSplitter(Qt.Orientation.Vertical)
        lanes.setChildrenCollapsible(False)
        lanes.setHandleWidth(theme.XS)
        for widget in self.lanes.values():
            lanes.addWidget(widget)
        self.transport.middle.addWidget(self.readout)
        self.transport.row.addSpacing(theme.L)
        self.meters.setMinimumWidth(METER_WIDTH[0])
        self.meters.setMaximumWidth(METER_WIDTH[1])
        self.transport.row.addWidget(self.meters, 2)
        left = QVBoxLayout()
        left.setSpacing(0)
        for widget in (self.split_bar, self.overview, self.ruler):
            left.addWidget(widget)
        lanes.addWidget(self.regions)
        for number in range(lanes.count()):
            lanes.setStretchFactor(number, int(lanes.widget(number) is not self.regions))
        left.addWidget(lanes, 1)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addLayout(left, 1)
        row.addWidget(self.panel)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row, 1)
        column.addWidget(self.transport)

    def _connect(self) -> None:
        observe(self, self.document.changed, self._edit_changed)
        observe(self, self.document.state_changed, self.update_actions)
        observe(self, self.view.changed, self._view_changed)
        self.project.tracks_changed.connect(self._tracks_changed)
        self.project.split_changed.connect(self._split_changed)
        self.project.problem.connect(self._project_problem)
        self.split_bar.retry_requested.connect(self.project.split_again)
        self.split_bar.models_requested.connect(self._choose_model)
        self.tiles.failed.connect(self._problem)
        for lane in self.lanes.values():
            lane.hovered.connect(self._show_readout)
            lane.menu_requested.connect(self._show_menu)
            lane.region_chosen.connect(self._choose_region)
        self.ruler.menu_requested.connect(self._show_menu)
        self.ruler.marker_moved.connect(self.document.move_marker)
        self.ruler.marker_chosen.connect(lambda index: self.view.move_playhead(self.document.edit.markers[index].time))
        self.transport.time_typed.connect(self.view.move_playhead)
        self.regions.seek_requested.connect(self.view.move_playhead)
        for source in (self.transport, self.panel, self.regions):
            source.problem.connect(self._problem)
        self.panel.bypass_changed.connect(self._bypass)
        self.panel.matched_changed.connect(self._match)
        self.panel.export_requested.connect(self._actions["export"].trigger)
        self.panel.presets_changed.connect(lambda presets: setattr(self._settings, "presets", presets))
        self._clock = QTimer(self, interval=FRAME_MS)
        self._clock.timeout.connect(self._follow_player)
        self._loudness_timer = QTimer(self, interval=LOUDNESS_MS, singleShot=True)
        self._loudness_timer.timeout.connect(self._measure)
        self._autosave_timer = QTimer(self, interval=1000)
        self._autosave_timer.timeout.connect(lambda: self._write_autosave() if self.autosave.due() else None)
        self._autosave_timer.start()

    # What the actions do

    def _make_commands(self) -> dict[str, Callable[[], object]]:
        view, document, player = self.view, self.document, self._player
        commands: dict[str, Callable[[], object]] = {
            "undo": document.undo,
            "redo": document.redo,
            "select_all": lambda: view.select(0.0, view.seconds),
            "select_from": view.select_from_playhead,
            "select_to": view.select_to_playhead,
            "clear_selection": lambda: self._messages.dismiss() or view.clear_selection(),
            "add_region": self._add_region,
            "remove_region": self._remove_region,
            "add_marker": self._add_marker,
            "rename_marker": self._rename_marker,
            "remove_marker": lambda: self._with_marker(document.remove_marker),
            "copy_command": self._copy_command,
            "zoom_in": lambda: view.zoom(2.0),
            "zoom_out": lambda: view.zoom(0.5),
            "zoom_fit": view.fit,
            "zoom_selection": view.zoom_to_selection,
            "scroll_left": lambda: view.scroll((view.start - view.end) / 2),
            "scroll_right": lambda: view.scroll((view.end - view.start) / 2),
            "follow": lambda: setattr(view, "following", self._actions["follow"].isChecked()),
            "brighter": lambda: self._contrast(-CONTRAST_STEP),
            "darker": lambda: self._contrast(CONTRAST_STEP),
            "regions": lambda: self.regions.setVisible(self._actions["regions"].isChecked()),
            "play": self._play_or_pause,
            "stop": self._stop,
            "to_start": lambda: view.move_playhead(0.0),
            "to_end": lambda: view.move_playhead(view.seconds),
            "back": lambda: view.move_playhead(view.playhead - STEP_SECONDS),
            "forward": lambda: view.move_playhead(view.playhead + STEP_SECONDS),
            "previous_marker": lambda: self._to_marker(-1),
            "next_marker": lambda: self._to_marker(1),
            "loop": self._set_loop,
            "bypass": lambda: self.panel.set_bypass(self._actions["bypass"].isChecked()),
            "model": self._choose_model,
            "split_again": self.project.split_again,
            "split_selection": self._choose_patch,
            "undo_patches": self._remove_patches,
            "cancel_split": self.project.cancel_split,
            "pause": player.pause,
        }
        for lane in LANES:
            commands[f"solo_{lane}"] = lambda lane=lane: view.toggle_solo(lane)
        tracks: tuple[Literal["speech", "noise"], ...] = ("speech", "noise")
        for track in tracks:
            commands[f"mute_{track}"] = lambda track=track: view.toggle_mute(track)
            for name, step in (("up", 1.0), ("down", -1.0)):
                commands[f"{track}_{name}"] = lambda track=track, step=step: self._nudge(track, step)
        for axis in ("linear", "log", "mel"):
            commands[f"axis_{axis}"] = lambda axis=axis: self._set_axis(axis)
        return commands

    def update_actions(self) -> None:
        """Enable what can be done now, and check what is on."""
        actions, view, document = self._actions, self.view, self.document
        selected, done = view.selection is not None, self.project.state is SplitState.DONE
        for name, on in {
            "undo": document.can_undo,
            "redo": document.can_redo,
            "add_region": selected,
            "remove_region": bool(document.edit.remix.regions),
            "clear_selection": True,
            "zoom_selection": selected,
            "split_selection": selected and done,
            "undo_patches": bool(document.edit.patches),
            "rename_marker": bool(document.edit.markers),
            "remove_marker": bool(document.edit.markers),
            "cancel_split": self.project.state is SplitState.RUNNING,
            "split_again": self.project.state is not SplitState.RUNNING,
            "export": done,
        }.items():
            actions[name].setEnabled(on)
        self.panel.export.setEnabled(done)
        for name, words, label in (
            ("undo", self.tr("Undo: {what}"), document.undo_label),
            ("redo", self.tr("Redo: {what}"), document.redo_label),
        ):
            actions[name].setText(words.format(what=in_words(label)) if label else actions[name].iconText())
        actions["follow"].setChecked(view.following)
        actions[f"axis_{view.axis}"].setChecked(True)
        for name in ("solo_mixture", "solo_speech", "solo_noise", "mute_speech", "mute_noise"):
            actions[name].setChecked(self._lane_switch(name))

    def _nudge(self, track: Literal["speech", "noise"], step: float) -> None:
        gain = getattr(self.document.edit.remix, f"{track}_db")
        new = max(gain + step, LOWEST_DB) if step > 0 else gain + step
        self.document.set_gain(track, min(new, TOP_DB) if new >= LOWEST_DB else -math.inf)

    def _add_region(self) -> None:
        self.regions.add()
        self._actions["regions"].setChecked(True)
        self.regions.show()

    def _remove_region(self) -> None:
        regions = self.document.edit.remix.regions
        for index in reversed(range(len(regions))):
            if regions[index].start <= self.view.playhead <= regions[index].end:
                self.document.remove_region(index)
                return
        self._messages.show_message(self.tr("Move the playhead into a region first."), seconds=4)

    def _add_marker(self) -> None:
        number = len(self.document.edit.markers) + 1
        self.document.add_marker(self.view.playhead, self.tr("Marker {number}").format(number=number))

    def _with_marker(self, act: Callable[[int], object]) -> None:
        """Do something to the marker nearest to the playhead."""
        markers = self.document.edit.markers
        if markers:
            act(min(range(len(markers)), key=lambda index: abs(markers[index].time - self.view.playhead)))

    def _rename_marker(self) -> None:
        def rename(index: int) -> None:
            marker = self.document.edit.markers[index]
            title = self.tr("Marker at {time}").format(time=clock(marker.time))
            name, sure = QInputDialog.getText(self, title, self.tr("Name"), text=marker.name)
            if sure and name.strip():
                self.document.rename_marker(index, name.strip())

        self._with_marker(rename)

    def _to_marker(self, direction: int) -> None:
        times = sorted(marker.time for marker in self.document.edit.markers)
        here = self.view.playhead
        ahead = [t for t in times if t > here + 1e-3] if direction > 0 else [t for t in times if t < here - 1e-3]
        if ahead:
            self.view.move_playhead(ahead[0] if direction > 0 else ahead[-1])

    def _copy_command(self) -> None:
        recording = self.project.path
        line = command_line(self.document, recording.with_name(f"{recording.stem}.remix{recording.suffix}"))
        QGuiApplication.clipboard().setText(line)
        self._messages.show_message(self.tr("Copied: {line}").format(line=line), seconds=6)

    def _contrast(self, step: float) -> None:
        floor, ceiling = self.view.floor_db + step, self.view.ceiling_db + step
        if floor >= -140 and ceiling <= 0:
            self.view.set_contrast(floor, ceiling)
            self._settings.floor_db, self._settings.ceiling_db = floor, ceiling

    def _set_axis(self, axis: str) -> None:
        self.view.axis = self._settings.axis = axis  # pyright: ignore[reportAttributeAccessIssue]

    def _choose_model(self) -> None:
        dialog = ModelsDialog(self.document.edit.model, self)
        dialog.chosen.connect(self.document.set_model)
        dialog.open()

    def _choose_patch(self) -> None:
        if (selection := self.view.selection) is None:
            return
        dialog = ModelsDialog(self.document.edit.model, self)
        dialog.chosen.connect(lambda model: self.document.add_patch(Patch(*selection, model or DEFAULT)))
        dialog.open()

    def _remove_patches(self) -> None:
        start, end = self.view.selection or (0.0, self.view.seconds)
        kept = tuple(p for p in self.document.edit.patches if p.end <= start or p.start >= end)
        self.document.apply("Remove other models", replace(self.document.edit, patches=kept))

    def _show_menu(self, position: QPoint, seconds: float) -> None:
        menu = QMenu(self)
        menu.addAction(self.tr("Play from here"), lambda: self._play_from(seconds))
        menu.addSeparator()
        for name in ("add_region", "zoom_selection", "split_selection", "undo_patches"):
            menu.addAction(self._actions[name])
        menu.addSeparator()
        menu.addAction(
            self.tr("Marker here"), lambda: (self.view.move_playhead(seconds), self._actions["add_marker"].trigger())
        )
        menu.popup(position)

    def _choose_region(self, index: int) -> None:
        region = self.document.edit.remix.regions[index]
        self.view.select(region.start, region.end)

    # Sound

    def _play_or_pause(self) -> None:
        if self._player.playing:
            self._player.pause()
        else:
            self._began_at = self.view.playhead
            self._player.play()
            self._clock.start()
        self.transport.set_playing(self._player.playing)

    def _play_from(self, seconds: float) -> None:
        self.view.move_playhead(seconds)
        if not self._player.playing:
            self._play_or_pause()

    def _stop(self) -> None:
        self._player.pause()
        self.transport.set_playing(False)
        self.view.move_playhead(self._began_at)

    def _set_loop(self) -> None:
        if self._actions["loop"].isChecked() and self.view.selection:
            self._player.set_loop(*self.view.selection)
        else:
            self._player.set_loop(0.0, None)

    def _bypass(self, on: bool) -> None:
        self._actions["bypass"].setChecked(on)
        self._push()

    def _match(self, on: bool) -> None:
        self._settings.matched_bypass = on
        self._push()

    def _push(self) -> None:
        """Tell the player what to play."""
        if self.panel.bypass.isChecked():
            trim = 0.0
            if self._settings.matched_bypass and self._loudness and all(map(math.isfinite, self._loudness)):
                trim = max(-LOUDEST_TRIM, min(LOUDEST_TRIM, self._loudness[0] - self._loudness[1]))
            self._player.set_remix(Remix(), trim)
        else:
            self._player.set_remix(heard(self.document.edit.remix, self.view.solo, self.view.muted))

    def _measure(self) -> None:
        """Predict the loudness of the remix, as far as the split is: in a thread, as hours take their time."""
        tracks, remix = self.project.tracks, self.document.edit.remix
        if tracks.done:
            run_in_background(
                self, lambda: (tracks.loudness(remix), tracks.loudness(Remix())), self._measured, self._problem
            )

    def _measured(self, loudness: tuple[float, float]) -> None:
        self._loudness = loudness
        self.panel.set_loudness(*loudness)
        if self.panel.bypass.isChecked():
            self._push()

    def _follow_player(self) -> None:
        """Bring playhead and meters to what is heard."""
        player = self._player
        self._from_player = True
        self.view.move_playhead(player.position)
        self._from_player = False
        self._frame += 1
        if self._frame % METER_EVERY == 0:
            levels = player.levels()
            self.meters.set_levels(levels.momentary, levels.short_term, levels.true_peak, levels.clipped)
            self.meters.set_dropouts(player.underruns)
        if not player.playing and self._clock.isActive():
            self._clock.stop()
            self.transport.set_playing(False)

    # Keeping in step

    def _edit_changed(self, old: Edit, new: Edit) -> None:
        if self.document.modified:
            self.autosave.change()
        else:
            self.autosave.discard()
        self._push()
        self._show_edit()
        self.update_actions()
        if new.remix != old.remix:
            self._loudness_timer.start()

    def _view_changed(self, what: str) -> None:
        if what == "playhead":
            self.transport.set_position(self.view.playhead)
            if not self._from_player:
                self._player.seek(self.view.playhead)
            return
        if what == "selection":
            self._set_loop()
        if what == "lanes":
            self._push()
        if what not in ("cursor", "range"):
            self.update_actions()

    def _tracks_changed(self) -> None:
        self._player.replace(self.project.tracks)
        self._show_tracks()
        self._loudness_timer.start()

    def _split_changed(self) -> None:
        project = self.project
        if project.state is SplitState.DONE and project.facts:
            self.panel.set_report(*(project.facts[name] for name in ("alpha", "beta", "residual_db")))
        self._show_lanes()
        self.update_actions()
        if not self._loudness_timer.isActive():
            self._loudness_timer.start()

    def _show_tracks(self) -> None:
        self._sources = self.project.lane_sources()
        self._show_lanes()
        self.overview.set_sources(self._sources["mixture"], self._sources["speech"])

    def _show_lanes(self) -> None:
        waiting = {
            SplitState.RUNNING: self.tr("Splitting…"),
            SplitState.CANCELLED: self.tr("Not split"),
            SplitState.FAILED: self.tr("Not split"),
            SplitState.DONE: "",
        }[self.project.state]
        for lane, widget in self.lanes.items():
            widget.set_source(self._sources[lane], "" if lane == "mixture" else waiting)

    def _show_edit(self) -> None:
        edit = self.document.edit
        for name, lane in self.lanes.items():
            lane.set_regions([(r.start, r.end, _region_label(name, r)) for r in edit.remix.regions])
            lane.set_markers([marker.time for marker in edit.markers])
        self.overview.set_regions([(r.start, r.end) for r in edit.remix.regions])
        self.overview.set_markers([marker.time for marker in edit.markers])
        self.ruler.set_markers([(marker.time, marker.name) for marker in edit.markers])

    def _show_readout(self, seconds: float, hertz: float, dbfs: float) -> None:
        self.readout.setText(readout_words(seconds, hertz, dbfs))

    def _project_problem(self, message: str, retry: bool) -> None:
        actions = [(self.tr("Try again"), self.project.split_again)] if retry else []
        self._messages.show_message(message, "error", actions)

    def _problem(self, message: str) -> None:
        self._messages.show_message(message, "error")

    def _write_autosave(self) -> None:
        try:
            self.autosave.write(self.project.session(), self.document.path)
        except VoicebedError as error:
            self._messages.show_message(str(error), "warning")


def readout_words(seconds: float, hertz: float, dbfs: float) -> str:
    """Time, frequency and level of a point of a picture: "0:08.355   1.77 kHz   −71.5 dBFS"."""
    frequency = f"{hertz / 1000:.2f} kHz" if hertz >= 1000 else f"{hertz:.0f} Hz"
    return f"{clock(seconds)}   {frequency}   {decibels(dbfs)}FS"


def _region_label(lane: str, region: Region) -> str:
    """What a region does to a lane: the gain of its track, or of both in the mixture."""
    speech, noise = short_decibels(region.speech_db), short_decibels(region.noise_db)
    return {"speech": speech, "noise": noise}.get(lane, f"{speech.removesuffix(' dB')} / {noise}")
