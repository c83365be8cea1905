"""What can be measured of one recording for the audit, in one pass over it."""

import hashlib
from dataclasses import dataclass
from math import log10
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.recording import open_recording
from trainer.background import NOT_SPEAKING, SPEAKING, decay_seconds, floor_db, snr_db
from trainer.bandwidth import true_bandwidth
from trainer.clipping import clipped_samples
from trainer.copies import fingerprint
from trainer.spectra import Spectra, SpectraMeter
from trainer.voice import voice_probability

_BLOCK_SECONDS = 20
_SILENT_DB = -75.0  # dBFS; frames below hold at most the last bits of a 16-bit file


@dataclass(frozen=True)
class Measures:
    """A recording in numbers; levels are of the mean of its channels, as training hears it.

    Attributes:
        seconds, sample_rate, channels: of the file; Hz.
        level_dbfs: RMS; -inf for digital silence.
        speech_dbfs: RMS while somebody speaks; None where nobody does.
        peak_dbfs: highest sample of any channel.
        clipped: share of the samples that are part of flat tops.
        bandwidth_hz: how far up it really goes.
        speech: share of the time with speech.
        snr_db: speech over all else while it is there; None where nobody speaks or it cannot be told.
        floor_db: noise between words relative to the speech.
        decay_seconds: how long the room takes to fall by 60 dB; None where it cannot be told.
        dc: constant part, the largest of any channel, of full scale.
        silence: share of the time below -75 dBFS.
        cancelled_db: how much the mean of the channels is weaker than they are.
    """

    seconds: float
    sample_rate: int
    channels: int
    level_dbfs: float
    speech_dbfs: float | None
    peak_dbfs: float
    clipped: float
    bandwidth_hz: float
    speech: float
    snr_db: float | None
    floor_db: float | None
    decay_seconds: float | None
    dc: float
    silence: float
    cancelled_db: float


@dataclass(frozen=True)
class Traces:
    """What a recording is compared to others by.

    Attributes:
        content: digest of the decoded samples.
        fingerprint: see `trainer.copies`.
        voice: mean square of the speech in each band, noise taken off, (BANDS,); None where nobody speaks.
    """

    content: bytes
    fingerprint: bytes
    voice: NDArray[np.float64] | None


def measure(path: Path) -> tuple[Measures, Traces]:
    """Measure a recording.  Memory: about 100 MB for each of its hours.

    Raises:
        InputError: it is unreadable.
    """
    recording = open_recording(path)
    rate, frames, channels = recording.sample_rate, recording.frames, recording.channels
    meter, digest = SpectraMeter(rate), hashlib.blake2b(f"{rate} {channels}".encode(), digest_size=16)
    total, energy, mono_energy, peak, clipped = np.zeros(channels), 0.0, 0.0, 0.0, 0
    for block in recording.blocks(_BLOCK_SECONDS * rate):
        x = block.astype(np.float32, copy=False)
        digest.update(x.data)
        mono = x[:, 0] if channels == 1 else x.mean(axis=1)
        meter.add(mono)
        total += x.sum(0, dtype=np.float64)
        energy += float(np.vdot(x, x)) / channels
        mono_energy += float(np.vdot(mono, mono))
        peak = max(peak, float(x.max()), -float(x.min()))
        clipped += clipped_samples(x, rate)
    spectra = meter.result()
    voice = voice_probability(spectra)
    level = spectra.powers.sum(1)
    speaking = voice > SPEAKING
    speech = float(level[speaking].mean()) if speaking.any() else None
    measures = Measures(
        seconds=round(frames / rate, 3),
        sample_rate=rate,
        channels=channels,
        level_dbfs=_decibels(mono_energy / frames),
        speech_dbfs=None if speech is None else _decibels(speech),
        peak_dbfs=_decibels(peak**2),
        clipped=round(clipped / (frames * channels), 6),
        bandwidth_hz=round(true_bandwidth(spectra.mean, spectra.bin_hz)),
        speech=round(float(speaking.mean()), 3),
        snr_db=_rounded(snr_db(spectra.powers, voice), 1),
        floor_db=_rounded(floor_db(spectra.powers, voice), 1),
        decay_seconds=_rounded(decay_seconds(spectra.powers), 2),
        dc=round(float(np.abs(total).max()) / frames, 5),
        silence=round(float(np.mean(level < 10 ** (_SILENT_DB / 10))), 3),
        cancelled_db=round(max(0.0, _decibels(energy / frames) - _decibels(mono_energy / frames)), 1) if energy else 0.0,
    )
    return measures, Traces(digest.digest(), fingerprint(spectra), _voice(spectra, voice))


def _voice(spectra: Spectra, probability: NDArray) -> NDArray[np.float64] | None:
    speaking = spectra.powers[probability > SPEAKING]
    if not len(speaking):
        return None
    noise = spectra.powers[probability < NOT_SPEAKING]
    mean = speaking.mean(0, dtype=np.float64)
    return np.maximum(mean - (noise.mean(0, dtype=np.float64) if len(noise) else 0), 0.05 * mean)


def _decibels(power: float) -> float:
    return round(10 * log10(power), 1) if power > 0 else -np.inf


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
