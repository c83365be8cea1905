"""Mixtures made on the fly from two unpaired priors (the `warm_start` addition of the recipes).

Speech and noise are drawn independently; no recording of one ever belonged to the other.  Random equalisers, room
responses, speeds and levels widen both priors.  Everything depends only on the generator that is handed in, so a batch
can be made again from its seed.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy import signal

from trainer.corpus import Corpus
from trainer.recipe import Mixing

ACROSS_DB = (0.0, 12.0)  # reverberation against the direct sound of a voice across a room

Audio = NDArray[np.float32]
Sections = NDArray[np.float64]  # of a filter, second order each, as in scipy


class Batch(NamedTuple):
    """Mixtures and their parts, each float32 (batch, samples), full scale ±1; mixture = speech + noise."""

    mixture: Audio
    speech: Audio
    noise: Audio


def active_level(audio: Audio, frame: int = 400) -> float:
    """RMS over the frames within 30 dB of the loudest: the level of a talker without the pauses."""
    frames = audio[: len(audio) // frame * frame].reshape(-1, frame)
    power = np.square(frames).mean(1)
    loud = power[power >= power.max() * 1e-3]
    return float(np.sqrt(loud.mean()))


def equalised(rng: np.random.Generator, audio: Audio) -> Audio:
    """A random gentle second-order filter (Valin, arXiv 1709.08243, section on training data)."""
    b, a = rng.uniform(-0.375, 0.375, (2, 2))
    return np.asarray(signal.lfilter([1.0, *b], [1.0, *a], audio), np.float32)


def reverberated(rng: np.random.Generator, audio: Audio, sample_rate: int, mixing: Mixing) -> Audio:
    """The audio in a synthetic room: direct sound and a tail of decaying noise, of the recipe's RT60 and level."""
    decay = rng.uniform(*mixing.reverberation_s)
    time = np.arange(int(decay * sample_rate)) / sample_rate
    tail = rng.standard_normal(len(time)) * 10 ** (-3 * time / decay)
    gap = int(rng.uniform(0.001, 0.01) * sample_rate)
    tail[:gap] = 0
    tail *= 10 ** (rng.uniform(*mixing.reverberation_db) / 20) / np.sqrt(np.square(tail).sum() + 1e-9)
    tail[0] = 1
    return signal.fftconvolve(audio, tail)[: len(audio)].astype(np.float32)


def filtered(sections: Sections, audio: NDArray[np.floating]) -> Audio:
    """The audio through second-order sections."""
    return np.asarray(signal.sosfilt(sections, audio), np.float32)


def telephone_line(rng: np.random.Generator, sample_rate: int, mixing: Mixing) -> Sections:
    """A random band, as second-order sections: a telephone has 300 to 3400 Hz, radios and old films have others."""
    edges = 10 ** rng.uniform(*np.log10(mixing.telephone_hz)), rng.uniform(1800, 7500)
    return np.asarray(signal.butter(int(rng.integers(2, 7)), edges, "bandpass", fs=sample_rate, output="sos"))


def overdriven(rng: np.random.Generator, audio: Audio) -> Audio:
    """The audio with its peaks cut off, at 0 to 16 dB above its level."""
    limit = np.float32(active_level(audio) * 10 ** rng.uniform(0, 0.8))
    return audio.clip(-limit, limit)


