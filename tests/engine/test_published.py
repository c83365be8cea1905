"""Published weights: fetched, recorded, verified, and put into a generator.

The real files are out of reach here: these are checkpoints of small codecs, saved as the package saves its own.
"""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from engine import published
from engine.base import load_base
from engine.dac_weights import read_weights
from engine.descript import descript
from engine.errors import InputError, UsageError
from engine.presets import PRESETS
from engine.published import PUBLISHED, Release, fetch, fetched, weights_folder
from tests.engine.web import Server, serving

SETTINGS = {
    "kind": "dac",
    "sample_rate": 16000,
    "encoder_dim": 4,
    "strides": [2, 4, 5, 8],
    "latent_dim": 16,
    "decoder_dim": 32,
}
BRANCH = {"layers": 1, "heads": 2, "feed_forward": 32, "span": 8, "norm": False}


def package_codec(**changes: Any) -> Any:
    torch.manual_seed(3)
    shape = {"encoder_dim": 4, "encoder_rates": [2, 4, 5, 8], "latent_dim": 16, "decoder_dim": 32}
    shape |= {"decoder_rates": [8, 5, 4, 2], "sample_rate": 16000, "n_codebooks": 2, "codebook_size": 8}
    return descript().model.dac.DAC(**shape | changes)


def save(codec: Any, path: Path) -> Path:
    """As the package does, when told not to save a program with it."""
    codec.save(path, package=False)
    return path


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(package_codec(), tmp_path_factory.mktemp("weights") / "weights_16khz.pth")


