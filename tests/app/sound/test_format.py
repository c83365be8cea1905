"""Channels and sample rates that the device has not."""

import numpy as np
import pytest
import soxr

from app.sound.channels import downmix
from app.sound.resampled import Resampled, at_rate
from engine.remix import Remix
from tests.app.sound.clocked import ArrayTracks, ClockedOutput, noise_tracks
from tests.app.sound.conftest import Pumped

HALF = 0.5**0.5


def played(pumped: Pumped, tracks: ArrayTracks, output: ClockedOutput) -> np.ndarray:
    """What an output gets of the tracks."""
    player, _ = pumped(tracks, output)
    player.play()
    output.pump_out()
    assert player.underruns == 0 and player.position == pytest.approx(tracks.frames / tracks.sample_rate, abs=1e-4)
    return output.played


def test_mono_is_heard_on_both_sides(pumped: Pumped) -> None:
    tracks = noise_tracks(0.5, channels=1)
    assert np.array_equal(played(pumped, tracks, ClockedOutput())[: tracks.frames], tracks.mixture.repeat(2, axis=1))


def test_stereo_on_a_single_speaker_is_its_mean(pumped: Pumped) -> None:
    tracks = noise_tracks(0.5)
    heard = played(pumped, tracks, ClockedOutput(channels=1))[: tracks.frames]
    assert np.allclose(heard, tracks.mixture.mean(axis=1, keepdims=True), atol=1e-6)


@pytest.mark.parametrize(
    ("channels", "left", "right"),
    [
        (6, [1, 0, HALF, 0, HALF, 0], [0, 1, HALF, 0, 0, HALF]),
        (8, [1, 0, HALF, 0, HALF, 0, HALF, 0], [0, 1, HALF, 0, 0, HALF, 0, HALF]),
        (4, [0.25] * 4, [0.25] * 4),
    ],
)
def test_more_channels_are_heard_in_stereo(pumped: Pumped, channels: int, left: list, right: list) -> None:
    tracks = noise_tracks(0.3, channels=channels, dtype="float64")
    heard = played(pumped, tracks, ClockedOutput())[: tracks.frames]
    assert np.allclose(heard, tracks.mixture @ np.array([left, right]).T, atol=1e-6)


def test_a_device_with_enough_channels_gets_them_all(pumped: Pumped) -> None:
    tracks = noise_tracks(0.3, channels=6)
    assert np.array_equal(played(pumped, tracks, ClockedOutput(channels=8))[: tracks.frames], tracks.mixture)
    assert downmix(6, 6) is None and downmix(1, 2) is None


@pytest.mark.parametrize(
    ("rate", "device"), [(44100, 48000), (48000, 44100), (8000, 48000), (192000, 44100), (47999, 48000)]
)
def test_any_stretch_of_resampled_tracks_is_that_of_the_whole(rate: int, device: int) -> None:
    tracks = noise_tracks(1.7, sample_rate=rate)
    resampled = Resampled(tracks, device)
    whole = soxr.resample(tracks.mixture, rate, device)
    assert abs(resampled.frames - len(whole)) <= 1
    for start, stop in [(0, 1000), (12345, 24690), (resampled.frames - 5000, resampled.frames)]:
        mixture, speech = resampled.read(start, stop)
        assert mixture.shape == speech.shape == (stop - start, 2)
        stop = min(stop, len(whole))
        assert np.abs(mixture[: stop - start] - whole[start:stop]).max() < 2e-6
    assert at_rate(tracks, rate) is tracks


def test_a_device_that_refuses_the_rate_gets_its_own(pumped: Pumped) -> None:
    frames = np.arange(44100) / 44100
    tone = np.sin(2 * np.pi * 1000 * frames)[:, None].astype(np.float32)
    player, output = pumped(ArrayTracks(tone, tone, 44100), ClockedOutput(rates=(48000,), latency=0))
    player.play()
    output.pump(50)
    expected = np.sin(2 * np.pi * 1000 * np.arange(len(output.played)) / 48000)
    assert np.abs(output.played[1000:, 0] - expected[1000:]).max() < 1e-3
    assert player.position == pytest.approx(0.5, abs=0.0101)  # the last block is not wholly heard yet
    moved_at = len(output.played)
    player.set_remix(Remix(-12, -12))
    output.pump(20)
    assert np.abs(output.played[moved_at + 5 * 480 :]).max() < 0.26  # as soon as without resampling
