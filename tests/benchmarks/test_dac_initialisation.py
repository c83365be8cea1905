"""The benchmark of beginnings, on the smallest of codecs and noise for speech."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.presets import PRESETS
from tests.benchmarks import dac_initialisation
from tests.benchmarks.test_dac import TINY
from trainer.clips import Priors
from trainer.corpus import open_corpus


def test_the_initialisation_benchmark_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def priors(roots: list[Path], cache: Path, sample_rate: int) -> Priors:
        rng = np.random.default_rng(0)
        for name in ("clean", "noise"):
            (tmp_path / name).mkdir()
            for number in range(3):
                soundfile.write(tmp_path / name / f"{number}.wav", 0.1 * rng.standard_normal(32000), sample_rate)
        return Priors(*([open_corpus(tmp_path / name, cache, sample_rate)] for name in ("clean", "noise")))

    monkeypatch.setitem(PRESETS, "dac-small", TINY)
    monkeypatch.setattr(dac_initialisation, "open_priors", priors)
    monkeypatch.setattr(dac_initialisation, "TESTED", replace(dac_initialisation.TESTED, batch=4))
    arguments = ["--root", tmp_path, "--cache", tmp_path / "cache", "--out", tmp_path / "out"]
    times = ["--minutes", 0.02, "--pretrain-minutes", 0.01, "--every", 0.6]
    for _ in range(2):  # the second time with the codec of the first
        dac_initialisation.main([str(argument) for argument in (*arguments, *times)])
        with (tmp_path / "out" / "initialisation.csv").open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert [float(row["seconds"]) for row in rows] == pytest.approx([0, 0.6, 1.2])
        assert all(np.isfinite(float(value)) for row in rows for value in row.values())
        for folder in ("clean", "noise"):
            for path in (tmp_path / folder).iterdir():
                path.unlink()
            (tmp_path / folder).rmdir()
    assert (tmp_path / "out" / "initialisation.png").stat().st_size > 5000
