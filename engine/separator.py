"""Separating a stream: fixed windows with discarded context, and gains at the recording's own rate.

Every frame of the model can be influenced by a bounded stretch around it (`Generator.reach`).  Each window is read with
at least that much context on both sides, which is thrown away afterwards; windows begin on whole seconds, where the
sample grids of both rates coincide, and the model's frames lie where they would in one pass over the recording.  So the
result does not depend on where windows begin, and memory is bounded whatever the length.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import soxr
import torch
from numpy.typing import NDArray
from scipy.fft import next_fast_len
from torch import Tensor
from torch.nn import functional as F

from engine.device import choose_device, multiplies_bfloat16, use_sensible_threads
from engine.errors import UsageError
from engine.generator import Codec, inner_products
from engine.masking import magnitude_share, power, speech_gain
from engine.model import Model
from engine.report import SplitReport, least_squares

RENDERS = ("masked", "direct")
WINDOW_SECONDS = 60
WEIGHT_REACH = 62  # frames to each side over which α and β are estimated, about one second
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
        reach = (self.generator.reach + WEIGHT_REACH + 5) * self.codec.hop / self.codec.sample_rate
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
        for chunk in rechunked(blocks, core, core + context):
            past = chunk[:0] if before is None else before[max(0, len(before) - context) :]
            mixture = chunk[:core]
            speech = self._window(
                np.concatenate((past, chunk)), start - len(past), start, len(mixture), sample_rate, report
            )
            yield Window(start, mixture, speech)
            start += len(mixture)
            before = mixture if core >= context or before is None else np.concatenate((before, mixture))[-context:]

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
            mono = self._resampled(downmixed(chunk), rate, model_rate, late + codec.hop)[late:]
            x = torch.from_numpy(mono).to(self.device.device)[None]
            fast = codec.takes_bfloat16 and multiplies_bfloat16(x.device)
            with torch.autocast(x.device.type, torch.bfloat16, enabled=fast):
                raw = self.generator(x)
            mixture, speech, noise = (codec.spectrum(source)[0] for source in (x, raw.speech, raw.noise))
            alpha, beta, products = self._weights(mixture, speech, noise)
            # Each frame counts in the window in which its centre is.
            first, last = (-(-at * model_rate // (rate * codec.hop)) for at in (start, start + length))
            skipped = (begin + late) // codec.hop
            core = slice(first - skipped, last - skipped)
            self._account(report, core, mixture, alpha * speech, beta * noise, products)
            if self.render == "direct":
                direct = codec.waveform((alpha * speech)[None], len(mono))[0].cpu().numpy()
                direct = self._resampled(np.pad(direct, (late, 0)), model_rate, rate, len(chunk))
                return np.repeat(direct[start - origin :][:length, None], chunk.shape[1], axis=1).astype(chunk.dtype)
            gain = Gain(codec, alpha * speech, beta * noise, late / model_rate)
            return self._apply(gain, chunk, origin, start, length, rate)

    @staticmethod
    def _resampled(audio: NDArray[np.float32], rate: int, target: int, length: int) -> NDArray[np.float32]:
        """Audio (samples,) at another rate, at least `length` samples long."""
        if rate != target and len(audio):
            audio = soxr.resample(audio, rate, target)
        return np.pad(audio, (0, max(0, length - len(audio))))

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
        """The gain on all channels alike, by an STFT at the recording's rate, its frames on multiples of its hop."""
        hop = native_hop(gain.frame_seconds, rate)
        first, last = start // hop, -(-(start + length) // hop)
        begin, end = (first - 1) * hop - origin, (last + 1) * hop - origin
        outside = (max(0, -begin), max(0, end - len(chunk)))
        segment = torch.from_numpy(np.pad(chunk[max(0, begin) : max(0, end)].T, ((0, 0), outside)))
        segment = segment.to(self.device.device, torch.float32)
        window = root_hann(2 * hop).to(segment.device)
        frames = torch.fft.rfft(segment.unfold(-1, 2 * hop, hop) * window)
        seconds = torch.arange(first, last + 1, dtype=torch.float64) * hop / rate - origin / rate
        frames *= gain.at(seconds, hop + 1, rate)
        frames = torch.fft.irfft(frames, 2 * hop) * window
        speech = (frames[:, :-1, hop:] + frames[:, 1:, :hop]).flatten(1)
        skip = start - first * hop
        return speech[:, skip : skip + length].T.cpu().numpy().astype(chunk.dtype)


