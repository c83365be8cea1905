"""The `spectral` codec: a light encoder and mask decoder around one STFT, for machines without a GPU.

Everything heavy runs at frame rate (62.5 frames per second at 16 kHz).  The encoder sees power-compressed spectra
relative to the local level; the decoder puts out bounded complex masks for the mixture's own spectrum.
"""

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.generator import Codec, Encoded
from engine.roformer import Norm, pointwise_layers
from engine.stft import inverse_stft, stft


@dataclass(frozen=True)
class SpectralConfig:
    """Shape of the codec.  `fft` and `hop` in samples at `sample_rate` (Hz); `level_reach` and kernels in frames."""

    sample_rate: int = 16000
    fft: int = 512
    hop: int = 256
    bands: int = 48
    width: int = 192
    encoder_blocks: int = 3
    decoder_blocks: int = 3
    expansion: int = 3
    kernel: int = 7
    level_reach: int = 125
    compression: float = 0.3


def mel_triangles(bins: int, bands: int, sample_rate: int) -> Tensor:
    """Triangular filters (bands, bins) on the mel scale of O'Shaughnessy; in every bin they sum to one."""
    frequency = torch.linspace(0, sample_rate / 2, bins, dtype=torch.float64)
    mel = 2595 * torch.log10(1 + frequency / 700)
    centre = torch.linspace(0, float(mel[-1]), bands, dtype=torch.float64)
    weight = (1 - (mel - centre[:, None]).abs() / (centre[1] - centre[0])).clamp(min=0)
    return (weight / weight.sum(0)).float()


class ConvBlock(nn.Module):
    """ConvNeXt block along time (Liu et al., arXiv 2201.03545): depthwise convolution, norm, two pointwise layers."""

    def __init__(self, width: int, expansion: int, kernel: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width)
        self.norm = Norm(width)
        self.expand = nn.Linear(width, expansion * width)
        self.contract = nn.Linear(expansion * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, frames, width) -> the same shape."""
        y = self.depthwise(x.transpose(1, 2)).transpose(1, 2)
        return x + pointwise_layers(y, self.norm, self.expand, self.contract)


class SpectralCodec(Codec):
    """STFT, features and encoder; decoder, masks and inverse STFT.  See `engine.generator.Codec` for the protocol."""

    masks = True
    window: Tensor
    mel: Tensor

    def __init__(self, config: SpectralConfig) -> None:
        super().__init__()
        self.config = config
        self.sample_rate, self.hop, self.latent_dim = config.sample_rate, config.hop, config.width
        self.encoder_reach = config.level_reach + config.encoder_blocks * (config.kernel // 2)
        self.decoder_reach = config.decoder_blocks * (config.kernel // 2) + 1
        bins = config.fft // 2 + 1
        blocks = (config.width, config.expansion, config.kernel)
        self.embed = nn.Linear(3 * bins + config.bands + 1, config.width)
        self.encoder = nn.ModuleList(ConvBlock(*blocks) for _ in range(config.encoder_blocks))
        self.decoder = nn.ModuleList(ConvBlock(*blocks) for _ in range(config.decoder_blocks))
        self.decoder_norm = Norm(config.width)
        self.band_gain = nn.Linear(config.width, config.bands)
        self.bin_correction = nn.Linear(config.width, 2 * bins)
        nn.init.zeros_(self.bin_correction.weight)
        nn.init.zeros_(self.bin_correction.bias)
        self.register_buffer("window", torch.hann_window(config.fft).sqrt(), persistent=False)
        self.register_buffer("mel", mel_triangles(bins, config.bands, config.sample_rate), persistent=False)

    @property
    def settings(self) -> dict[str, Any]:
        """The configuration as plain data, for the model card."""
        return {"kind": "spectral", **asdict(self.config)}

    def spectrum(self, x: Tensor) -> Tensor:
        """(batch, samples) -> complex (batch, frames, bins); frame k is centred on sample k * hop."""
        return stft(x, self.window, self.hop)

    def waveform(self, spectrum: Tensor, samples: int) -> Tensor:
        """Complex (batch, frames, bins) -> (batch, samples): the inverse of `spectrum`."""
        return inverse_stft(spectrum, self.window, self.hop, samples)

    def features(self, spectrum: Tensor) -> Tensor:
        """Compressed magnitude, the same with phase, band levels and the level itself, all relative to that level.

        The level is a moving mean of the power over `level_reach` frames to each side, so that the features of a frame
        do not depend on where a window of the recording begins.
        """
        power = spectrum.real.square() + spectrum.imag.square()
        reach = self.config.level_reach
        mean = F.avg_pool1d(power.mean(-1)[:, None], 2 * reach + 1, 1, reach, count_include_pad=False)
        level = mean.transpose(1, 2) + 1e-8  # about -100 dBFS: digital silence stays small
        relative = power / level + 1e-12
        magnitude = relative.pow(self.config.compression / 2)
        # Complex parts: magnitude^c times the unit phase.
        turn = magnitude / (relative * level).sqrt()
        with torch.autocast(spectrum.device.type, enabled=False):
            bands = (relative @ self.mel.T + 1e-5).log()
        parts = (magnitude, spectrum.real * turn, spectrum.imag * turn, bands / 5, level.log() / 10)
        return torch.cat(parts, dim=-1)

    def encode(self, x: Tensor) -> Encoded:
        """(batch, samples) -> latent (batch, samples // hop + 1 or so, width) and the mixture's spectrum."""
        spectrum = self.spectrum(x)
        z = self.embed(self.features(spectrum))
        for block in self.encoder:
            z = block(z)
        return Encoded(z, x.shape[-1], spectrum)

    def mask(self, z: Tensor) -> Tensor:
        """Latent (batch, frames, width) -> complex mask (batch, frames, bins), magnitude below 2.

        Band gains in (0, 1) spread over the bins, times a correction per bin that starts at one.
        """
        for block in self.decoder:
            z = block(z)
        z = self.decoder_norm(z)
        gain, correction = self.band_gain(z).float(), self.bin_correction(z).float()
        with torch.autocast(z.device.type, enabled=False):
            gain = gain.sigmoid() @ self.mel
        real, imaginary = (0.7 * correction.tanh()).chunk(2, dim=-1)
        return torch.complex(gain * (1 + real), gain * imaginary)

    def decode_spectrum(self, z: Tensor, encoded: Encoded) -> Tensor:
        """Latent of one branch -> complex spectrum (batch, frames, bins) of its source."""
        assert encoded.spectrum is not None
        return self.mask(z) * encoded.spectrum

    def decode(self, z: Tensor, encoded: Encoded) -> Tensor:
        """Latent of one branch -> waveform (batch, samples) of its source."""
        return self.waveform(self.decode_spectrum(z, encoded), encoded.samples)
