"""The generator: exact lengths, bounded reach, and the closed-form mixing weights."""

import numpy as np
import pytest
import torch

from engine.generator import BranchConfig, Generator, inner_products
from engine.report import least_squares
from engine.roformer import STRETCH, Block, LocalAttention, RoFormer
from engine.spectral import SpectralCodec, SpectralConfig, mel_triangles


@pytest.fixture(scope="module")
def generator() -> Generator:
    torch.manual_seed(0)
    codec = SpectralCodec(SpectralConfig(bands=16, width=16, encoder_blocks=1, decoder_blocks=1, level_reach=20))
    torch.nn.init.normal_(codec.bin_correction.weight, std=0.3)
    return Generator(codec, BranchConfig(layers=2, heads=2, feed_forward=32, span=8)).eval()


def weights(x: torch.Tensor, speech: torch.Tensor, noise: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return least_squares(inner_products(x, speech, noise))


def test_weights_are_the_least_squares_solution() -> None:
    rng = np.random.default_rng(0)
    x, s, n = rng.standard_normal((3, 4000)).astype(np.float32)
    x = 0.7 * s + 1.3 * n + 0.1 * x
    expected = np.linalg.lstsq(np.stack((s, n), 1), x, rcond=None)[0]
    alpha, beta = weights(*(torch.from_numpy(a) for a in (x, s, n)))
    assert [float(alpha), float(beta)] == pytest.approx(expected, abs=1e-3)


def test_weights_stay_near_one_where_nothing_decides() -> None:
    x, silent = torch.randn(1000), torch.zeros(1000)
    assert [float(w) for w in weights(silent, silent, silent)] == pytest.approx([1, 1])
    assert [float(w) for w in weights(x, x, silent)] == pytest.approx([1, 1], abs=1e-3)
    alpha, beta = weights(x, x, x)  # the pair of copies: only the sum is decided
    assert float(alpha + beta) == pytest.approx(1, abs=1e-3)


def test_complex_products_equal_those_of_real_and_imaginary_parts() -> None:
    x, s, n = torch.randn(3, 5, 7, dtype=torch.complex64)
    real = torch.view_as_real(torch.stack((x, s, n))).flatten(-2)
    assert torch.allclose(inner_products(x, s, n), inner_products(*real), atol=1e-5)
    assert least_squares(inner_products(x, s, n))[0].shape == (5,)


@pytest.mark.parametrize("samples", [1, 255, 256, 257, 5000])
def test_output_length_equals_input_length(generator: Generator, samples: int) -> None:
    x = torch.randn(2, samples) * 0.1
    with torch.inference_mode():
        sources = generator(x)
    assert sources.speech.shape == sources.noise.shape == x.shape
    assert torch.isfinite(sources.speech).all()


def test_spectrum_and_waveform_are_inverse(generator: Generator) -> None:
    x = torch.randn(1, 4321)
    assert torch.allclose(generator.codec.waveform(generator.codec.spectrum(x), 4321), x, atol=1e-5)


def test_a_frame_is_influenced_only_within_reach(generator: Generator) -> None:
    hop, frames, at = generator.codec.hop, 200, 100
    x = torch.randn(1, hop * frames) * 0.1
    changed = x.clone()
    changed[:, at * hop : (at + 1) * hop] += 0.5
    with torch.inference_mode():
        moved = (generator(x).speech - generator(changed).speech).abs()[0].unflatten(0, (frames, hop)).amax(1) > 1e-6
    touched = moved.nonzero()[:, 0]
    assert at in touched
    assert at - touched.min() <= generator.reach + 1 and touched.max() - at <= generator.reach + 1


@pytest.mark.parametrize(("first", "last"), [(0, 1), (0, 90), (37, 38), (60, 140), (150, 200), (199, 300)])
def test_frames_asked_for_are_those_of_the_whole(generator: Generator, first: int, last: int) -> None:
    hop = generator.codec.hop
    x = torch.randn(1, hop * 200 - 57) * 0.1
    with torch.inference_mode():
        whole, part = generator(x), generator(x, first, last)
    for of_whole, of_part in zip(whole, part, strict=True):
        assert of_part.shape == of_whole[:, first * hop : last * hop].shape
        assert torch.allclose(of_part, of_whole[:, first * hop : last * hop], atol=1e-6)


def test_a_branch_computes_only_what_the_frames_depend_on(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[int] = []
    forward = Block.forward
    monkeypatch.setattr(Block, "forward", lambda self, x: heard.append(x.shape[1]) or forward(self, x))
    branch, x = RoFormer(16, layers=3, heads=2, feed_forward=32, span=8), torch.randn(1, 200, 16)
    assert torch.allclose(branch(x, 100, 110), branch(x)[:, 100:110], atol=1e-5)
    assert heard[:3] == [58, 42, 26]


def test_a_new_branch_without_norm_passes_on_what_the_codec_knows() -> None:
    x = torch.randn(2, 30, 16)
    branch = RoFormer(16, layers=2, heads=2, feed_forward=32, span=8, norm=False)
    assert torch.equal(branch(x), x)
    branch(x).square().mean().backward()
    learns = [name for name, p in branch.named_parameters() if p.grad is not None and p.grad.any()]
    assert {"blocks.0.attention.out.weight", "blocks.1.contract.weight"} <= {*learns}


def test_attention_does_not_depend_on_the_block_grid() -> None:
    torch.manual_seed(0)
    attention = LocalAttention(16, 2, 8)
    x = torch.randn(1, 64, 16)
    with torch.inference_mode():
        whole, later = attention(x), attention(x[:, 3:])
    assert torch.allclose(whole[:, 3 + 8 :], later[:, 8:], atol=1e-5)


def test_attention_keeps_the_clips_of_a_batch_apart() -> None:
    torch.manual_seed(0)
    attention, x = LocalAttention(16, 2, 8), torch.randn(3, 30, 16)
    with torch.inference_mode():
        together, alone = attention(x), torch.cat([attention(clip[None]) for clip in x])
    assert torch.allclose(together, alone, atol=1e-5)


def test_pointwise_layers_do_not_depend_on_stretches() -> None:
    torch.manual_seed(0)
    block, x = Block(16, 2, 32, 8), torch.randn(2, 2 * STRETCH + 7, 16)
    with torch.inference_mode():
        whole, later = block(x), block(x[:, STRETCH // 2 :])
    assert whole.shape == x.shape
    assert torch.allclose(whole[:, STRETCH // 2 + 8 :], later[:, 8:], atol=1e-4)


def test_mel_triangles_share_out_every_bin() -> None:
    weight = mel_triangles(257, 48, 16000)
    assert weight.shape == (48, 257)
    assert torch.allclose(weight.sum(0), torch.ones(257)) and (weight >= 0).all()


def test_features_do_not_depend_on_level(generator: Generator) -> None:
    codec = generator.codec
    assert isinstance(codec, SpectralCodec)
    x = torch.randn(1, 8000) * 0.1
    loud, quiet = (codec.features(codec.spectrum(x * gain))[..., :-1] for gain in (1.0, 0.03))
    assert torch.allclose(loud, quiet, atol=2e-3)
