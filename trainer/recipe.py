"""Recipes: typed settings of a training run, read from the TOML files in `trainer/recipes`."""

import tomllib
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from engine.generator import BranchConfig
from engine.spectral import SpectralConfig

FOLDER = Path(__file__).parent / "recipes"


@dataclass(frozen=True)
class Mixing:
    """How mixtures are made from the two priors.  Probabilities in [0, 1]; `*_db` ranges in dB; `speed` as a ratio."""

    snr_db: tuple[float, float] = (-5.0, 20.0)
    level_db: tuple[float, float] = (-45.0, -15.0)
    speed: tuple[float, float] = (0.75, 1.2)
    only_noise: float = 0.06
    only_speech: float = 0.06
    reverberation: float = 0.35
    noise_reverberation: float = 0.15
    second_noise: float = 0.4
    synthetic_noise: float = 0.1
    band_limit: float = 0.1


@dataclass(frozen=True)
class Weights:
    """Weights of the loss terms; a term of weight 0 is not computed."""

    complex_spectrum: float = 30.0
    magnitude: float = 70.0
    si_sdr: float = 0.2
    log_mel: float = 8.0
    direct: float = 0.5
    noise: float = 0.5


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what a run learns, except the audio.

    `seconds` is the length of a training clip; `batch` is per process; `warm_up` in steps; `ema` is the decay per step
    of the averaged weights, which are what is kept in the end.
    """

    name: str = "warm_start"
    batch: int = 8
    seconds: float = 2.5
    learning_rate: float = 1e-3
    warm_up: int = 200
    weight_decay: float = 0.01
    clip_gradient: float = 5.0
    ema: float = 0.999
    seed: int = 0
    codec: SpectralConfig = field(default_factory=SpectralConfig)
    branch: BranchConfig = field(default_factory=BranchConfig)
    mixing: Mixing = field(default_factory=Mixing)
    weights: Weights = field(default_factory=Weights)

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for the model card and for checkpoints."""
        return asdict(self)


def load_recipe(name: str) -> Recipe:
    """The recipe `trainer/recipes/<name>.toml`.

    Raises:
        FileNotFoundError: there is no such recipe.
        TypeError: the file has a key that recipes do not know.
    """
    return recipe_from({"name": name, **tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))})


def recipe_from(settings: dict[str, Any]) -> Recipe:
    """A recipe from plain data, the inverse of `Recipe.as_dict`."""
    parts = {"codec": SpectralConfig, "branch": BranchConfig, "mixing": Mixing, "weights": Weights}
    assert set(parts) < {f.name for f in fields(Recipe)}
    settings = dict(settings)
    for key, kind in parts.items():
        given = settings.get(key, {})
        settings[key] = kind(**{name: tuple(v) if isinstance(v, list) else v for name, v in given.items()})
    return Recipe(**settings)