@pytest.fixture
def server(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Serves the checkpoint where the published one of `dac-16khz` should be."""
    content = checkpoint.read_bytes()
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setitem(PRESETS, "dac-16khz", {"codec": SETTINGS, "branch": BRANCH})
    with serving(content) as server:
        release = Release(server.url("0.0.5/weights_16khz.pth"), hashlib.sha256(content).hexdigest())
        monkeypatch.setitem(PUBLISHED, "dac-16khz", release)
        yield server


def left() -> set[str]:
    folder = weights_folder()
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def test_fetched_once_and_then_used(server: Server, checkpoint: Path) -> None:
    assert fetched("dac-16khz") is None
    weights = fetch("dac-16khz")
    assert weights.path.read_bytes() == checkpoint.read_bytes() and weights.published
    assert weights.source == server.url("0.0.5/weights_16khz.pth")
    state = package_codec().state_dict()
    for part in ("encoder", "decoder"):
        assert weights.used[part] == sum(v.numel() for k, v in state.items() if k.startswith(part))
    assert weights.left_out == {"quantizer": sum(v.numel() for k, v in state.items() if k.startswith("quantizer"))}
    assert fetch("dac-16khz") == fetched("dac-16khz") == weights
    assert len(server.asked) == 1
    assert left() == {"dac-16khz.pth", "dac-16khz.json"}


def test_the_generator_of_a_base_has_them(server: Server) -> None:
    with pytest.raises(InputError, match=r"models fetch dac-16khz.*weights_16khz\.pth"):
        load_base("dac-16khz")
    fetch("dac-16khz")
    generator, origin = load_base("dac-16khz", seed=5)
    theirs = package_codec().eval()
    x = torch.randn(1, 3200)
    latent = generator.codec.encode(x).latent
    assert torch.allclose(latent, theirs.encoder(x[:, None]).transpose(1, 2), atol=1e-5)
    assert all(p.requires_grad for p in generator.parameters()) and generator.training
    assert fetched("dac-16khz").sha256 in origin  # pyright: ignore[reportOptionalMemberAccess]
    generator(x).speech.square().mean().backward()


def test_the_base_may_be_a_model(model_path: Path) -> None:
    generator, origin = load_base(str(model_path))
    assert origin.startswith("tiny@") and all(p.requires_grad for p in generator.parameters())


def test_the_base_may_be_a_preset_without_published_weights() -> None:
    bases = [load_base("dac-small", seed) for seed in (5, 5, 6)]
    assert [base.origin for base in bases] == 3 * ["dac-small: all new"]
    for name in ("codec.encoder.block.0.weight_v", "noise_branch.blocks.0.expand.weight"):
        first, again, other = (base.generator.state_dict()[name] for base in bases)
        assert torch.equal(first, again) and not torch.equal(first, other)


def test_a_local_copy_needs_no_network(server: Server, checkpoint: Path, tmp_path: Path) -> None:
    server.status = 500
    weights = fetch("dac-16khz", checkpoint)
    assert weights.published and weights.source == str(checkpoint) and not server.asked
    own = save(package_codec(n_codebooks=1), tmp_path / "own.pth")
    assert not fetch("dac-16khz", own).published
    assert fetched("dac-16khz").left_out != weights.left_out  # pyright: ignore[reportOptionalMemberAccess]
    with pytest.raises(InputError, match="no such file"):
        fetch("dac-16khz", tmp_path / "none.pth")


def test_what_was_changed_is_refused_and_fetched_again(server: Server) -> None:
    path = fetch("dac-16khz").path
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(InputError, match="changed since"):
        fetched("dac-16khz")
    with pytest.raises(InputError, match="changed since"):
        load_base("dac-16khz")
    fetch("dac-16khz")
    assert fetched("dac-16khz")
    path.with_suffix(".json").write_text("{}")
    assert fetched("dac-16khz") is None


def test_another_file_at_the_address_is_refused(server: Server, tmp_path: Path) -> None:
    server.content = save(package_codec(n_codebooks=1), tmp_path / "other.pth").read_bytes()
    with pytest.raises(InputError, match=r"not the published file.*--from weights_16khz\.pth"):
        fetch("dac-16khz")
    assert left() == set()


def test_a_broken_download_goes_on(server: Server) -> None:
    server.cut = 1000
    with pytest.raises(InputError, match=r"broke off.*--from weights_16khz\.pth"):
        fetch("dac-16khz")
    server.cut = None
    assert fetch("dac-16khz").published and server.asked == ["", "bytes=1000-"]


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("a program", "nothing else is ever run"),
        ("a package", "not a"),
        ("text", "not a"),
        ("cut", "cut short"),
        ("other shape", "size mismatch"),
        ("missing names", "Missing key"),
        ("other rate", "sample_rate 24000, where 16000"),
    ],
)
@pytest.mark.usefixtures("server")
def test_only_fitting_plain_weights_are_taken(checkpoint: Path, tmp_path: Path, file: str, reason: str) -> None:
    path = tmp_path / "file.pth"
    match file:
        case "a program":
            torch.save({"state_dict": {}, "metadata": _Evil()}, path)
        case "a package":
            package_codec().save(path)
        case "text":
            path.write_text("no weights")
        case "cut":
            path.write_bytes(checkpoint.read_bytes()[:-5000])
        case "other shape":
            save(package_codec(latent_dim=24), path)
        case "missing names":
            codec = package_codec()
            del codec.decoder.model[-2]
            save(codec, path)
        case "other rate":
            save(package_codec(sample_rate=24000), path)
    with pytest.raises(InputError, match=reason) as caught:
        fetch("dac-16khz", path)
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)
    assert left() == set() and not _Evil.ran


class _Evil:
    """Runs when it is unpickled."""

    ran = False

    def __reduce__(self) -> tuple[Any, ...]:
        return _run, ()


def _run() -> None:
    _Evil.ran = True


def test_strides_may_be_noted_as_tuples(tmp_path: Path) -> None:
    path = save(package_codec(encoder_rates=(2, 4, 5, 8), decoder_rates=(8, 5, 4, 2)), tmp_path / "tuples.pth")
    assert read_weights(path, SETTINGS)[0]


def test_weights_are_plain_floats_of_the_same_names(checkpoint: Path) -> None:
    state, _ = read_weights(checkpoint, SETTINGS)
    assert {key.partition(".")[0] for key in state} == {"encoder", "decoder"}
    assert all(value.dtype == torch.float32 for value in state.values())


def test_names_and_addresses_are_those_of_the_package() -> None:
    descript()
    from dac.utils import __MODEL_LATEST_TAGS__, __MODEL_URLS__  # pyright: ignore[reportMissingImports]

    for name, release in PUBLISHED.items():
        kind = name.removeprefix("dac-")
        assert release.url == __MODEL_URLS__[kind, __MODEL_LATEST_TAGS__[kind, "8kbps"], "8kbps"]
        assert name in PRESETS and len(release.sha256) == 64
    with pytest.raises(UsageError, match="dac-16khz, dac-24khz, dac-44khz"):
        fetch("dac-48khz")


def test_names_are_known_without_torch() -> None:
    code = "import sys; import engine.published; print('torch' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"


def test_records_are_plain(server: Server) -> None:
    fetch("dac-16khz")
    record = json.loads((weights_folder() / "dac-16khz.json").read_text())
    assert record["sha256"] == published.sha256(weights_folder() / "dac-16khz.pth")
