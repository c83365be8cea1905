"""An unseen domain for fine-tuning: acted Czech or Dutch dialogue among workshops, a market, a tavern and the sea.

    apt-get install fillets-ng-data-cs fillets-ng-data-nl unknown-horizons
    python -m tests.benchmarks.domain [--language nl] FOLDER

writes `noisy`, `clean` and `noise` (to train with, unpaired) and `test/{noisy,clean,noise}` (with known parts) below
FOLDER, 16 kHz; and below FOLDER/development another such `test`, to choose settings by, of what `noisy` is made of.
The voices of `clean` are others than those of `noisy` and `test`; `noise`, `noisy` and `test` take different stretches
of every ambience.
"""

import argparse
import re
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from trainer.corpus import levelled, read_mono
from trainer.mixing import active_level

SPEECH = Path("/usr/share/games/fillets-ng/sound")
NOISE = Path("/usr/share/unknown-horizons/content/audio/sounds")
AMBIENCES = ("chapel", "lumberjack_long", "sheepfield", "windmill", "main_square", "warehouse", "tavern", "stonemason")
WAVES = NOISE.parent / "music" / "waves.ogg"
RATE = 16000
NOISY_VOICES = {"v", "linux", "briefcase", "hanoi", "fdto"}  # all others speak in `clean`
NOISY, TEST = 360, 40  # clips
SNR_DB = (0.0, 5.0, 10.0)

Audio = NDArray[np.float32]


def voice_of(path: Path) -> str:
    """Who speaks, by the letters in the file's name, else the scene."""
    found = re.match(r"[^-]+-([a-z]+)-", path.name)
    return found[1] if found else path.parent.parent.name


def utterances(language: str) -> tuple[list[Audio], list[Audio]]:
    """(those for the noisy recordings, those for the clean prior), each at least one second long."""
    noisy: list[Audio] = []
    clean: list[Audio] = []
    for path in sorted(SPEECH.glob(f"**/{language}/*.ogg")):
        if not soundfile.info(path).frames:  # not spoken in that language
            continue
        audio = read_mono(path, RATE)
        if len(audio) >= RATE and audio.any():
            (noisy if voice_of(path) in NOISY_VOICES else clean).append(audio)
    return noisy, clean


def stretch(audio: Audio, first: float, last: float) -> Audio:
    """The part between two shares of the length."""
    return audio[int(first * len(audio)) : int(last * len(audio))]


def clip(rng: np.random.Generator, voices: list[Audio], noises: list[Audio]) -> tuple[Audio, Audio]:
    """(speech, noise) of five seconds and more: utterances one after the other in one or two ambiences."""
    parts: list[Audio] = []
    while sum(map(len, parts)) < 5 * RATE:
        voice = voices.pop()
        voices.insert(0, voice)
        parts += [voice / (active_level(voice) + 1e-6), np.zeros(int(rng.uniform(0.1, 0.6) * RATE), np.float32)]
    speech = np.concatenate(parts)
    noise = np.zeros(len(speech), np.float32)
    for gain in (1.0, rng.uniform(0, 0.7)):
        one = noises[rng.integers(len(noises))]
        one = np.roll(np.resize(one, len(speech)), rng.integers(len(speech)))
        noise += np.float32(gain) * one / (np.sqrt(np.square(one).mean()) + 1e-6)
    noise *= active_level(speech) / np.sqrt(np.square(noise).mean()) * 10 ** (-rng.choice(SNR_DB) / 20)
    level = 0.9 / max(np.abs(part).max() for part in (speech, noise, speech + noise)) * 10 ** (rng.uniform(-12, 0) / 20)
    return (speech * level).astype(np.float32), (noise * level).astype(np.float32)


def write(folder: Path, name: str, audio: Audio) -> None:
    """16-bit flac at 16 kHz."""
    folder.mkdir(parents=True, exist_ok=True)
    soundfile.write(folder / f"{name}.flac", audio, RATE)


def make_domain(folder: Path, language: str) -> None:
    """Write all folders; the same every time."""
    rng = np.random.default_rng(0)
    voices, prior = utterances(language)
    rng.shuffle(voices)  # pyright: ignore[reportArgumentType]
    held_out = len(voices) // 8
    ambiences = {name: read_mono(NOISE / f"{name}.ogg", RATE) for name in AMBIENCES}
    ambiences["waves"] = read_mono(WAVES, RATE)
    for index, audio in enumerate(prior):
        write(folder / "clean", f"{index:04}", levelled(audio).astype(np.float32) / np.float32(32768))
    for name, audio in ambiences.items():
        write(folder / "noise", name, levelled(stretch(audio, 0, 0.4)).astype(np.float32) / np.float32(32768))
    known, other = voices[held_out:], np.random.default_rng(77)
    other.shuffle(known)  # pyright: ignore[reportArgumentType]
    for place, count, speakers, (first, last), draws in (
        (folder, NOISY, voices[held_out:], (0.4, 0.75), rng),
        (folder / "test", TEST, voices[:held_out], (0.75, 1.0), rng),
        (folder / "development" / "test", TEST, known, (0.4, 0.75), other),
    ):
        noises = [stretch(audio, first, last) for audio in ambiences.values()]
        for index in range(count):
            speech, noise = clip(draws, speakers, noises)
            write(place / "noisy", f"{index:03}", speech + noise)
            if place.name == "test":
                write(place / "clean", f"{index:03}", speech)
                write(place / "noise", f"{index:03}", noise)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--language", choices=("cs", "nl"), default="cs", help="Czech or Dutch (default: Czech)")
    options = parser.parse_args()
    make_domain(options.folder, options.language)
