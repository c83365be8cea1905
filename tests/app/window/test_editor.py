"""The editor through its real window: open, split, play, solo, slide, region, undo, save, kill, recover, export."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QApplication,
    QComboBox,
    QLineEdit,
    QScrollBar,
    QTableView,
    QWidget,
)
from pytestqt.qtbot import QtBot
from scipy.ndimage import uniform_filter
from scipy.signal import spectrogram

from app.document.recovery import recoverable
from app.picture.time_view import GUTTER
from app.window.export_dialog import ExportDialog
from app.window.main_window import DEMO, MainWindow
from app.window.message_bar import Message
from app.window.project import SplitState
from app.window.workspace import Workspace
from engine.remix import Region, Remix, render
from tests.app.sound.clocked import ClockedOutput
from tests.app.window.accessible import unnamed
from tests.app.window.conftest import opened

ROOT = Path(__file__).parents[3]


def press(window: MainWindow, name: str) -> None:
    window.actions_by_name[name].trigger()


def said(qtbot: QtBot, window: MainWindow) -> Message:
    """The message that comes in the bar."""
    bar = window.editor.messages
    qtbot.waitUntil(lambda: bar.message is not None, timeout=20_000)
    assert bar.message
    return bar.message


def test_the_window_needs_no_torch() -> None:
    code = "import app.window.application, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_a_recording_is_split_with_the_bundled_model_and_seen(qtbot: QtBot, workspace: Workspace) -> None:
    assert workspace.project.facts["model"].startswith("voicebed-spectral@")
    assert "%" in workspace.panel.report.text()
    qtbot.waitUntil(lambda: "LUFS" in workspace.panel.remix_loudness.text())
    window = workspace.window()

    def coloured(lane: str) -> float:
        image = workspace.lanes[lane].grab().toImage().convertToFormat(workspace.grab().toImage().Format.Format_RGB888)
        pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
        return float(pixels[:, : image.width() * 3].std())

    for lane in ("mixture", "speech", "noise"):
        qtbot.waitUntil(lambda lane=lane: coloured(lane) > 30, timeout=20_000)
    assert window.windowTitle().startswith("Voicebed")


def test_lanes_look_like_spectrograms_made_elsewhere(qtbot: QtBot, workspace: Workspace) -> None:
    """In grey and without a waveform, next to scipy's spectrograms, both a little blurred."""
    recording, view = workspace.project.recording, workspace.view
    mixture, speech = workspace.project.tracks.read(0, recording.frames)
    view.colours = "grey"
    for lane, audio in (("mixture", mixture), ("speech", speech), ("noise", mixture - speech)):
        widget = workspace.lanes[lane]
        widget.set_waveform(False)
        widget.grab()
        qtbot.waitUntil(lambda widget=widget: widget._picture.settled and not workspace.tiles.busy, timeout=20_000)
        qtbot.wait(50)
        picture = widget.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
        pixels = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), -1)[:, : picture.width()]
        seen = pixels[:-1, GUTTER + 180 :].astype(float)  # right of the lane's name
        hertz, times, power = spectrogram(audio[:, 0], recording.sample_rate, "hann", 700, 600, scaling="spectrum")
        top = np.log1p(recording.sample_rate / 2 / 700)
        rows = 700 * np.expm1(top * (1 - (np.arange(len(seen)) + 0.5) / picture.height()))
        columns = (np.arange(seen.shape[1]) + 180.5) / (picture.width() - GUTTER) * recording.seconds
        near = np.ix_(np.abs(hertz[:, None] - rows).argmin(axis=0), np.abs(times[:, None] - columns).argmin(axis=0))
        level = 10 * np.log10(2 * power[near] + 1e-20)
        wanted = np.clip((level - view.floor_db) / (view.ceiling_db - view.floor_db), 0, 1) * 255
        seen, wanted = uniform_filter(seen, 7), uniform_filter(wanted, 7)
        assert np.corrcoef(seen.ravel(), wanted.ravel())[0, 1] > 0.95, lane
        assert np.abs(seen - wanted).mean() < 16, lane


