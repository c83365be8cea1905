"""Settings: they come back, and no rubbish in their file keeps Voicebed from starting."""

import json
import math
from pathlib import Path

import pytest

from app.document.presets import Preset
from app.document.settings import READERS, RECENT, Settings, load_settings, save_settings, settings_path
from engine.errors import UsageError

CHOSEN = Settings(
    theme="light",
    axis="log",
    colours="magma",
    floor_db=-90.5,
    ceiling_db=-10,
    recent=("/a.wav", "/b.voicebed"),
    output="Headphones",
    device="cuda",
    model="tiny",
    presets=(Preset("Mine", -3, -math.inf), Preset("Ours", 12, -60)),
    export_folder="/exports",
    export_tracks=("remix", "noise"),
    export_suffix=".flac",
    export_subtype="PCM_24",
    name_template="{track} of {stem}",
    geometry="AdnQywADAAA=",
    matched_bypass=False,
)


def test_settings_come_back() -> None:
    assert load_settings() == Settings()
    save_settings(CHOSEN)
    assert load_settings() == CHOSEN


def test_every_setting_is_read_and_none_of_the_chosen_is_the_default() -> None:
    assert READERS.keys() == vars(Settings()).keys()
    assert all(value != vars(Settings())[name] for name, value in vars(CHOSEN).items())


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"x"', "\x00\xff", '{"theme": NaN}', "[" * 100_000])
def test_a_damaged_file_counts_as_none(text: str) -> None:
    settings_path().parent.mkdir(parents=True)
    settings_path().write_text(text, encoding="latin-1")
    assert load_settings() == Settings()


@pytest.mark.parametrize(
    "rubbish", ["null", "7", "-1e999", "1" + 400 * "0", '"purple"', '""', "[[]]", '{"x": 1}', "true"]
)
@pytest.mark.parametrize("name", READERS)
def test_rubbish_in_one_setting_leaves_the_others(name: str, rubbish: str) -> None:
    save_settings(CHOSEN)
    data = json.loads(settings_path().read_text("utf-8")) | {name: "@", "unknown": "@"}
    settings_path().write_text(json.dumps(data).replace('"@"', rubbish))
    settings, expected = load_settings(), vars(CHOSEN)
    assert isinstance(getattr(settings, name), type(expected[name]) | float)
    save_settings(settings)
    assert load_settings() == settings
    same = {other for other in expected if getattr(settings, other) == expected[other]}
    assert same >= expected.keys() - {name} - ({"floor_db", "ceiling_db"} if name.endswith("_db") else set())


def test_a_contrast_that_does_not_rise_is_passed_over() -> None:
    save_settings(Settings(floor_db=-10, ceiling_db=-90, theme="dark"))
    assert load_settings() == Settings(theme="dark")


def test_a_bad_preset_leaves_the_others() -> None:
    save_settings(Settings(presets=CHOSEN.presets))
    data = json.loads(settings_path().read_text("utf-8"))
    bad = [7, {"name": "Loud", "speech_db": 99, "noise_db": 0}, {"name": "Original", "speech_db": 0, "noise_db": 0}]
    data["presets"][1:1] = bad
    settings_path().write_text(json.dumps(data))
    assert load_settings().presets == CHOSEN.presets


def test_recent_files_are_ten_without_repeats_and_only_those_that_exist(tmp_path: Path) -> None:
    settings = Settings()
    paths = [tmp_path / f"{number}.wav" for number in range(RECENT + 3)]
    for path in [*paths, paths[5]]:
        path.touch()
        settings.add_recent(path)
    assert settings.recent_files() == [paths[5], *reversed(paths[6:]), *reversed(paths[3:5])]
    paths[5].unlink()
    assert settings.recent_files()[0] == paths[-1] and len(settings.recent) == RECENT
    settings.recent = ("\0", "x" * 9999)
    assert settings.recent_files() == []


def test_a_folder_that_cannot_be_written() -> None:
    settings_path().parent.write_text("a file where the folder should be")
    assert load_settings() == Settings()
    with pytest.raises(UsageError):
        save_settings(CHOSEN)
