"""The `dac` codec: encoder and decoder of the Descript Audio Codec without its quantizer, as in the USE-DDP paper.

Kumar et al., "High-Fidelity Audio Compression with Improved RVQGAN", arXiv 2306.06546, from the package of its authors.
The names in `state_dict` are those of the package's `DAC`, so that a published checkpoint loads.  Where memory of
gradients is not needed, encoder and decoder work on pieces of a few seconds: what they hold does not grow with length.
Where it is, only what enters each layer is kept, and the rest is computed again on the way back.
"""

import math
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.jit import optimized_execution  # pyright: ignore[reportPrivateImportUsage]
from torch.nn import functional as F
from torch.nn.utils import remove_weight_norm
from torch.utils.checkpoint import checkpoint

from engine.descript import descript
from engine.generator import Codec, Encoded
from engine.stft import inverse_stft, stft

RESIDUAL_REACH = 3 * (1 + 3 + 9)  # samples to each side: three units, kernel 7, dilations 1, 3 and 9
PIECE_SECONDS = 10


@dataclass(frozen=True)
class DacConfig:
    """Shape of the codec, as the package counts it; the defaults are those of the published 16 kHz model.

    Attributes:
        sample_rate: Hz.
        encoder_dim: channels after the encoder's first layer; each stride doubles them.
        strides: of the encoder's blocks, 2 or more; the decoder has them in reverse.
        decoder_dim: channels after the decoder's first layer; each stride halves them.

    Raises:
        ValueError: there is a stride below 2, or none.
    """

    sample_rate: int = 16000
    encoder_dim: int = 64
    strides: tuple[int, ...] = (2, 4, 5, 8)
    latent_dim: int = 1024
    decoder_dim: int = 1536

    def __post_init__(self) -> None:
        object.__setattr__(self, "strides", tuple(self.strides))  # from JSON it comes as a list
        if not self.strides or min(self.strides) < 2:
            raise ValueError(f"strides {self.strides}: they must be 2 or more")

    @property
    def hop(self) -> int:
        """Samples per latent frame."""
        return math.prod(self.strides)


