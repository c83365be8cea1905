"""What a training is launched with."""

import pytest
import torch

from engine.spectral import SpectralCodec, SpectralConfig
from trainer.launch import precision


@pytest.mark.parametrize(
    ("capabilities", "expected"), [({"avx2": True}, "32-true"), ({"avx512_bf16": True}, "bf16-mixed")]
)
def test_products_are_in_bfloat16_only_where_the_cpu_is_fast_at_them(
    capabilities: dict[str, bool], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    codec = SpectralCodec(SpectralConfig())
    assert precision(torch.device("cpu"), codec) == expected
    monkeypatch.setattr(codec, "takes_bfloat16", False)
    assert precision(torch.device("cpu"), codec) == "32-true"
