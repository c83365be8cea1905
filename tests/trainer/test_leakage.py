"""What is left of one part in the other's estimate, and what of speech is lost, against values known beforehand."""

import numpy as np
import pytest

from tests.trainer.sounds import RATE, hiss, voice
from trainer.leakage import leakage, lost


def test_leakage_is_the_ratio_of_the_parts_in_an_estimate() -> None:
    speech, noise = voice(4), hiss(4)
    noise *= np.sqrt(np.square(speech).mean() / np.square(noise).mean())
    assert leakage(speech + 0.1 * noise, speech, noise) == pytest.approx(-20, abs=0.1)


def test_a_hole_in_the_speech_is_lost_whatever_lies_in_it() -> None:
    speech = np.tile(voice(0.4), 10)
    half = len(speech) // 2
    holed = speech.copy()
    holed[:half] *= 0.1
    assert lost(speech, speech, RATE) == 0
    assert lost(holed, speech, RATE) == 0.5
    assert lost(holed + 0.5 * speech.std() * hiss(4), speech, RATE) == pytest.approx(0.5)
    assert lost(0.5 * speech, speech, RATE) == 0, "6 dB is not a hole"


def test_pauses_are_no_speech_to_lose() -> None:
    speech = np.concatenate((voice(2), np.zeros(2 * RATE, np.float32)))
    assert lost(np.concatenate((voice(2), hiss(2))), speech, RATE) == 0
    assert np.isnan(lost(hiss(2), np.zeros(2 * RATE), RATE))
