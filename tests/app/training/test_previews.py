"""Previews: what the trainer leaves is seen and heard, in turn, without a gap, equally loud."""

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from app.picture.axis import FrequencyAxis
from app.picture.time_view import GUTTER
from app.sound.output import block_frames
from app.training import previews as module
from app.training.previews import Previews, Version, matched_gains, read_version
from engine.loudness import LoudnessMeter
from tests.app.sound.clocked import ClockedOutput
from tests.app.window.accessible import unnamed

RATE, SECONDS = 16000, 2.0
HERTZ = {"before": 400, "base": 900, "after": 2000, "later": 3000}
LEVEL = {"before": 0.3, "base": 0.02, "after": 0.08, "later": 0.5}
BLOCK = block_frames(RATE)
SOON = 20_000
LEFT = Qt.MouseButton.LeftButton


def write(folder: Path, number: int, kind: str, sound: str = "") -> None:
    """A tone of its own for each kind, replaced in one go as the trainer does."""
    sound = sound or kind
    tone = LEVEL[sound] * np.sin(2 * np.pi * HERTZ[sound] * np.arange(round(SECONDS * RATE)) / RATE)
    part = folder / f"{number}.{kind}.part"
    soundfile.write(part, tone, RATE, "PCM_16", format="WAV")
    part.replace(folder / f"{number}.{kind}.wav")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four clips before the first score."""
    made = tmp_path / "previews"
    made.mkdir()
    for number in range(1, 5):
        for kind in ("before", "base"):
            write(made, number, kind)
    return made


@pytest.fixture
def output() -> ClockedOutput:
    return ClockedOutput()


@pytest.fixture
def previews(qtbot: QtBot, output: ClockedOutput) -> Iterator[Previews]:
    made = Previews(output)
    qtbot.addWidget(made)
    made.resize(GUTTER + 400, 600)
    with qtbot.waitExposed(made):
        made.show()
    yield made
    made.stop()


def loaded(qtbot: QtBot, previews: Previews, folder: Path) -> None:
    """Show the folder, and wait until it is read."""
    previews.show_folder(folder)
    qtbot.waitUntil(lambda: not previews._reading, timeout=SOON)
    heights = [0]

    def laid_out() -> bool:
        heights[:] = [lane.height() for lane in previews.lanes.values() if lane.isVisible()]
        return len(heights) == 3 and max(heights) - min(heights) <= 1

    qtbot.waitUntil(laid_out, timeout=SOON)


def renewed(qtbot: QtBot, previews: Previews) -> None:
    previews.refresh()
    qtbot.waitUntil(lambda: not previews._reading, timeout=SOON)


def pitch(sound: NDArray[np.float32]) -> float:
    """The loudest frequency."""
    spectrum = np.abs(np.fft.rfft(sound[:, 0] * np.hanning(len(sound))))
    return float(np.argmax(spectrum)) * RATE / len(sound)


def hears(qtbot: QtBot, output: ClockedOutput, sound: str) -> None:
    """Wait until the last tenth of a second was this tone."""

    def heard() -> bool:
        last = output.played[-10 * BLOCK :]
        return len(last) == 10 * BLOCK and np.abs(last).max() > 0.001 and abs(pitch(last) - HERTZ[sound]) < 30

    qtbot.waitUntil(heard, timeout=SOON)


def loudness(sound: NDArray[np.float32]) -> float:
    meter = LoudnessMeter(RATE, 1)
    meter.add(sound[:, :1])
    return meter.integrated()


def test_versions_are_heard_in_turn_equally_loud_and_without_a_gap(
    qtbot: QtBot, previews: Previews, output: ClockedOutput, folder: Path
) -> None:
    write(folder, 1, "after")
    loaded(qtbot, previews, folder)
    assert previews.kind == "after"
    previews.toggle()
    found: dict[str, float] = {}
    for kind in ("after", "before", "base"):
        previews.choose_kind(kind)
        hears(qtbot, output, kind)
        end = len(output.played) + 60 * BLOCK
        qtbot.waitUntil(lambda end=end: len(output.played) >= end, timeout=SOON)
        found[kind] = loudness(output.played[end - 50 * BLOCK : end])
    assert max(found.values()) - min(found.values()) < 0.5, found
    assert max(found.values()) == pytest.approx(-20, abs=0.5)
    played = output.played[:, 0]
    sounding = np.flatnonzero(np.abs(played) > 0.001)
    blocks = np.abs(played[sounding[0] + BLOCK : sounding[-1] - BLOCK])
    blocks = blocks[: len(blocks) // BLOCK * BLOCK].reshape(-1, BLOCK).max(axis=1)
    assert blocks.min() > 0.3 * np.median(blocks)
    assert output.opened == output.started == 1  # or the clock of the output would have stood still meanwhile
    assert np.abs(played).max() < 0.95


def test_it_repeats_the_clip_or_what_is_selected(
    qtbot: QtBot, previews: Previews, output: ClockedOutput, folder: Path
) -> None:
    loaded(qtbot, previews, folder)
    previews.view.move_playhead(1.8)
    previews.toggle()
    qtbot.waitUntil(lambda: previews.view.playhead < 1.0, timeout=SOON)
    assert previews.playing
    previews.view.select(0.5, 0.7)
    qtbot.waitUntil(lambda: 0.5 <= previews.view.playhead <= 0.7, timeout=SOON)
    places = []
    for _ in range(20):
        qtbot.wait(20)
        places.append(previews.view.playhead)
    assert min(places) >= 0.49 and max(places) <= 0.71


def test_before_the_first_score_the_new_model_is_missing(
    qtbot: QtBot, previews: Previews, output: ClockedOutput, folder: Path
) -> None:
    loaded(qtbot, previews, folder)
    assert previews.lanes["after"]._waiting == "Comes with the first score"
    assert previews.lanes["after"]._picture.source is None
    assert not previews.kind_buttons["after"].isEnabled() and previews.kind == "base"
    previews.choose_kind("after")
    assert previews.kind == "base"
    write(folder, 1, "after")
    renewed(qtbot, previews)
    assert previews.kind_buttons["after"].isEnabled() and previews.kind == "after"
    assert previews.lanes["after"]._picture.source is not None


def test_a_new_file_is_heard_from_the_next_start_on(
    qtbot: QtBot, previews: Previews, output: ClockedOutput, folder: Path
) -> None:
    write(folder, 1, "after")
    loaded(qtbot, previews, folder)
    previews.toggle()
    hears(qtbot, output, "after")
    before = previews.lanes["before"]._picture.source
    picture = previews.lanes["after"]._picture.source
    write(folder, 1, "after", "later")
    renewed(qtbot, previews)
    assert previews.lanes["after"]._picture.source is not picture
    assert previews.lanes["before"]._picture.source is before  # as its file is the same
    end = len(output.played) + 40 * BLOCK
    qtbot.waitUntil(lambda: len(output.played) >= end, timeout=SOON)
    for kind in ("before", "after"):
        previews.choose_kind(kind)
        hears(qtbot, output, kind)
    previews.toggle()
    previews.toggle()
    hears(qtbot, output, "later")


def test_the_keys(qtbot: QtBot, previews: Previews, output: ClockedOutput, folder: Path) -> None:
    write(folder, 1, "after")
    loaded(qtbot, previews, folder)
    previews.activateWindow()
    qtbot.waitUntil(previews.isActiveWindow)
    previews.clip_buttons[0].setFocus()
    for key, kind in ((Qt.Key.Key_1, "before"), (Qt.Key.Key_2, "base"), (Qt.Key.Key_3, "after")):
        qtbot.keyClick(previews.clip_buttons[0], key)
        assert previews.kind == kind and previews.kind_buttons[kind].isChecked()
        assert [mark.isVisible() for mark in previews.marks.values()] == [k == kind for k in previews.marks]
    qtbot.keyClick(previews.clip_buttons[0], Qt.Key.Key_Space)
    assert previews.playing and previews.play_button.text() == "Pause"
    hears(qtbot, output, "after")
    qtbot.keyClick(previews.clip_buttons[0], Qt.Key.Key_Space)
    assert not previews.playing and previews.play_button.text() == "Play"


def test_a_click_on_a_picture_is_heard_from_there(
    qtbot: QtBot, previews: Previews, output: ClockedOutput, folder: Path
) -> None:
    loaded(qtbot, previews, folder)
    previews.toggle()
    hears(qtbot, output, "base")
    qtbot.mouseClick(previews.lanes["before"], LEFT, pos=QPoint(GUTTER + 300, 100))
    assert previews.view.playhead == pytest.approx(1.5, abs=0.02)
    hears(qtbot, output, "before")


def test_another_clip_goes_on_from_its_beginning(
    qtbot: QtBot, previews: Previews, output: ClockedOutput, folder: Path
) -> None:
    write(folder, 3, "base", "later")
    for path in folder.glob("4.*"):
        path.unlink()
    loaded(qtbot, previews, folder)
    assert [button.isEnabled() for button in previews.clip_buttons] == [True, True, True, False]
    previews.view.move_playhead(1.2)
    previews.toggle()
    hears(qtbot, output, "base")
    qtbot.mouseClick(previews.clip_buttons[2], LEFT)
    assert previews.clip == 2 and previews.playing and previews.view.playhead < 0.5
    hears(qtbot, output, "later")
    previews.choose_clip(3)
    assert previews.clip == 2


def test_the_pictures_show_the_tones(qtbot: QtBot, previews: Previews, folder: Path) -> None:
    loaded(qtbot, previews, folder)
    qtbot.waitUntil(lambda: not previews.tiles.busy, timeout=SOON)
    for kind in ("before", "base"):
        lane = previews.lanes[kind]
        qtbot.waitUntil(lambda lane=lane: lane._picture.drawn_to >= SECONDS * RATE, timeout=SOON)
        lane.repaint()
        image, axis = lane.grab().toImage(), FrequencyAxis("mel", RATE, lane.height())
        tone, other = (round(axis.y(hertz)) for hertz in (HERTZ[kind], 6000))
        assert image.pixelColor(GUTTER + 300, tone).lightness() > image.pixelColor(GUTTER + 300, other).lightness() + 60


def test_files_are_read_in_another_thread(
    qtbot: QtBot, previews: Previews, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[threading.Thread] = []
    read = read_version
    monkeypatch.setattr(module, "read_version", lambda *a: (threads.append(threading.current_thread()), read(*a))[1])
    loaded(qtbot, previews, folder)
    assert len(threads) == 12 and threading.main_thread() not in threads


def test_a_folder_that_is_not_there_yet(qtbot: QtBot, previews: Previews, tmp_path: Path, folder: Path) -> None:
    loaded(qtbot, previews, tmp_path / "none")
    assert not previews.play_button.isEnabled()
    previews.toggle()
    assert not previews.playing
    assert previews.lanes["before"]._waiting == "Comes when the training begins"
    previews.show_folder(folder)
    assert previews.lanes["before"]._waiting == previews.lanes["after"]._waiting == "Reading…"
    previews.refresh()  # while it may still be read
    qtbot.waitUntil(lambda: not previews._reading and bool(previews._clips[0]), timeout=SOON)


def test_what_cannot_be_read_or_played_is_said(
    qtbot: QtBot, previews: Previews, output: ClockedOutput, folder: Path
) -> None:
    output.reason = "no device here"
    loaded(qtbot, previews, folder)
    previews.toggle()
    qtbot.waitUntil(lambda: previews.line.text() == "no device here", timeout=SOON)
    assert previews.line.property("role") == "error" and not previews.playing
    output.reason = ""
    previews.toggle()
    hears(qtbot, output, "base")
    assert previews.line.property("role") == "muted"
    (folder / "2.base.wav").write_bytes(b"nonsense")
    renewed(qtbot, previews)
    assert "2.base.wav" in previews.line.text()


def test_stop_gives_the_device_back(qtbot: QtBot, previews: Previews, output: ClockedOutput, folder: Path) -> None:
    loaded(qtbot, previews, folder)
    previews.toggle()
    hears(qtbot, output, "base")
    threads = [thread for thread in threading.enumerate() if thread.name.startswith("sound ")]
    previews.stop()
    assert not output.running and not previews.playing and previews.play_button.text() == "Play"
    assert not any(thread.is_alive() for thread in threads)
    previews.toggle()
    hears(qtbot, output, "base")


def version(loudness: float, peak: float) -> Version:
    return Version(np.zeros((1, 1), np.float32), RATE, (0, 0), loudness, peak)


def test_gains_match_without_clipping() -> None:
    gains = matched_gains({"before": version(-30, -3), "base": version(-40, -20), "after": version(-35, -18)})
    assert gains == {"before": 2, "base": 12, "after": 7}  # the first reaches −1 dBTP
    gains = matched_gains({"before": version(-30, -15), "base": version(-12, -1)})
    assert gains == {"before": 10, "base": -8}
    silent = matched_gains({"before": version(-23, -6), "after": version(-np.inf, -np.inf)})
    assert silent["before"] == 3 and silent["after"] == 30


def test_everything_has_a_name(previews: Previews) -> None:
    assert unnamed(previews) == []
