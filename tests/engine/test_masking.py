"""The gain of the masked rendering: a share of the speech that turns phases where the codec masks."""

import torch

from engine.masking import magnitude_share, turning_share


def spectra() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    speech, noise = torch.randn(2, 40, 257, dtype=torch.complex64)
    return speech, noise


def test_shares_of_speech_and_noise_add_up() -> None:
    speech, noise = spectra()
    assert torch.allclose(
        magnitude_share(speech.abs() ** 2, noise.abs() ** 2), speech.abs() / (speech.abs() + noise.abs())
    )
    longest = torch.maximum(speech.abs(), noise.abs())
    unlimited = longest < (speech + noise).abs()
    whole = turning_share(speech, noise) + turning_share(noise, speech)
    assert torch.allclose(whole[unlimited], torch.ones_like(whole[unlimited]), atol=1e-4)


def test_the_turning_share_gives_back_estimates_that_add_up_to_the_mixture() -> None:
    speech, noise = spectra()
    mixture = speech + noise
    inside = (speech.abs() < mixture.abs()) & (mixture.abs() > 0.3)
    assert torch.allclose((turning_share(speech, noise) * mixture)[inside], speech[inside], atol=1e-4)


def test_the_turning_share_of_one_estimate_alone_is_all_or_nothing() -> None:
    speech, noise = spectra()
    assert torch.allclose(turning_share(speech, 0 * noise), torch.ones_like(speech))
    assert turning_share(0 * speech, noise).abs().max() < 1e-4
    assert torch.allclose(turning_share(0 * speech, 0 * noise), torch.full_like(speech, 0.5))


def test_estimates_that_cancel_stay_bounded_and_can_be_learnt_from() -> None:
    speech, noise = spectra()
    noise[:20] = -speech[:20]
    gain = turning_share(speech.requires_grad_(), noise.requires_grad_())
    assert gain.abs().max() <= 1 + 1e-6
    gain.abs().square().sum().backward()
    assert speech.grad is not None and torch.isfinite(torch.view_as_real(speech.grad)).all()
