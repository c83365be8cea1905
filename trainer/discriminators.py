"""The discriminators of the three priors: ensembles that judge speech, noise and mixtures.

Judges hear the noise floor of the prior's recordings, and would reward a generator that fills silent gaps with it.  So
nothing below a floor relative to the clip is shown to them: the small kind adds the floor to its power spectra, the
large kind hears audio under a dither of that level.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

from engine.descript import descript
from trainer.losses.feature_matching import Features
from trainer.recipe import Discriminators

WHOLE = [(0.0, 1.0)]  # one band
QUIET = 0.1  # -20 dB: clips further below their reference level stay quiet instead of being brought to level


class SpectrogramDiscriminator(nn.Module):
    """A small judge of log-power spectra at one scale, after pre-emphasis.

    Args:
        window: of the STFT, samples; the hop is half of it.
        channels: of the convolutions.
        floor_db: power added everywhere, relative to the clip's reference level.
    """

    def __init__(self, window: int, channels: int, floor_db: float) -> None:
        super().__init__()
        self.window, self.floor = window, 10 ** (floor_db / 10)
        widths = (1, channels, channels, channels, channels)
        self.layers = nn.ModuleList(
            weight_norm(nn.Conv2d(a, b, (3, 7), (1, 2) if i < 3 else (2, 2), (1, 3)))
            for i, (a, b) in enumerate(pairwise(widths))
        )
        self.judgement = weight_norm(nn.Conv2d(channels, 1, 3, padding=1))

    def forward(self, audio: Tensor) -> Features:
        """Levelled (batch, samples) -> features of every layer, the judgement (batch, 1, frames, bands) at the end."""
        audio = F.pad(audio[:, 1:] - 0.95 * audio[:, :-1], (0, 1))
        shape = torch.hann_window(self.window, device=audio.device)
        spec = torch.stft(audio, self.window, self.window // 2, window=shape, return_complex=True).mT
        power = (spec.real.square() + spec.imag.square()) / shape.square().sum()
        x = (power + 0.03 * self.floor).log10()[:, None] / 2 + 1  # speech loses about 15 dB by the pre-emphasis
        features = []
        for layer in self.layers:
            x = F.leaky_relu(layer(x), 0.1)
            features.append(x)
        return [*features, self.judgement(x)]


class Dithered(nn.Module):
    """A judge of waveforms from the descript package, which hears `dither_db` of hiss under everything."""

    def __init__(self, judge: nn.Module, dither_db: float) -> None:
        super().__init__()
        self.judge, self.dither = judge, 10 ** (dither_db / 20)

    def forward(self, audio: Tensor) -> Features:
        """Levelled (batch, samples) -> features of every layer, the judgement at the end."""
        return self.judge((audio + self.dither * torch.randn_like(audio))[:, None])


class Ensemble(nn.Module):
    """Judges of one prior."""

    def __init__(self, members: Sequence[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def forward(self, audio: Tensor) -> list[Features]:
        """(batch, samples) -> the features of each member."""
        return [member(audio) for member in self.members]


def levelled(audio: Tensor, reference: Tensor) -> Tensor:
    """Clips (batch, samples) at unit RMS; where they are over 20 dB below `reference`'s RMS, relative to that."""
    rms = audio.square().mean(-1, keepdim=True).sqrt()
    least = QUIET * reference.square().mean(-1, keepdim=True).sqrt()
    return audio / torch.maximum(rms, least).clamp(min=1e-5)


def new_ensembles(settings: Discriminators, sample_rate: int) -> dict[str, Ensemble]:
    """The ensembles "clean", "noise" and "noisy"."""
    if settings.kind == "small":
        return {
            name: Ensemble(
                [SpectrogramDiscriminator(w, settings.channels, settings.floor_db) for w in settings.windows]
            )
            for name in ("clean", "noise", "noisy")
        }
    judges = descript().model.discriminator

    def spectral(bands: list[tuple[float, float]]) -> list[nn.Module]:
        return [judges.MRD(window, sample_rate=sample_rate, bands=bands) for window in settings.windows]

    def ensemble(members: list[nn.Module]) -> Ensemble:
        return Ensemble([Dithered(member, settings.floor_db) for member in members])

    periodic = [judges.MPD(period) for period in settings.periods]
    return {
        "clean": ensemble(spectral(WHOLE)),
        "noise": ensemble(spectral(WHOLE)),
        "noisy": ensemble(periodic + spectral(judges.BANDS)),
    }
