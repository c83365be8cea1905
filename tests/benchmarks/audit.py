"""The audit's speed and errors: python -m tests.benchmarks.audit [speed] [errors] [fit].

Speech and noise are those of `../shared/corpora`.  `fit` prints the constants of `trainer.audit.background` anew from
every other file; `errors` measures on the files between them, and on its test clips.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile as sf
import soxr
from numpy.typing import NDArray
from scipy.signal import fftconvolve

from tests.benchmarks.machine import machine_line
from tests.benchmarks.quality import CORPORA
from trainer.audit.background import SPEAKING, around, decay_seconds, fall_seconds, floor_db, measured_snr_db, snr_db
from trainer.audit.bandwidth import true_bandwidth
from trainer.audit.copies import difference, fingerprint
from trainer.audit.folders import audit_folders
from trainer.audit.measures import measure
from trainer.audit.spectra import VOICE_BANDS, Spectra, SpectraMeter
from trainer.audit.verdicts import NO_SPEECH
from trainer.audit.voice import VoiceMeter
from trainer.corpus import read_mono
from trainer.listing import audio_files

RATE = 16000
CLEAN = ("librispeech", "picovoice", "kerstin", "vctk-lj")
Audio = NDArray[np.float32]


class Sounds:
    """Half of the files: speech and noise to mix."""

    def __init__(self, corpora: Path, part: int) -> None:
        self.speech = [path for name in CLEAN for path in audio_files(corpora / "clean" / name)[part::2]]
        self.noise = [read_mono(path, RATE) for path in audio_files(corpora / "noise")[part::2]]
        self._rng = np.random.default_rng(part)

    def talk(self, seconds: float, pause: float) -> Audio:
        """Utterances of any speakers with up to `pause` seconds between them."""
        pieces: list[Audio] = []
        while sum(map(len, pieces)) < seconds * RATE:
            pieces.append(self._faint(self._rng.uniform(0, pause)))
            pieces.append(read_mono(self.speech[self._rng.integers(len(self.speech))], RATE))
        return np.concatenate(pieces)[: round(seconds * RATE)]

    def mixtures(self, count: int, low: float, high: float, pause: float) -> Iterator[tuple[Audio, Audio, float]]:
        """Speech, its mixture with noise and their ratio in dB, evenly between `low` and `high`; 3 to 15 s each."""
        for index in range(count):
            speech = self.talk(self._rng.uniform(3, 15), pause)
            noise = self.noise[index % len(self.noise)]
            noise = np.resize(noise[self._rng.integers(max(1, len(noise) - len(speech))) :], len(speech))
            ratio = self._rng.uniform(low, high)
            gain = np.sqrt(active_power(speech) / max(float(np.mean(noise**2)), 1e-12) / 10 ** (ratio / 10))
            yield speech, (speech + gain * noise).astype(np.float32), ratio

    def clips(self, count: int, seconds: float) -> Iterator[Audio]:
        """Cuts of single utterances, where they speak."""
        length = round(seconds * RATE)
        for _ in range(count):
            speech = read_mono(self.speech[self._rng.integers(len(self.speech))], RATE)
            if len(speech) > length:
                clip = speech[self._rng.integers(len(speech) - length) :][:length]
                if np.mean(clip**2) > 0.1 * active_power(speech):
                    yield clip

    def rooms(self, count: int) -> Iterator[tuple[Audio, float]]:
        """Speech in rooms of 0.15 to 1.3 s, reverberation 6 dB above to 8 below the direct sound; each fourth dry."""
        for index in range(count):
            speech, decay = self.talk(self._rng.uniform(3, 15), 0), 0.0
            if index % 4:
                decay = self._rng.uniform(0.15, 1.3)
                length = round(decay * RATE)
                response = self._rng.standard_normal(length) * 10 ** (-3 * np.arange(length) / length)
                response *= np.sqrt(10 ** (self._rng.uniform(-8, 6) / 10) / np.sum(response**2))
                response[0] = 1
                speech = fftconvolve(speech, response)[: len(speech)]
            yield (speech + self._faint(len(speech) / RATE)).astype(np.float32), decay

    def _faint(self, seconds: float) -> Audio:
        return (1e-4 * self._rng.standard_normal(round(seconds * RATE))).astype(np.float32)


def spectra(audio: Audio, rate: int = RATE) -> Spectra:
    """The spectra of mono audio."""
    meter = SpectraMeter(rate)
    meter.add(audio)
    return meter.result()


def voice(audio: Audio, seen: Spectra) -> NDArray[np.float64]:
    """How likely somebody speaks in each frame of mono audio at `RATE`."""
    meter = VoiceMeter(RATE)
    meter.add(audio)
    return meter.result(seen.times)


def active_power(speech: Audio) -> float:
    """Mean square of the frames within 30 dB of the loudest twentieth."""
    power = spectra(speech).powers.sum(1)
    return float(power[power > np.percentile(power, 95) / 1000].mean())


def spoken(speech: Audio) -> NDArray[np.bool_]:
    """The frames of clean speech that count as such: within 28 dB of the loudest twentieth, or close to one that is."""
    level = 10 * np.log10(spectra(speech).powers[:, VOICE_BANDS].sum(1) + 1e-10)
    return around((level > np.percentile(level, 95) - 28).astype(float), 8) > 0.15


def errors(corpora: Path) -> None:
    """How far off voice, ratio, decay, bandwidth and fingerprints are, on files that nothing was fitted on."""
    sounds = Sounds(corpora, 1)
    found: list[NDArray[np.bool_]] = []
    off: list[tuple[float, float]] = []
    for speech, mixture, ratio in sounds.mixtures(400, -5, 35, 0.6):
        seen = spectra(mixture)
        spoken_in = voice(mixture, seen)
        if ratio > 5:
            found.append((spoken_in > SPEAKING)[spoken(speech)])
        if (estimate := snr_db(seen.powers, spoken_in)) is not None:
            off.append((ratio, estimate - ratio))
    alarms = np.concatenate([voice(noise, spectra(noise)) > SPEAKING for noise in sounds.noise])
    print(f"speech found above 5 dB: {np.concatenate(found).mean():.1%} of its frames; in noise: {alarms.mean():.1%}")
    ratios, error = np.array(off).T
    for low in range(-5, 35, 10):
        part = error[(ratios >= low) & (ratios < low + 10)]
        print(f"ratio of {low} to {low + 10} dB: bias {np.median(part):+.1f} dB, {off_by(part)}")
    print(f"ratio, all: {off_by(error)}")
    for seconds in (1.2, 2, 4):
        shares = [float((voice(clip, spectra(clip)) > SPEAKING).mean()) for clip in sounds.clips(300, seconds)]
        print(f"clips of {seconds} s of clean speech: no speech found in {np.mean(np.array(shares) < NO_SPEECH):.1%}")
    for name in ("vbd", "mix"):
        noisy, clean = (ratios_of(corpora / "test" / name / kind) for kind in ("noisy", "clean"))
        order = np.mean(np.array(clean) > np.array(noisy))
        medians = f"median {np.median(noisy):.0f} dB noisy, {np.median(clean):.0f} dB clean"
        print(f"{name}: {medians}, {order:.0%} in order")
    decays, estimates = np.array(told(sounds.rooms(250), decay_seconds)).T
    roomy = estimates > 0.5
    print(
        f"decay: {off_by(estimates - decays)}; taken for 0.5 s and more: {roomy[decays == 0].mean():.0%} of dry speech,"
        f" {roomy[decays > 0.7].mean():.0%} above 0.7 s"
    )
    copies(sounds)


def copies(sounds: Sounds) -> None:
    """Bandwidths and fingerprints of copies in other formats."""
    widths: dict[str, list[float]] = {}
    differences: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for path in sounds.speech[::8]:
            audio = read_mono(path, RATE)
            original = fingerprint(spectra(audio))
            for suffix, subtype, rate, through in (
                ("wav", "PCM_16", 48000, 8000),
                ("wav", "PCM_16", 44100, 16000),
                ("wav", "ULAW", 16000, 16000),
                ("mp3", None, 44100, 16000),
                ("ogg", "VORBIS", 16000, 16000),
            ):
                copy = Path(folder) / f"copy.{suffix}"
                sf.write(copy, 0.5 * soxr.resample(soxr.resample(audio, RATE, through), through, rate), rate, subtype)
                decoded = read_mono(copy, rate)
                seen = spectra(decoded, rate)
                name = f"{suffix} {subtype or ''} {rate} Hz by way of {through} Hz"
                widths.setdefault(name, []).append(true_bandwidth(seen.mean, seen.bin_hz))
                differences.setdefault(name, []).append(difference(original, fingerprint(seen)))
    for name, values in widths.items():
        ends = np.percentile(values, (0, 50, 100)) / 1000
        differ = np.array(differences[name])
        print(
            f"{name}: ends at {ends[1]:.2f} kHz ({ends[0]:.2f} to {ends[2]:.2f}); the fingerprint differs in "
            f"{np.median(differ):.1%} of the bits, at most {differ.max():.1%}"
        )


def told(rooms: Iterator[tuple[Audio, float]], judge: Callable[[NDArray], float | None]) -> list[tuple[float, float]]:
    """(true decay, what is made of it), where something is."""
    judged = [(decay, judge(spectra(audio).powers)) for audio, decay in rooms]
    return [(decay, found) for decay, found in judged if found is not None]


def ratios_of(folder: Path) -> list[float]:
    """The estimated ratios of a folder's files in order, 0 dB where there is none."""
    return [measure(path)[0].snr_db or 0.0 for path in audio_files(folder)]


