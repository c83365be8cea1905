"""What a training begins with: a model, or a preset whose codec has its published weights."""

from pathlib import Path
from typing import NamedTuple

import torch

from engine.dac_codec import DacCodec
from engine.dac_weights import load_weights
from engine.errors import InputError
from engine.generator import Generator
from engine.model import build, load_model
from engine.presets import PRESETS
from engine.published import PUBLISHED, by_hand, fetched


class Base(NamedTuple):
    """A generator in training mode, and in words where its weights are from, for the model card."""

    generator: Generator
    origin: str


def load_base(name: str | None, seed: int = 0) -> Base:
    """The model of that name or path, None for the bundled one; or a preset, the codec with its published weights.

    Args:
        seed: of a preset's branches, which are new.

    Raises:
        InputError: there is none of that name; the published weights were not fetched, or changed since.
    """
    if name not in PUBLISHED:
        model = load_model(name, fold=False)
        return Base(model.generator.requires_grad_(True).train(), model.file.id)
    weights = fetched(name)
    if weights is None:
        url = PUBLISHED[name].url
        raise InputError(f"'voicebed models fetch {name}' first; or, without network, from {url}: {by_hand(name)}")
    torch.manual_seed(seed)
    generator = build(PRESETS[name])
    assert isinstance(generator.codec, DacCodec)
    load_weights(generator.codec, weights.path)
    file = f"the published {PUBLISHED[name].file_name}" if weights.published else Path(weights.source).name
    return Base(generator, f"{name}: codec of {file} (SHA-256 {weights.sha256}), branches new")
