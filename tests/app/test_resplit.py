"""--resplit and inline --regions: what they take, and one clear line for what they do not."""

import json
from pathlib import Path

import numpy as np
import pytest

from engine.separator import Separator
from tests.app.test_bad_input import refused
from tests.app.test_cli import RATE, Voicebed, names, samples, voicebed, write

__all__ = ["voicebed"]  # the fixture


def test_regions_in_the_line_are_those_of_a_file(voicebed: Voicebed, tmp_path: Path) -> None:
    source = write(tmp_path / "x.wav")
    regions = [{"start": 0.25, "end": 0.5, "speech_db": "-inf", "noise_db": -6, "ramp": 0.01}]
    (tmp_path / "r.json").write_text(json.dumps(regions))
    for output, given in (
        ("a", tmp_path / "r.json"),
        ("b", json.dumps(regions)),
        ("c", json.dumps({"regions": regions})),
    ):
        assert voicebed("remix", source, "-o", tmp_path / f"{output}.wav", "--regions", given).code == 0
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes() == (tmp_path / "c.wav").read_bytes()
    assert not np.array_equal(samples(tmp_path / "a.wav"), samples(source))


@pytest.mark.parametrize(
    "text", ["[{", '{"region": []}', '[{"start": 1, "end": 0}]', '[{"start": 0, "end": 1, "noise_db": 20}]', "[" * 9999]
)
def test_broken_regions_in_the_line(voicebed: Voicebed, tmp_path: Path, text: str) -> None:
    source = write(tmp_path / "x.wav")
    refused(voicebed("remix", source, "-o", tmp_path / "y.wav", "--regions", text), 2, "--regions")
    assert names(tmp_path) == {"x.wav"}


@pytest.mark.parametrize("command", ["split", "remix"])
def test_a_stretch_by_the_same_model_changes_nothing(voicebed: Voicebed, tmp_path: Path, command: str) -> None:
    source = write(tmp_path / "x.wav", frames=5 * RATE)
    place = tmp_path / "y.wav" if command == "remix" else tmp_path
    options = ("--noise", "-inf") if command == "remix" else ("--tracks", "speech")
    written = tmp_path / ("y.wav" if command == "remix" else "x.speech.wav")
    assert voicebed(command, source, "-o", place, *options).code == 0
    before = samples(written)
    done = voicebed(command, source, "-o", place, *options, "--resplit", f"1-2.5={voicebed.model}", "--json")
    assert done.code == 0 and done.progress[-1].endswith("100 %, 0 s left")
    assert np.abs(samples(written) - before).max() <= 2**-15
    assert names(tmp_path) == {"x.wav", written.name}


@pytest.mark.parametrize(
    ("value", "code", "says"),
    [
        ("1-2", 2, "START-END=MODEL"),
        ("one-2=MODEL", 2, "START-END=MODEL"),
        ("-1-2=MODEL", 2, "START-END=MODEL"),
        ("1-2=", 2, "START-END=MODEL"),
        ("2-1=MODEL", 2, "0 <= start < end"),
        ("4-5=MODEL", 2, "ends at 1.000 s"),
        ("0-1=nosuch", 3, "nosuch"),
    ],
)
@pytest.mark.parametrize("command", ["split", "remix"])
def test_stretches_that_are_none(
    voicebed: Voicebed, tmp_path: Path, command: str, value: str, code: int, says: str
) -> None:
    source = write(tmp_path / "x.wav")
    place = tmp_path / "y.wav" if command == "remix" else tmp_path / "out"
    option = f"--resplit={value.replace('MODEL', str(voicebed.model))}"
    refused(voicebed(command, source, "-o", place, option), code, says)
    assert names(tmp_path) == {"x.wav"}


def test_a_bad_place_is_found_out_before_any_splitting(
    voicebed: Voicebed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write(tmp_path / "x.wav")
    monkeypatch.setattr(Separator, "windows", None)
    stretch = f"0-1={voicebed.model}"
    refused(voicebed("remix", source, "-o", tmp_path / "y.txt", "--resplit", stretch), 2, "must end in")
    refused(voicebed("remix", source, "-o", tmp_path / "no" / "y.wav", "--resplit", stretch), 2, "does not exist")
    assert names(tmp_path) == {"x.wav"}


def test_stretches_are_of_one_recording(voicebed: Voicebed, tmp_path: Path) -> None:
    sources = [write(tmp_path / f"{number}.wav") for number in range(2)]
    refused(voicebed("split", *sources, "--resplit", f"0-1={voicebed.model}"), 2, "one recording")


def test_the_sample_format_can_be_named(voicebed: Voicebed, tmp_path: Path) -> None:
    import soundfile

    source = write(tmp_path / "x.wav")
    assert voicebed("remix", source, "-o", tmp_path / "y.wav", "--subtype", "PCM_24").code == 0
    assert soundfile.info(tmp_path / "y.wav").subtype == "PCM_24"
    refused(voicebed("remix", source, "-o", tmp_path / "z.wav", "--subtype", "PCM_99"), 2, "PCM_99")
