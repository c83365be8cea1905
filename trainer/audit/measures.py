"""What can be measured of one recording for the audit, in one pass over it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from math import log10
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.recording import open_recording
from trainer.audit.background import NOT_SPEAKING, SPEAKING, decay_seconds, floor_db, snr_db
from trainer.audit.bandwidth import true_bandwidth
from trainer.audit.clipping import clipped_samples
from trainer.audit.copies import fingerprint
from trainer.audit.spectra import Spectra, SpectraMeter
from trainer.audit.voice import VoiceMeter

_BLOCK_SECONDS = 20
_ABSURD = 1e6  # times full scale
_ALL_CANCELLED = 99.0  # dB
_DECAY_FROM_DB = 15.0  # less, noise hides the room
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
        decay_seconds: how long the room takes to fall by 60 dB; None where it cannot be told, as in much noise.
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
        fingerprint: see `trainer.audit.copies`.
        voice: mean square of the speech in each band, noise taken off, (BANDS,); None where nobody speaks.
    """

    content: bytes
    fingerprint: bytes
    voice: NDArray[np.float64] | None


class _Samples:
    """What the samples tell block by block, without their spectrum."""

    def __init__(self, sample_rate: int, channels: int) -> None:
        self._rate, self._frames, self._channels = sample_rate, 0, channels
        self._digest = hashlib.blake2b(f"{sample_rate} {channels}".encode(), digest_size=16)
        self._sum, self._energy, self._mono_energy = np.zeros(channels), 0.0, 0.0
        self._clipped = 0
        self.peak = 0.0

    def add(self, block: NDArray[np.float32], mono: NDArray[np.float32]) -> None:
        """Take the next block, (frames, channels), and the mean of its channels."""
        self._digest.update(block.data)
        self._frames += len(block)
        self._sum += block.sum(0, dtype=np.float64)
        self._energy += float(np.vdot(block, block)) / self._channels
        self._mono_energy += float(np.vdot(mono, mono))
        self._clipped += clipped_samples(block, self._rate)
        self.peak = max(self.peak, float(block.max()), -float(block.min()))

    @property
    def content(self) -> bytes:
        return self._digest.digest()

    @property
    def clipped(self) -> float:
        return self._clipped / (self._frames * self._channels)

    @property
    def dc(self) -> float:
        return float(np.abs(self._sum).max()) / self._frames

    @property
    def level_dbfs(self) -> float:
        return _decibels(self._mono_energy / self._frames)

    @property
    def cancelled_db(self) -> float:
        lost = _decibels(self._energy / self._frames) - self.level_dbfs if self._energy else 0.0
        return min(max(0.0, lost), _ALL_CANCELLED)


def measure(path: Path, progress: Callable[[float], None] | None = None) -> tuple[Measures, Traces]:
    """Measure a recording.  Memory: about 100 MB for each of its hours.

    Args:
        progress: called with the share that is done, after each 20 s of audio.

    Raises:
        InputError: it is unreadable, or its samples make no sense.
    """
    recording = open_recording(path)
    rate, channels = recording.sample_rate, recording.channels
    meter, voices, samples = SpectraMeter(rate), VoiceMeter(rate), _Samples(rate, channels)
    done = 0
    for block in recording.blocks(_BLOCK_SECONDS * rate):
        block = block.astype(np.float32, copy=False)
        mono = block[:, 0] if channels == 1 else block.mean(axis=1)
        samples.add(block, mono)
        if samples.peak > _ABSURD:
            raise InputError(f"{path} has samples of {samples.peak:.0e} times full scale; export it again")
        meter.add(mono)
        voices.add(mono)
        if progress:
            done += len(mono)
            progress(min(1.0, done / recording.frames))
    spectra = meter.result()
    voice = voices.result(spectra.times)
    level = spectra.powers.sum(1)
    speech = level[voice > SPEAKING]
    snr = snr_db(spectra.powers, voice)
    told = snr is not None and snr >= _DECAY_FROM_DB
    measures = Measures(
        seconds=round(recording.seconds, 3),
        sample_rate=rate,
        channels=channels,
        level_dbfs=samples.level_dbfs,
        speech_dbfs=_decibels(float(speech.mean())) if len(speech) else None,
        peak_dbfs=_decibels(samples.peak**2),
        clipped=round(samples.clipped, 6),
        bandwidth_hz=round(true_bandwidth(spectra.mean, spectra.bin_hz)),
        speech=round(len(speech) / len(voice), 3),
        snr_db=_rounded(snr, 1),
        floor_db=_rounded(floor_db(spectra.powers, voice), 1),
        decay_seconds=_rounded(decay_seconds(spectra.powers) if told else None, 2),
        dc=round(samples.dc, 5),
        silence=round(float(np.mean(level < 10 ** (_SILENT_DB / 10))), 3),
        cancelled_db=round(samples.cancelled_db, 1),
    )
    return measures, Traces(samples.content, fingerprint(spectra), _voice(spectra, voice))


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