def off_by(error: NDArray[np.float64]) -> str:
    """The middle and the 90th percentile of the errors."""
    return f"off by {np.median(np.abs(error)):.2g} in the middle, by {np.percentile(np.abs(error), 90):.2g} in a tenth"


def fit(corpora: Path) -> None:
    """Print the constants of `trainer.audit.background`."""
    sounds = Sounds(corpora, 0)
    floors: list[float] = []
    for _, mixture, ratio in sounds.mixtures(800, -5, 35, 0):
        seen = spectra(mixture)
        spoken_in = voice(mixture, seen)
        floor = floor_db(seen.powers, spoken_in)
        if floor is not None and measured_snr_db(seen.powers, spoken_in) is None:
            floors.append(-floor - ratio)
    print(f"FLOOR_BELOW_NOISE: {np.median(floors):.1f}, from {len(floors)}")
    # The estimate is regressed on the truth and turned round: the other way round it would shrink to the middle.
    decays, falls = np.array(told(sounds.rooms(250), fall_seconds)).T
    slope, offset = np.polyfit(decays, falls, 1)
    print(f"_FALL_TO_DECAY: {1 / slope:.2f}, {-offset / slope:.2f}")


def speed(corpora: Path) -> None:
    """Processor time for an hour in several formats, for many short files, and for the listing of 100,000."""
    source = np.concatenate([read_mono(path, RATE) for path in audio_files(corpora / "clean" / "librispeech")[:80]])
    ten_minutes = source[: 600 * RATE]
    with tempfile.TemporaryDirectory() as place:
        for suffix, rate, channels in (("flac", 16000, 1), ("wav", 48000, 2), ("mp3", 44100, 2)):
            path = Path(place) / f"long.{suffix}"
            audio = soxr.resample(ten_minutes, RATE, rate)
            sf.write(path, np.repeat(audio[:, None], channels, 1), rate)
            started = time.process_time()
            measure(path)
            seconds = 6 * (time.process_time() - started)
            print(f"{suffix} {rate} Hz, {channels} ch: {seconds:.1f} s for an hour, {60 / seconds:.0f} h in a minute")
        started = time.process_time()
        result = audit_folders(corpora / "test" / "vbd" / "noisy", corpora / "clean", corpora / "noise")
        seconds, hours = time.process_time() - started, sum(corpus.hours for corpus in result.corpora)
        files = sum(len(corpus.files) for corpus in result.corpora)
        print(f"whole audit: {hours:.1f} h in {files:,} files: {seconds:.1f} s, {seconds / hours:.1f} s for an hour")
        many = Path(place) / "many"
        for number in range(100_000):
            folder = many / f"{number // 1000:03}"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{number}.wav").touch()
        started = time.perf_counter()
        print(f"listing of {len(audio_files(many)):,} files: {time.perf_counter() - started:.2f} s")


def main() -> None:
    """Do what is asked for, else speed and errors."""
    tasks = {task.__name__: task for task in (speed, errors, fit)}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", nargs="*", choices=[*tasks, []], help="speed, errors, fit; default: the first two")
    parser.add_argument("--corpora", type=Path, default=CORPORA)
    options = parser.parse_args()
    for task in options.task or ("speed", "errors"):
        tasks[task](options.corpora)
    print(machine_line())


if __name__ == "__main__":
    main()
