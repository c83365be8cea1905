"""Mel and STFT distances against the losses that the Descript Audio Codec was trained with."""

from typing import Any

import pytest
import torch

from engine.descript import descript
from trainer.losses.mel import SCALES, multi_scale_mel
from trainer.losses.stft import WINDOWS, multi_scale_stft

pytestmark = pytest.mark.filterwarnings("ignore:stft_data changed shape")  # the package, of its own doing


@pytest.fixture(scope="module")
def audio() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    return 0.1 * torch.randn(2, 8192), 0.1 * torch.randn(2, 8192)


def signal(audio: torch.Tensor) -> Any:
    descript()
    from audiotools import AudioSignal

    return AudioSignal(audio[:, None], 16000)


def test_mel_is_that_of_the_package(audio: tuple[torch.Tensor, torch.Tensor]) -> None:
    package = descript().nn.loss.MelSpectrogramLoss(
        n_mels=[bands for _, bands in SCALES],
        window_lengths=[window for window, _ in SCALES],
        mel_fmin=[0.0] * len(SCALES),
        mel_fmax=[None] * len(SCALES),
        pow=1.0,
        mag_weight=0.0,
    )
    expected = float(package(signal(audio[0]), signal(audio[1])))
    assert float(multi_scale_mel(*audio, 16000).mean()) == pytest.approx(expected, rel=0.02)


def test_stft_is_that_of_the_package(audio: tuple[torch.Tensor, torch.Tensor]) -> None:
    package = descript().nn.loss.MultiScaleSTFTLoss(window_lengths=list(WINDOWS))
    expected = float(package(signal(audio[0]), signal(audio[1])))
    assert float(multi_scale_stft(*audio).mean()) == pytest.approx(expected, rel=0.02)


def test_a_gain_of_ten_is_one_at_every_scale() -> None:
    x = torch.randn(1, 8000)
    assert float(multi_scale_mel(10 * x, x, 16000, ((512, 40),))) == pytest.approx(1, abs=1e-3)
    assert float(multi_scale_stft(x, x)) == 0
