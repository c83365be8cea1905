"""What a training begins with: a model, or a preset, whose codec has its published weights if there are any."""

from pathlib import Path
from typing import NamedTuple

import torch

from engine.dac_codec import DacCodec
from engine.dac_weights import load_weights
from engine.errors import InputError
from engine.generator import Generator
from engine.model import build, load_model
from engine.presets import PRESETS
from engine.published import PUBLISHED, Weights, by_hand, fetched


class Base(NamedTuple):
    """A generator in training mode, and in words where its weights are from, for the model card."""

    generator: Generator
    origin: str


def load_base(name: str | None, seed: int = 0) -> Base:
    """The model of that name or path, None for the bundled one; or a preset, the codec with its published weights.

    Args:
        seed: of a preset's branches, which are new, and of its codec where none was published.

    Raises:
        InputError: there is none of that name; the published weights were not fetched, or changed since.
    """
    if name not in PRESETS:
        model = load_model(name, fold=False)
        return Base(model.generator.requires_grad_(True).train(), model.file.id)
    weights = _published(name) if name in PUBLISHED else None
    torch.manual_seed(seed)
    generator = build(PRESETS[name])
    if weights is None:
        return Base(generator, f"{name}: all new")
    assert isinstance(generator.codec, DacCodec)
    load_weights(generator.codec, weights.path)
    file = f"the published {PUBLISHED[name].file_name}" if weights.published else Path(weights.source).name
    return Base(generator, f"{name}: codec of {file} (SHA-256 {weights.sha256}), branches new")


def _published(name: str) -> Weights:
    """The fetched weights of that name, or a complaint that says how to get them."""
    weights = fetched(name)
    if weights is None:
        url = PUBLISHED[name].url
        raise InputError(f"'voicebed models fetch {name}' first; or, without network, from {url}: {by_hand(name)}")
    return weights
