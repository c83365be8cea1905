"""What a model hears: the whole of its band, without seams, whatever the rate and the channels."""

import numpy as np
import pytest

from engine.hearing import downmixed, heard, rechunked, resampled


@pytest.mark.parametrize("rate", [22050, 44100, 48000, 96000])
def test_the_model_hears_the_whole_of_its_band(rate: int) -> None:
    time = np.arange(3 * rate + 17) / rate
    for frequency, level in ((100, 1), (7900, 1), (8100, 0)):
        tone = np.sin(2 * np.pi * frequency * time).astype(np.float32)
        mono = resampled(tone, rate, 16000, 0)
        assert mono.dtype == np.float32 and len(mono) == -(-len(tone) * 16000 // rate)
        expected = level * np.sin(2 * np.pi * frequency * np.arange(len(mono)) / 16000)
        assert np.abs(mono - expected)[8000:-8000].max() < 0.01


@pytest.mark.parametrize("rate", [8000, 12345, 16000, 22050, 44100, 48000])
def test_a_stream_is_heard_without_seams(rate: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.hearing.WINDOW_SECONDS", 2)
    audio = np.random.default_rng(0).standard_normal((7 * rate + 123, 2)).astype(np.float32)
    pieces = list(heard(np.array_split(audio, 5), rate, 16000))
    assert [len(piece) for piece in pieces[:3]] == [32000] * 3
    whole = resampled(downmixed(audio), rate, 16000, 0)
    joined = np.concatenate(pieces)
    assert joined.shape == whole.shape and joined.dtype == np.float32
    assert np.sum((joined - whole) ** 2) < 1e-12 * np.sum(whole**2)


def test_the_shortest_streams_are_heard() -> None:
    assert list(heard([], 44100, 16000)) == []
    assert [len(piece) for piece in heard([np.zeros((1, 2), np.float32)], 44100, 16000)] == [1]


def test_channels_in_opposite_phase_do_not_cancel() -> None:
    left = np.random.default_rng(0).standard_normal(4000).astype(np.float32)
    assert np.array_equal(downmixed(np.stack((left, -left), 1)), left)


def test_rechunked_pieces_overlap_and_end_short() -> None:
    blocks = np.array_split(np.arange(10.0)[:, None], [3, 4])
    assert [piece[:, 0].tolist() for piece in rechunked(blocks, 4, 6)] == [
        [0, 1, 2, 3, 4, 5],
        [4, 5, 6, 7, 8, 9],
        [8, 9],
    ]
    assert list(rechunked([], 4, 6)) == []
