"""SI-SDR against values worked out by hand."""

import numpy as np
import pytest
import torch

from trainer.losses.si_sdr import si_sdr


def test_an_orthogonal_error_counts_by_its_energy_whatever_the_scale() -> None:
    t = torch.arange(8000) / 8000
    target, error = torch.sin(2 * np.pi * 100 * t), torch.sin(2 * np.pi * 200 * t)
    assert float(si_sdr(3 * (target + 0.1 * error), target)) == pytest.approx(20, abs=0.5)  # the cap of 30 is soft
    assert float(si_sdr(target, target)) == pytest.approx(30, abs=0.1)


def test_it_is_one_number_per_clip() -> None:
    x = torch.randn(3, 4000)
    assert torch.allclose(si_sdr(x[:1] + 1, x[:1]), si_sdr(x, x)[:1], atol=0.1)  # a constant offset is no error
