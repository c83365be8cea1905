"""What comes with Voicebed: the bundled model with its card, and the demo made with it."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from app.cli import main
from engine.model_files import DEFAULT, find_model


def test_the_bundled_model_has_a_full_card() -> None:
    model = find_model()
    card = model.card
    assert model.bundled and card.name == DEFAULT
    assert model.path.stat().st_size < 40e6
    assert card.clean and card.noise and all(prior.licence and prior.hours for prior in card.clean + card.noise)
    assert card.steps and card.training_hours >= 2 and card.recipe and card.licence and card.date
    assert card.metrics


def test_its_figures_beat_the_noisy_input() -> None:
    for rows in find_model().card.metrics.values():
        assert all(rows["output"][name] > rows["input"][name] for name in ("PESQ", "STOI", "SI-SDR", "OVRL"))


def test_the_demo_quiets_the_pauses_and_keeps_the_voice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    pytest.importorskip("PySide6.QtGui", reason="Qt's system libraries are missing", exc_type=ImportError)
    request.getfixturevalue("qapp")  # else its picture makes an application that no later test of the window can use
    assert main(["demo", "-o", str(tmp_path / "out"), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    tracks = {name: soundfile.read(path)[0] for name, path in result["tracks"].items()}
    mixture = tracks["speech"] + tracks["noise"]
    assert np.array_equal(mixture, soundfile.read(result["input"])[0])
    pause, voice = slice(3 * 16000, int(3.8 * 16000)), slice(4 * 16000, 6 * 16000)
    assert np.std(tracks["speech"][pause]) < 0.2 * np.std(mixture[pause])
    assert np.std(tracks["speech"][voice]) > 0.7 * np.std(mixture[voice])
    assert Path(result["picture"]).read_bytes().startswith(b"\x89PNG")
    assert Path(result["remix"]).exists() and result["null_dbfs"] == -300
    assert result["loudness_after"] < result["loudness_before"]
