"""What a split reports: the mixing weights α and β, and how much of the mixture they leave unexplained.  No torch."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

QUIETEST_DB = -300.0  # stands for "nothing at all" in reports


def decibels(ratio: float) -> float:
    """A power ratio in dB, not below `QUIETEST_DB`."""
    return max(QUIETEST_DB, 10 * math.log10(ratio)) if ratio > 0 else QUIETEST_DB


def least_squares(products: Any, ridge: float = 1e-4) -> tuple[Any, Any]:
    """α and β that minimise ‖x − αŝ − βn̂‖², by the 2×2 normal equations.

    The ridge (relative to the mean energy of the two) draws α and β towards one where the data do not decide, as with a
    silent or a duplicated estimate.

    Args:
        products: the inner products <x,ŝ>, <x,n̂>, <ŝ,ŝ>, <n̂,n̂>, <ŝ,n̂> along the first dimension (5, ...): a float32
            tensor or an array.

    Returns:
        α and β, each of the kind and shape of one product.
    """
    xs, xn, ss, nn, sn = products
    weight = ridge * (ss + nn) / 2 + 1e-12
    xs, xn, ss, nn = xs + weight, xn + weight, ss + weight, nn + weight
    determinant = ss * nn - sn * sn
    return (xs * nn - xn * sn) / determinant, (xn * ss - xs * sn) / determinant


@dataclass
class SplitReport:
    """Sums over a recording, from which α, β and the unexplained residual follow.

    `products` holds <x,ŝ>, <x,n̂>, <ŝ,ŝ>, <n̂,n̂>, <ŝ,n̂>; `mixture` and `unexplained` are energies.
    """

    products: NDArray[np.float64] = field(default_factory=lambda: np.zeros(5))
    mixture: float = 0.0
    unexplained: float = 0.0

    @property
    def weights(self) -> tuple[float, float]:
        """α and β of the whole recording; both one for silence."""
        alpha, beta = least_squares(self.products)
        return float(alpha), float(beta)

    @property
    def residual_db(self) -> float:
        """Energy of x − αŝ − βn̂ relative to x, in dB."""
        return decibels(self.unexplained / self.mixture) if self.mixture else QUIETEST_DB
