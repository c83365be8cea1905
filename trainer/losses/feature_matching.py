"""Feature matching: the generated audio shall look like the real one inside the discriminators.

Element by element where a generated clip has its real counterpart (x̂ and x); the two priors are unpaired, so there only
the statistics of the features over the batch can be compared (Salimans et al., arXiv 1606.03498).
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Features = Sequence[Tensor]  # a member's layers, each (batch, channels, time, ...)


def paired(fake: Sequence[Features], real: Sequence[Features]) -> Tensor:
    """Mean absolute difference of the features, relative to the mean of the real ones, mean over layers, per clip."""
    terms = [
        (f - r).abs().flatten(1).mean(1) / (r.abs().flatten(1).mean(1) + 1e-6)
        for member, counterpart in zip(fake, real, strict=True)
        for f, r in zip(member[:-1], counterpart[:-1], strict=True)
    ]
    return torch.stack(terms).mean(0)


def moments(
    fake: Sequence[Features], real: Sequence[Features], gather: Callable[[Tensor], Tensor] = lambda own: own
) -> Tensor:
    """Difference of mean and of standard deviation of every channel over the batch, one number for the whole batch.

    Args:
        gather: from this process's (2, channels) sums to their mean over all processes, so that the batch is theirs
            together.
    """
    terms = []
    for member, counterpart in zip(fake, real, strict=True):
        for f, r in zip(member[:-1], counterpart[:-1], strict=True):
            (fm, fs), (rm, rs) = _mean_and_deviation(f, gather), _mean_and_deviation(r, gather)
            terms.append(((fm - rm).abs() + (fs - rs).abs()).mean() / (rs.mean() + 1e-6))
    return torch.stack(terms).mean()


def _mean_and_deviation(feature: Tensor, gather: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
    channels = feature.transpose(0, 1).flatten(1)
    mean, square = gather(torch.stack((channels.mean(1), channels.square().mean(1))))
    return mean, (square - mean.square()).clamp(min=1e-8).sqrt()
