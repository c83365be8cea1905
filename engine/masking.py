"""From the two estimates to one time-frequency gain: the masked rendering.

The magnitude of the gain is at most 1.  Where both estimates are the mixture under masks, as the `spectral` codec makes
them, it is the share of the speech estimate in their sum, αŝ / (αŝ + βn̂), as complex numbers: a frame's phase turns
from the mixture's towards the speech's.  A synthesising codec's phases are its own, so there only magnitudes count,
|αŝ| / (|αŝ| + |βn̂|).  The trainer takes its losses through the same functions that `engine.separator` uses, so what is
trained is what is heard.
"""

import torch
from torch import Tensor

from engine.generator import Codec, Sources

QUIET = 1e-10  # power below any audible bin; where both estimates are silent the gain is one half


def power(spectrum: Tensor) -> Tensor:
    """Squared magnitude of a complex tensor, without the square root of `abs`."""
    return spectrum.real.square() + spectrum.imag.square()


def magnitude_share(speech_power: Tensor, noise_power: Tensor) -> Tensor:
    """Share of magnitudes in [0, 1], of the same shape as the two power spectra."""
    speech, noise = (speech_power + QUIET).sqrt(), (noise_power + QUIET).sqrt()
    return speech / (speech + noise)


def turning_share(speech: Tensor, noise: Tensor) -> Tensor:
    """Complex share, of magnitude at most 1 and of the same shape as the two complex spectra."""
    whole = speech + noise
    # Estimates that cancel each other say nothing; their sum counts as at least a fifth of them.
    weight = torch.maximum(power(whole), 0.04 * (power(speech) + power(noise))) + QUIET
    gain = (speech * whole.conj() + QUIET / 2) / weight
    return gain * power(gain).clamp(min=1).rsqrt()


def speech_gain(codec: Codec, speech: Tensor, noise: Tensor) -> Tensor:
    """The gain, real or complex, of the same shape as the spectra of both estimates by that codec."""
    if codec.masks:
        return turning_share(speech, noise)
    return magnitude_share(power(speech), power(noise))


def masked_speech(codec: Codec, x: Tensor, sources: Sources, sharpness: float = 1.0) -> Tensor:
    """The mixture x (batch, samples) under the gain of `sources`, at the model's rate, with α = β = 1.

    `sharpness` is the power of the gain's magnitude: above 1, what is little speech becomes less.
    """
    speech, noise = (codec.spectrum(source) for source in sources)
    gain = speech_gain(codec, speech, noise)
    if sharpness != 1:
        gain = gain * gain.abs().pow(sharpness - 1)
    return codec.waveform(gain * codec.spectrum(x), x.shape[-1])
