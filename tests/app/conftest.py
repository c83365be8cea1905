"""Fixtures for all of the app."""

from pathlib import Path

import pytest

from engine import model_files
from engine.model_files import DEFAULT
from tests.app.window.models import write_model


@pytest.fixture
def bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of bundled models, with the default one in it."""
    folder = tmp_path / "bundled"
    write_model(folder / f"{DEFAULT}.safetensors")
    monkeypatch.setattr(model_files, "BUNDLED", folder)
    return folder
