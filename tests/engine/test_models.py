"""Model files: cards, loading, and the folder of the user's models."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine import model_files
from engine.errors import InputError, UsageError
from engine.model import load_model, save_model
from engine.model_files import ModelCard, Prior, find_model, import_model, list_models, read_model_file, remove_model


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
