"""The energy term: the speech branch must not fall silent.

A term that asks for more speech energy at any level draws noise into the speech branch, as trials before this showed.
This one only bites where the speech of a clip is further below the mixture than any domain with speech in it would
have, and is flat, so without any gradient, above that.
"""

import torch
from torch import Tensor

FLOOR_DB = -25.0  # of the mixture's energy


def too_quiet(speech: Tensor, mixture: Tensor, floor_db: float = FLOOR_DB) -> Tensor:
    """How many bels the speech lies below `floor_db` relative to the mixture, 0 where it does not, per clip."""
    share = (speech.square().mean(-1) + 1e-12) / (mixture.square().mean(-1) + 1e-12)
    return (floor_db / 10 - torch.log10(share)).clamp(min=0)
