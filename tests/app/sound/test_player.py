"""The transport: play, pause, seek, the end, and what goes wrong on the way."""

import time
from collections.abc import Callable
from threading import Event, active_count

import numpy as np
import pytest

from app.sound.meters import Levels
from app.sound.player import DEVICE_LOST, Player
from engine.errors import InputError
from engine.remix import Remix, render
from tests.app.sound.clocked import ArrayTracks, ClockedOutput, noise_tracks
from tests.app.sound.conftest import Pumped

RATE = 48000
ONE_BLOCK = 0.0101  # seconds: the last block taken may not be wholly heard yet
BLOCK = RATE // 100


def wait_until(done: Callable[[], bool], seconds: float = 8.0) -> None:
    """For players with threads, which give no signal."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.002)


def test_play_pause_and_play_again_miss_nothing_but_the_fades(pumped: Pumped) -> None:
    tracks = noise_tracks()
    player, output = pumped(tracks)
    player.play()
    assert player.playing
    output.pump(30)
    player.pause()
    assert not player.playing
    output.pump_out()
    stopped = len(output.played)
    at = round(player.position * RATE)
    assert at == 32 * BLOCK + 240  # two blocks that cannot be stopped, and 5 ms in which it fades
    assert np.array_equal(output.played[: 32 * BLOCK], tracks.mixture[: 32 * BLOCK])
    player.play()
    output.pump(30)
    assert output.started == 2 and output.opened == 1
    again = output.played[stopped:]
    assert np.array_equal(again[240:], tracks.mixture[at + 240 : at + len(again)])
    assert player.underruns == 0


def test_play_before_the_pause_is_heard_goes_on_without_stopping(pumped: Pumped) -> None:
    player, output = pumped(noise_tracks())
    player.play()
    output.pump(30)
    player.pause()
    output.pump(2)
    player.play()
    output.pump(30)
    assert output.started == 1 and player.playing and player.underruns == 0
    assert 0.55 < player.position < 0.62


def test_seek_while_paused_waits_there(pumped: Pumped) -> None:
    tracks = noise_tracks()
    player, output = pumped(tracks)
    player.seek(1.5)
    assert player.position == 1.5
    output.pump()
    assert player.position == 1.5 and output.opened == 0
    player.play()
    output.pump(10)
    assert np.array_equal(output.played[240:], tracks.mixture[round(1.5 * RATE) :][240 : 10 * BLOCK])
    player.pause()
    player.seek(0.25)
    output.pump()
    assert player.position == 0.25
    output.pump_out()
    assert player.position == 0.25
    player.seek(99)
    output.pump()
    assert player.position == 3.0


def test_at_the_end_it_stops_and_play_begins_again(pumped: Pumped) -> None:
    player, output = pumped(noise_tracks(0.2035))
    player.play()
    output.pump_out()
    assert not player.playing and player.position == 0.2035 and not output.running
    player.play()
    output.pump(5)
    assert player.playing and player.position < 0.1


def test_a_recording_shorter_than_the_ring_is_heard(pumped: Pumped) -> None:
    tracks = noise_tracks(0.005)
    player, output = pumped(tracks)
    player.play()
    output.pump_out()
    assert np.array_equal(output.played[: tracks.frames], tracks.mixture)


def test_the_position_is_what_is_heard_and_never_steps_back(pumped: Pumped) -> None:
    player, output = pumped(noise_tracks(), ClockedOutput(latency=0.03))
    player.play()
    shown = []
    for block in range(100):
        output.pump()
        shown.append(player.position)
        assert block / 100 - 0.03 <= shown[-1] <= (block + 1) / 100
    assert shown == sorted(shown)


def test_the_position_runs_on_between_two_callbacks() -> None:
    player = Player(ClockedOutput(latency=0.03, keep=False))
    try:
        player.load(noise_tracks())
        player.play()
        wait_until(lambda: player.position > 0.1)
        shown = {player.position for _ in range(1000)}
        assert len(shown) > 100 and max(shown) - min(shown) < 1
    finally:
        player.close()


def test_meters_follow_what_is_heard(pumped: Pumped) -> None:
    frames = np.arange(3 * RATE) / RATE
    tone = (10 ** (-23 / 20) * np.sin(2 * np.pi * 1000 * frames))[:, None].repeat(2, axis=1).astype(np.float32)
    player, output = pumped(ArrayTracks(tone, 0 * tone, RATE))
    assert player.levels() == Levels()
    player.play()
    output.pump(100)
    levels = player.levels()
    assert levels.momentary == pytest.approx(-23, abs=0.1) and levels.short_term < -27  # only 1 of 3 s yet
    assert levels.true_peak == pytest.approx(-23, abs=0.1) and not levels.clipped
    player.set_remix(Remix(0, 6))
    output.pump(60)
    assert player.levels().momentary == pytest.approx(-17, abs=0.1)
    player.set_remix(Remix(12, 12), trim_db=12)
    output.pump(20)
    assert player.levels().clipped


def test_loading_another_recording_stops_and_begins_at_its_start(pumped: Pumped) -> None:
    player, output = pumped(noise_tracks())
    player.play()
    output.pump(20)
    other = noise_tracks(1.0, channels=1, sample_rate=44100)
    player.load(other)
    assert not player.playing
    output.pump(2)
    assert player.position == 0 and not output.running
    player.play()
    output.pump(20)
    assert output.opened == 2 and np.array_equal(
        output.played[-20 * 441 :], other.mixture[: 20 * 441].repeat(2, axis=1)
    )
    player.load(None)
    player.play()
    output.pump()
    assert not player.playing and not output.running


def test_an_output_that_is_missing_is_named_and_nothing_else_suffers(pumped: Pumped) -> None:
    output, problems = ClockedOutput(), []
    output.reason = "Sound needs PortAudio: sudo apt-get install libportaudio2"
    player, _ = pumped(noise_tracks(), output)
    player.on_problem = problems.append
    player.seek(1.0)
    player.play()
    output.pump()
    assert problems == [output.reason] and not player.playing and player.position == 1.0
    output.reason = ""
    player.play()
    output.pump(10)
    assert player.playing and player.position > 1.0 and len(problems) == 1


def test_an_unplugged_device_stops_with_a_line_and_keeps_the_position(pumped: Pumped) -> None:
    problems = []
    player, output = pumped(noise_tracks(), ClockedOutput(latency=0))
    player.on_problem = problems.append
    player.play()
    output.pump(100)
    output.unplug()
    output.pump()
    assert problems == [DEVICE_LOST] and not player.playing
    kept = player.position
    assert kept == pytest.approx(1.0, abs=ONE_BLOCK)
    player.play()
    output.pump(10)
    assert player.playing and player.position == pytest.approx(kept + 0.1, abs=ONE_BLOCK) and output.opened == 2


def test_another_output_takes_over_where_the_first_was_heard(pumped: Pumped) -> None:
    tracks = noise_tracks()
    player, output = pumped(tracks, ClockedOutput(latency=0))
    player.play()
    output.pump(100)
    second = ClockedOutput(rates=(44100,), latency=0)
    second.feed = player.feed
    player.set_output(second)
    second.pump(11)
    assert not output.running and player.playing and player.position == pytest.approx(1.1, abs=2 * ONE_BLOCK)
    assert len(second.played) == 11 * 441
    player.pause()
    second.pump_out()
    third = ClockedOutput()
    player.set_output(third)
    second.pump()
    assert third.opened == 0 and player.position == pytest.approx(1.13, abs=2 * ONE_BLOCK)


def test_an_unreadable_stretch_stops_with_its_line(pumped: Pumped) -> None:
    tracks, problems = noise_tracks(), []
    read = tracks.read

    def damaged(start: int, stop: int) -> tuple:
        if start >= RATE:
            raise InputError("episode.wav is damaged or cut short near 0:00:01.000; repair it or get a new copy")
        return read(start, stop)

    tracks.read = damaged
    player, output = pumped(tracks)
    player.on_problem = problems.append
    player.play()
    output.pump(200)
    assert len(problems) == 1 and "damaged" in problems[0]
    assert not player.playing and 0.7 < player.position < 1.0
    tracks.read = read
    player.play()
    output.pump(50)
    assert player.playing and len(problems) == 1


def test_threads_play_the_same_samples_in_real_time_and_end_with_close() -> None:
    tracks, before = noise_tracks(0.6), active_count()
    output = ClockedOutput(latency=0.2)
    player = Player(output)
    try:
        player.load(tracks)
        player.set_remix(Remix(-3, -18))
        player.play()
        wait_until(lambda: not player.playing)
        played = output.played
        if not player.underruns:  # else this machine was too busy for a comparison
            expected = render(tracks.mixture, tracks.speech, Remix(-3, -18), 0, RATE)
            assert np.array_equal(played[: tracks.frames], expected)
        player.play()
        wait_until(lambda: player.position > 0)
    finally:
        player.close()
    assert active_count() == before and not output.running


def test_a_slow_disk_is_waited_for_with_silence_and_counted() -> None:
    tracks, held = noise_tracks(3.0), Event()
    read = tracks.read

    def slow(start: int, stop: int) -> tuple:
        if start >= RATE // 2:
            assert held.wait(10)
        return read(start, stop)

    tracks.read = slow
    output = ClockedOutput(latency=0.1)
    player = Player(output)
    try:
        player.load(tracks)
        player.play()
        wait_until(lambda: player.underruns > 3)
        wait_until(lambda: player.position == 0.5)
        assert player.playing
        held.set()
        wait_until(lambda: player.position > 0.7)
        settled = player.underruns
        wait_until(lambda: player.position > 0.8)
        assert player.playing and player.underruns - settled < 5
    finally:
        held.set()
        player.close()


def test_calls_of_the_window_return_at_once() -> None:
    tracks, held = noise_tracks(), Event()
    tracks.read = lambda start, stop: (held.wait(10), tracks.mixture[start:stop], tracks.speech[start:stop])[1:]
    player = Player(ClockedOutput())
    calls: list[Callable[[], object]] = [
        lambda: player.load(tracks),
        player.play,
        lambda: player.seek(1.0),
        lambda: player.set_loop(0.5, 1.5),
        lambda: player.set_remix(Remix(0, -18)),
        lambda: player.position,
        player.levels,
        player.pause,
        player.play,
    ]
    try:
        taken = []
        for call in calls:
            began = time.thread_time()
            call()
            taken.append(time.thread_time() - began)
        assert max(taken) < 0.001
    finally:
        held.set()
        player.close()
