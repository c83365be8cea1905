"""Models in memory: a generator with its card, loaded from and saved to safetensors files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from engine.dac_codec import DacCodec, DacConfig
from engine.errors import InputError
from engine.generator import BranchConfig, Generator
from engine.model_files import ModelCard, ModelFile, find_model, read_model_file
from engine.spectral import SpectralCodec, SpectralConfig
from engine.whole_file import whole_file

CODECS = {"spectral": (SpectralConfig, SpectralCodec), "dac": (DacConfig, DacCodec)}


@dataclass(frozen=True)
class Model:
    """A generator in evaluation mode, float32 on the CPU, and the file that it came from."""

    generator: Generator
    file: ModelFile


def build(architecture: dict[str, Any]) -> Generator:
    """A generator with new weights, of the shape that `Generator.settings` of another or `engine.presets` describes.

    Raises:
        KeyError, TypeError, ValueError: the description is not one.
    """
    settings = dict(architecture["codec"])
    config, codec = CODECS[settings.pop("kind")]
    return Generator(codec(config(**settings)), BranchConfig(**architecture["branch"]))


def load_model(name: str | None = None, *, fold: bool = True) -> Model:
    """The model of that name or path; None means the bundled default.

    Args:
        fold: merge what only training keeps apart; False for a generator that is to be trained.

    Raises:
        InputError: there is none, or its tensors do not fit its card.
    """
    file = find_model(name)
    try:
        generator = build(file.card.architecture)
        generator.load_state_dict({key: value.float() for key, value in load_file(file.path).items()})
    except (LookupError, TypeError, ValueError, ArithmeticError, AssertionError, RuntimeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(
            f"{file.path}: the model does not fit its card ({reason}); it may need a newer Voicebed"
        ) from None
    if fold:
        generator.codec.fold()
    return Model(generator.eval().requires_grad_(False), file)


def save_model(path: Path, generator: Generator, card: ModelCard) -> ModelFile:
    """Write a model as float16 tensors and its card; the file appears whole or not at all.

    Raises:
        OSError: the file cannot be written.
    """
    tensors = {key: value.to("cpu", torch.float16).contiguous() for key, value in generator.state_dict().items()}
    with whole_file(path) as part:
        save_file(tensors, part, {"voicebed": card.to_json()})
    return read_model_file(path)
