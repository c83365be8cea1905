"""Least-squares GAN (Mao et al., arXiv 1611.04076): real is one, generated is zero.

Relativistic (Jolicoeur-Martineau, arXiv 1807.00734), real is one more than generated, element by element: where both
are of the same mixture, what tells them apart is not drowned in what clips differ by.

Judgements are what an ensemble's members say: a tensor (batch, ...) each.
"""

from collections.abc import Sequence

import torch
from torch import Tensor


def discriminator_loss(real: Sequence[Tensor], fake: Sequence[Tensor]) -> Tensor:
    """What the discriminators learn from: mean over the members of (1 - D(real))² + D(fake)², per clip."""
    return _mean([(1 - r).square() for r in real]) + _mean([f.square() for f in fake])


def generator_loss(fake: Sequence[Tensor]) -> Tensor:
    """What the generator learns from: mean over the members of (1 - D(fake))², per clip."""
    return _mean([(1 - f).square() for f in fake])


def relativistic_loss(higher: Sequence[Tensor], lower: Sequence[Tensor]) -> Tensor:
    """Mean over the members of (D(higher) - D(lower) - 1)², per clip.

    The discriminators learn from it with the real clips as the higher ones, the generator with its own.
    """
    return _mean([(h.float() - low.float() - 1).square() for h, low in zip(higher, lower, strict=True)])


def _mean(members: Sequence[Tensor]) -> Tensor:
    return torch.stack([member.float().flatten(1).mean(1) for member in members]).mean(0)