class DacCodec(Codec):
    """Waveform to latent and back.  See `engine.generator.Codec` for the protocol."""

    window: Tensor
    takes_bfloat16 = False  # noise at -42 dB in what it synthesises (`tests.benchmarks.dac`)

    def __init__(self, config: DacConfig) -> None:
        super().__init__()
        self.config = config
        self.sample_rate, self.hop, self.latent_dim = config.sample_rate, config.hop, config.latent_dim
        self.encoder_reach, self.decoder_reach = encoder_reach(config.strides), decoder_reach(config.strides)
        dac = descript().model.dac
        self.encoder: nn.Module = dac.Encoder(config.encoder_dim, list(config.strides), config.latent_dim)
        self.decoder: nn.Module = dac.Decoder(config.latent_dim, config.decoder_dim, list(config.strides[::-1]))
        self.apply(dac.init_weights)
        for module in self.modules():
            if isinstance(module, nn.ConvTranspose1d) and module.stride[0] % 2:
                # An odd stride loses one sample at the end: 8 of the output at 16 kHz.
                module.output_padding = (1,)
            if is_weight_normed(module):
                module.register_forward_hook(_forget_weight)
                _forget_weight(module)
        self.register_load_state_dict_pre_hook(_unfold_weights)
        self.register_buffer("window", torch.hann_window(2 * self.hop).sqrt(), persistent=False)

    @property
    def settings(self) -> dict[str, Any]:
        """The configuration as plain data, for the model card."""
        return {"kind": "dac", **asdict(self.config)}

    def encode(self, x: Tensor) -> Encoded:
        """(batch, samples) -> latent (batch, samples / hop rounded up, latent_dim); zeros fill the last frame."""
        samples = x.shape[-1]
        padded = F.pad(x, (0, max(1, -(-samples // self.hop)) * self.hop - samples))
        z = self._in_pieces(self.encoder, padded[:, None], self.hop, 1, self.encoder_reach)
        return Encoded(z.transpose(1, 2), samples)

    def decode(self, z: Tensor, encoded: Encoded) -> Tensor:
        """Latent (batch, frames, latent_dim) -> waveform (batch, samples), within ±1."""
        x = self._in_pieces(self.decoder, z.transpose(1, 2), 1, self.hop, self.decoder_reach)
        return x[:, 0, : encoded.samples]

    def spectrum(self, x: Tensor) -> Tensor:
        """(batch, samples) -> complex (batch, frames, hop + 1); frame k is centred on sample k * hop."""
        return stft(x, self.window, self.hop)

    def waveform(self, spectrum: Tensor, samples: int) -> Tensor:
        """Complex (batch, frames, hop + 1) -> (batch, samples): the inverse of `spectrum`."""
        return inverse_stft(spectrum, self.window, self.hop, samples)

    def fold(self) -> None:
        """Merge the two parts of each normed weight into one."""
        for module in self.modules():
            if is_weight_normed(module):
                remove_weight_norm(module)

    def _in_pieces(self, coder: nn.Module, x: Tensor, size_in: int, size_out: int, reach: int) -> Tensor:
        """`coder` of x (batch, channels, frames * size_in): (batch, channels, frames * size_out).

        Pieces have `reach` frames of context, which are thrown away: the result is that of the whole.
        """
        frames, step = x.shape[-1] // size_in, PIECE_SECONDS * self.sample_rate // self.hop
        if torch.is_grad_enabled():
            for layer in _layers(coder):
                x = checkpoint(layer, x, use_reentrant=False, early_stop=False, context_fn=_plainly)
            return x
        if frames <= step:
            return coder(x)
        parts: list[Tensor] = []
        for start in range(0, frames, step):
            first, end = max(0, start - reach), min(frames, start + step)
            part = coder(x[..., first * size_in : (end + reach) * size_in])
            parts.append(part[..., (start - first) * size_out : (end - first) * size_out])
        return torch.cat(parts, dim=-1)


def _layers(part: nn.Module) -> Iterator[nn.Module]:
    """The layers of an encoder or decoder, each of which is given what the one before puts out."""
    whole = isinstance(part, descript().model.dac.ResidualUnit) or not list(part.children())
    if whole:
        yield part
        return
    for child in part.children():
        yield from _layers(child)


def _plainly() -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
    """For `checkpoint`: the package's activation is a TorchScript, which once optimised keeps other things than before.

    An exception inside arrives as another, so that it cannot be left early either.
    """
    return optimized_execution(False), optimized_execution(False)


def encoder_reach(strides: tuple[int, ...]) -> int:
    """How many latent frames to each side can influence a frame of the latent, by the samples under them."""
    samples, rate = 3, 1
    for stride in strides:
        samples += (RESIDUAL_REACH + math.ceil(stride / 2)) * rate
        rate *= stride
    return math.ceil((samples + rate) / rate)


def decoder_reach(strides: tuple[int, ...]) -> int:
    """How many latent frames to each side can influence the samples of a frame."""
    hop = rate = math.prod(strides)
    samples = 3 * hop + 3
    for stride in strides[::-1]:
        samples += rate
        rate //= stride
        samples += RESIDUAL_REACH * rate
    return math.ceil(samples / hop)


def is_weight_normed(module: nn.Module) -> bool:
    """Whether torch's older weight norm keeps this module's weight in two parts, as the package wants it."""
    return "weight_g" in module._parameters


def _forget_weight(module: nn.Module, *_: Any) -> None:
    """After a pass: the weight it worked out is part of its graph, which copy.deepcopy refuses to copy."""
    if is_weight_normed(module):
        module.__dict__["weight"] = None  # not a parameter: those are the two parts


def _unfold_weights(codec: nn.Module, state: dict[str, Tensor], prefix: str, *_: Any) -> None:
    """Before loading: split the weights of a folded codec where this one has two parts."""
    for name, module in codec.named_modules():
        weight = state.pop(f"{prefix}{name}.weight", None) if is_weight_normed(module) else None
        if weight is not None:
            state[f"{prefix}{name}.weight_v"] = weight
            state[f"{prefix}{name}.weight_g"] = torch.norm_except_dim(weight, 2, 0)