def test_what_is_played_is_what_the_faders_say(qtbot: QtBot, workspace: Workspace, output: ClockedOutput) -> None:
    workspace.document.set_gain("noise", -18.0)
    workspace.commands["play"]()
    qtbot.waitUntil(lambda: workspace.view.playhead > 0.6, timeout=20_000)
    workspace.commands["play"]()
    qtbot.waitUntil(lambda: not output.running, timeout=5000)
    recording = workspace.project.recording
    mixture, speech = workspace.project.tracks.read(0, recording.frames)
    wanted = render(mixture, speech, Remix(0.0, -18.0), 0, recording.sample_rate)[:, 0].astype(np.float32)
    # Away from the fades of start and stop, and not hindered by a start at a silent ring.
    played = output.played[:, 0]
    begin = int(np.flatnonzero(played)[0])
    shifts = [s for s in range(begin - 400, begin + 1) if s >= 0]
    piece = slice(2000, 6000)
    assert any(np.array_equal(played[s:][piece], wanted[piece]) for s in shifts)


def test_solo_mute_bypass_and_loop_reach_the_player(window: MainWindow, workspace: Workspace) -> None:
    heard: list[Remix] = []
    workspace._player.set_remix = lambda remix, trim=0.0: heard.append(remix)  # type: ignore[method-assign]
    press(window, "solo_noise")
    assert heard[-1] == Remix(speech_db=-math.inf)
    assert window.actions_by_name["solo_noise"].isChecked()
    press(window, "solo_noise")
    press(window, "mute_noise")
    assert heard[-1] == Remix(noise_db=-math.inf)
    press(window, "mute_noise")
    workspace.document.set_gain("noise", -30.0)
    press(window, "bypass")
    assert heard[-1] == Remix()
    assert workspace.panel.bypass.isChecked()
    press(window, "bypass")
    assert heard[-1] == Remix(noise_db=-30.0)


def test_regions_markers_undo_and_redo(window: MainWindow, workspace: Workspace) -> None:
    document, view = workspace.document, workspace.view
    assert not window.actions_by_name["add_region"].isEnabled()
    view.select(2.0, 4.0)
    press(window, "add_region")
    assert [(r.start, r.end) for r in document.edit.remix.regions] == [(2.0, 4.0)]
    view.move_playhead(7.5)
    press(window, "add_marker")
    assert document.edit.markers[0].time == 7.5
    assert window.isWindowModified()
    press(window, "undo")
    press(window, "undo")
    assert document.edit.remix.regions == () == document.edit.markers
    press(window, "redo")
    assert document.edit.remix.regions
    view.move_playhead(3.0)
    press(window, "remove_region")
    assert not document.edit.remix.regions
    press(window, "noise_down")
    assert document.edit.remix.noise_db == -1.0


