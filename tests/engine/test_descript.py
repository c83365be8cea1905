"""The descript package is imported in one place, late, and without a real torchaudio."""

import subprocess
import sys

import pytest
import torch

from engine.descript import descript


def test_encoder_and_discriminators_are_there() -> None:
    x = torch.randn(1, 1, 2000)
    model = descript().model
    assert model.dac.Encoder(8, [2, 4], 16)(x).shape == (1, 16, 250)
    assert len(model.discriminator.MPD(2)(x)) == 6
    assert len(model.discriminator.MRD(512, sample_rate=16000)(x)) == 26


@pytest.mark.parametrize("real", [True, False])
def test_the_stand_in_is_taken_away_again(real: bool) -> None:
    code = f"""
import sys, warnings
warnings.simplefilter("error", FutureWarning)
import engine.descript as place
assert "torch" not in sys.modules
real = place._loads("torchaudio") if {real} else bool(sys.modules.setdefault("torchaudio", None))
model = place.descript().model
model.dac.Decoder(8, 16, [2])
assert place.descript().model is model
print(("torchaudio" in sys.modules and sys.modules["torchaudio"] is not None) == real)
"""
    assert subprocess.check_output([sys.executable, "-c", code], text=True).split() == ["True"]