class Gain:
    """A time-frequency gain on the model's grid that can be asked for at any other grid.

    Args:
        codec: whose spectra they are.
        speech, noise: complex spectra (frames, bins) of αŝ and βn̂.
        first_seconds: when the first frame is.
    """

    def __init__(self, codec: Codec, speech: Tensor, noise: Tensor, first_seconds: float = 0.0) -> None:
        self.frame_seconds, self.top = codec.hop / codec.sample_rate, codec.sample_rate / 2
        self.first_seconds = first_seconds
        self.gain = speech_gain(codec, speech, noise)
        band = slice(*(round(share * (speech.shape[1] - 1)) for share in TOP_BAND))
        self.above = magnitude_share(*(power(source[:, band]).sum(1) for source in (speech, noise)))

    def at(self, seconds: Tensor, bins: int, rate: int) -> Tensor:
        """Gain (frames, bins) at the given times (frames,) and at `bins` frequencies from 0 to half the rate."""
        gain, device = self.gain, self.gain.device
        own_bins = gain.shape[1]
        position = torch.arange(bins, dtype=torch.float64) * (rate / 2) / (bins - 1) / self.top * (own_bins - 1)
        gain = interpolated(gain, position.clamp(max=own_bins - 1).to(device), 1)
        # Just below its own limit the model hears the resampler's filter, so the band above begins a little lower.
        beyond = position > TOP_BAND[1] * (own_bins - 1)
        if rate > 2 * self.top:
            gain = torch.where(beyond.to(device), self.above[:, None], gain)
        return interpolated(gain, ((seconds - self.first_seconds) / self.frame_seconds).to(device), 0)


def downmixed(audio: Audio) -> NDArray[np.float32]:
    """Mean of the channels (samples,); the first channel where they cancel each other, as with a swapped wire."""
    mean = audio.mean(axis=1, dtype=np.float32)
    cancelled = np.vdot(mean, mean) < 1e-4 * np.vdot(audio[:, 0], audio[:, 0])
    return audio[:, 0].astype(np.float32) if cancelled else mean


def interpolated(values: Tensor, position: Tensor, dim: int) -> Tensor:
    """Linear interpolation of `values` along `dim` at fractional positions; the ends are held."""
    position = position.round(decimals=6).clamp(0, values.shape[dim] - 1)
    below = position.floor().long()
    share = (position - below).to(values.dtype)
    low = values.index_select(dim, below)
    if not share.any():
        return low
    high = values.index_select(dim, (below + 1).clamp(max=values.shape[dim] - 1))
    return torch.lerp(low, high, share if dim == values.ndim - 1 else share[:, None])


def native_hop(frame_seconds: float, rate: int) -> int:
    """The model's hop at another rate, in samples, raised to where the FFT is fast."""
    return int(next_fast_len(max(1, round(frame_seconds * rate)), real=True) or 1)


@lru_cache(maxsize=8)
def root_hann(length: int) -> Tensor:
    """Square root of a periodic Hann window: applied twice at half overlap, it sums to one."""
    return torch.hann_window(length).sqrt()


def rechunked(blocks: Iterable[Audio], step: int, size: int) -> Iterator[Audio]:
    """Cut a stream anew: pieces that begin every `step` samples and reach up to `size`, shorter only at the end."""
    held: list[Audio] = []
    count = 0
    for block in blocks:
        held.append(block)
        count += len(block)
        while count >= size:
            joined = np.concatenate(held)
            yield joined[:size]
            held = [joined[step:]]
            count -= step
    joined = np.concatenate(held) if held else None
    while joined is not None and len(joined):
        yield joined[:size]
        joined = joined[step:]
