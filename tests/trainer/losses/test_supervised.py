"""The supervised loss, against values worked out by hand."""

from dataclasses import replace

import pytest
import torch

from trainer.losses.supervised import compressed, separation_loss, spectral_distance, spectrum
from trainer.recipe import Weights

RATE = 16000


def test_compression_keeps_the_phase() -> None:
    spec = spectrum(torch.randn(1, 4000), RATE)
    magnitude, real, imaginary = compressed(spec)
    assert torch.allclose(torch.complex(real, imaginary).abs(), magnitude, rtol=1e-3, atol=1e-3)
    assert torch.allclose(magnitude, spec.abs() ** 0.3, rtol=1e-2, atol=1e-2)


def test_magnitude_term_by_hand() -> None:
    x = torch.randn(1, 4000)
    only = Weights(complex_spectrum=0, magnitude=2, log_mel=0)
    expected = 2 * ((compressed(spectrum(x, RATE))[0] - compressed(spectrum(2 * x, RATE))[0]) ** 2).mean()
    assert float(spectral_distance(x, 2 * x, only, RATE)) == pytest.approx(float(expected))
    assert float(spectral_distance(x, x, Weights(), RATE)) == pytest.approx(0, abs=1e-6)


def test_holes_cost_more_with_the_log_mel_term() -> None:
    x = torch.randn(1, 4000)
    assert spectral_distance(0 * x, x, Weights(), RATE) > spectral_distance(0 * x, x, Weights(log_mel=0), RATE)


def test_what_the_speech_lacks_costs_more_than_what_it_has_too_much() -> None:
    speech, noise = torch.randn(2, 1, 8000)
    only = Weights(complex_spectrum=0, log_mel=0, si_sdr=0)

    def dearer(scale: float) -> bool:
        """Whether the same loss with `lacking` asks for more."""
        parts = (scale * speech, scale * speech, noise, speech, noise)
        plain = separation_loss(*parts, only, RATE)
        return bool(separation_loss(*parts, replace(only, lacking=1.0), RATE) > 1.5 * plain)

    assert dearer(0.5) and not dearer(2.0)


def test_the_loss_is_least_at_the_truth_and_blind_to_level() -> None:
    speech, noise = torch.randn(2, 3, 8000)
    truth = separation_loss(speech, speech, noise, speech, noise, Weights(), RATE)
    swapped = separation_loss(noise, noise, speech, speech, noise, Weights(), RATE)
    soft, hiss = 0.01 * speech, 0.01 * noise
    quiet = separation_loss(soft, soft, hiss, soft, hiss, Weights(), RATE)
    assert truth.shape == (3,) and (truth < swapped).all()
    assert torch.allclose(quiet, truth, rtol=1e-3)


def test_silent_parts_give_finite_gradients() -> None:
    estimate = torch.randn(2, 4000, requires_grad=True)
    silent = torch.zeros(2, 4000)
    separation_loss(estimate, estimate, silent, silent, torch.randn(2, 4000), Weights(), RATE).sum().backward()
    assert estimate.grad is not None and torch.isfinite(estimate.grad).all()


@pytest.mark.parametrize("rate", [16000, 24000, 44100])
def test_it_looks_at_the_same_seconds_and_frequencies_at_every_rate(rate: int) -> None:
    tone = torch.sin(2 * torch.pi * 1000 * torch.arange(rate) / rate)[None]
    spec = spectrum(tone, rate)[0].abs().mean(-1)
    size = 2 * (len(spec) - 1)
    assert size / rate == pytest.approx(0.032, rel=0.01)
    assert int(spec.argmax()) * rate / size == pytest.approx(1000, abs=rate / size)
