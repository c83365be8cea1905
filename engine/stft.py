"""The short-time Fourier transform that codecs share: frame k is centred on sample k · hop."""

import torch
from torch import Tensor
from torch.nn import functional as F


def stft(x: Tensor, window: Tensor, hop: int) -> Tensor:
    """Waveform (batch, samples) -> complex (batch, samples / hop rounded up + 1, bins).

    Args:
        window: one that adds up to a constant when applied twice at this hop, as the square root of Hann's at its half.
    """
    padded = F.pad(x, (0, -x.shape[-1] % hop))
    return torch.stft(padded, len(window), hop, window=window, pad_mode="constant", return_complex=True).transpose(1, 2)


def inverse_stft(spectrum: Tensor, window: Tensor, hop: int, samples: int) -> Tensor:
    """Complex (batch, frames, bins) -> waveform (batch, samples): the inverse of `stft` with this window and hop."""
    padded = (spectrum.shape[1] - 1) * hop
    return torch.istft(spectrum.transpose(1, 2), len(window), hop, window=window, length=padded)[:, :samples]
