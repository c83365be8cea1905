"""What a model hears of a recording: one channel at its own rate, window by window.

Splitting and training hear through the same functions, so a model meets what it learnt from.
"""

from collections.abc import Iterable, Iterator

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

SLOPE_HZ = 50  # below the top of the model's band; a steeper one would ring from window to window
WINDOW_SECONDS, CONTEXT_SECONDS = 60, 1  # the slope rings for less

Audio = NDArray[np.floating]


def heard(blocks: Iterable[Audio], rate: int, target: int) -> Iterator[NDArray[np.float32]]:
    """A stream of blocks (frames, channels) as mono pieces (samples,) at the rate `target`, one after the other."""
    core, context = WINDOW_SECONDS * rate, CONTEXT_SECONDS * rate
    for audio, past, length in in_context(blocks, core, context):
        first = past * target // rate
        yield resampled(downmixed(audio), rate, target, 0)[first : first - (-length * target // rate)]


def downmixed(audio: Audio) -> NDArray[np.float32]:
    """Mean of the channels (samples,); the first channel where they cancel each other, as with a swapped wire."""
    mean = audio.mean(axis=1, dtype=np.float32)
    cancelled = np.vdot(mean, mean) < 1e-4 * np.vdot(audio[:, 0], audio[:, 0])
    return audio[:, 0].astype(np.float32) if cancelled else mean


def resampled(audio: NDArray[np.float32], rate: int, target: int, length: int) -> NDArray[np.float32]:
    """Audio (samples,) at another rate, at least `length` samples long.

    Downwards up to the very top of the band, which models are trained on; soxr leaves out its uppermost tenth.
    """
    if rate > target and len(audio):
        seconds = int(next_fast_len(-(-len(audio) // rate) + 1) or 1)  # one of silence, for what rings around
        samples = -(-len(audio) * target // rate)
        spectrum = np.asarray(rfft(audio, seconds * rate))[: seconds * target // 2 + 1]
        slope = np.cos(np.linspace(0, np.pi / 2, SLOPE_HZ * seconds + 1, dtype=np.float32)[1:]) ** 2
        spectrum[-len(slope) :] *= slope
        audio = np.asarray(irfft(spectrum, seconds * target))[:samples] * np.float32(target / rate)
    elif rate != target and len(audio):
        audio = soxr.resample(audio, rate, target)
    return np.pad(audio, (0, max(0, length - len(audio))))


def in_context(
    blocks: Iterable[Audio], core: int, context: int, before: Audio | None = None
) -> Iterator[tuple[Audio, int, int]]:
    """Cut a stream into stretches of `core` frames, with up to `context` frames around each.

    Yields (audio, past, length): the stretch is `length` frames of the audio from frame `past` on.

    Args:
        before: the `context` frames ahead of the stream, or all there is.
    """
    for chunk in rechunked(blocks, core, core + context):
        past = chunk[:0] if before is None else before[max(0, len(before) - context) :]
        stretch = chunk[:core]
        yield np.concatenate((past, chunk)), len(past), len(stretch)
        before = stretch if core >= context or before is None else np.concatenate((before, stretch))[-context:]


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
