"""DNSMOS as a loss: the network is the package's, and what it hears as worse or different costs."""

import sys

import numpy as np
import pytest
import torch

from engine.errors import UsageError
from trainer.losses.dnsmos import Dnsmos, package_weights
from trainer.metrics import dnsmos


@pytest.fixture(scope="module")
def network() -> Dnsmos:
    pytest.importorskip("speechmos")
    return Dnsmos()


def test_it_has_the_opinion_of_the_package(network: Dnsmos) -> None:
    draws = np.random.default_rng(0)
    for level in (0.003, 0.1):
        clip = (level * draws.standard_normal(144160)).astype(np.float32)
        mine = network(torch.from_numpy(clip[None])).ovrl
        assert float(mine) == pytest.approx(dnsmos(clip, 16000)["OVRL"], abs=1e-3)


def test_hiss_is_heard_as_worse_and_gradients_lead_away_from_it(network: Dnsmos) -> None:
    torch.manual_seed(0)
    time = torch.arange(32000) / 16000
    voice = sum(torch.sin(2 * torch.pi * 140 * k * time) / k for k in range(1, 20)) * (torch.sin(6 * time) > 0)
    voice = 0.05 * torch.stack([torch.as_tensor(voice)] * 2)
    hiss = (0.03 * torch.randn(voice.shape)).requires_grad_()
    assert all(float(part.max()) == 0 for part in network.compare(voice, voice))
    difference = network.compare(voice + hiss, voice)
    assert all(float(part.detach().min()) > 0.1 for part in difference)
    (slope,) = torch.autograd.grad(sum(difference, torch.zeros(2)).sum(), hiss)
    assert float((slope * hiss.detach()).sum()) > 0


def test_without_the_package_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "speechmos", None)
    with pytest.raises(UsageError, match="voicebed\\[eval\\]"):
        package_weights()
