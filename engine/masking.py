"""From the two estimates to one time-frequency gain: the masked rendering.

The gain is the share of the speech estimate in the sum of both magnitudes, |αŝ| / (|αŝ| + |βn̂|), between 0 and 1.
Where both estimates are the mixture under masks that sum to one, as those of the least error do, it is the speech mask
itself; the share of powers would suppress more.  The trainer takes its losses through the same functions that
`engine.separator` uses, so what is trained is what is heard.
"""

from torch import Tensor

from engine.generator import Codec, Sources

QUIET = 1e-10  # power below any audible bin; where both estimates are silent the gain is one half


def power(spectrum: Tensor) -> Tensor:
    """Squared magnitude of a complex tensor, without the square root of `abs`."""
    return spectrum.real.square() + spectrum.imag.square()


def speech_gain(speech_power: Tensor, noise_power: Tensor) -> Tensor:
    """Gain in [0, 1] of the same shape as the two power spectra."""
    speech, noise = (speech_power + QUIET).sqrt(), (noise_power + QUIET).sqrt()
    return speech / (speech + noise)


def masked_speech(codec: Codec, x: Tensor, sources: Sources, sharpness: float = 1.0) -> Tensor:
    """The mixture x (batch, samples) under the gain of `sources`, at the model's rate, with α = β = 1.

    `sharpness` is the power of the gain: above 1, what is little speech becomes less.
    """
    speech, noise = (power(codec.spectrum(source)) for source in sources)
    gain = speech_gain(speech, noise)
    return codec.waveform((gain if sharpness == 1 else gain.pow(sharpness)) * codec.spectrum(x), x.shape[-1])
