"""Names of exported files."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from app.document.presets import BUNDLED, Preset
from app.window.output_names import FORMATS, LOSSY, OWN_GAINS, SAME, numbered, output_paths, preset_name, suffix_for
from engine.errors import UsageError
from engine.export import AudioWriter
from engine.remix import Region, Remix

TALK = Path("/recordings/talk.m4a")


@pytest.mark.parametrize("suffix", SAME)
def test_all_formats_can_be_written(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    with AudioWriter(path, 48000, 2, "PCM_16") as writer:
        writer.write(np.zeros((4800, 2), np.float32))
    if suffix not in LOSSY:  # MP3 and Ogg name other things their format
        assert soundfile.info(path).format == SAME[suffix]


@pytest.mark.parametrize(
    ("name", "chosen", "suffix"),
    [
        ("a.wav", "", ".wav"),
        ("a.FLAC", "", ".flac"),
        ("a.aif", "", ".aif"),
        ("a.m4a", "", ".wav"),
        ("a", "", ".wav"),
        ("a.wav", ".mp3", ".mp3"),
    ],
)
def test_as_the_source_where_that_can_be_written(name: str, chosen: str, suffix: str) -> None:
    assert suffix_for(Path(name), chosen) == suffix


def test_paths_by_track() -> None:
    paths = output_paths(TALK, ("remix", "noise"), "", "{stem}.{track}", "x", ".flac")
    assert paths == {"remix": Path("/recordings/talk.remix.flac"), "noise": Path("/recordings/talk.noise.flac")}
    paths = output_paths(TALK, ("remix",), "~/out", "{preset} of {stem}", "Voice only", "")
    assert paths == {"remix": Path.home() / "out" / "Voice only of talk.wav"}


def test_braces_in_the_name_of_a_recording_are_kept() -> None:
    paths = output_paths(Path("/a/{stem} {0}.wav"), ("remix",), "", "{stem}!", "", "")
    assert paths["remix"].name == "{stem} {0}!.wav"


@pytest.mark.parametrize("template", ["{name}", "{stem", "{}", "{0}", "{stem.x}", "{stem!r}", "{stem:>99}", "}"])
def test_other_braces_are_refused(template: str) -> None:
    with pytest.raises(UsageError, match=r"may hold \{stem\}, \{track\}, \{preset\}"):
        output_paths(TALK, ("remix",), "", template, "", "")


def test_empty_and_equal_names_are_refused() -> None:
    with pytest.raises(UsageError, match="name"):
        output_paths(TALK, ("remix",), "", "  ", "", "")
    with pytest.raises(UsageError, match=r"\{track\}"):
        output_paths(TALK, ("remix", "speech"), "", "{stem}", "", "")


def test_the_preset_with_these_gains() -> None:
    own = (Preset("Mine", 1.0, -3.0), Preset("My original", 0.0, 0.0))
    region = Region(0, 1)
    assert preset_name(Remix(1.0, -3.0, (region,)), own) == "Mine"
    assert preset_name(Remix(), own) == "My original"
    assert preset_name(Remix(), ()) == "Original"
    assert preset_name(Remix(0.5, 0), own) == OWN_GAINS
    assert {preset_name(preset.applied(Remix()), ()) for preset in BUNDLED} == {preset.name for preset in BUNDLED}


def test_a_taken_name_gets_a_number(tmp_path: Path) -> None:
    path = tmp_path / "talk.remix.wav"
    assert numbered(path, ()) == path
    path.touch()
    second = tmp_path / "talk.remix 2.wav"
    assert numbered(path, ()) == second
    assert numbered(path, (second,)) == tmp_path / "talk.remix 3.wav"


def test_what_is_on_offer() -> None:
    assert set(FORMATS) >= {".wav", ".flac", ".ogg", ".mp3", ".opus", ".aiff"}
