"""The loop: it learns, resumes where it was, and survives being stopped."""

import itertools
import json
import tomllib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric

from engine.errors import InputError
from engine.generator import BranchConfig
from engine.masking import masked_speech
from engine.spectral import SpectralConfig
from trainer.adversaries import Adversaries, Pair
from trainer.checkpoint import BEST, load_checkpoint
from trainer.clips import Priors
from trainer.corpus import Corpus
from trainer.growth import grow
from trainer.loop import Training, is_hidden_matrix, new_generator
from trainer.muon import Muon, orthogonalised
from trainer.recipe import FOLDER, Discriminators, Mixing, Recipe, Unpaired, Weights, load_recipe, recipe_from

Corpora = tuple[list[Corpus], list[Corpus]]
SMALL = Recipe(
    batch=2,
    seconds=0.5,
    warm_up=2,
    codec=SpectralConfig(bands=16, width=16, encoder_blocks=1, decoder_blocks=1, level_reach=20),
    branch=BranchConfig(layers=1, heads=2, feed_forward=32, span=8),
)


def training(priors: Corpora, folder: Path, steps: int, recipe: Recipe = SMALL) -> Training:
    both = Priors(*priors)
    return Training(Fabric(accelerator="cpu", devices=1), recipe, both, both, folder, steps=steps)


def test_training_lowers_the_loss(priors: Corpora, tmp_path: Path) -> None:
    recipe = replace(SMALL, learning_rate=5e-3, ema=0.9)
    run = training(priors, tmp_path, 40, recipe)
    before = run.validate()["si_sdr"]
    run.run()
    assert run.validate()["si_sdr"] > before + 1


