"""Separating with a `dac` model: no seams, at hops that do not divide a second too; both renderings; a folded file."""

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.dac_codec import DacCodec, DacConfig
from engine.generator import BranchConfig, Generator
from engine.model import Model, load_model, save_model
from engine.model_files import ModelCard
from engine.report import SplitReport
from engine.separator import Separator

BRANCH = BranchConfig(layers=1, heads=2, feed_forward=32, span=8, norm=False)


@pytest.fixture(scope="module", params=[(16000, (2, 4, 5, 8)), (44100, (2, 4, 8, 8))], ids=["16 kHz", "44.1 kHz"])
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file with random weights at a model rate and strides."""
    torch.manual_seed(0)
    rate, strides = request.param
    generator = Generator(DacCodec(DacConfig(rate, 4, strides, 16, 32)), BRANCH)
    for branch in (generator.speech_branch, generator.noise_branch):
        for weights in branch.parameters():
            torch.nn.init.normal_(weights, std=0.3)  # new ones change nothing
    card = ModelCard("tiny-dac", generator.settings, rate, "random weights", "CC0", "2026-11-27")
    return save_model(tmp_path_factory.mktemp("model") / "tiny-dac.safetensors", generator, card).path


@pytest.fixture(scope="module")
def model(path: Path) -> Model:
    return load_model(str(path))


def noise(frames: int, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((frames, channels)).astype(np.float32) * 0.1


@pytest.mark.parametrize("render", ["masked", "direct"])
@pytest.mark.parametrize("rate", [16000, 44100, 48000])
def test_windows_leave_no_seams(model: Model, rate: int, render: str) -> None:
    audio = noise(9 * rate + 123)
    whole = Separator(model, "cpu", render, window=20).speech(audio, rate)
    assert whole.shape == audio.shape
    for window in (1, 2, 3):
        difference = Separator(model, "cpu", render, window).speech(audio, rate) - whole
        assert np.sum(difference**2) < 1e-6 * np.sum(whole**2)


def test_frames_are_counted_once(model: Model) -> None:
    audio, reports = noise(7 * 16000 + 5), [SplitReport(), SplitReport()]
    for report, window in zip(reports, (20, 1), strict=True):
        list(Separator(model, "cpu", window=window).windows([audio], 16000, report))
    assert reports[1].mixture == pytest.approx(reports[0].mixture, rel=1e-5)
    assert reports[1].weights == pytest.approx(reports[0].weights, rel=1e-4)


@pytest.mark.parametrize("render", ["masked", "direct"])
@pytest.mark.parametrize(
    ("frames", "channels", "rate"), [(1, 1, 48000), (100, 2, 192000), (5000, 8, 44100), (999, 1, 6000)]
)
def test_shape_is_kept(model: Model, frames: int, channels: int, rate: int, render: str) -> None:
    audio = noise(frames, channels)
    speech = Separator(model, "cpu", render).speech(audio, rate)
    assert speech.shape == audio.shape and np.isfinite(speech).all()


def test_a_loaded_model_is_folded_unless_it_is_to_be_trained(path: Path, tmp_path: Path) -> None:
    folded, parted = load_model(str(path)), load_model(str(path), fold=False)
    assert "codec.encoder.block.0.weight" in folded.generator.state_dict()
    assert "codec.encoder.block.0.weight_g" in parted.generator.state_dict()
    again = load_model(str(save_model(tmp_path / "again.safetensors", folded.generator, folded.file.card).path))
    x = torch.randn(1, 4000)
    outputs = [model.generator(x).speech for model in (folded, parted, again)]
    assert torch.allclose(outputs[0], outputs[1], atol=1e-5)
    assert torch.allclose(outputs[0], outputs[2], atol=1e-3)  # a file holds half floats
