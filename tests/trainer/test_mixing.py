"""Mixtures of two unpaired priors."""

from dataclasses import replace

import numpy as np
import pytest

from trainer.corpus import Corpus
from trainer.mixing import (
    Mixer,
    active_level,
    coloured_noise,
    filtered,
    overdriven,
    reverberated,
    telephone_line,
    tones,
)
from trainer.recipe import Mixing

Priors = tuple[list[Corpus], list[Corpus]]


def rngs(seed: int, count: int) -> list[np.random.Generator]:
    return [np.random.default_rng((seed, index)) for index in range(count)]


def test_the_parts_make_the_mixture_and_the_seed_makes_the_batch(priors: Priors) -> None:
    mixer = Mixer(*priors, Mixing())
    batch, again, other = (mixer.batch(rngs(seed, 6), 1.0) for seed in (1, 1, 2))
    assert batch.mixture.shape == (6, 16000) and batch.mixture.dtype == np.float32
    assert np.array_equal(batch.mixture, batch.speech + batch.noise)
    assert np.array_equal(batch.mixture, again.mixture) and not np.array_equal(batch.mixture, other.mixture)
    assert np.abs(batch.mixture).max() <= 1.001


@pytest.mark.parametrize("snr", [-5.0, 0.0, 20.0])
def test_the_ratio_is_the_one_asked_for(priors: Priors, snr: float) -> None:
    plain = Mixing(
        (snr, snr), only_noise=0, only_speech=0, second_noise=0, reverberation=0, band_limit=0, synthetic_noise=0
    )
    batch = Mixer(*priors, plain).batch(rngs(0, 8), 1.0)
    for speech, noise in zip(batch.speech, batch.noise, strict=True):
        assert 20 * np.log10(active_level(speech) / noise.std()) == pytest.approx(snr, abs=0.5)


@pytest.mark.parametrize(("floor", "level"), [(0.0, -60.0), (1.0, -30.0)])
def test_a_floor_lies_below_the_talker(priors: Priors, floor: float, level: float) -> None:
    plain = Mixing((60.0, 60.0), only_noise=0, only_speech=0, second_noise=0, reverberation=0, band_limit=0)
    batch = Mixer(*priors, replace(plain, floor=floor, floor_db=(30.0, 30.0))).batch(rngs(0, 8), 1.0)
    for speech, noise in zip(batch.speech, batch.noise, strict=True):
        assert 20 * np.log10(noise.std() / active_level(speech)) == pytest.approx(level, abs=1.0)


def test_bystanders_talk_below_the_talker_and_only_beside_one(priors: Priors) -> None:
    crowd = Mixing((60.0, 60.0), only_noise=0, only_speech=0, reverberation=0, band_limit=0, bystanders=1.0)
    batch = Mixer(*priors, replace(crowd, bystanders_db=(15.0, 15.0))).batch(rngs(0, 8), 1.0)
    for speech, noise in zip(batch.speech, batch.noise, strict=True):
        assert 20 * np.log10(active_level(speech) / active_level(noise)) == pytest.approx(15, abs=1)
    alone = replace(crowd, only_noise=1.0)
    assert np.array_equal(
        Mixer(*priors, alone).batch(rngs(0, 8), 1.0).noise,
        Mixer(*priors, replace(alone, bystanders=0.0)).batch(rngs(0, 8), 1.0).noise,
    )


@pytest.mark.parametrize(("kind", "silent"), [("only_noise", "speech"), ("only_speech", "noise")])
def test_one_part_can_be_missing(priors: Priors, kind: str, silent: str) -> None:
    mixing = replace(Mixing(only_noise=0, only_speech=0), **{kind: 1.0})
    batch = Mixer(*priors, mixing).batch(rngs(0, 3), 0.5)
    assert not getattr(batch, silent).any() and batch.mixture.any()


@pytest.mark.parametrize("level_of", ["speech", "mixture"])
def test_noise_alone_is_as_loud_as_a_talker_where_the_level_is_the_mixtures(priors: Priors, level_of: str) -> None:
    mixing = Mixing(
        (20.0, 20.0), (-30.0, -30.0), only_noise=1, only_speech=0, second_noise=0, band_limit=0, synthetic_noise=0
    )
    batch = Mixer(*priors, replace(mixing, level_of=level_of)).batch(rngs(0, 8), 1.0)
    expected = -30 if level_of == "mixture" else -50
    for noise in batch.noise:
        assert 20 * np.log10(active_level(noise)) == pytest.approx(expected, abs=1.0)


