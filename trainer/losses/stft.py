"""Multi-scale STFT distance, as the Descript Audio Codec was trained with (Kumar et al., arXiv 2306.06546)."""

from collections.abc import Sequence

import torch
from torch import Tensor

WINDOWS = (2048, 512)  # samples, as in the paper
FLOOR = 1e-5  # magnitudes below count as this in the logarithm


def magnitude(x: Tensor, window: int) -> Tensor:
    """Magnitudes (batch, bins, frames) under a Hann window of that many samples, hop a quarter of it."""
    shape = torch.hann_window(window, device=x.device)
    return torch.stft(x, window, window // 4, window=shape, return_complex=True).abs()


def multi_scale_stft(estimate: Tensor, target: Tensor, windows: Sequence[int] = WINDOWS) -> Tensor:
    """Sum over the windows of the mean absolute differences of magnitudes and of log10 powers, per clip."""
    total = torch.zeros(len(target), device=target.device)
    for window in windows:
        e, t = magnitude(estimate, window), magnitude(target, window)
        logs = 2 * (e.clamp(min=FLOOR).log10() - t.clamp(min=FLOOR).log10()).abs()
        total = total + (e - t).abs().mean((-2, -1)) + logs.mean((-2, -1))
    return total
