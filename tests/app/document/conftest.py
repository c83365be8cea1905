"""A short recording, and a document on it."""

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from app.document.document import Document
from engine.recording import Recording, open_recording


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    """Ten seconds of quiet noise, in a folder of its own."""
    path = tmp_path / "episode" / "interview täglich.wav"
    path.parent.mkdir()
    sf.write(path, np.random.default_rng(0).uniform(-0.1, 0.1, 80_000), 8000, "PCM_16")
    return open_recording(path)


@pytest.fixture
def document(recording: Recording, clock: Clock) -> Document:
    return Document(recording, clock=clock)
