"""The coherence of the two estimates: what refuses copies.

With α and β free, ŝ = n̂ = x reconstructs the mixture exactly, as does every pair of scaled copies.  Two independent
sources are incoherent, two copies fully coherent whatever their scale.
"""

import torch
from torch import Tensor

WINDOW, FRAMES = 512, 16  # samples of the STFT; frames averaged for one value of coherence


def coherence(speech: Tensor, noise: Tensor) -> Tensor:
    """Magnitude-squared coherence, 0 to 1, averaged over bins and stretches by the energy of both, per clip."""
    shape = torch.hann_window(WINDOW, device=speech.device)
    s, n = (torch.stft(x, WINDOW, WINDOW // 2, window=shape, return_complex=True) for x in (speech, noise))

    def over_time(x: Tensor) -> Tensor:
        return torch.nn.functional.avg_pool1d(x, FRAMES, FRAMES // 2)

    cross_real = over_time(s.real * n.real + s.imag * n.imag)
    cross_imaginary = over_time(s.imag * n.real - s.real * n.imag)
    powers = over_time(s.real.square() + s.imag.square()), over_time(n.real.square() + n.imag.square())
    product = powers[0] * powers[1] + 1e-14
    value = (cross_real.square() + cross_imaginary.square()) / product
    weight = product.detach().pow(0.25)
    return (value * weight).sum((-2, -1)) / weight.sum((-2, -1))
