"""LS-GAN and feature matching against values worked out by hand."""

import pytest
import torch

from trainer.losses.adversarial import discriminator_loss, generator_loss, relativistic_loss
from trainer.losses.feature_matching import moments, paired


def test_least_squares() -> None:
    real, fake = (
        [torch.tensor([[1.0, 0.5]]), torch.tensor([[1.0]])],
        [torch.tensor([[0.0, 1.0]]), torch.tensor([[0.5]])],
    )
    assert float(discriminator_loss(real, fake)) == pytest.approx((0.125 + 0) / 2 + (0.5 + 0.25) / 2)
    assert float(generator_loss(fake)) == pytest.approx((0.5 + 0.25) / 2)


def test_relativistic_least_squares() -> None:
    real, fake = (
        [torch.tensor([[3.0, 2.5]]), torch.tensor([[1.0]])],
        [torch.tensor([[2.0, 2.5]]), torch.tensor([[1.5]])],
    )
    assert relativistic_loss(real, fake).tolist() == [pytest.approx((0.5 + 2.25) / 2)]
    assert relativistic_loss(fake, real).tolist() == [pytest.approx((2.5 + 0.25) / 2)]


def test_paired_features_by_hand() -> None:
    real = [[torch.full((1, 2, 3), 2.0), torch.zeros(1, 1)]]
    fake = [[torch.full((1, 2, 3), 3.0), torch.ones(1, 1)]]
    assert float(paired(fake, real)) == pytest.approx(0.5)  # the judgement at the end is no feature
    assert float(paired(real, real)) == 0


def test_moments_are_blind_to_what_belongs_to_which_clip() -> None:
    torch.manual_seed(0)
    real = [[torch.randn(4, 3, 50), torch.zeros(4, 1)]]
    shuffled = [[real[0][0][[2, 0, 3, 1]], torch.zeros(4, 1)]]
    assert float(moments(shuffled, real)) == pytest.approx(0, abs=1e-6)
    wider = [[2 * real[0][0] + 1, torch.zeros(4, 1)]]
    assert float(moments(wider, real)) == pytest.approx(2, abs=0.2)  # mean off by one, deviation by one
