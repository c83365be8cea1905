"""Fixtures for all rooms: a small model with random weights, so that tests do not depend on the bundled one."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(scope="session")
def model_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file of the `spectral` kind, a few frames of reach and a hundredth of the size."""
    import torch

    from engine.generator import BranchConfig, Generator
    from engine.model import save_model
    from engine.model_files import ModelCard
    from engine.spectral import SpectralCodec, SpectralConfig

    torch.manual_seed(0)
    codec = SpectralCodec(SpectralConfig(bands=16, width=16, encoder_blocks=1, decoder_blocks=1, level_reach=20))
    generator = Generator(codec, BranchConfig(layers=1, heads=2, feed_forward=32, span=8))
    torch.nn.init.normal_(codec.bin_correction.weight, std=0.3)
    card = ModelCard("tiny", generator.settings, codec.sample_rate, "random weights", "CC0", "2026-11-22")
    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    save_model(path, generator, card)
    return path


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps tests away from the user's own models, settings, sessions and cache."""
    for place in ("HOME", "CACHE", "STATE", "CONFIG"):
        monkeypatch.setenv(f"VOICEBED_{place}", str(tmp_path / place.lower()))
