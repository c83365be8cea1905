import shutil
import subprocess
from math import inf, log10

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import resample

from engine.errors import InputError
from engine.loudness import Interpolator, LoudnessMeter, k_weighting

RATE = 48000


def metered(x: NDArray, rate: int = RATE) -> LoudnessMeter:
    meter = LoudnessMeter(rate, x.shape[1])
    meter.add(x)
    return meter


def tone(*levels: tuple[float, float], rate: int = RATE, channels: int = 2) -> NDArray:
    """1 kHz at (seconds, dBFS of the peak), ..., the same in all channels."""
    amplitude = np.concatenate([np.full(round(s * rate), 10 ** (db / 20)) for s, db in levels])
    return (amplitude * np.sin(2 * np.pi * 1000 * np.arange(len(amplitude)) / rate))[:, None].repeat(channels, 1)


def test_k_weighting_has_published_coefficients_at_48_khz_and_known_ones_at_44_1_khz() -> None:
    at_48 = [
        [1.53512485958697, -2.69169618940638, 1.19839281085285, 1, -1.69065929318241, 0.73248077421585],
        [1, -2, 1, 1, -1.99004745483398, 0.99007225036621],
    ]
    np.testing.assert_allclose(k_weighting(48000), at_48, rtol=0, atol=1e-13)
    shelf, high_pass = k_weighting(44100)
    np.testing.assert_allclose(shelf[[0, 1, 2, 4, 5]], [1.530841, -2.650980, 1.169079, -1.663655, 0.712595], atol=2e-6)
    np.testing.assert_allclose(high_pass[4:], [-1.989170, 0.989199], atol=2e-6)


def test_full_scale_sine_in_one_channel_is_minus_3_01() -> None:  # the anchor of BS.1770-5 annex 1
    sine = np.sin(2 * np.pi * 997 * np.arange(RATE) / RATE)[:, None]
    assert metered(sine).integrated() == pytest.approx(-3.01, abs=0.01)


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000, 96000, 192000])
def test_tone_reads_its_level_at_any_rate(rate: int) -> None:  # Tech 3341 case 1
    meter = metered(tone((4, -23), rate=rate).astype(np.float32), rate)
    for value in (meter.integrated(), meter.momentary(), meter.short_term()):
        assert value == pytest.approx(-23, abs=0.1 if rate > 11025 else 0.25)
    assert meter.true_peak() == pytest.approx(-23, abs=0.1)


@pytest.mark.parametrize(
    "levels",
    [
        [(10, -36), (60, -23), (10, -36)],
        [(10, -72), (10, -36), (60, -23), (10, -36), (10, -72)],
        [(20, -26), (20.1, -20), (20, -26)],
    ],
)
def test_gates(levels: list[tuple[float, float]]) -> None:  # Tech 3341 cases 3 to 5
    assert metered(tone(*levels)).integrated() == pytest.approx(-23, abs=0.1)


def test_channel_weights() -> None:
    gains = np.array([-28, -28, -24, 0, -30, -30])  # Tech 3341 case 6, with a loud LFE that must not count
    assert metered(tone((4, 0), channels=6) * 10 ** (gains / 20)).integrated() == pytest.approx(-23, abs=0.1)
    reading = [metered(tone((1, -20), channels=8) * np.eye(8)[c]).integrated() for c in range(8)]
    assert np.array(reading) - reading[0] == pytest.approx([0, 0, 0, -inf, 0, 0, 1.5, 1.5], abs=0.01)


def test_windows_slide() -> None:
    meter = metered(tone((3, -20), (0.4, -40)))
    assert meter.momentary() == pytest.approx(-40, abs=0.2)  # the filter rings on a little
    assert meter.short_term() == pytest.approx(-20 + 10 * log10(2.6 / 3), abs=0.05)


def test_silence_and_short_streams() -> None:
    meter = LoudnessMeter(RATE, 2)
    assert (meter.integrated(), meter.momentary(), meter.short_term(), meter.true_peak()) == (-inf,) * 4
    meter.add(np.zeros((RATE, 2)))
    assert (meter.integrated(), meter.true_peak()) == (-inf, -inf)
    assert metered(tone((0.25, -23))).integrated() == pytest.approx(-23, abs=0.1)
    assert metered(tone((1, -80))).integrated() == -inf
    with pytest.raises(InputError):
        LoudnessMeter(3999, 1)
    with pytest.raises(ValueError, match="expected"):
        meter.add(np.zeros((4, 1)))


