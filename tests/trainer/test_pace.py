"""How fast this machine trains."""

from pathlib import Path

import pytest

from trainer import pace


def test_the_pace_is_that_of_steps(model_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "MOST_STEPS", 2)
    found = pace.measure_pace(str(model_path), "quick", "cpu")
    assert found.device == "cpu" and 0.05 < found.steps_per_second < 1000