def test_a_telephone_narrows_voices_and_noises(priors: Priors) -> None:
    def highs(audio: np.ndarray) -> float:
        power = np.square(np.abs(np.fft.rfft(audio)))
        return float(power[len(power) * 15 // 16 :].sum() / power.sum())

    hiss = priors[1]
    mixing = Mixing(only_noise=0, only_speech=0, band_limit=0, synthetic_noise=0, telephone=1.0)
    batch = Mixer(hiss, hiss, mixing).batch(rngs(0, 16), 1.0)
    for part in (batch.speech, batch.noise):
        assert np.median([highs(x) for x in part]) < 1e-3


def test_a_line_passes_the_middle_of_the_voice_and_an_amplifier_cuts_peaks() -> None:
    click, changed = np.eye(1, 16000)[0], 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        low, middle, high = np.abs(np.fft.rfft(filtered(telephone_line(rng, 16000, Mixing()), click)))[[40, 1200, 7900]]
        assert middle > 0.9 and low < 0.6 and high < 0.2
        audio = rng.standard_normal(16000).astype(np.float32)
        cut = overdriven(rng, audio)
        limit = np.abs(cut).max()
        assert limit >= 0.9 * active_level(audio) and np.array_equal(cut, audio.clip(-limit, limit))
        changed += bool((cut != audio).any())
    assert changed > 10


def test_tones_are_few_lines_of_unit_level_within_the_band() -> None:
    for seed in range(20):
        audio = tones(np.random.default_rng(seed), 16000, 16000)
        spectrum = np.square(np.abs(np.fft.rfft(audio * np.hanning(16000))))
        assert audio.dtype == np.float32 and audio.std() == pytest.approx(1, abs=0.01)
        strongest = np.sort(spectrum)[::-1]
        assert strongest[:1600].sum() > 0.8 * strongest.sum()  # of 8001; of hiss it would be half
        assert spectrum[7600:].sum() < 0.01 * strongest.sum()


@pytest.mark.parametrize("setting", ["tones", "telephone"])
def test_noises_can_be_tones_or_come_through_a_line(priors: Priors, setting: str) -> None:
    plain = Mixing(only_noise=1, only_speech=0, second_noise=0, band_limit=0, synthetic_noise=0)
    highs = []
    for share in (0.0, 1.0):
        batch = Mixer(*priors, replace(plain, **{setting: share})).batch(rngs(0, 12), 1.0)
        spectra = np.square(np.abs(np.fft.rfft(batch.noise)))
        highs.append(float(np.median(spectra[:, 7000:].sum(1) / spectra.sum(1))))
    assert highs[1] < 0.1 * highs[0]


def test_a_room_keeps_the_direct_sound_in_place() -> None:
    click = np.zeros(8000, np.float32)
    click[100] = 1
    wet = reverberated(np.random.default_rng(0), click, 16000, Mixing())
    assert np.argmax(np.abs(wet)) == 100 and not wet[:99].round(5).any() and wet[200:3000].any()


def test_a_recipe_sets_how_long_and_how_loud_rooms_are() -> None:
    click = np.eye(1, 48000, dtype=np.float32)[0]
    for seed in range(8):
        hall = Mixing(reverberation_s=(1.5, 1.5), reverberation_db=(6.0, 6.0))
        wet = reverberated(np.random.default_rng(seed), click, 16000, hall)
        assert 10 * np.log10(np.square(wet[1:]).sum()) == pytest.approx(6, abs=0.1)
        early, late = np.square(wet[1600:2400]).sum(), np.square(wet[9600:10400]).sum()  # half a second later
        assert 10 * np.log10(early / late) == pytest.approx(20, abs=2)


def test_lines_begin_where_a_recipe_says() -> None:
    click = np.eye(1, 16000)[0]
    for seed in range(8):
        line = telephone_line(np.random.default_rng(seed), 16000, Mixing(telephone_hz=(1000.0, 1000.0)))
        spectrum = np.abs(np.fft.rfft(filtered(line, click)))
        assert spectrum[1000] == pytest.approx(0.71, abs=0.08) and spectrum[500] < 0.35


def test_more_filters_colour_the_voice_more(priors: Priors) -> None:
    plain = Mixing(only_noise=0, only_speech=1, reverberation=0, band_limit=0, speed=(1.0, 1.0))

    def spread(equalisers: int) -> float:
        hiss = priors[1]
        speech = Mixer(hiss, hiss, replace(plain, equalisers=equalisers)).batch(rngs(0, 48), 1.0).speech
        power = np.square(np.abs(np.fft.rfft(speech)))
        tilt = 10 * np.log10(power[:, 200:1000].sum(1) / power[:, 6000:].sum(1))
        return float(tilt.std())

    assert spread(5) > 1.2 * spread(1)


def test_coloured_noise_is_of_unit_level() -> None:
    for seed in range(4):
        assert 0.5 < coloured_noise(np.random.default_rng(seed), 16000, 16000).std() < 2
