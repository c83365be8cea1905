"""Refinement of masks: silent at first, the same at every frequency, bounded in time."""

import pytest
import torch

from engine.refinement import CHANGES, FEATURES, PATCH, Refinement


@pytest.fixture
def refinement() -> Refinement:
    torch.manual_seed(0)
    module = Refinement(bins=257, width=16, channels=8, blocks=3)
    torch.nn.init.normal_(module.out.weight)
    for name, weights in module.blocks.named_parameters():
        if "contract" in name:
            torch.nn.init.normal_(weights, std=0.3)
    return module


def test_a_new_one_changes_nothing_and_learns() -> None:
    module = Refinement(bins=257, width=16, channels=8, blocks=2)
    changes = module(torch.randn(2, 9, 16), torch.randn(2, 9, 257, FEATURES))
    assert changes.shape == (2, 9, 257, CHANGES) and not changes.any()
    (changes - 1).square().mean().backward()
    assert module.out.weight.grad is not None and module.out.weight.grad.any()


def test_what_moves_along_frequency_is_answered_there(refinement: Refinement) -> None:
    features = torch.zeros(1, 30, 257, FEATURES)
    features[:, :, 80:120] = torch.randn(1, 30, 40, FEATURES)
    with torch.inference_mode():
        low, high = (refinement(torch.zeros(1, 30, 16), f) for f in (features, features.roll(10 * PATCH, 2)))
    assert torch.allclose(low.roll(10 * PATCH, 2)[:, :, 100:200], high[:, :, 100:200], atol=1e-4)


def test_a_frame_is_influenced_only_within_reach(refinement: Refinement) -> None:
    features = torch.randn(1, 60, 257, FEATURES)
    changed = features.clone()
    changed[:, 30] += 1
    with torch.inference_mode():
        moved = (refinement(torch.zeros(1, 60, 16), features) - refinement(torch.zeros(1, 60, 16), changed)).abs()
    touched = (moved.amax((0, 2, 3)) > 1e-6).nonzero()[:, 0]
    assert touched.min() == 30 - refinement.reach and touched.max() == 30 + refinement.reach
