"""What the engine process does, done here: open, draw, split, split again, export."""

import math
import os
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from app.cli import main
from app.jobs import tasks
from app.jobs.tasks import TASKS, Work
from app.picture.pyramid import Pyramid
from engine.cache import recording_folder
from engine.delivery import Delivery, delivery_data
from engine.errors import Cancelled, InputError, ResourceError, UsageError
from engine.fingerprint import fingerprint
from engine.patch import Patch, patch_data
from engine.recording import open_recording, recording_from
from engine.remix import Region, Remix, remix_data
from engine.stored import StoredSplit
from engine.tags import Chapter, Tags, read_tags, write_tags

RATE, SECONDS = 8000, 9
FRAMES = RATE * SECONDS


class Desk:
    """Runs tasks and keeps what they say on the way."""

    def __init__(self) -> None:
        self.progress: list[tuple[float, float]] = []
        self.began: list[dict[str, Any]] = []
        self.cancel_at = math.inf  # seconds

    def __call__(self, task: str, **arguments: Any) -> dict[str, Any]:
        self.progress, self.began = [], []
        return TASKS[task](Work(self._advance, self.began.append), **arguments)

    def _advance(self, done: float, total: float) -> None:
        self.progress.append((done, total))
        if done >= self.cancel_at:
            raise Cancelled("cancelled")


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture(autouse=True)
def short_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows of two seconds; models are loaded anew for each test."""
    monkeypatch.setattr("engine.separator.WINDOW_SECONDS", 2)
    tasks._loaded.cache_clear()


def sound(channels: int = 2) -> np.ndarray:
    audio = np.random.default_rng(0).standard_normal((FRAMES, channels)) * 0.1
    return np.clip(audio * (1 + np.sin(np.arange(FRAMES) / 4000)[:, None]), -1, 1)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    soundfile.write(tmp_path / "in.wav", sound(), RATE, "PCM_16")
    return tmp_path / "in.wav"


@pytest.fixture
def other_model(model_path: Path, tmp_path: Path) -> Path:
    """Another model of the same kind."""
    from engine.model import load_model, save_model

    model = load_model(str(model_path))
    for weight in model.generator.state_dict().values():
        weight.mul_(1.1)
    save_model(tmp_path / "other.safetensors", model.generator, model.file.card)
    return tmp_path / "other.safetensors"


def files(folder: Path) -> dict[str, bytes]:
    """All files below a folder, by their names within it."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
