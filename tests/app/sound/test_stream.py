"""What the player renders: exact where nothing changes, without clicks where something does."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from app.sound.output import LATENCY_SECONDS
from app.sound.player import Player
from app.sound.prefetch import Prefetch
from app.sound.stream import Sound, Stream
from engine.remix import Region, Remix, render
from tests.app.sound.clocked import ArrayTracks, ClockedOutput, noise_tracks
from tests.app.sound.conftest import Pumped

RATE = 48000
BLOCK = RATE // 100
REMIX = Remix(-3, -18, (Region(0.505, 1.2345, 0, -40, 0.1), Region(1.0, 2.0, 6, -math.inf, 0.05)))


def tone(seconds: float = 3.0, hertz: float = 100.0) -> ArrayTracks:
    """Mixture = speech: a sine at full scale, (frames, 1)."""
    wave = np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE).astype(np.float32)[:, None]
    return ArrayTracks(wave, wave, RATE)


def steps(played: NDArray) -> float:
    """The greatest step from sample to sample."""
    return float(np.abs(np.diff(played[:, 0])).max())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("remix", [Remix(), Remix(0, -18), REMIX])
def test_what_is_played_is_what_render_gives_bit_for_bit(pumped: Pumped, remix: Remix, dtype: str) -> None:
    tracks = noise_tracks(2.5037, dtype=dtype)
    player, output = pumped(tracks)
    player.set_remix(remix)
    player.play()
    output.pump_out()
    expected = render(tracks.mixture, tracks.speech, remix, 0, RATE).astype(np.float32)
    assert np.array_equal(output.played[: tracks.frames], expected)
    assert not output.played[tracks.frames :].any() and len(output.played) < tracks.frames + BLOCK
    assert not player.playing and player.position == tracks.frames / RATE and player.underruns == 0


def test_after_a_change_of_gains_it_is_exactly_the_new_remix(pumped: Pumped) -> None:
    tracks = noise_tracks()
    player, output = pumped(tracks)
    player.play()
    output.pump(50)
    player.set_remix(REMIX)
    output.pump(100)
    played, at = output.played, 50 * BLOCK + 3 * BLOCK
    expected = render(tracks.mixture, tracks.speech, REMIX, 0, RATE)
    assert np.array_equal(played[at:], expected[at : len(played)])
    assert np.array_equal(played[: 50 * BLOCK], tracks.mixture[: 50 * BLOCK])


def test_from_a_slider_to_its_full_effect_pass_less_than_100_ms(pumped: Pumped) -> None:
    tracks = noise_tracks()
    player, output = pumped(tracks, ClockedOutput(latency=LATENCY_SECONDS))
    player.play()
    for offset in range(5):
        output.pump(17 + offset)
        player.feed()  # as the feeder would: the ring is full when the slider moves
        moved_at = len(output.played)
        player.set_remix(Remix(-6 - offset, -6 - offset))
        output.pump(20)
        expected = render(tracks.mixture, tracks.speech, Remix(-6 - offset, -6 - offset), 0, RATE)
        played = output.played
        wrong = np.flatnonzero((played[moved_at:] != expected[moved_at : len(played)]).any(axis=1))
        assert 0 < (wrong[-1] + 1) / RATE + LATENCY_SECONDS < 0.09


@pytest.mark.parametrize(
    "act",
    [
        lambda player: player.set_remix(Remix(-math.inf, -math.inf)),
        lambda player: player.set_remix(Remix(0, 0), trim_db=-30),
        lambda player: setattr(player, "volume", 0.1),
        lambda player: player.pause(),
        lambda player: player.seek(1.0075),
        lambda player: player.set_loop(0.1075, 0.3),
        lambda player: player.replace(ArrayTracks(-tone().mixture, -tone().mixture, RATE)),
    ],
    ids=["gains", "trim", "volume", "pause", "seek", "loop", "other tracks"],
)
def test_no_change_clicks(pumped: Pumped, act: Callable[[Player], None]) -> None:
    """The place of the change is a crest or a trough of the tone, so that a naive switch steps by 0.9 to 2."""
    tracks = tone()
    steepest = steps(tracks.mixture)
    player, output = pumped(tracks)
    player.seek(0.0025)
    player.play()
    output.pump(40)
    before = len(output.played)
    act(player)
    output.pump(60)
    played = output.played
    assert steps(played) < steepest + 2 * np.pi / 2 / (0.005 * RATE)  # a rise by 2 within 5 ms
    assert not np.allclose(played[before:, 0], tracks.mixture[before + 120 : len(played) + 120, 0], atol=0.01)


def test_trim_and_volume_multiply_and_the_meters_stand_between(pumped: Pumped) -> None:
    tracks = noise_tracks()
    player, output = pumped(tracks)
    player.set_remix(Remix(), trim_db=-6)
    player.volume = 0.25
    player.play()
    output.pump(20)
    expected = tracks.mixture * 10 ** (-6 / 20) * 0.25
    assert np.allclose(output.played, expected[: len(output.played)], atol=1e-7)
    assert abs(player.levels().true_peak - 20 * math.log10(0.25)) < 1.5 + 4  # not at 0.25 · 0.25
    assert player.volume == 0.25


@pytest.mark.parametrize(("start", "end"), [(0.5, 0.9), (0.0, 0.3), (0.50001, 0.52501), (1.0, 2.5)])
def test_a_loop_has_its_exact_length_and_crosses_over_at_its_end(pumped: Pumped, start: float, end: float) -> None:
    tracks = noise_tracks()
    first, stop, crossing = round(start * RATE), round(end * RATE), round(0.005 * RATE)
    player, output = pumped(tracks)
    player.set_loop(start, end)
    player.seek(start)
    player.play()
    output.pump(500)
    played, length = output.played, stop - first
    kept = tracks.mixture[first : stop - crossing]
    for turn in range(len(played) // length):
        heard = played[turn * length : (turn + 1) * length]
        skip = 0 if turn or not first else crossing  # the fade at play
        assert np.array_equal(heard[skip : len(kept)], kept[skip:])
        weight = (0.5 - 0.5 * np.cos(np.pi * np.arange(1, crossing + 1) / (crossing + 1)))[:, None]
        into = np.zeros((crossing, 2))
        into[crossing - min(first, crossing) :] = tracks.mixture[max(0, first - crossing) : first]
        over = tracks.mixture[stop - crossing : stop] * (1 - weight) + into * weight
        assert np.allclose(heard[len(kept) :], over, atol=1e-6)
    assert first <= round(player.position * RATE) < stop


def test_a_loop_behind_begins_at_once_and_no_loop_plays_on(pumped: Pumped) -> None:
    tracks = noise_tracks()
    player, output = pumped(tracks, ClockedOutput(latency=0))
    player.seek(2.0)
    player.play()
    output.pump(20)
    player.set_loop(0.5, 1.0)
    output.pump(10)
    assert 0.5 <= player.position < 0.6
    player.set_loop(0.0, None)
    output.pump(100)
    assert player.position > 1.1


def test_a_loop_shorter_than_it_can_be_becomes_20_ms(pumped: Pumped) -> None:
    player, output = pumped(noise_tracks(), ClockedOutput(latency=0))
    player.set_loop(0.5, 0.5)
    player.seek(0.4)
    player.play()
    output.pump(100)
    assert 0.475 <= player.position < 0.5


def test_a_seek_in_play_lands_on_the_sample(pumped: Pumped) -> None:
    tracks = noise_tracks()
    player, output = pumped(tracks)
    player.play()
    output.pump(30)
    player.seek(2.0)
    assert player.position == 2.0
    output.pump(30)
    played, jumped = output.played, 32 * BLOCK  # after two blocks that may be on their way
    assert np.array_equal(played[:jumped], tracks.mixture[:jumped])
    assert np.array_equal(played[jumped + 240 :], tracks.mixture[2 * RATE + 240 :][: len(played) - jumped - 240])
    assert 2.0 <= player.position < 2.3


def test_other_tracks_of_the_recording_go_on_at_the_same_sample(pumped: Pumped) -> None:
    tracks, others = noise_tracks(), noise_tracks()
    others.speech = -others.speech
    player, output = pumped(tracks)
    player.set_remix(Remix(0, -math.inf))
    player.play()
    output.pump(30)
    player.replace(others)
    output.pump(30)
    played = output.played
    assert np.array_equal(played[: 30 * BLOCK], tracks.speech[: 30 * BLOCK])
    assert np.array_equal(played[36 * BLOCK :], others.speech[36 * BLOCK : len(played)])


def test_gains_that_change_while_the_disk_is_behind_cross_over_when_it_is_back() -> None:
    tracks, silent = tone(), Sound(Remix(-math.inf, -math.inf))
    prefetch = Prefetch(tracks)
    stream = Stream(prefetch)
    stream.begin(0, Sound())
    assert stream.block(Sound()) is None
    prefetch.aim(stream.heads(), None)
    while prefetch.step():
        pass
    blocks = []
    while (block := stream.block(Sound())) is not None:
        blocks.append(block.heard)
    assert len(blocks) >= 150 and stream.block(silent) is None
    prefetch.aim(stream.heads(), None)
    while prefetch.step():
        pass
    for _ in range(2):
        block = stream.block(silent)
        assert block
        blocks.append(block.heard)
    played = np.concatenate(blocks)
    assert steps(played) < steps(tracks.mixture) + np.pi / 2 / BLOCK and not played[-BLOCK:].any()


def test_many_changes_one_after_the_other_neither_click_nor_lose_a_sample(pumped: Pumped) -> None:
    """As when a slider is dragged: what waits in the ring is rendered anew each time."""
    tracks = tone()
    player, output = pumped(tracks)
    player.seek(0.0025)
    player.play()
    output.pump(20)
    for turn in range(100):
        player.set_remix(Remix(-turn % 7, -turn % 7))
        player.feed()
        player.set_remix(Remix(-turn % 5 - 6, -turn % 5 - 6))
        output.pump(turn % 3)
    player.set_remix(Remix())
    output.pump(50)
    played = output.played
    assert steps(played) < steps(tracks.mixture) + np.pi / 2 / BLOCK and player.underruns == 0
    assert np.array_equal(played[-40 * BLOCK :, :1], tracks.mixture[120 + len(played) - 40 * BLOCK : 120 + len(played)])


def test_a_change_in_the_last_ringful_is_heard_too(pumped: Pumped) -> None:
    tracks = noise_tracks(0.5)
    player, output = pumped(tracks)
    player.play()
    output.pump(42)  # all has been rendered
    player.set_remix(Remix(-6, -6))
    output.pump_out()
    expected = render(tracks.mixture, tracks.speech, Remix(-6, -6), 0, RATE)
    assert np.array_equal(output.played[45 * BLOCK : tracks.frames], expected[45 * BLOCK :])
    player.play()
    output.pump(42)
    player.seek(0.1)
    output.pump(20)
    assert player.playing and player.underruns == 0 and 0.1 < player.position < 0.3