def test_quiet_at_the_price_of_the_voice_is_not_the_best(
    priors: Corpora, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.loop.LEAST_BETWEEN", 0)
    run = training(priors, tmp_path, 3)
    scores = iter([(2.6, 5.0), (2.65, 6.0), (2.7, 4.0), (2.6, 6.5)])
    run.validate = lambda: dict(zip(("OVRL", "si_sdr"), next(scores), strict=True))  # pyright: ignore[reportAttributeAccessIssue]
    run.run(validate_every=1e-9)
    state = load_checkpoint(tmp_path / BEST, {}, {})
    assert (state["step"], state["OVRL"]) == (1, 2.65)


def test_long_validations_leave_time_to_learn(priors: Corpora, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = training(priors, tmp_path, 40)
    asked: list[int] = []
    clock = itertools.count()  # seconds; the loop looks at it a few times a step
    monkeypatch.setattr("trainer.loop.time", SimpleNamespace(monotonic=lambda: float(next(clock))))

    def slow() -> dict[str, float]:
        asked.append(run.step)
        for _ in range(10):
            next(clock)
        return {}

    run.validate = slow
    run.run(validate_every=1e-9)
    assert asked[:2] == [0, 1] and asked[-1] == 40 and len(asked) <= 6


def test_a_resumed_run_equals_an_unbroken_one(priors: Corpora, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = replace(SMALL, anchor=0.5)
    for name in ("whole", "broken"):
        (tmp_path / name).mkdir()
    whole = training(priors, tmp_path / "whole", 8, recipe)
    whole.run()
    first = training(priors, tmp_path / "broken", 8, recipe)
    first.report = lambda line: first.__setattr__("asked_to_stop", "loss" in line)
    monkeypatch.setattr("trainer.loop.REPORT_EVERY", 3)  # asked in step 3, done in step 4
    first.run()
    second = training(priors, tmp_path / "broken", 8, recipe)
    assert second.resume() and second.step == 4
    second.run()
    for name, module in whole.modules.items():
        for key, value in module.state_dict().items():
            assert torch.allclose(value, second.modules[name].state_dict()[key], atol=1e-6), key


def test_without_noisy_recordings_the_judges_hear_mixtures(priors: Corpora, tmp_path: Path) -> None:
    judged = replace(SMALL, unpaired=Unpaired(clean=1.0, noise=1.0, moments=1.0))
    lines: list[dict[str, float]] = []
    run = training(priors, tmp_path, 2, judged)
    run.report = lines.append
    before = {name: value.clone() for name, value in run.adversaries.ensembles.state_dict().items()}
    run.run()
    after = run.adversaries.ensembles.state_dict()
    assert set(run.adversaries.ensembles) == {"clean", "noise"}
    assert any(not torch.equal(before[name], after[name]) for name in before)


def test_dnsmos_hears_the_mixtures_that_hold_a_voice_and_noise(
    priors: Corpora, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("speechmos")
    monkeypatch.setattr("trainer.loop.REPORT_EVERY", 1)
    for only_noise in (0.0, 1.0):
        mixing = Mixing(only_noise=only_noise, only_speech=0.0)
        recipe = replace(SMALL, weights=Weights(dnsmos=(1.0, 0.0, 1.0)), mixing=mixing)
        lines: list[dict[str, float]] = []
        (folder := tmp_path / str(only_noise)).mkdir()
        run = training(priors, folder, 1, recipe)
        run.report = lines.append
        run.run(validate_every=0)
        heard = {name: value for name, value in lines[0].items() if name.startswith("dnsmos")}
        assert heard.keys() == (set() if only_noise else {"dnsmos_ovrl", "dnsmos_features"})
        assert only_noise or (heard["dnsmos_features"] > 0 and heard["dnsmos_ovrl"] >= 0)


def test_judges_that_compare_find_a_faint_hiss_sooner(priors: Corpora) -> None:
    def last_loss(relativistic: bool) -> float:
        judges = Discriminators(windows=(256,), channels=8, learning_rate=3e-3, relativistic=relativistic)
        recipe = replace(SMALL, unpaired=Unpaired(clean=1.0), discriminators=judges)
        adversaries = Adversaries(Fabric(accelerator="cpu", devices=1), recipe, 16000)
        adversaries.wrap()
        draws = torch.Generator().manual_seed(0)
        losses = []
        for _ in range(60):
            pitch = torch.rand(4, 1, generator=draws) * 3000 + 200
            real = torch.sin(pitch * torch.arange(4000) / 16000 * 2 * torch.pi) * torch.rand(4, 1, generator=draws)
            hiss = 0.01 * torch.rand(4, 1, generator=draws) * torch.randn(4, 4000, generator=draws)
            losses.append(float(adversaries.learn({"clean": Pair(real, real + hiss)}, 1.0)["judge_clean"]))
        return sum(losses[-20:]) / 20

    assert last_loss(True) < 0.9 * last_loss(False)


def test_an_anchor_keeps_its_share_of_the_beginning(priors: Corpora, tmp_path: Path) -> None:
    run = training(priors, tmp_path, 3, replace(SMALL, ema=0.0, anchor=0.25))
    begun = [weights.clone() for weights in run.generator.parameters()]
    run.run(validate_every=0)
    for kept, learnt, before in zip(run.average.parameters(), run.generator.parameters(), begun, strict=True):
        assert torch.allclose(kept, 0.75 * learnt + 0.25 * before, atol=1e-6)
        assert not kept.requires_grad


def test_a_grown_generator_begins_as_its_base() -> None:
    small = new_generator(SMALL)
    larger = replace(SMALL, seed=1, branch=replace(SMALL.branch, layers=3))
    large = new_generator(larger)
    x = torch.randn(1, 4000)
    assert not torch.allclose(large(x).speech, small(x).speech, atol=1e-4)
    grow(large, small)
    for grown, begun in zip(large(x), small(x), strict=True):
        assert torch.allclose(grown, begun, atol=1e-6)
    with pytest.raises(ValueError, match="number of blocks"):
        grow(new_generator(replace(SMALL, codec=replace(SMALL.codec, width=32))), small)


def test_a_new_folder_has_nothing_to_resume(priors: Corpora, tmp_path: Path) -> None:
    assert not training(priors, tmp_path, 4).resume()


def test_endless_bad_gradients_end_the_run(priors: Corpora, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = training(priors, tmp_path, 100)
    monkeypatch.setattr("trainer.objective.separation_loss", lambda masked, *rest: masked * torch.nan)
    with pytest.raises(InputError, match="not finite"):
        run.run()
    assert all(torch.isfinite(p).all() for p in run.generator.parameters())


def test_learning_rate_warms_up_and_falls_to_zero(priors: Corpora, tmp_path: Path) -> None:
    run = training(priors, tmp_path, 100)
    rates = []
    for run.step in range(101):
        rates.append(run.rate_share())
    assert rates[0] == pytest.approx(0.5, rel=0.01) and max(rates) == pytest.approx(rates[1])
    assert rates[100] == pytest.approx(0, abs=1e-9) and np.all(np.diff(rates[2:]) < 0)


def test_muon_makes_updates_orthogonal() -> None:
    stack = orthogonalised(torch.randn(3, 24, 40), torch.float32)
    assert stack.shape == (3, 24, 40)
    values = torch.linalg.svdvals(stack)
    assert values.min() > 0.4 and values.max() < 1.3
    matrix = torch.nn.Parameter(torch.zeros(4, 4))
    matrix.grad = torch.eye(4)
    Muon([matrix], 0.1, weight_decay=0).step()
    assert (matrix.diag() < 0).all()


def test_muon_gets_the_hidden_matrices_only() -> None:
    named = dict(new_generator(SMALL).named_parameters())
    hidden = {name for name, parameter in named.items() if is_hidden_matrix(name, parameter)}
    assert "speech_branch.blocks.0.attention.qkv.weight" in hidden
    assert not hidden & {"codec.embed.weight", "codec.band_gain.weight", "codec.bin_correction.weight"}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_recipes_load_and_survive_their_json(path: Path) -> None:
    recipe = load_recipe(path.stem)
    assert recipe.name == path.stem
    assert recipe_from(json.loads(json.dumps(recipe.as_dict()))) == recipe
    assert tomllib.loads(path.read_text())


def test_a_recipe_like_another_says_only_what_differs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer.recipe.FOLDER", tmp_path)
    (tmp_path / "one.toml").write_text("batch = 4\nseconds = 1.5\n[mixing]\nbabble = 0.5\ntones = 0.25\n")
    (tmp_path / "two.toml").write_text('like = "one"\nbatch = 6\n[mixing]\ntones = 0.5\n[weights]\nlacking = 1.0\n')
    (tmp_path / "three.toml").write_text('like = "two"\nema = 0.5\n')
    recipe = load_recipe("three")
    assert (recipe.name, recipe.batch, recipe.seconds, recipe.ema) == ("three", 6, 1.5, 0.5)
    assert (recipe.mixing.babble, recipe.mixing.tones, recipe.weights.lacking) == (0.5, 0.5, 1.0)


def test_masked_rendering_is_the_share_of_the_speech(priors: Corpora) -> None:
    generator = new_generator(SMALL)
    x = torch.randn(1, 4000)
    sources = generator(x)
    same = sources._replace(noise=sources.speech)
    assert torch.allclose(masked_speech(generator.codec, x, same), x / 2, atol=1e-3)
