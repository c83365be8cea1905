"""The measures, on signals whose score follows from theory, and on the development clips with known scores."""

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import signal

from engine.errors import InputError, UsageError
from trainer import metrics
from trainer.corpus import read_mono

CLIPS = Path(__file__).resolve().parents[3] / "shared" / "corpora" / "test" / "vbd"
RATE = metrics.RATE
RNG = np.random.default_rng(0)
WHITE = 0.1 * RNG.standard_normal(48000)


def test_si_sdr_is_the_ratio_of_orthogonal_parts_whatever_the_gain():
    reference, other = np.sin(np.arange(16000) * np.pi / 40), np.cos(np.arange(16000) * np.pi / 40)
    assert metrics.si_sdr(-3 * (reference + 0.01 * other) + 5, reference) == pytest.approx(40, abs=1e-6)
    assert metrics.si_sdr(reference, reference) == np.inf
    assert metrics.si_sdr(0 * reference, reference) == -np.inf


def test_segmental_snr_of_a_halved_signal_is_6_db_and_held_within_limits():
    assert metrics.segmental_snr(WHITE / 2, WHITE) == pytest.approx(20 * np.log10(2))
    assert metrics.segmental_snr(WHITE, WHITE) == 35
    assert metrics.segmental_snr(-9 * WHITE, WHITE) == -10


def test_log_likelihood_ratio_of_coloured_to_white_noise_is_that_of_the_predictors():
    coloured = np.asarray(signal.lfilter([1], [1, -0.8], WHITE))
    assert metrics.log_likelihood_ratio(3 * WHITE, WHITE) == pytest.approx(0, abs=1e-6)
    # The predictor [1, -0.8] leaves 1 + 0.8² of white noise; short frames and the trimming move that a little.
    assert metrics.log_likelihood_ratio(coloured, WHITE) == pytest.approx(np.log(1 + 0.8**2), abs=0.06)
    assert np.isfinite(metrics.log_likelihood_ratio(0 * WHITE, WHITE))


def test_weighted_slope_distance_of_a_tilt_is_its_square():
    spectrum, hertz = np.fft.rfft(WHITE), np.fft.rfftfreq(len(WHITE), 1 / RATE)
    tilt = np.interp(hertz, metrics.CENTRES, 3.0 * np.arange(25))  # 3 dB from each band to the next
    tilted = np.fft.irfft(spectrum * 10 ** (tilt / 20))
    assert metrics.weighted_spectral_slope(2 * WHITE, WHITE) == pytest.approx(0, abs=1e-6)
    assert metrics.weighted_spectral_slope(tilted, WHITE) == pytest.approx(9, rel=0.15)


def test_scores_of_the_unprocessed_development_clips_are_the_known_ones():
    pytest.importorskip("pesq")
    pytest.importorskip("pystoi")
    if not CLIPS.is_dir():
        pytest.skip(f"no development clips in {CLIPS}")
    rows = []
    for path in sorted((CLIPS / "noisy").iterdir()):
        noisy, clean = read_mono(path, RATE), read_mono(CLIPS / "clean" / path.name, RATE)
        rows.append(metrics.paired_scores(noisy, clean, RATE))
    means = {name: np.mean([row[name] for row in rows]) for name in rows[0]}
    known = {"PESQ": 2.18, "CSIG": 3.54, "CBAK": 2.73, "COVL": 2.85, "STOI": 0.933, "ESTOI": 0.827, "SI-SDR": 9.53}
    assert means == {k: pytest.approx(v, abs=0.0006 if "STOI" in k else 0.006) for k, v in known.items()}


def test_dnsmos_hears_noise_at_any_rate():
    pytest.importorskip("speechmos")
    pytest.importorskip("onnxruntime")
    time = np.arange(3 * 48000) / 48000
    quiet = (0.2 * np.sin(2 * np.pi * 150 * time) * (np.sin(2 * np.pi * 3 * time) > 0)).astype(np.float32)
    scores = metrics.dnsmos(quiet, 48000)
    assert list(scores) == ["SIG", "BAK", "OVRL", "P808"]
    assert metrics.dnsmos(quiet + RNG.standard_normal(len(quiet)), 48000)["BAK"] < scores["BAK"]


def test_unscorable_audio_and_missing_packages_are_told_in_one_line(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(InputError, match="47999 samples"):
        metrics.paired_scores(WHITE[1:], WHITE, 16000)
    with pytest.raises(InputError, match="not finite"):
        metrics.paired_scores(np.nan * WHITE, WHITE, 16000)
    monkeypatch.setitem(sys.modules, "pesq", None)
    with pytest.raises(UsageError, match=r"pesq.*pip install 'voicebed\[eval\]'"):
        metrics.paired_scores(WHITE, WHITE, 16000)


def test_silence_gets_the_lowest_pesq():
    pytest.importorskip("pesq")
    assert metrics.pesq_wb(0 * WHITE, WHITE, 16000) == metrics.LOWEST_PESQ
    with pytest.raises(InputError, match="no speech"):
        metrics.pesq_wb(WHITE, 0 * WHITE, 16000)
