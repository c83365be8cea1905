"""Model files on disk: the card in their header, and the folder of the user's own models.  Needs no torch.

A model is one `.safetensors` file: tensors, and a JSON model card under the metadata key `voicebed`.
"""

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import platformdirs
from safetensors import SafetensorError, safe_open

from engine.errors import InputError, UsageError
from engine.whole_file import whole_file

SUFFIX = ".safetensors"
DEFAULT = "voicebed-spectral"
BUNDLED = Path(__file__).parent.parent / "resources" / "models"


def user_folder() -> Path:
    """Where imported and trained models are kept; the environment variable VOICEBED_HOME moves it."""
    home = os.environ.get("VOICEBED_HOME")
    return (Path(home) if home else platformdirs.user_data_path("voicebed", appauthor=False)) / "models"


@dataclass(frozen=True)
class Prior:
    """One corpus behind a model: its hours, speakers (0: none or unknown), and whether it is of the user's domain."""

    name: str
    hours: float
    speakers: int
    licence: str
    in_domain: bool = False


@dataclass(frozen=True)
class ModelCard:
    """What a model is and which priors made it.

    Attributes:
        architecture: what `engine.model` builds the generator from.
        clean, noise, noisy: the corpora that defined the priors.
        metrics: test set -> {"input": {metric: value}, "output": {metric: value}}; beside them "base", what it began
            as, or "method alone", a model of new weights from the same priors without additions.
        training_hours: time spent training, in hours of `machine`.
    """

    name: str
    architecture: dict[str, Any]
    sample_rate: int
    method: str
    licence: str
    date: str
    base: str | None = None
    clean: tuple[Prior, ...] = ()
    noise: tuple[Prior, ...] = ()
    noisy: tuple[Prior, ...] = ()
    recipe: dict[str, Any] = field(default_factory=dict)
    steps: int = 0
    training_hours: float = 0.0
    machine: str = ""
    seed: int = 0
    metrics: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    notes: str = ""

    def to_json(self) -> str:
        """The card as it stands in the file."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "ModelCard":
        """The inverse of `to_json`.

        Raises:
            ValueError, TypeError, KeyError: the text is no model card.
        """
        data = json.loads(text)
        for prior in ("clean", "noise", "noisy"):
            data[prior] = tuple(Prior(**corpus) for corpus in data[prior])
        return cls(**data)


@dataclass(frozen=True)
class ModelFile:
    """A model file that was looked at: `id` is its name and the start of its SHA-256."""

    path: Path
    card: ModelCard
    id: str
    bundled: bool


def read_model_file(path: Path) -> ModelFile:
    """Look into a model file, without loading its tensors.

    Raises:
        InputError: the file is missing, not a safetensors file, cut short, or has no model card.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such model file")
    try:
        with safe_open(path, "numpy") as file:
            metadata = file.metadata() or {}
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path}: not a model file, or cut short ({error}); get it again") from None
    if "voicebed" not in metadata:
        raise InputError(f"{path}: a safetensors file without a Voicebed model card; models come from 'voicebed train'")
    try:
        card = ModelCard.from_json(metadata["voicebed"])
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"{path}: its model card cannot be read ({error}); it may need a newer Voicebed") from None
    return ModelFile(path, card, f"{card.name}@{digest[:8]}", path.resolve().parent == BUNDLED.resolve())


def list_models() -> list[ModelFile]:
    """All usable models: the bundled ones, then the user's; unreadable files are passed over."""
    found: list[ModelFile] = []
    for folder in (BUNDLED, user_folder()):
        for path in sorted(folder.glob(f"*{SUFFIX}")):
            try:
                found.append(read_model_file(path))
            except InputError:
                continue
    return found


def find_model(name: str | None = None) -> ModelFile:
    """The model of that name (user's before bundled) or path; None means the default.

    Raises:
        InputError: there is none, or it cannot be read.
    """
    name = name or DEFAULT
    for candidate in (user_folder() / f"{name}{SUFFIX}", BUNDLED / f"{name}{SUFFIX}", Path(name)):
        if candidate.is_file():
            return read_model_file(candidate)
    known = ", ".join(sorted(model.path.stem for model in list_models())) or "none"
    raise InputError(f"no model '{name}'; known models: {known}; or give the path of a {SUFFIX} file")


def import_model(path: Path) -> ModelFile:
    """Copy a model file into the user's folder, after checking that it is one.

    Raises:
        InputError: it is not a model.
        UsageError: a model of that name is there already.
        OSError: it cannot be copied.
    """
    target = user_folder() / f"{path.stem}{SUFFIX}"
    if target.exists() or (BUNDLED / target.name).exists():
        raise UsageError(
            f"a model named '{path.stem}' exists; rename the file, or 'voicebed models remove {path.stem}'"
        )
    read_model_file(path)  # before anything is made
    target.parent.mkdir(parents=True, exist_ok=True)
    return export_model(path, target)


def export_model(path: Path, target: Path) -> ModelFile:
    """Copy a model file; `target` appears whole or not at all.

    Raises:
        InputError: it is not a model.
        OSError: it cannot be copied.
    """
    read_model_file(path)
    with whole_file(target) as part:
        shutil.copyfile(path, part)
    return read_model_file(target)


def write_card(source: Path, card: ModelCard, target: Path) -> ModelFile:
    """Copy a model file with another card.  Its tensors stay as they are; `target` appears whole or not at all.

    Raises:
        InputError: the source is not a model file.
        OSError: it cannot be copied.
    """
    read_model_file(source)
    with source.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")  # of the JSON header, which the tensors follow
        header = json.loads(file.read(size))
        header["__metadata__"]["voicebed"] = card.to_json()
        text = json.dumps(header, ensure_ascii=False).encode()
        text += b" " * (-len(text) % 8)  # tensors begin at multiples of 8
        with whole_file(target) as part, part.open("wb") as copy:
            copy.write(len(text).to_bytes(8, "little") + text)
            shutil.copyfileobj(file, copy)
    return read_model_file(target)


def add_model(source: Path, card: ModelCard, name: str) -> ModelFile:
    """Copy a model file into the user's folder under a name, with this card.

    Raises:
        InputError: the source is not a model file.
        UsageError: the name is no file name, or a model of that name is there already.
        OSError: it cannot be copied.
    """
    target = user_folder() / f"{name}{SUFFIX}"
    if not name.strip(" .") or target.parent != user_folder() or any(mark in name for mark in '<>:"/\\|?*'):
        raise UsageError(f"'{name}' cannot be the name of a file; choose another")
    if target.exists() or (BUNDLED / target.name).exists():
        raise UsageError(f"a model named '{name}' exists; choose another name")
    target.parent.mkdir(parents=True, exist_ok=True)
    return write_card(source, card, target)


def remove_model(name: str) -> Path:
    """Delete one of the user's models; returns where it was.

    Raises:
        UsageError: it is a bundled model.
        InputError: the user has no model of that name.
    """
    path = user_folder() / f"{name}{SUFFIX}"
    if path.parent != user_folder() or not path.is_file():
        if (BUNDLED / f"{name}{SUFFIX}").is_file():
            raise UsageError(f"'{name}' came with Voicebed and cannot be removed")
        raise InputError(f"no imported model '{name}'")
    path.unlink()
    return path
