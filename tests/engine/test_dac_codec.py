"""The `dac` codec: exact lengths, the package's own numbers, bounded reach and memory, and weights that come and go."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from engine import dac_codec
from engine.dac_codec import DacCodec, DacConfig
from engine.descript import descript
from engine.generator import Encoded, Generator
from engine.model import build
from engine.presets import PRESETS

STRIDES = [(2, 4, 5, 8), (2, 4, 8, 8), (3,), (5, 3), (7, 2, 3)]


def codec(strides: tuple[int, ...] = (2, 4, 5, 8), seed: int = 0) -> DacCodec:
    torch.manual_seed(seed)
    return DacCodec(DacConfig(16000, encoder_dim=8, strides=strides, latent_dim=32, decoder_dim=48)).eval()


def package(strides: tuple[int, ...]) -> Any:
    """The package's own codec of the same shape."""
    torch.manual_seed(1)
    shape = {"encoder_dim": 8, "encoder_rates": list(strides), "latent_dim": 32, "decoder_dim": 48}
    return descript().model.dac.DAC(**shape, decoder_rates=list(strides[::-1]), sample_rate=16000).eval()


@pytest.fixture
def no_grad() -> Iterator[None]:
    with torch.inference_mode():
        yield


@pytest.mark.parametrize("strides", STRIDES)
@pytest.mark.parametrize("samples", [0, 1, 7, 319, 320, 321, 4999])
@pytest.mark.usefixtures("no_grad")
def test_output_length_equals_input_length(strides: tuple[int, ...], samples: int) -> None:
    tiny = codec(strides)
    encoded = tiny.encode(torch.randn(2, samples))
    assert encoded.latent.shape == (2, max(1, -(-samples // tiny.hop)), 32)
    assert tiny.decode(encoded.latent, encoded).shape == (2, samples)


@pytest.mark.parametrize("strides", [*((s,) for s in range(2, 12)), (2, 3), (3, 3), (5, 2), (3, 2, 3)])
@pytest.mark.usefixtures("no_grad")
def test_no_length_is_an_exception(strides: tuple[int, ...]) -> None:
    tiny = DacCodec(DacConfig(16000, encoder_dim=2, strides=strides, latent_dim=4, decoder_dim=8))
    for samples in range(2 * tiny.hop + 2):
        encoded = tiny.encode(torch.zeros(1, samples))
        assert tiny.decode(encoded.latent, encoded).shape == (1, samples)


def differs(got: torch.Tensor, expected: torch.Tensor) -> float:
    """The largest difference, relative to the largest value."""
    return float((got - expected).abs().max() / expected.abs().max())


@pytest.mark.parametrize("strides", STRIDES)
@pytest.mark.usefixtures("no_grad")
def test_it_computes_what_the_package_computes(strides: tuple[int, ...]) -> None:
    """To 1e-5 wherever the end, at which the package falls short of some samples, cannot be felt."""
    theirs, ours = package(strides), codec(strides)
    parts = {key: value for key, value in theirs.state_dict().items() if not key.startswith("quantizer.")}
    assert ours.state_dict().keys() == parts.keys()
    ours.load_state_dict(parts)
    x = torch.randn(2, 100 * ours.hop)
    for folded in (False, True):
        if folded:
            ours.fold()
        encoded = ours.encode(x)
        latent = theirs.encoder(x[:, None])
        assert differs(encoded.latent, latent.transpose(1, 2)) < 1e-5
        decoded, expected = ours.decode(encoded.latent, encoded), theirs.decoder(latent)[:, 0]
        inner = expected.shape[1] - dac_codec.decoder_reach(strides) * ours.hop
        assert differs(decoded[:, :inner], expected[:, :inner]) < 1e-5
        assert decoded.shape == x.shape
    assert expected.shape[1] <= x.shape[1]


def test_the_stock_decoder_loses_eight_samples() -> None:
    """What `output_padding` mends; should the package mend it one day, this says so."""
    theirs = package((2, 4, 5, 8))
    assert theirs.decoder(theirs.encoder(torch.randn(1, 1, 3200))).shape[-1] == 3192


@pytest.mark.parametrize("strides", STRIDES)
@pytest.mark.usefixtures("no_grad")
def test_reach_is_all_that_can_be_felt_and_no_more(strides: tuple[int, ...]) -> None:
    tiny, frames, at = codec(strides), 60, 30
    x = torch.randn(1, tiny.hop * frames)
    louder = x.clone()
    louder[:, at * tiny.hop : (at + 1) * tiny.hop] += 1
    latent = tiny.encode(x).latent
    moved = (latent - tiny.encode(louder).latent).abs().amax(-1)[0].nonzero()[:, 0]
    reach = dac_codec.encoder_reach(strides)
    assert reach - 1 <= max(at - int(moved[0]), int(moved[-1]) - at) <= reach
    other = latent.clone()
    other[:, at] += 10
    before, after = (tiny.decode(z, Encoded(z, x.shape[1])) for z in (latent, other))
    moved = (before - after).abs()[0].unflatten(0, (frames, tiny.hop)).amax(1).nonzero()[:, 0]
    reach = dac_codec.decoder_reach(strides)
    assert reach - 1 <= max(at - int(moved[0]), int(moved[-1]) - at) <= reach


@pytest.mark.parametrize("samples", [16000, 51234])
def test_pieces_are_not_heard(samples: int, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny, x = codec(), torch.randn(1, samples)
    monkeypatch.setattr(dac_codec, "PIECE_SECONDS", 1)
    sizes: list[int] = []
    tiny.decoder.register_forward_hook(lambda module, given, got: sizes.append(got.shape[-1]))

    def through() -> torch.Tensor:
        encoded = tiny.encode(x)
        return tiny.decode(encoded.latent, encoded)

    whole = through().detach()
    with torch.no_grad():
        assert torch.allclose(through(), whole, atol=1e-6)
    assert max(sizes) <= 16000 + 2 * dac_codec.decoder_reach((2, 4, 5, 8)) * 320


def test_spectrum_and_waveform_are_inverse() -> None:
    x = torch.randn(1, 4321)
    spectrum = codec().spectrum(x)
    assert spectrum.shape == (1, 15, 321)
    assert torch.allclose(codec().waveform(spectrum, 4321), x, atol=1e-5)


def test_it_can_be_copied_after_a_pass_and_trained() -> None:
    tiny, x = codec(), torch.randn(1, 3200)
    copy.deepcopy(tiny)
    encoded = tiny.encode(x)
    tiny.decode(encoded.latent, encoded).square().mean().backward()
    twin = copy.deepcopy(tiny)
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in tiny.parameters())
    with torch.inference_mode():
        assert torch.equal(twin.encode(x).latent, tiny.encode(x).latent)
    assert torch.equal(copy.deepcopy(tiny).encode(x).latent, tiny.encode(x).latent)


def test_gradients_are_those_of_the_package_with_all_of_it_kept() -> None:
    tiny, x = codec(), torch.randn(2, 3200)

    def gradients(encode: Callable[[torch.Tensor], torch.Tensor]) -> list[torch.Tensor]:
        tiny.zero_grad()
        encode(x).square().mean().backward()
        return [p.grad.clone() for p in tiny.parameters() if p.grad is not None]

    def ours(x: torch.Tensor) -> torch.Tensor:
        encoded = tiny.encode(x)
        return tiny.decode(encoded.latent, encoded)

    def theirs(x: torch.Tensor) -> torch.Tensor:
        return tiny.decoder(tiny.encoder(x[:, None]))[:, 0]

    for got, expected in zip(gradients(ours), gradients(theirs), strict=True):
        assert torch.allclose(got, expected, rtol=1e-4, atol=1e-9)


def test_folded_weights_compute_the_same_and_load_again() -> None:
    tiny, other, x = codec(), codec(seed=1), torch.randn(1, 3200)
    expected = tiny.encode(x).latent
    tiny.fold()
    assert not any(key.endswith(("_g", "_v")) for key in tiny.state_dict())
    assert torch.allclose(tiny.encode(x).latent, expected, atol=1e-5)
    other.load_state_dict(tiny.state_dict())
    assert torch.allclose(other.encode(x).latent, expected, atol=1e-5)
    assert {"encoder.block.0.weight_g", "encoder.block.0.weight_v"} <= other.state_dict().keys()


def test_strides_of_one_are_refused() -> None:
    for strides in ((), (2, 1)):
        with pytest.raises(ValueError, match="2 or more"):
            DacConfig(strides=strides)


@pytest.mark.parametrize("name", ["dac-16khz", "dac-24khz", "dac-44khz"])
def test_presets_have_the_size_of_the_paper(name: str) -> None:
    with torch.device("meta"):
        generator = build(PRESETS[name])

    def millions(module: torch.nn.Module) -> float:
        return sum(p.numel() for p in module.parameters()) / 1e6

    assert millions(generator) == pytest.approx(191, abs=3)
    assert millions(generator.codec) == pytest.approx(74, abs=3)


def test_settings_build_the_same_again() -> None:
    generator = build(PRESETS["dac-small"])
    again = build(generator.settings)
    assert isinstance(again, Generator) and again.settings == generator.settings
    assert again.state_dict().keys() == generator.state_dict().keys()
