"""Model files: cards, loading, and the folder of the user's models."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from engine import model_files
from engine.errors import InputError, UsageError
from engine.model import load_model, save_model
from engine.model_files import (
    ModelCard,
    Prior,
    add_model,
    find_model,
    import_model,
    list_models,
    read_model_file,
    remove_model,
    user_folder,
    write_card,
)
from tests.app.window.models import write_model


def test_a_saved_model_comes_back(model_path: Path, tmp_path: Path) -> None:
    model = load_model(str(model_path))
    again = save_model(tmp_path / "copy.safetensors", model.generator, model.file.card)
    assert again.card == model.file.card and again.id == model.file.id
    x = torch.randn(1, 4000)
    assert torch.equal(load_model(str(again.path)).generator(x).speech, model.generator(x).speech)


def test_the_card_survives_its_json() -> None:
    prior = Prior("LibriSpeech", 0.9, 251, "CC BY 4.0")
    card = ModelCard(
        "m", {"codec": {}}, 16000, "USE-DDP", "MIT", "2026-11-22", clean=(prior,), metrics={"t": {"a": {}}}
    )
    assert ModelCard.from_json(card.to_json()) == card


def test_cards_are_read_without_torch(model_path: Path) -> None:
    code = "import sys; from engine.model_files import *; find_model(sys.argv[1]); print('torch' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code, model_path], text=True).strip() == "False"


@pytest.mark.parametrize("damage", ["missing", "text", "cut", "no card", "wrong shapes"])
def test_damaged_files_give_one_line(model_path: Path, tmp_path: Path, damage: str) -> None:
    path = tmp_path / "m.safetensors"
    content = model_path.read_bytes()
    match damage:
        case "text":
            path.write_text("no model")
        case "cut":
            path.write_bytes(content[: len(content) // 2])
        case "no card":
            save_file(load_file(model_path), path)
        case "wrong shapes":
            tensors = {key: value[..., :1].contiguous() for key, value in load_file(model_path).items()}
            save_file(tensors, path, {"voicebed": read_model_file(model_path).card.to_json()})
    with pytest.raises(InputError) as caught:
        load_model(str(path))
    assert "\n" not in str(caught.value) and "m.safetensors" in str(caught.value)


def test_import_use_and_remove(model_path: Path) -> None:
    imported = import_model(model_path)
    assert find_model("tiny").path == imported.path and imported.path in [model.path for model in list_models()]
    assert not imported.bundled
    with pytest.raises(UsageError, match="exists"):
        import_model(model_path)
    remove_model("tiny")
    with pytest.raises(InputError, match="known models"):
        find_model("tiny")
    assert model_path.exists()


def test_bundled_models_and_foreign_paths_are_not_removed(
    model_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_files, "BUNDLED", tmp_path)
    shutil.copy(model_path, tmp_path / "ours.safetensors")
    assert find_model("ours").bundled
    with pytest.raises(UsageError):
        remove_model("ours")
    with pytest.raises(InputError):
        remove_model(f"../../{model_path.stem}")
    assert (tmp_path / "ours.safetensors").exists()


def test_another_card_leaves_the_tensors_alone(tmp_path: Path) -> None:
    kinds = {"a": torch.randn(3, 5), "b": torch.randn(7).bfloat16(), "c": torch.arange(3)}
    card = ModelCard("old", {}, 16000, "m", "CC0", "2026-11-22")
    save_file(kinds, tmp_path / "a.safetensors", {"voicebed": card.to_json(), "other": "kept"})
    new = write_card(
        tmp_path / "a.safetensors", replace(card, name="näv", notes="x" * 1001), tmp_path / "b.safetensors"
    )
    assert new.card.name == "näv" and new.card.notes == "x" * 1001 and new.card.licence == "CC0"
    found = load_file(tmp_path / "b.safetensors")
    assert found.keys() == kinds.keys() and all(torch.equal(found[name], kinds[name]) for name in kinds)
    with safe_open(tmp_path / "b.safetensors", "numpy") as file:
        assert file.metadata()["other"] == "kept"
    assert [path.name for path in sorted(tmp_path.glob("*safetensors*"))] == ["a.safetensors", "b.safetensors"]


@pytest.mark.parametrize("name", ["", " .", "a/b", "..", 'say "hi"', "a:b", "voicebed-spectral"])
def test_a_model_needs_a_name_of_its_own(tmp_path: Path, name: str) -> None:
    source = write_model(tmp_path / "a.safetensors")
    card = read_model_file(source).card
    with pytest.raises(UsageError):
        add_model(source, card, name)
    assert list_models() == [model for model in list_models() if model.bundled]


def test_a_model_is_added_once(tmp_path: Path) -> None:
    source = write_model(tmp_path / "a.safetensors")
    card = replace(read_model_file(source).card, name="b")
    assert add_model(source, card, "b").path == user_folder() / "b.safetensors"
    assert find_model("b").card == card
    with pytest.raises(UsageError, match="exists"):
        add_model(source, card, "b")
