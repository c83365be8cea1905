"""Scale-invariant signal-to-distortion ratio (Le Roux et al., arXiv 1811.02508)."""

import torch
from torch import Tensor


def si_sdr(estimate: Tensor, target: Tensor) -> Tensor:
    """The ratio in dB per clip, held softly below 30; larger is better, so losses take its negative."""
    estimate, target = estimate - estimate.mean(-1, keepdim=True), target - target.mean(-1, keepdim=True)
    energy = target.square().sum(-1, keepdim=True) + 1e-8
    projection = (estimate * target).sum(-1, keepdim=True) / energy * target
    signal = projection.square().sum(-1) + 1e-8
    error = (estimate - projection).square().sum(-1) + 1e-3 * signal.detach()
    return 10 * torch.log10(signal / error)