@pytest.mark.parametrize(
    ("divisor", "degrees", "amplitude", "expected"),
    [(4, 0, 0.5, -6), (4, 45, 0.5, -6), (6, 60, 0.5, -6), (8, 67.5, 0.5, -6), (4, 45, 1.41, 3)],
)
def test_true_peak_of_sines(divisor: int, degrees: float, amplitude: float, expected: float) -> None:
    n = np.arange(RATE // 4)  # Tech 3341 cases 15 to 19, faded in and out
    sine = amplitude * np.sin(2 * np.pi * n / divisor + np.radians(degrees)) * np.sin(np.pi * n / n[-1])
    peak = metered(sine[:, None]).true_peak()
    assert expected - 0.4 <= peak <= expected + 0.2


@pytest.mark.parametrize(("rate", "edge"), [(48000, 0.4), (96000, 0.2), (192000, 0.1)])
def test_true_peak_matches_fine_oversampling(rate: int, edge: float) -> None:
    rng = np.random.default_rng(1)
    for _ in range(10):
        spectrum = rng.standard_normal(2049) * np.exp(2j * np.pi * rng.random(2049))
        spectrum[int(edge * 4096) :] = 0
        x = np.fft.irfft(spectrum) * np.hanning(4096)
        fine = np.abs(np.asarray(resample(x, 32 * len(x)))).max()
        peak = metered(x[:, None], rate).true_peak()
        assert 20 * log10(fine) - 0.45 < peak < 20 * log10(fine) + 0.05
        assert peak >= 20 * log10(np.abs(x).max()) - 1e-12


def test_true_peak_leaves_nothing_out() -> None:
    rng = np.random.default_rng(2)
    x = rng.standard_normal((2 * RATE, 2)) * rng.random((20, 1)).repeat(RATE // 10, 0) ** 4
    padded = np.pad(x.T, ((0, 0), (23, 64)))
    whole = padded[:, : (padded.shape[1] - 23) // 64 * 64 + 23]
    every = max(np.abs(x).max(), Interpolator(RATE).peaks(whole, 0)[1].max())
    assert metered(x).true_peak() == pytest.approx(20 * log10(every), abs=1e-9)
    assert metered(np.array([[0.0], [1.0], [1.0]])).true_peak() > 1.5  # the last peak lies within the flushed tail


@pytest.mark.parametrize(("rate", "channels"), [(11025, 6), (48000, 2), (96000, 1)])
def test_cutting_into_blocks_changes_nothing(rate: int, channels: int) -> None:
    rng = np.random.default_rng(3)
    x = rng.standard_normal((rate, channels)).astype(np.float32) * np.linspace(0, 1, rate, dtype=np.float32)[:, None]
    cut = LoudnessMeter(rate, channels)
    for block in np.split(x, np.sort(rng.integers(0, rate, 200))):
        cut.add(block)
        cut.true_peak()  # asking must not disturb
    whole = metered(x, rate)
    for name in ("integrated", "momentary", "short_term", "true_peak"):
        assert getattr(cut, name)() == pytest.approx(getattr(whole, name)(), abs=1e-9)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg as the reference")
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_agrees_with_ffmpeg(channels: int) -> None:
    rng = np.random.default_rng(4)
    x = rng.standard_normal((5 * RATE, channels)).cumsum(0)
    x = np.diff(x - x.mean(0), axis=0) + 0.1 * np.diff(x, axis=0, prepend=0)[1:]
    x *= 0.05 * rng.random((50, 1)).repeat(RATE // 10, 0)[1:]
    command = f"ffmpeg -hide_banner -f f32le -ar {RATE} -ac {channels} -i - -af"
    chain = "ebur128=peak=true:metadata=1,ametadata=print:file=-"
    done = subprocess.run(
        [*command.split(), chain, "-f", "null", "-"], input=x.astype("<f4").tobytes(), capture_output=True, check=True
    )
    last = dict(line.split("=") for line in done.stdout.decode().splitlines() if line.startswith("lavfi."))
    meter = metered(x[: len(x) // (RATE // 10) * (RATE // 10)])
    assert meter.integrated() == pytest.approx(float(last["lavfi.r128.I"]), abs=0.02)
    assert meter.momentary() == pytest.approx(float(last["lavfi.r128.M"]), abs=0.02)
    assert meter.short_term() == pytest.approx(float(last["lavfi.r128.S"]), abs=0.02)
    peaks = [float(last[f"lavfi.r128.true_peaks_ch{c}"]) for c in range(channels)]
    assert meter.true_peak() == pytest.approx(20 * log10(max(peaks)), abs=0.3)