def test_every_action_can_be_pressed(
    window: MainWindow, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    elsewhere = {"open", "save", "save_as", "quit", "close", "demo", "rename_marker"}
    workspace.view.select(1.0, 2.0)
    for name, action in window.actions_by_name.items():
        if name not in elsewhere:
            action.setEnabled(True)
            action.trigger()
            QApplication.processEvents()
            for dialog in QApplication.topLevelWidgets():
                if dialog is not window and dialog.isVisible():
                    dialog.close()
            window.show_tab("editor")
    assert workspace.isVisible()


def test_keys_work_wherever_the_focus_is(qtbot: QtBot, window: MainWindow, workspace: Workspace) -> None:
    workspace.view.show(0, 14)
    qtbot.keyClick(window, Qt.Key.Key_2)
    assert workspace.view.solo == "speech"
    qtbot.keyClick(window, Qt.Key.Key_2)
    qtbot.keyClick(window, Qt.Key.Key_End)
    assert workspace.view.playhead == workspace.view.seconds


def test_a_region_without_a_mouse(qtbot: QtBot, window: MainWindow, workspace: Workspace) -> None:
    for seconds, key in ((2.0, Qt.Key.Key_I), (5.0, Qt.Key.Key_O)):
        workspace.view.move_playhead(seconds)
        qtbot.keyClick(window, key)
    qtbot.keyClick(window, Qt.Key.Key_R)
    assert [(r.start, r.end) for r in workspace.document.edit.remix.regions] == [(2.0, 5.0)]


def test_everything_has_a_name_and_is_reached_by_tab(window: MainWindow, workspace: Workspace) -> None:
    workspace.regions.show()
    assert unnamed(window) == []
    by_mouse_only = [
        widget.accessibleName()
        for widget in workspace.findChildren(QWidget)
        if isinstance(widget, QAbstractButton | QComboBox | QLineEdit | QAbstractSlider | QTableView)
        and widget.isVisible()
        and not isinstance(widget.parent(), QComboBox | QTableView)
        and not isinstance(widget, QScrollBar)
        and not widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    ]
    assert by_mouse_only == []


def test_undo_says_what_and_keeps_its_name_in_the_list_of_keys(window: MainWindow, workspace: Workspace) -> None:
    undo = window.actions_by_name["undo"]
    assert (undo.text(), undo.iconText()) == ("Undo", "Undo")
    workspace.document.add_marker(1.0, "Here")
    assert (undo.text(), undo.iconText()) == ("Undo: Add marker", "Undo")
    press(window, "undo")
    assert window.actions_by_name["redo"].text() == "Redo: Add marker"


@pytest.mark.parametrize("width", [1100, 1440])
def test_what_is_under_the_pointer_is_read_and_moves_nothing(
    qtbot: QtBot, window: MainWindow, workspace: Workspace, width: int
) -> None:
    window.resize(width, 700)
    qtbot.wait(50)
    places = [button.x() for button in workspace.transport.buttons.values()]
    workspace.lanes["speech"].hovered.emit(3.25, 7_654.0, -101.25)
    qtbot.wait(50)
    assert workspace.readout.text() == "0:03.250   7.65 kHz   −101.2 dBFS"
    assert [button.x() for button in workspace.transport.buttons.values()] == places
    assert workspace.readout.fontMetrics().horizontalAdvance(workspace.readout.text()) <= workspace.readout.width()


def test_where_models_compute_is_chosen_in_the_menu(window: MainWindow) -> None:
    menu = window.editor.compute_menu
    menu.aboutToShow.emit()
    assert [action.data() for action in menu.actions() if action.isChecked()] == ["auto"]
    menu.actions()[1].trigger()
    assert window.settings.device == "cpu"


def test_tabs_by_their_names(window: MainWindow) -> None:
    window.add_tab("other", "Other", QWidget())
    window.show_tab("other")
    assert not window.editor.isVisible()
    window.open_files([])
    assert window.editor.isVisible()
    with pytest.raises(ValueError, match="missing"):
        window.show_tab("missing")


def test_a_session_is_saved_and_opened_again(
    qtbot: QtBot, window: MainWindow, workspace: Workspace, tmp_path: Path
) -> None:
    workspace.document.set_gain("noise", -12.0)
    workspace.document.add_region(Region(1.0, 2.0, 3.0, -40.0))
    path = tmp_path / "episode.voicebed"
    assert window.editor.save(path)
    assert not window.isWindowModified()
    window.editor.close_recording()
    assert window.editor.workspace is None
    again = opened(qtbot, window, path)
    assert again.document.edit.remix == Remix(0.0, -12.0, (Region(1.0, 2.0, 3.0, -40.0),))
    assert window.windowTitle().startswith("Voicebed – episode")


def test_unsaved_changes_are_asked_for(window: MainWindow, workspace: Workspace) -> None:
    workspace.document.set_gain("noise", -12.0)
    window.close()
    assert window.isVisible()
    message = window.editor.messages.message
    assert message is not None and "unsaved" in message.text
    dict(message.actions)["Don't save"]()
    assert not window.editor.modified


def test_an_export_equals_what_is_heard(
    qtbot: QtBot, window: MainWindow, workspace: Workspace, output: ClockedOutput, tmp_path: Path
) -> None:
    workspace.document.set_gain("noise", -20.0)
    workspace.document.add_region(Region(0.4, 0.9, 2.5, -math.inf, 0.1))
    press(window, "play")
    qtbot.waitUntil(lambda: workspace.view.playhead > 1.2, timeout=20_000)
    press(window, "play")
    qtbot.waitUntil(lambda: not output.running, timeout=5000)
    window.settings.export_folder = str(tmp_path)
    window.settings.export_suffix = ".wav"
    press(window, "export")
    dialog = window.findChild(ExportDialog)
    assert dialog is not None
    dialog.export_button.click()
    qtbot.waitUntil(lambda: any(tmp_path.glob("cafe*.wav")), timeout=30_000)
    (path,) = tmp_path.glob("cafe*.wav")
    written, _ = sf.read(path, dtype="int16", always_2d=True)
    recording = workspace.project.recording
    mixture, speech = workspace.project.tracks.read(0, recording.frames)
    wanted = render(mixture, speech, workspace.document.edit.remix, 0, recording.sample_rate)
    assert np.array_equal(written, np.rint(wanted * 32768).clip(-32768, 32767).astype("int16"))
    # The same of what came out of the loudspeaker: across the region with its ramps, away from the fade of the start.
    played = np.rint(output.played[:, 0] * 32768).astype("int16")
    piece = written[4800:16000, 0]
    begins = np.flatnonzero(played[: len(played) - len(piece)] == piece[0])
    assert any(np.array_equal(played[begin : begin + len(piece)], piece) for begin in begins)


def test_a_bad_file_is_one_line_and_no_workspace(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    path = tmp_path / "notes.wav"
    path.write_text("not a sound")
    window.open_files([path])
    message = said(qtbot, window)
    assert str(path) in message.text and message.kind == "error"
    assert window.editor.workspace is None


@pytest.mark.parametrize("text", ["{", "[]", '{"voicebed": 99}', '{"voicebed": 1, "source": {}}'])
def test_a_bad_session_is_one_line(qtbot: QtBot, window: MainWindow, tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.voicebed"
    path.write_text(text)
    window.open_files([path])
    message = said(qtbot, window)
    assert "\n" not in message.text and message.kind == "error"


def test_a_vanished_source_is_asked_for(
    qtbot: QtBot, window: MainWindow, workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "gone.voicebed"
    window.editor.save(path)
    data = json.loads(path.read_text(encoding="utf-8"))
    data["source"] |= {"path": "nowhere.flac", "absolute": str(tmp_path / "nowhere.flac")}
    path.write_text(json.dumps(data), encoding="utf-8")
    window.editor.close_recording()
    window.open_files([path])
    message = said(qtbot, window)
    assert "nowhere.flac" in message.text
    monkeypatch.setattr("app.window.editor.QFileDialog.getOpenFileName", lambda *_: (str(DEMO), ""))
    dict(message.actions)["Find it…"]()
    qtbot.waitUntil(lambda: window.editor.workspace is not None, timeout=20_000)


def test_the_engine_may_crash(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, lasting_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.open_files([DEMO])  # in a cache of its own: it is split anew
    qtbot.waitUntil(lambda: window.editor.workspace is not None, timeout=20_000)
    workspace = window.editor.workspace
    assert workspace is not None
    qtbot.waitUntil(lambda: window.editor.workers.split._process is not None)
    process = window.editor.workers.split._process
    assert process is not None
    qtbot.waitUntil(lambda: process.processId() > 0)
    process.kill()
    qtbot.waitUntil(lambda: workspace.project.state is SplitState.FAILED, timeout=20_000)
    message = window.editor.messages.message
    assert message is not None and message.kind == "error"
    dict(message.actions)["Try again"]()
    qtbot.waitUntil(lambda: workspace.project.state is SplitState.DONE, timeout=120_000)


def test_a_split_can_be_cancelled_and_gone_on_with(qtbot: QtBot, window: MainWindow) -> None:
    window.open_files([DEMO])
    qtbot.waitUntil(lambda: window.editor.workspace is not None, timeout=20_000)
    workspace = window.editor.workspace
    assert workspace is not None
    press(window, "cancel_split")
    assert workspace.project.state is SplitState.CANCELLED
    workspace.split_bar.retry.click()
    qtbot.waitUntil(lambda: workspace.project.state is SplitState.DONE, timeout=120_000)


KILLED = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QWidget
from app.document.settings import Settings
from app.window.main_window import DEMO, MainWindow
from app.window.message_bar import Message
application = QApplication([])
window = MainWindow(Settings())
window.show()
window.open_files([DEMO])
def edit():
    if window.editor.workspace is None:
        return QTimer.singleShot(50, edit)
    window.editor.workspace.document.set_gain("noise", -33.0)
QTimer.singleShot(50, edit)
application.exec()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL on Windows")
def test_what_a_killed_window_had_is_recovered(
    qtbot: QtBot, new_window: Callable[[], MainWindow], lasting_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICEBED_CACHE", str(lasting_cache))
    process = subprocess.Popen([sys.executable, "-c", KILLED], cwd=ROOT)
    folder = Path(os.environ["VOICEBED_STATE"]) / "recovery"
    until = time.monotonic() + 60
    while not any(folder.glob("*.autosave")) and time.monotonic() < until:
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    window = new_window()
    window.offer_recovery()
    message = said(qtbot, window)
    assert "cafe.flac" in message.text
    dict(message.actions)["Restore"]()
    qtbot.waitUntil(lambda: window.editor.workspace is not None, timeout=20_000)
    workspace = window.editor.workspace
    assert workspace is not None and workspace.document.edit.remix.noise_db == -33.0
    assert window.editor.modified
    assert recoverable() == []


def test_without_a_sound_device_it_says_so(
    qtbot: QtBot, window: MainWindow, workspace: Workspace, output: ClockedOutput
) -> None:
    output.reason = "Sound needs PortAudio"
    workspace.commands["play"]()
    assert "PortAudio" in said(qtbot, window).text
