"""Quality of enhanced speech: DNSMOS without a reference; PESQ, STOI, SI-SDR and the composite measures with one.

Every function takes mono audio (samples,), full scale ±1, at any rate; all but `si_sdr` score it at 16 kHz.  DNSMOS,
PESQ and STOI come from the optional packages of `voicebed[eval]`, imported when first used.
"""

import importlib
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from engine.errors import InputError, UsageError

Audio = NDArray[np.floating[Any]]

RATE = 16000
WINDOW, HOP = 480, 120  # 30 ms, three quarters overlapped, for all parts of the composite measures
LPC_ORDER = 16
LOWEST_PESQ = 1.04

# Hz; 25 critical bands of the weighted spectral slope (Hu & Loizou, after Klatt 1982)
CENTRES = np.array([
    50, 120, 190, 260, 330, 400, 470, 540, 617.372, 703.378, 798.717, 904.128, 1020.38,
    1148.30, 1288.72, 1442.54, 1610.70, 1794.16, 1993.93, 2211.08, 2446.71, 2701.97, 2978.04, 3276.17, 3597.63,
])  # fmt: skip
BANDWIDTHS = np.array([
    70, 70, 70, 70, 70, 70, 70, 77.3724, 86.0056, 95.3398, 105.411, 116.256, 127.914,
    140.423, 153.823, 168.154, 183.457, 199.776, 217.153, 235.631, 255.255, 276.072, 298.126, 321.465, 346.136,
])  # fmt: skip


def dnsmos(audio: Audio, sample_rate: int) -> dict[str, float]:
    """SIG, BAK, OVRL (ITU-T P.835 scales) and P808, each about 1 to 5, by DNSMOS (Reddy et al., arXiv 2110.01763).

    Clips shorter than 9.01 s are repeated to that length, longer ones averaged over windows, as the package does;
    samples beyond full scale are clipped.

    Raises:
        InputError: the audio is empty or not finite.
        UsageError: the package is not installed.
    """
    scores = _optional("speechmos.dnsmos").run(np.clip(_at_16k(audio, sample_rate), -1, 1), RATE)
    return {name: float(scores[f"{name.lower()}_mos"]) for name in ("SIG", "BAK", "OVRL", "P808")}


def paired_scores(estimate: Audio, reference: Audio, sample_rate: int) -> dict[str, float]:
    """PESQ, CSIG, CBAK, COVL, STOI, ESTOI and SI-SDR (dB) against a clean reference of the same length.

    Raises:
        InputError: the lengths differ, or the audio is too short, too quiet or not finite.
        UsageError: an optional package is not installed.
    """
    if estimate.shape != reference.shape:
        raise InputError(f"a signal of {len(estimate)} samples cannot be scored against one of {len(reference)}")
    e, r = _at_16k(estimate, sample_rate), _at_16k(reference, sample_rate)
    quality = pesq_wb(e, r, RATE)
    scores = {"PESQ": quality} | composite(e, r, RATE, quality)
    return scores | {"STOI": stoi(e, r, RATE), "ESTOI": estoi(e, r, RATE), "SI-SDR": si_sdr(estimate, reference)}


def pesq_wb(estimate: Audio, reference: Audio, sample_rate: int) -> float:
    """Wide-band PESQ (ITU-T P.862.2), 1.04 to 4.64; a silent estimate, for which it is not defined, gets the lowest.

    Raises:
        InputError: the audio is shorter than a quarter of a second, or no speech was found in it.
        UsageError: the package is not installed.
    """
    package = _optional("pesq")
    if reference.any() and not estimate.any():
        return LOWEST_PESQ
    try:
        return float(package.pesq(RATE, _at_16k(reference, sample_rate), _at_16k(estimate, sample_rate), "wb"))
    except (package.BufferTooShortError, package.NoUtterancesError) as error:
        raise InputError("PESQ finds no speech, or less than a quarter of a second of audio") from error


def stoi(estimate: Audio, reference: Audio, sample_rate: int) -> float:
    """Short-time objective intelligibility (Taal et al., 2011), about 0 to 1.  Raises as `dnsmos`."""
    return _stoi(estimate, reference, sample_rate, extended=False)


def estoi(estimate: Audio, reference: Audio, sample_rate: int) -> float:
    """Extended STOI (Jensen & Taal, 2016), about 0 to 1.  Raises as `dnsmos`."""
    return _stoi(estimate, reference, sample_rate, extended=True)


def si_sdr(estimate: Audio, reference: Audio) -> float:
    """Scale-invariant signal-to-distortion ratio in dB (Le Roux et al., arXiv 1811.02508), means removed, no cap.

    Infinite for a scaled copy of the reference; minus infinity where either is silent.
    """
    e, r = (x - x.mean() for x in (estimate.astype(np.float64), reference.astype(np.float64)))
    target = r * (e @ r / max(r @ r, np.finfo(np.float64).tiny))
    signal, error = target @ target, np.square(e - target).sum()
    if signal == 0 or error == 0:
        return np.inf if signal else -np.inf
    return float(10 * np.log10(signal / error))


