"""Separating a stream: fixed windows with discarded context, and gains at the recording's own rate.

Every frame of the model can be influenced by a bounded stretch around it (`Generator.reach`).  Each window is read with
at least that much context on both sides, which is thrown away afterwards; windows begin on whole seconds, where the
sample grids of both rates coincide, and the model's frames, to which the gains apply, lie where they would in one pass
over the recording.  So the result does not depend on where windows begin, and memory is bounded whatever the length.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.fft import prev_fast_len
from torch import Tensor
from torch.nn import functional as F

from engine.device import choose_device, multiplies_bfloat16, use_sensible_threads
from engine.errors import UsageError
from engine.generator import Codec, inner_products
from engine.hearing import downmixed, in_context, resampled
from engine.masking import magnitude_share, power, speech_gain
from engine.model import Model
from engine.report import SplitReport, least_squares

RENDERS = ("masked", "direct")
WINDOW_SECONDS = 60
WEIGHT_REACH = 62  # frames to each side over which α and β are estimated, about one second
AROUND = WEIGHT_REACH + 5  # frames around a window whose estimates count: in α and β, and at the edges of frames
TOP_BAND = (0.5, 0.9375)  # shares of the model's band, 4 to 7.5 kHz at 16 kHz; what is in here decides the gain above

Audio = NDArray[np.floating]


@dataclass(frozen=True)
class Window:
    """A separated stretch: `mixture` and `speech` (frames, channels) from sample `start` of the recording on."""

    start: int
    mixture: Audio
    speech: Audio


class Separator:
    """A model ready to separate recordings of any rate and channel count.

    Args:
        model: from `engine.model.load_model`.
        device: "auto", "cpu", "cuda" or "mps".
        render: "masked" applies the gain of αŝ and βn̂ to the original; "direct" takes αŝ itself, at the model's rate.
        window: seconds per window, rounded up to whole ones.

    Raises:
        UsageError: unknown device or rendering, or a device that does not work.
    """

    def __init__(
        self, model: Model, device: str = "auto", render: str = "masked", window: float = WINDOW_SECONDS
    ) -> None:
        if render not in RENDERS:
            raise UsageError(f"unknown rendering '{render}'; choose one of {', '.join(RENDERS)}")
        use_sensible_threads()
        self.device = choose_device(device)
        self.model_id, self.render = model.file.id, render
        self.generator = model.generator.to(self.device.device)
        self.codec = self.generator.codec
        reach = (self.generator.reach + AROUND) * self.codec.hop / self.codec.sample_rate
        self.context_seconds, self.window_seconds = math.ceil(reach), math.ceil(window)

    def windows(
        self,
        blocks: Iterable[Audio],
        sample_rate: int,
        report: SplitReport | None = None,
        start: int = 0,
        before: Audio | None = None,
    ) -> Iterator[Window]:
        """Separate a stream of blocks (frames, channels); windows follow each other without gap or overlap.

        Args:
            report: is added to as windows come.
            start: sample of the recording at which the stream begins, on a whole second.
            before: the `context_seconds` ahead of it, or all there is.
        """
        report = report or SplitReport()
        core, context = self.window_seconds * sample_rate, self.context_seconds * sample_rate
        for audio, past, length in in_context(blocks, core, context, before):
            speech = self._window(audio, start - past, start, length, sample_rate, report)
            yield Window(start, audio[past : past + length], speech)
            start += length

    def speech(self, audio: Audio, sample_rate: int) -> Audio:
        """The speech part of a whole array (frames, channels), of the same shape."""
        parts = [window.speech for window in self.windows([audio], sample_rate)]
        return np.concatenate(parts) if parts else audio[:0]

    def mono_speech(self, audio: Audio, sample_rate: int) -> Audio:
        """The speech part of a mono array (samples,)."""
        return self.speech(audio[:, None], sample_rate)[:, 0]

    def _window(self, chunk: Audio, origin: int, start: int, length: int, rate: int, report: SplitReport) -> Audio:
        """Speech (length, channels) from sample `start` on; `chunk` begins at sample `origin`, on a whole second."""
        with torch.inference_mode():
            codec, model_rate = self.codec, self.codec.sample_rate
            # What the model hears begins on one of its frames, which the second need not do; only context is lost.
            begin = origin // rate * model_rate
            late = -begin % codec.hop
            mono = resampled(downmixed(chunk), rate, model_rate, late + codec.hop)[late:]
            x = torch.from_numpy(mono).to(self.device.device)[None]
            fast = codec.takes_bfloat16 and multiplies_bfloat16(x.device)
            # Each frame counts in the window in which its centre is; what is needed around that is `AROUND`.
            skipped = (begin + late) // codec.hop
            first, last = (-(-at * model_rate // (rate * codec.hop)) - skipped for at in (start, start + length))
            early = max(0, first - AROUND)
            with torch.autocast(x.device.type, torch.bfloat16, enabled=fast):
                raw = self.generator(x, early, last + AROUND)
            x = x[:, early * codec.hop :][:, : raw.speech.shape[1]]
            mixture, speech, noise = (codec.spectrum(source)[0] for source in (x, raw.speech, raw.noise))
            alpha, beta, products = self._weights(mixture, speech, noise)
            self._account(report, slice(first - early, last - early), mixture, alpha * speech, beta * noise, products)
            if self.render == "direct":
                direct = codec.waveform((alpha * speech)[None], x.shape[1])[0].cpu().numpy()
                direct = resampled(np.pad(direct, (early * codec.hop + late, 0)), model_rate, rate, len(chunk))
                return np.repeat(direct[start - origin :][:length, None], chunk.shape[1], axis=1).astype(chunk.dtype)
            gain = Gain(codec, alpha * speech, beta * noise, skipped + early)
            return self._apply(gain, chunk, origin, start, length, rate)

    def _weights(self, mixture: Tensor, speech: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """α and β (frames, 1), each over the frames within `WEIGHT_REACH`; and the inner products per frame."""
        products = inner_products(mixture, speech, noise)
        near = F.avg_pool1d(products[None], 2 * WEIGHT_REACH + 1, 1, WEIGHT_REACH, count_include_pad=False)[0]
        alpha, beta = least_squares(near)
        # A share below none or above twice is no mixing weight but an estimate that went wrong.
        return alpha.clamp(0, 2)[:, None], beta.clamp(0, 2)[:, None], products

    @staticmethod
    def _account(
        report: SplitReport, core: slice, mixture: Tensor, speech: Tensor, noise: Tensor, products: Tensor
    ) -> None:
        report.products += products[:, core].double().sum(1).cpu().numpy()
        report.mixture += float(power(mixture[core]).sum())
        report.unexplained += float(power(mixture[core] - speech[core] - noise[core]).sum())

    def _apply(self, gain: "Gain", chunk: Audio, origin: int, start: int, length: int, rate: int) -> Audio:
        """The gain on all channels alike, by an STFT at the recording's rate with a frame where the model has one.

        At 44.1 kHz those are no whole number of samples apart.  Frames of the STFT's own between them, under gains
        interpolated over time, would let through more noise (the help's "Model log" has figures).
        """
        step = Fraction(rate * self.codec.hop, self.codec.sample_rate)
        half = int(prev_fast_len(math.floor(step)) or 1)
        frames = torch.arange(math.floor(start / step) - 1, math.ceil((start + length) / step) + 2)
        centres = (2 * frames * step.numerator + step.denominator) // (2 * step.denominator)
        begin, end = int(centres[0]) - half - origin, int(centres[-1]) + half - origin
        outside = (max(0, -begin), max(0, end - len(chunk)))
        segment = torch.from_numpy(np.pad(chunk[max(0, begin) : max(0, end)].T, ((0, 0), outside)))
        segment = segment.to(self.device.device, torch.float32)
        starts, window = centres - centres[0], root_hann(2 * half).to(segment.device)
        pieces = segment.unfold(-1, 2 * half, 1)[:, starts.to(segment.device)]
        spectra = torch.fft.rfft(pieces.mul_(window))
        spectra *= gain.at(frames, half + 1, rate)
        pieces = torch.fft.irfft(spectra, 2 * half).mul_(window)
        speech = overlap_added(pieces, starts, step)
        if half != step:  # else the squares of the windows sum to one
            windows = window.square().expand(1, len(frames), -1)
            speech /= overlap_added(windows, starts, step).clamp(min=1e-6)
        skip = start - origin - begin
        return speech[:, skip : skip + length].T.cpu().numpy().astype(chunk.dtype)


class Gain:
    """A time-frequency gain at the model's frames that can be asked for on any grid of frequencies.

    Args:
        codec: whose spectra they are.
        speech, noise: complex spectra (frames, bins) of αŝ and βn̂.
        first: number of the first frame; frame k is centred on the recording's sample k * hop at the model's rate.
    """

    def __init__(self, codec: Codec, speech: Tensor, noise: Tensor, first: int = 0) -> None:
        self.top, self.first = codec.sample_rate / 2, first
        self.gain = speech_gain(codec, speech, noise)
        band = slice(*(round(share * (speech.shape[1] - 1)) for share in TOP_BAND))
        self.above = magnitude_share(*(power(source[:, band]).sum(1) for source in (speech, noise)))

    def at(self, frames: Tensor, bins: int, rate: int) -> Tensor:
        """Gain (frames, bins) at frames by their numbers (frames,), and at `bins` frequencies from 0 to half the rate.

        Before the first frame and after the last there is no other than theirs.
        """
        chosen = (frames - self.first).clamp(0, len(self.gain) - 1).to(self.gain.device)
        gain, above = self.gain[chosen], self.above[chosen]
        own_bins = gain.shape[1]
        position = torch.arange(bins, dtype=torch.float64) * (rate / 2) / (bins - 1) / self.top * (own_bins - 1)
        gain = interpolated(gain, position.to(gain.device))
        # Just below its own limit the model hears the resampler's filter, so the band above begins a little lower.
        beyond = (position > TOP_BAND[1] * (own_bins - 1)).to(gain.device)
        return torch.where(beyond, above[:, None], gain) if rate > 2 * self.top else gain


def overlap_added(pieces: Tensor, starts: Tensor, step: Fraction) -> Tensor:
    """Sum (channels, samples) of pieces (channels, count, length), each from its sample of `starts` on.

    The starts are those of frames `step` samples apart, rounded; a piece ends before the next but one begins.
    """
    count, length = pieces.shape[1:]
    apart = max(2, step.denominator)  # so many frames further on, the starts are a whole number of samples later
    total = pieces.new_zeros(pieces.shape[0], int(starts[-1]) + length)
    for first in range(min(apart, count)):
        part = pieces[:, first::apart]
        stretch = total[:, int(starts[first]) : int(starts[first + (part.shape[1] - 1) * apart]) + length]
        stretch.unfold(-1, length, int(apart * step)).add_(part)
    return total


def interpolated(values: Tensor, position: Tensor) -> Tensor:
    """Linear interpolation of `values` along the last dimension at fractional positions; the ends are held."""
    position = position.round(decimals=6).clamp(0, values.shape[-1] - 1)
    below = position.floor().long()
    share = (position - below).to(values.dtype)
    low = values.index_select(-1, below)
    if not share.any():
        return low
    return torch.lerp(low, values.index_select(-1, (below + 1).clamp(max=values.shape[-1] - 1)), share)


@lru_cache(maxsize=8)
def root_hann(length: int) -> Tensor:
    """Square root of a periodic Hann window."""
    return torch.hann_window(length).sqrt()
