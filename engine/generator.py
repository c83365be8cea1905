"""The USE-DDP generator: one encoder, a speech and a noise branch, one shared decoder, and the closed-form α and β.

Klement et al., "Unsupervised Speech Enhancement using Data-defined Priors", arXiv 2509.22942:

    z = encode(x)    ŝ = decode(speech_branch(z))    n̂ = decode(noise_branch(z))    x̂ = αŝ + βn̂
"""

from abc import abstractmethod
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from engine.roformer import RoFormer


class Encoded(NamedTuple):
    """What an encoder hands to the branches and the decoder.

    Attributes:
        latent: (batch, frames, latent_dim).
        samples: length of the encoded waveform.
        spectrum: the mixture's complex spectrum (batch, frames, bins), for codecs whose decoder masks it.
    """

    latent: Tensor
    samples: int
    spectrum: Tensor | None = None

    def narrowed(self, first: int, last: int, hop: int) -> "Encoded":
        """The same of frames `first` to `last` alone, which begin at sample `first * hop`."""
        spectrum = None if self.spectrum is None else self.spectrum[:, first:last]
        return Encoded(self.latent[:, first:last], min(self.samples, last * hop) - first * hop, spectrum)


class Codec(nn.Module):
    """Protocol of the codecs: a mono waveform at `sample_rate` to latent frames every `hop` samples and back.

    `decode(branch(e.latent), e)` has exactly the length of the encoded waveform, whatever that is.  `encoder_reach` and
    `decoder_reach` are how many frames to each side of a frame can influence what is made of it; `takes_bfloat16`,
    whether the speech stays what it is where a CPU multiplies in bfloat16; `masks`, whether what is decoded is the
    mixture under a mask.
    """

    sample_rate: int
    hop: int
    latent_dim: int
    encoder_reach: int
    decoder_reach: int
    takes_bfloat16: bool = True
    masks: bool = False

    @property
    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """The configuration as plain data, for the model card."""

    @abstractmethod
    def encode(self, x: Tensor) -> Encoded:
        """(batch, samples), full scale ±1 -> `Encoded`."""

    @abstractmethod
    def decode(self, z: Tensor, encoded: Encoded) -> Tensor:
        """Latent (batch, frames, latent_dim) -> waveform (batch, samples)."""

    @abstractmethod
    def spectrum(self, x: Tensor) -> Tensor:
        """(batch, samples) -> complex (batch, frames, bins) with frame k centred on sample k * hop."""

    @abstractmethod
    def waveform(self, spectrum: Tensor, samples: int) -> Tensor:
        """The inverse of `spectrum`."""

    def fold(self) -> None:
        """Merge, in place, what only training keeps apart; the outputs stay what they are."""
        return


@dataclass(frozen=True)
class BranchConfig:
    """Shape of each RoFormer branch; its width is the codec's latent dimension, `span` is in frames.

    `norm` is for the output.  Without it the branch begins near the identity, as a decoder that was trained on the
    encoder's own latents wants it.
    """

    layers: int = 3
    heads: int = 4
    feed_forward: int = 768
    span: int = 48
    norm: bool = True


class Sources(NamedTuple):
    """The two raw outputs of the generator, each (batch, samples)."""

    speech: Tensor
    noise: Tensor


class Generator(nn.Module):
    """Codec and two branches: a mixture (batch, samples) in, raw speech and noise estimates out.

    `reach` is the receptive field in frames to each side.
    """

    def __init__(self, codec: Codec, branch: BranchConfig) -> None:
        super().__init__()
        self.codec, self.branch = codec, branch
        shape = (codec.latent_dim, branch.layers, branch.heads, branch.feed_forward, branch.span, branch.norm)
        self.speech_branch = RoFormer(*shape)
        self.noise_branch = RoFormer(*shape)
        self.reach = codec.encoder_reach + self.speech_branch.reach + codec.decoder_reach

    @property
    def settings(self) -> dict[str, Any]:
        """The architecture as plain data, for the model card (`engine.model.build` makes a generator of it)."""
        return {"codec": self.codec.settings, "branch": asdict(self.branch)}

    def forward(self, x: Tensor, first: int = 0, last: int | None = None) -> Sources:
        """(batch, samples), full scale ±1 -> `Sources`, raw: not yet scaled by α and β.

        Args:
            first, last: the frames that are wanted, from `first` up to `last`; samples `first * hop` to `last * hop`.
        """
        codec, encoded = self.codec, self.codec.encode(x)
        last = encoded.latent.shape[1] if last is None else last
        begin, end = max(0, first - codec.decoder_reach), last + codec.decoder_reach
        decoded = encoded.narrowed(begin, end, codec.hop)

        def source(branch: RoFormer) -> Tensor:
            z = branch(encoded.latent, begin, end)
            return codec.decode(z, decoded)[:, (first - begin) * codec.hop : (last - begin) * codec.hop]

        return Sources(source(self.speech_branch), source(self.noise_branch))


def inner_products(x: Tensor, speech: Tensor, noise: Tensor) -> Tensor:
    """The five inner products that `engine.report.least_squares` wants, along the last dimension: (..., n) -> (5, ...).

    Of complex tensors the real part is taken.
    """

    def inner(a: Tensor, b: Tensor) -> Tensor:
        return (a.real * b.real + a.imag * b.imag if a.is_complex() else a * b).sum(-1)

    pairs = ((x, speech), (x, noise), (speech, speech), (noise, noise), (speech, noise))
    return torch.stack([inner(a, b) for a, b in pairs])
