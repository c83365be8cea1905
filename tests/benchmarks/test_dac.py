"""The benchmarks of the `dac` models, on the smallest of codecs."""

import json

import pytest

from engine.presets import PRESETS
from tests.benchmarks import dac

TINY = {
    "codec": {
        "kind": "dac",
        "sample_rate": 16000,
        "encoder_dim": 2,
        "strides": [8, 8],
        "latent_dim": 8,
        "decoder_dim": 8,
    },
    "branch": {"layers": 1, "heads": 2, "feed_forward": 8, "span": 8, "norm": False},
}


def test_counting_gives_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    dac.main(["--only", "parameters", "--presets", "dac-16khz", "--json"])
    tables = json.loads(capsys.readouterr().out)
    assert tables["parameters"]["all, M"] == {"dac-16khz": pytest.approx(191, abs=1), "paper": 191.0}
    assert "torch" in tables["machine"]


def test_it_is_compared_with_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PRESETS, "dac-small", TINY)
    figures = dac.package("dac-small")
    for part in ("latent", "output"):
        assert figures[f"{part} off"] < 1e-5 * figures[f"{part}'s largest"]
    assert figures["here"] == 0


@pytest.mark.parametrize("way", ["plain", "normed", "bfloat16", "channels-last"])
def test_ways_compute_the_same(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PRESETS, "dac-small", TINY)
    figures = dac.speed("dac-small", 1, way)
    assert figures["real-time factor"] > 0
    assert figures.get("off dB", -200) < (-20 if way == "bfloat16" else -80)
