"""Losses against known parts, for mixtures made on the fly: the `warm_start` and `remix` additions."""

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.masking import power
from engine.spectral import mel_triangles
from trainer.losses.si_sdr import si_sdr
from trainer.recipe import Weights

WINDOW_SECONDS, COMPRESSION, MEL_BANDS = 0.032, 0.3, 64


def spectrum(x: Tensor, sample_rate: int) -> Tensor:
    """Complex (batch, bins, frames) of waveforms, Hann windows of 32 ms every 8 ms."""
    size = round(WINDOW_SECONDS * sample_rate)
    return torch.stft(x, size, size // 4, window=torch.hann_window(size, device=x.device), return_complex=True)


def compressed(spec: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Magnitude^0.3, and the real and imaginary parts of the spectrum with that magnitude."""
    squared = power(spec) + 1e-9
    magnitude = squared.pow(COMPRESSION / 2)
    turn = magnitude * squared.rsqrt()
    return magnitude, spec.real * turn, spec.imag * turn


def spectral_distance(
    estimate: Tensor, target: Tensor, weights: Weights, sample_rate: int, lacking: Tensor | None = None
) -> Tensor:
    """Weighted sum, per clip, of the errors in compressed complex, compressed magnitude and log-mel spectra.

    Where the estimate has too little magnitude, the error counts `lacking` (batch,) times more.
    """
    a, b = spectrum(estimate, sample_rate), spectrum(target, sample_rate)
    (em, er, ei), (tm, tr, ti) = compressed(a), compressed(b)
    error = (em - tm).square()
    if lacking is not None:
        error = error + lacking[:, None, None] * (tm - em).clamp(min=0).square()
    loss = weights.magnitude * error.mean((-2, -1))
    loss = loss + weights.complex_spectrum * ((er - tr).square() + (ei - ti).square()).mean((-2, -1))
    if weights.log_mel:
        mel = mel_triangles(a.shape[-2], MEL_BANDS, sample_rate).to(a.device)
        ea, ta = mel @ power(a), mel @ power(b)
        floor = 1e-5 * ta.mean((-2, -1), keepdim=True) + 1e-3  # 50 dB below the clip: deeper holes are not heard
        distance = F.smooth_l1_loss((ea + floor).log10(), (ta + floor).log10(), reduction="none", beta=0.2)
        loss = loss + weights.log_mel * distance.mean((-2, -1))
    return loss


def separation_loss(
    masked: Tensor,
    speech: Tensor,
    noise: Tensor,
    true_speech: Tensor,
    true_noise: Tensor,
    weights: Weights,
    sample_rate: int,
) -> Tensor:
    """The supervised loss, one number per clip.

    `masked` is the masked rendering of the speech, `speech` and `noise` the generator's raw outputs.  All clips are
    brought to unit level first, so that quiet recordings count as much as loud ones; ratios count only where both
    parts are present.
    """
    scale = (true_speech + true_noise).square().mean(-1, keepdim=True).add(1e-9).rsqrt()
    masked, speech, noise, true_speech, true_noise = (
        x * scale for x in (masked, speech, noise, true_speech, true_noise)
    )
    estimates, targets = torch.cat((masked, speech, noise)), torch.cat((true_speech, true_speech, true_noise))
    share = torch.tensor((1.0, weights.direct, weights.noise), device=masked.device).repeat_interleave(len(masked))
    both = ((true_speech.square().mean(-1) > 1e-4) & (true_noise.square().mean(-1) > 1e-4)).repeat(3)
    lacking = share.new_tensor((weights.lacking, weights.lacking, 0.0)).repeat_interleave(len(masked))  # not noise
    loss = spectral_distance(estimates, targets, weights, sample_rate, lacking if weights.lacking else None)
    loss = loss - weights.si_sdr * si_sdr(estimates, targets) * both
    return (share * loss).view(3, -1).sum(0)
