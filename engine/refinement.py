"""Refinement of the `spectral` codec's masks by convolutions over time and frequency.

The rest of the codec sees a frame as one vector, so each pitch and each place of a harmonic is learnt by itself; here
the same few weights slide along frequency, too, over patches of neighbouring bins.
"""

from torch import Tensor, nn
from torch.nn import functional as F

PATCH = 4  # bins
FEATURES = 6  # per bin: the mixture's magnitude and two parts, the gain, and the correction's two parts
CHANGES = 3  # per bin: of the gain's logit, and of the correction's two parts


class Block(nn.Module):
    """A convolution over time and frequency, dilated along time, and one at each point; begins by changing nothing."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.around = nn.Conv2d(channels, channels, 3, padding=(dilation, 1), dilation=(dilation, 1))
        self.contract = nn.Conv2d(channels, channels, 1)
        for weights in self.contract.parameters():
            nn.init.zeros_(weights)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, frames, patches) -> the same shape."""
        return x + self.contract(F.gelu(self.around(x)))


class Refinement(nn.Module):
    """Changes of a mask, bin by bin; a new one changes nothing.

    Args:
        bins: of the spectrum.
        width: of the latents.
        channels: of the convolutions.
        blocks: how many; each reaches twice as far along time as the one before, the first one frame.
    """

    def __init__(self, bins: int, width: int, channels: int, blocks: int) -> None:
        super().__init__()
        self.bins, self.patches = bins, -(-bins // PATCH)
        self.reach = 2**blocks - 1
        self.embed = nn.Linear(FEATURES * PATCH, channels)
        self.unfold = nn.Linear(width, self.patches * channels, bias=False)
        self.blocks = nn.Sequential(*(Block(channels, 2**i) for i in range(blocks)))
        self.out = nn.Linear(channels, CHANGES * PATCH)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, z: Tensor, features: Tensor) -> Tensor:
        """Latent (batch, frames, width) and features (batch, frames, bins, 6) -> changes (batch, frames, bins, 3)."""
        features = F.pad(features, (0, 0, 0, self.patches * PATCH - self.bins))
        x = self.embed(features.unflatten(2, (self.patches, PATCH)).flatten(3))
        x = x + self.unfold(z).unflatten(-1, (self.patches, -1))
        x = self.blocks(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return self.out(x).unflatten(-1, (PATCH, CHANGES)).flatten(2, 3)[:, :, : self.bins]