def composite(estimate: Audio, reference: Audio, sample_rate: int, pesq: float) -> dict[str, float]:
    """CSIG, CBAK and COVL, 1 to 5: predicted ratings of distortion, background and the whole.

    Hu & Loizou, "Evaluation of Objective Quality Measures for Speech Enhancement", 2008, with wide-band PESQ.
    Takes 30 ms of audio or more.
    """
    e, r = _at_16k(estimate, sample_rate), _at_16k(reference, sample_rate)
    llr, wss, snr = log_likelihood_ratio(e, r), weighted_spectral_slope(e, r), segmental_snr(e, r)
    scores = {
        "CSIG": 3.093 - 1.029 * llr + 0.603 * pesq - 0.009 * wss,
        "CBAK": 1.634 + 0.478 * pesq - 0.007 * wss + 0.063 * snr,
        "COVL": 1.594 + 0.805 * pesq - 0.512 * llr - 0.007 * wss,
    }
    return {name: float(np.clip(score, 1, 5)) for name, score in scores.items()}


def log_likelihood_ratio(estimate: Audio, reference: Audio) -> float:
    """Distance of spectral envelopes at 16 kHz, 0 and up, no cap: mean of the 95 % nearest frames (Hu & Loizou)."""
    lags = np.arange(LPC_ORDER + 1)

    def toeplitz(frames: Audio) -> Audio:
        """The autocorrelation matrix (frames, order + 1, order + 1) of each frame."""
        power = np.square(np.abs(np.fft.rfft(frames, 2 * WINDOW)))
        correlation = np.fft.irfft(power)[:, : LPC_ORDER + 1]
        correlation[:, 0] = correlation[:, 0] * (1 + 1e-13) + 1e-20  # keeps silence and pure tones solvable
        return correlation[:, np.abs(lags[:, None] - lags)]

    def predictor(matrix: Audio) -> Audio:
        """The linear prediction error filter (frames, order + 1)."""
        taps = np.linalg.solve(matrix[:, 1:, 1:], -matrix[:, 1:, :1])[..., 0]
        return np.concatenate((np.ones((len(taps), 1)), taps), 1)

    clean = toeplitz(_frames(reference))
    filters = (predictor(toeplitz(_frames(estimate))), predictor(clean))
    errors = [np.einsum("fi,fij,fj->f", a, clean, a) for a in filters]
    return _trimmed_mean(np.log(np.maximum(errors[0] / errors[1], 1)))


def weighted_spectral_slope(estimate: Audio, reference: Audio) -> float:
    """Klatt's distance of band slopes at 16 kHz, dB², 0 and up: mean of the 95 % nearest frames (Hu & Loizou)."""
    size = 1024
    position, width = CENTRES / RATE * size, BANDWIDTHS / RATE * size
    shape = -11 * np.square((np.arange(size // 2) - np.floor(position)[:, None]) / width[:, None])
    bands = np.exp(shape + np.log(BANDWIDTHS[0] / BANDWIDTHS)[:, None])
    bands[bands <= np.exp(-30 / (2 * 2.303))] = 0

    def slopes_and_weights(audio: Audio) -> tuple[Audio, Audio]:
        """Each (frames, 24): slope above a band in dB, and its weight, high near the highest and near the next peak."""
        power = np.square(np.abs(np.fft.rfft(_frames(audio), size)[:, :-1]))
        level = 10 * np.log10(np.maximum(power @ bands.T, 1e-10))
        slope = np.diff(level)
        rising, band = slope > 0, np.arange(len(CENTRES) - 1)
        # As in the authors' program, on which published figures rest, a rise leads to the band below its peak.
        last = np.where(np.pad(rising[:, 1:], ((0, 0), (0, 1))), len(CENTRES), band)
        ahead = np.minimum.accumulate(last[:, ::-1], 1)[:, ::-1]
        behind = np.maximum.accumulate(np.where(rising, band + 1, 0), 1)
        peak = np.take_along_axis(level, np.where(rising, ahead, behind), 1)
        highest, level = level.max(1, keepdims=True), level[:, :-1]
        return slope, 20 / (20 + highest - level) / (1 + peak - level)

    (slope, weight), (clean_slope, clean_weight) = slopes_and_weights(estimate), slopes_and_weights(reference)
    weight = (weight + clean_weight) / 2
    return _trimmed_mean((weight * np.square(slope - clean_slope)).sum(1) / weight.sum(1))


def segmental_snr(estimate: Audio, reference: Audio) -> float:
    """Mean over frames of the signal-to-noise ratio at 16 kHz in dB, each held within -10 and 35 (Hu & Loizou)."""
    clean, tiny = _frames(reference), np.finfo(np.float64).eps
    ratio = np.square(clean).sum(1) / (np.square(clean - _frames(estimate)).sum(1) + tiny)
    return float(np.clip(10 * np.log10(ratio + tiny), -10, 35).mean())


def _stoi(estimate: Audio, reference: Audio, sample_rate: int, extended: bool) -> float:
    e, r = _at_16k(estimate, sample_rate), _at_16k(reference, sample_rate)
    return float(_optional("pystoi").stoi(r, e, RATE, extended=extended))


def _at_16k(audio: Audio, sample_rate: int) -> Audio:
    if not len(audio) or not np.isfinite(audio).all():
        raise InputError("audio that is empty or holds values that are not finite cannot be scored")
    return audio if sample_rate == RATE else soxr.resample(audio, sample_rate, RATE)


def _frames(audio: Audio) -> Audio:
    """Hann-windowed frames (frames, WINDOW) in float64."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(1, WINDOW + 1) / (WINDOW + 1))
    return np.lib.stride_tricks.sliding_window_view(audio.astype(np.float64), WINDOW)[::HOP] * window


def _trimmed_mean(distances: Audio) -> float:
    """Mean of the smallest 95 %."""
    return float(np.sort(distances)[: max(1, round(0.95 * len(distances)))].mean())


def _optional(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise UsageError(f"scoring needs {error.name}: pip install 'voicebed[eval]'") from error