def coloured_noise(rng: np.random.Generator, length: int, sample_rate: int) -> Audio:
    """Hiss of a random tilt (white to brown), with mains hum or alone: what amplifiers and fans add."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    spectrum *= np.maximum(np.arange(len(spectrum)), 20.0) ** -rng.uniform(0, 1.2)
    hiss = np.fft.irfft(spectrum, length)
    hiss /= hiss.std()
    if rng.random() < 0.5:
        return hiss.astype(np.float32)
    mains, time = rng.choice([50, 60]) * rng.uniform(0.99, 1.01), np.arange(length) / sample_rate
    hum = np.zeros(length)
    for harmonic in range(1, int(rng.integers(2, 30))):
        hum += rng.exponential() / harmonic * np.sin(2 * np.pi * (mains * harmonic * time + rng.random()))
    return (hum / hum.std() + hiss * 10 ** (rng.uniform(-40, 0) / 20)).astype(np.float32)


def tones(rng: np.random.Generator, length: int, sample_rate: int) -> Audio:
    """One to three voices of beeps, sirens or melodies: harmonics of a pitch that steps or glides from note to note."""
    time, audio = np.arange(length) / sample_rate, np.zeros(length)
    for _ in range(int(rng.integers(1, 4))):
        note = rng.uniform(0.05, 1.0)
        count = int(time[-1] / note) + 2
        pitch = 10 ** rng.uniform(2, 3.4) * 2 ** rng.uniform(-rng.random(), rng.random(), count)
        where = time / note
        now = where.astype(int)
        frequency = np.interp(where, np.arange(count), pitch) if rng.random() < 0.3 else pitch[now]
        phase, slope = 2 * np.pi * np.cumsum(frequency) / sample_rate, rng.uniform(0, 2)
        highest = min(12, int(0.45 * sample_rate / pitch.max()))
        harmonics = range(1, int(rng.integers(1, highest + 1)) + 1)
        voice = sum(np.sin(k * phase + rng.random()) / k**slope for k in harmonics)
        sounding = (rng.random(count) < rng.uniform(0.4, 1.2))[now] & (where - now < rng.uniform(0.3, 1.3))
        audio += voice * sounding * rng.uniform(0.2, 1)
    return (audio / (audio.std() + 1e-4)).astype(np.float32)


class Mixer:
    """Draws batches from a clean and a noise prior.

    Args:
        clean, noise: the corpora of each prior, all at one rate.
        mixing: probabilities and ranges, from the recipe.
    """

    def __init__(self, clean: Sequence[Corpus], noise: Sequence[Corpus], mixing: Mixing) -> None:
        self.clean, self.noise, self.mixing = clean, noise, mixing
        self.sample_rate = clean[0].sample_rate

    def batch(self, rngs: Sequence[np.random.Generator], seconds: float) -> Batch:
        """A mixture of `seconds` by each of the generators."""
        pairs = [self._pair(rng, int(seconds * self.sample_rate)) for rng in rngs]
        speech, noise = (np.stack(part) for part in zip(*pairs, strict=True))
        return Batch(speech + noise, speech, noise)

    def _pair(self, rng: np.random.Generator, length: int) -> tuple[Audio, Audio]:
        mixing, kind = self.mixing, rng.random()
        speech, noise = np.zeros(length, np.float32), np.zeros(length, np.float32)
        line: Sections | None = None
        # Nothing is drawn for what a recipe does not have, so that others mix as they did.
        if mixing.telephone and rng.random() < mixing.telephone:
            line = telephone_line(rng, self.sample_rate, mixing)
        if kind >= mixing.only_noise:
            speech = self._draw(rng, self.clean, length, mixing.speed)
            for _ in range(int(rng.integers(mixing.equalisers))):
                speech = equalised(rng, speech)
            if rng.random() < mixing.reverberation:
                speech = reverberated(rng, speech, self.sample_rate, mixing)
            if line is not None:
                speech = filtered(line, overdriven(rng, speech))
            speech /= active_level(speech) + 1e-6
        if kind < 1 - mixing.only_speech:
            noise = self._one_noise(rng, length)
            if rng.random() < mixing.second_noise:
                noise = noise + self._one_noise(rng, length) * np.float32(10 ** (rng.uniform(-15, 0) / 20))
            noise *= np.float32(10 ** (-rng.uniform(*mixing.snr_db) / 20))
            if mixing.bystanders and kind >= mixing.only_noise and rng.random() < mixing.bystanders:
                noise += self._bystanders(rng, length) * np.float32(10 ** (-rng.uniform(*mixing.bystanders_db) / 20))
            if mixing.floor and rng.random() < mixing.floor:
                floor = coloured_noise(rng, length, self.sample_rate)
                noise += floor * np.float32(10 ** (-rng.uniform(*mixing.floor_db) / 20))
            if line is not None and rng.random() < 0.5:
                noise = filtered(line, noise)
        if rng.random() < mixing.band_limit:
            low_pass = np.asarray(signal.butter(6, rng.uniform(3000, 7500), fs=self.sample_rate, output="sos"))
            speech, noise = filtered(low_pass, speech), filtered(low_pass, noise)
        level = np.float32(10 ** (rng.uniform(*mixing.level_db) / 20))
        if mixing.level_of == "mixture":
            level /= np.float32(active_level(speech + noise) + 1e-6)
        level /= max(1.0, level * float(np.abs(speech + noise).max()))
        return speech * level, noise * level

    def _one_noise(self, rng: np.random.Generator, length: int) -> Audio:
        mixing = self.mixing
        if rng.random() < mixing.synthetic_noise:
            return coloured_noise(rng, length, self.sample_rate)
        if mixing.tones and rng.random() < mixing.tones:
            noise = tones(rng, length, self.sample_rate)
        elif rng.random() < mixing.babble:
            noise = self._babble(rng, length)
        else:
            noise = self._draw(rng, self.noise, length, mixing.noise_speed)
            for _ in range(int(rng.integers(mixing.noise_equalisers))):
                noise = equalised(rng, noise)
        if rng.random() < mixing.reversed_noise:
            noise = noise[::-1]
        if rng.random() < mixing.noise_reverberation:
            noise = reverberated(rng, noise, self.sample_rate, mixing)
        if mixing.telephone and rng.random() < mixing.telephone:
            noise = filtered(telephone_line(rng, self.sample_rate, mixing), noise)
        return noise / np.float32(np.sqrt(np.square(noise).mean()) + 1e-4)

    def _babble(self, rng: np.random.Generator, length: int) -> Audio:
        """Voices of the clean prior at once, too many for any to be followed."""
        voices = (self._draw(rng, self.clean, length, self.mixing.noise_speed) for _ in range(rng.integers(4, 9)))
        return np.sum([voice / (active_level(voice) + 1e-6) for voice in voices], axis=0)

    def _bystanders(self, rng: np.random.Generator, length: int) -> Audio:
        """One to four voices across a room, at unit level together."""
        room, voices = replace(self.mixing, reverberation_db=ACROSS_DB), np.zeros(length, np.float32)
        for _ in range(int(rng.integers(1, 5))):
            voice = reverberated(rng, self._draw(rng, self.clean, length, self.mixing.speed), self.sample_rate, room)
            voices += voice / np.float32(active_level(voice) + 1e-6) * np.float32(10 ** (rng.uniform(-12, 0) / 20))
        return voices / np.float32(active_level(voices) + 1e-6)

    def _draw(
        self, rng: np.random.Generator, prior: Sequence[Corpus], length: int, speeds: tuple[float, float]
    ) -> Audio:
        weights = np.array([corpus.weight for corpus in prior])
        corpus = prior[int(rng.choice(len(prior), p=weights / weights.sum()))]
        speed = rng.uniform(*speeds) if rng.random() < 0.6 else 1.0
        audio = corpus.crop(rng, int(length * speed) + 64)
        if speed != 1.0:
            audio = soxr.resample(audio, speed, 1.0, quality="LQ")
        return equalised(rng, np.pad(audio, (0, max(0, length - len(audio))))[:length])
