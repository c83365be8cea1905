"""Reading checkpoints of the Descript Audio Codec, as its package saves them, into encoder and decoder."""

import pickle
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.dac_codec import DacCodec, DacConfig
from engine.errors import InputError

PARTS = ("encoder.", "decoder.")
RATES = ("sample_rate", "encoder_rates")  # what a checkpoint says of itself and its shapes do not


def read_weights(path: Path, settings: dict[str, Any]) -> tuple[dict[str, Tensor], dict[str, int]]:
    """The weights of encoder and decoder in a checkpoint, which fit the codec of these settings to the last name.

    Args:
        settings: as `DacCodec.settings` has them.

    Returns:
        the state of the codec; and the parts of the checkpoint that were left out, with their numbers of values.

    Raises:
        InputError: the file is no such checkpoint, is damaged, holds more than plain tensors, or is of another codec.
    """
    config = DacConfig(**{key: value for key, value in settings.items() if key != "kind"})
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*TypedStorage", UserWarning)
            content = torch.load(path, "cpu", weights_only=True)
        state, stated = content["state_dict"], dict(content.get("metadata", {}).get("kwargs", {}))
        parts = {key: value for key, value in state.items() if key.startswith(PARTS)}
        with torch.device("meta"):
            codec = DacCodec(config)
        codec.load_state_dict(parts, strict=True, assign=True)
    except pickle.UnpicklingError:
        raise InputError(f"{path}: not a plain file of weights, and nothing else is ever run") from None
    except (RuntimeError, LookupError, TypeError, ValueError, AttributeError, EOFError, OSError) as error:
        words = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
        raise InputError(
            f"{path}: not a checkpoint of this codec, or cut short ({' '.join(words[:2])[:200]})"
        ) from None
    for name, own in zip(RATES, (config.sample_rate, list(config.strides)), strict=True):
        its = stated.get(name, own)
        its = list(its) if isinstance(its, tuple) else its
        if its != own:
            raise InputError(f"{path}: of a codec with {name} {its}, where {own} is wanted")
    left_out: dict[str, int] = {}
    for key, value in state.items():
        if key not in parts:
            part = str(key).partition(".")[0]
            left_out[part] = left_out.get(part, 0) + value.numel()
    return parts, left_out


def load_weights(codec: DacCodec, path: Path) -> None:
    """Put the weights of a checkpoint into a codec that is not folded.

    Raises:
        InputError: as `read_weights`.
    """
    codec.load_state_dict(read_weights(path, codec.settings)[0])
