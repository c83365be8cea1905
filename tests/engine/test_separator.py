"""Separating streams: no seams, no delay, any rate and channel count."""

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.errors import UsageError
from engine.model import Model, load_model
from engine.report import SplitReport
from engine.separator import Gain, Separator, interpolated


@pytest.fixture(scope="module")
def model(model_path: Path) -> Model:
    return load_model(str(model_path))


def noise(frames: int, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((frames, channels)).astype(np.float32) * 0.1


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000])
def test_windows_leave_no_seams(model: Model, rate: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # What rounding to bfloat16 changes depends on where windows lie; it is no seam.
    monkeypatch.setattr("engine.separator.multiplies_bfloat16", lambda device: False)
    audio = noise(9 * rate + 123)
    whole = Separator(model, "cpu", window=20).speech(audio, rate)
    pieces = Separator(model, "cpu", window=2)
    assert pieces.window_seconds == 2
    difference = pieces.speech(audio, rate) - whole
    assert np.sum(difference**2) < 1e-8 * np.sum(whole**2)


def test_block_cutting_does_not_matter(model: Model) -> None:
    audio = noise(70000)
    separator = Separator(model, "cpu", window=2)
    blocks = np.array_split(audio, [1, 5, 40001, 40002])
    joined = np.concatenate([w.speech for w in separator.windows(blocks, 16000)])
    assert np.array_equal(joined, separator.speech(audio, 16000))


@pytest.mark.parametrize("render", ["masked", "direct"])
@pytest.mark.parametrize(
    ("frames", "channels", "rate"), [(1, 1, 48000), (100, 2, 192000), (5000, 8, 44100), (999, 1, 6000)]
)
def test_shape_is_kept(model: Model, frames: int, channels: int, rate: int, render: str) -> None:
    audio = noise(frames, channels)
    speech = Separator(model, "cpu", render).speech(audio, rate)
    assert speech.shape == audio.shape and speech.dtype == audio.dtype
    assert np.isfinite(speech).all()


def test_no_delay(model: Model) -> None:
    audio = noise(32000)
    speech = Separator(model, "cpu").speech(audio, 16000)
    spectrum = np.fft.rfft(audio[:, 0]).conj() * np.fft.rfft(speech[:, 0])
    assert np.argmax(np.fft.irfft(spectrum)) == 0


def test_channels_share_one_gain(model: Model) -> None:
    left = noise(16000)
    stereo = np.concatenate((left, 0.5 * left), axis=1)
    speech = Separator(model, "cpu").speech(stereo, 16000)
    assert np.allclose(speech[:, 1], 0.5 * speech[:, 0], atol=1e-6)


def test_channels_in_opposite_phase_are_heard(model: Model) -> None:
    left = noise(16000)
    separator = Separator(model, "cpu")
    opposed = separator.speech(np.concatenate((left, -left), axis=1), 16000)
    assert np.allclose(opposed[:, 0], separator.speech(left, 16000)[:, 0], atol=1e-6)


def test_bfloat16_is_not_heard(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    audio = noise(48000)
    speech = []
    for enabled in (False, True):
        monkeypatch.setattr("engine.separator.multiplies_bfloat16", lambda device, enabled=enabled: enabled)
        speech.append(Separator(model, "cpu").speech(audio, 16000))
    assert 0 < np.sum((speech[0] - speech[1]) ** 2) < 1e-5 * np.sum(speech[0] ** 2)


def test_report_explains_the_mixture(model: Model) -> None:
    report = SplitReport()
    list(Separator(model, "cpu").windows([noise(48000)], 16000, report))
    alpha, beta = report.weights
    assert 0 < alpha < 5 and 0 < beta < 5
    assert -60 < report.residual_db < 0
    assert SplitReport().weights == pytest.approx((1, 1)) and SplitReport().residual_db == -300


def test_unknown_choices_are_refused(model: Model) -> None:
    with pytest.raises(UsageError, match="rendering"):
        Separator(model, render="painted")
    with pytest.raises(UsageError, match="device"):
        Separator(model, device="abacus")


def test_gain_above_the_model_follows_its_top_band(model: Model) -> None:
    speech, low_noise = torch.ones(3, 257, dtype=torch.cfloat), torch.zeros(3, 257, dtype=torch.cfloat)
    low_noise[:, :40] = 10  # up to 1.2 kHz
    gain = Gain(model.generator.codec, speech, low_noise).at(torch.tensor([0, 1]), 769, 48000).abs()
    assert gain.shape == (2, 769)
    assert (gain[:, 300:] > 0.99).all() and (gain[:, :39] < 0.1).all()


RATES = [8000, 11025, 12345, 16000, 22050, 44100, 48000, 88200]


@pytest.mark.parametrize("rate", RATES)
def test_a_gain_of_one_changes_nothing(model: Model, rate: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Gain, "at", lambda self, frames, bins, rate: torch.ones(len(frames), bins))
    audio = noise(5 * rate // 2)
    assert np.abs(Separator(model, "cpu", window=1).speech(audio, rate) - audio).max() < 2e-6


@pytest.mark.parametrize("rate", RATES)
def test_at_every_rate_a_frame_stands_where_the_model_has_it(
    model: Model, rate: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = 77
    monkeypatch.setattr(
        Gain, "at", lambda self, frames, bins, rate: (frames == number).float()[:, None].expand(-1, bins)
    )
    speech = Separator(model, "cpu", window=1).speech(np.ones((2 * rate, 1), np.float32), rate)[:, 0]
    centre = np.average(np.arange(len(speech)), weights=speech.clip(0))
    assert centre == pytest.approx(number * model.generator.codec.hop * rate / 16000, abs=1)


def test_interpolation_meets_both_neighbours() -> None:
    values = torch.tensor([[0.0, 10.0], [1.0, 20.0]])
    assert interpolated(values, torch.tensor([0.0, 0.25, 1.0, 5.0])).tolist() == [[0, 2.5, 10, 10], [1, 5.75, 20, 20]]
