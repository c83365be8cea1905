"""RoFormer blocks: pre-norm attention with rotary positions, over a bounded neighbourhood of frames.

Rotary position embedding: Su et al., "RoFormer" (arXiv 2104.09864).  Attention reaches `span` frames to each side, so a
stack of blocks has a finite receptive field and a recording can be processed in windows without any difference from one
pass over the whole (`engine.separator`).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

STRETCH = 960  # frames: what a layer of the bundled model widens them to is 3 MB


class Norm(nn.RMSNorm):
    """RMSNorm over the last dimension, in float32 whatever comes in (under autocast it can be bfloat16)."""

    def forward(self, x: Tensor) -> Tensor:
        """(..., width) -> the same shape, float32."""
        return super().forward(x.float())


def rotate(x: Tensor, turn: Tensor) -> Tensor:
    """Turn pairs of the features of `x` (..., frames, head_dim) by complex numbers (frames, head_dim / 2).

    The pairs are a feature of the first half and one of the second, which come out next to each other: products of what
    was turned are the same in any order.
    """
    first, second = x.float().chunk(2, dim=-1)
    return torch.view_as_real(torch.complex(first, second) * turn).flatten(-2)


def pointwise_layers(x: Tensor, norm: nn.Module, expand: nn.Module, contract: nn.Module) -> Tensor:
    """contract(gelu(expand(norm(x)))) of x (batch, frames, width), in stretches that stay in a CPU's cache."""
    parts = [contract(F.gelu(expand(norm(part)))) for part in x.split(STRETCH, dim=1)]
    return torch.cat(parts, dim=1) if len(parts) > 1 else parts[0]


def local_view(x: Tensor, span: int) -> Tensor:
    """Blocks of `span` frames, each with the block before and after: (b, h, t, d) -> (b, h, t / span, 3 span, d)."""
    padded = F.pad(x, (0, 0, span, span)).unflatten(2, (-1, span))
    return torch.cat((padded[:, :, :-2], padded[:, :, 1:-1], padded[:, :, 2:]), dim=3)


class LocalAttention(nn.Module):
    """Multi-head self-attention in which frame i sees the frames i - span … i + span.

    Args:
        width: features per frame; divisible by twice the number of heads.
        heads: number of heads.
        span: reach in frames to each side.
    """

    inverse_period: Tensor

    def __init__(self, width: int, heads: int, span: int) -> None:
        super().__init__()
        self.heads, self.span = heads, span
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.register_buffer("inverse_period", 10000.0 ** -torch.linspace(0, 1, width // heads // 2), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, frames, width) -> the same shape."""
        batch, frames, width = x.shape
        span = self.span
        length = -(-frames // span) * span
        x = F.pad(x, (0, 0, 0, length - frames))
        q, k, v = self.qkv(x).view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        angle = torch.arange(length, device=x.device)[:, None] * self.inverse_period
        turn = torch.complex(angle.cos(), angle.sin())
        q, k = rotate(q, turn * q.shape[-1] ** -0.5), rotate(k, turn)

        # Query block i against key blocks i - 1, i, i + 1; the mask trims that to +-span and to real frames.
        query = torch.arange(length, device=x.device).view(-1, span, 1)
        key = query.view(-1, 1, span)[:, :, :1] + torch.arange(-span, 2 * span, device=x.device)
        allowed = ((query - key).abs() <= span) & (key >= 0) & (key < frames)
        allowed |= query >= frames  # rows of padding, thrown away below, must not be empty
        mask = torch.zeros(allowed.shape, device=x.device).masked_fill(~allowed, -torch.inf)

        # Written out: for blocks this small, the fused CPU kernel takes longer in training, and no less at inference.
        score = q.unflatten(2, (-1, span)) @ local_view(k, span).mT
        weight = (score + mask).softmax(-1)
        mixed = weight.to(v.dtype) @ local_view(v, span)  # (batch, heads, blocks, span, features)
        mixed = mixed.permute(0, 2, 3, 1, 4).reshape(batch, length, width)
        return self.out(mixed[:, :frames])


class Block(nn.Module):
    """One RoFormer block: x + attention(norm(x)), then x + pointwise_layers(norm(x))."""

    def __init__(self, width: int, heads: int, feed_forward: int, span: int) -> None:
        super().__init__()
        self.attention_norm = Norm(width)
        self.attention = LocalAttention(width, heads, span)
        self.feed_forward_norm = Norm(width)
        self.expand = nn.Linear(width, feed_forward)
        self.contract = nn.Linear(feed_forward, width)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, frames, width) -> the same shape."""
        x = x + self.attention(self.attention_norm(x))
        return x + pointwise_layers(x, self.feed_forward_norm, self.expand, self.contract)


class RoFormer(nn.Module):
    """A stack of blocks, with a norm at the end or not: one branch of the generator.

    Its receptive field is `layers * span` frames to each side (`reach`).  Without a norm, a new stack changes nothing:
    what a codec with learnt weights encodes, it can decode from the first step on.
    """

    def __init__(self, width: int, layers: int, heads: int, feed_forward: int, span: int, norm: bool = True) -> None:
        super().__init__()
        self.span, self.reach = span, layers * span
        self.blocks = nn.ModuleList(Block(width, heads, feed_forward, span) for _ in range(layers))
        self.norm = Norm(width) if norm else nn.Identity()
        if not norm:
            for name, weights in self.named_parameters():
                if "attention.out." in name or "contract." in name:
                    nn.init.zeros_(weights)

    def forward(self, x: Tensor, first: int = 0, last: int | None = None) -> Tensor:
        """(batch, frames, width) -> frames `first` up to `last` of the same, without what they do not depend on."""
        begin, last = 0, x.shape[1] if last is None else last
        for block, reach in zip(self.blocks, range(self.reach, 0, -self.span), strict=True):
            x = block(x[:, max(0, first - reach) - begin : last + reach - begin])
            begin = max(0, first - reach)
        return self.norm(x[:, first - begin : last - begin])
