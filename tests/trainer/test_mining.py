"""Noise from the pauses between the words."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.errors import InputError
from tests.trainer.sounds import RATE, hiss, mixed, voice
from trainer.mining import AT_LEAST, MARGIN, mine_noise, speech_free


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE))


def test_stretches_lie_in_the_pauses_and_keep_away_from_the_words() -> None:
    speech = np.concatenate([silence(4), voice(6), silence(5)])
    spans = list(speech_free(mixed(speech, hiss(15), 15).astype(np.float32), RATE))
    assert 5 < sum(end - start for start, end in spans) / RATE < 9.5
    for start, end in spans:
        assert end <= (4 - MARGIN / 2) * RATE or start >= 9.5 * RATE


def test_silence_and_scraps_are_no_noise() -> None:
    assert not list(speech_free(np.zeros(5 * RATE, np.float32), RATE))
    assert not list(speech_free(hiss(0.3).astype(np.float32), RATE))


def test_what_is_mined_can_be_listened_to(tmp_path: Path) -> None:
    files = []
    for number in range(3):
        speech = np.concatenate([silence(5), voice(4, number), silence(5)])
        files.append(tmp_path / f"talk {number}.wav")
        soundfile.write(files[-1], mixed(speech, hiss(14, number), 15), RATE)
    told: list[int] = []
    seconds = mine_noise(files, tmp_path / "mined", RATE, lambda done, total: told.append(done))
    mined = sorted((tmp_path / "mined").iterdir())
    assert [path.name for path in mined] == [f"0000{n} talk {n}.flac" for n in range(3)] and told == [0, 1, 2, 3]
    assert sum(soundfile.info(path).duration for path in mined) == pytest.approx(seconds, abs=0.5)
    assert seconds > 20


def test_short_stretches_are_repeated_without_gaps(tmp_path: Path) -> None:
    speech = np.concatenate([silence(2), voice(4), silence(2), voice(4), silence(1.5)])
    for number in range(2):
        soundfile.write(tmp_path / f"{number}.wav", mixed(speech, hiss(13.5, number), 15), RATE)
    seconds = mine_noise([tmp_path / f"{number}.wav" for number in range(2)], tmp_path / "mined", RATE)
    assert seconds < 2 * AT_LEAST
    for path in (tmp_path / "mined").iterdir():
        audio, _ = soundfile.read(path)
        assert len(audio) > 0.95 * AT_LEAST * RATE
        inner = audio[RATE // 10 : -RATE // 10]
        levels = np.square(inner[: len(inner) // 400 * 400]).reshape(-1, 400).mean(1)
        assert levels.min() > levels.mean() / 2


def test_recordings_without_pauses_say_what_to_do(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", voice(8), RATE)
    with pytest.raises(InputError, match="--noise"):
        mine_noise([tmp_path / "a.wav"], tmp_path / "mined", RATE)
