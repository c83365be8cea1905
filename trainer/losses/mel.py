"""Multi-scale log-mel distance, as the Descript Audio Codec was trained with (Kumar et al., arXiv 2306.06546)."""

from collections.abc import Sequence
from functools import cache

import torch
from torch import Tensor

from trainer.losses.stft import FLOOR, magnitude

SCALES = ((32, 5), (64, 10), (128, 20), (256, 40), (512, 80), (1024, 160), (2048, 320))  # window, bands; the paper's


@cache
def filters(sample_rate: int, window: int, bands: int) -> Tensor:
    """Slaney's mel filters (bands, bins)."""
    import librosa  # takes a second to load, for this table alone

    return torch.from_numpy(librosa.filters.mel(sr=sample_rate, n_fft=window, n_mels=bands))


def multi_scale_mel(
    estimate: Tensor, target: Tensor, sample_rate: int, scales: Sequence[tuple[int, int]] = SCALES
) -> Tensor:
    """Sum over the scales of the mean absolute difference of log10 mel magnitudes, per clip."""
    total = torch.zeros(len(target), device=target.device)
    for window, bands in scales:
        mel = filters(sample_rate, window, bands).to(target.device)
        e, t = ((mel @ magnitude(x, window)).clamp(min=FLOOR).log10() for x in (estimate, target))
        total = total + (e - t).abs().mean((-2, -1))
    return total
