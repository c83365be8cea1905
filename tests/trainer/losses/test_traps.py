"""What is known to go wrong in unpaired training, and that the losses refuse it."""

import pytest
import torch

from engine.generator import inner_products
from engine.report import least_squares
from trainer.discriminators import SpectrogramDiscriminator, levelled
from trainer.losses.coherence import coherence
from trainer.losses.energy import too_quiet
from trainer.losses.si_sdr import si_sdr
from trainer.losses.stft import multi_scale_stft
from trainer.objective import combined


def sources() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    return 0.1 * torch.randn(4, 32000), 0.05 * torch.randn(4, 32000)


def test_copies_reconstruct_but_are_refused() -> None:
    speech, noise = sources()
    x = speech + noise
    alpha, beta = least_squares(inner_products(x, x, 0.5 * x))
    assert torch.allclose(alpha + 0.5 * beta, torch.ones(4), atol=1e-3)
    assert si_sdr(combined(x, x, 0.5 * x), x).min() > 29  # the trap: nothing is separated, and nothing is missing
    assert (coherence(x, 0.5 * x) > 0.99).all()
    assert (coherence(speech, noise) < 0.15).all()


def test_copies_that_must_add_up_are_heard_or_refused() -> None:
    speech, noise = sources()
    x = speech + noise
    whole, half = (multi_scale_stft(share * x + share * x, x) for share in (1.0, 0.5))
    assert (whole > 1).all() and (half < 1e-3).all()
    assert coherence(x / 2, x / 2).min() > 0.99  # the sum allows halves: coherence is what refuses them


def test_the_energy_term_does_not_draw_noise_into_the_speech() -> None:
    speech, noise = sources()
    x = speech + noise
    estimate = speech.clone().requires_grad_(True)
    term = too_quiet(estimate, x)
    assert not term.any()
    (gradient,) = torch.autograd.grad(term.sum(), estimate)
    assert not gradient.any()  # no reward for more energy, however it is got
    silent = (1e-3 * speech).requires_grad_(True)
    term = too_quiet(silent, x)
    (gradient,) = torch.autograd.grad(term.sum(), silent)
    assert (term > 1).all() and gradient.any()


@pytest.mark.parametrize("window", [1024, 256])
def test_discriminators_do_not_hear_the_noise_floor_of_a_prior(window: int) -> None:
    """Silent gaps and gaps with a floor of -58 dB look the same; the gaps of noise at -15 dB do not."""
    torch.manual_seed(0)
    judge = SpectrogramDiscriminator(window, 8, -36.0)
    speech = torch.randn(1, 16000) * (torch.arange(16000) // 4000 % 2)
    floor = torch.randn(1, 16000)

    def features(level: float) -> torch.Tensor:
        clip = speech + level * floor
        return torch.cat([feature.flatten() for feature in judge(levelled(clip, clip))])

    hole, hiss, leak = features(0.0), features(10 ** (-58 / 20)), features(10 ** (-15 / 20))
    assert (hiss - hole).abs().mean() < 0.1 * (leak - hole).abs().mean()
