"""The figures' verdicts, and one measurement from end to end."""

import json
import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.benchmarks.reach import CHECKS, Figure, Setting, at_least, at_most, main


def test_verdicts() -> None:
    assert at_most("", 1, 1, "").ok and at_least("", 1, 1, "").ok and Figure("", math.nan, "").ok
    assert not (at_most("", 2, 1, "").ok or at_most("", math.nan, 1, "").ok or at_least("", 0, 1, "").ok)


def test_measures_and_prints_one_object(model_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only", "remix-zero", "--model", str(model_path), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert set(result) == {"remix-zero", "machine"}
    assert [figure["measured"] for figure in result["remix-zero"]] == [0] * 4


def test_a_missed_target_is_the_exit_code(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def late(setting: Setting) -> Iterator[Figure]:
        yield at_most("delay of speech", 3, 0, "samples")

    monkeypatch.setitem(CHECKS, "delay", late)
    assert main(["--only", "delay"]) == 1
    assert "MISSED" in capsys.readouterr().out
