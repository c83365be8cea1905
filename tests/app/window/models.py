"""Small model files with cards, without torch."""

from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from engine.model_files import ModelCard, Prior


def write_model(path: Path, **changes: Any) -> Path:
    """A model file that has everything but weights that do anything."""
    card: dict[str, Any] = {
        "name": path.stem,
        "architecture": {},
        "sample_rate": 16000,
        "method": "a method",
        "licence": "CC0",
        "date": "2026-11-23",
        "clean": (Prior("Voices_of | Rome", 1.25, 3, "CC BY 4.0"),),
        "noise": (Prior("Rain", 0.04, 0, "CC0"),),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({"a": np.zeros(2, np.float32)}, path, {"voicebed": ModelCard(**card | changes).to_json()})
    return path
