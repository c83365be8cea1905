"""Preferences take effect at once and are kept."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from app.document.settings import Settings, load_settings
from app.window import preferences, theme
from app.window.preferences import PreferencesDialog
from engine.cache import cache_folder
from engine.errors import UsageError
from engine.model_files import DEFAULT, user_folder
from tests.app.window.accessible import unnamed
from tests.app.window.models import write_model


@pytest.fixture
def settings() -> Settings:
    """Of a new user."""
    return Settings()


def shown(qtbot: QtBot, settings: Settings, kept: list[Path] | None = None) -> PreferencesDialog:
    """The dialog, with what it looks up."""
    dialog = PreferencesDialog(settings, ["Speakers", "USB headset"], kept=kept or [])
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: "at most" in dialog.size_label.text(), timeout=5000)
    return dialog


def choose(box: QComboBox, value: str) -> None:
    """As a user does."""
    box.setCurrentIndex(box.findData(value))
    box.activated.emit(box.currentIndex())


def values(box: QComboBox) -> list[str]:
    """What is on offer."""
    return [box.itemData(index) for index in range(box.count())]


@pytest.mark.parametrize(
    ("name", "value"), [("output", "USB headset"), ("device", "cuda"), ("colours", "viridis"), ("output", "")]
)
def test_a_choice_is_told_and_kept(qtbot: QtBot, settings: Settings, name: str, value: str) -> None:
    dialog = shown(qtbot, settings)
    with qtbot.waitSignal(dialog.changed) as changed:
        choose(getattr(dialog, name), value)
    assert changed.args == [name]
    assert getattr(settings, name) == value
    assert getattr(load_settings(), name) == value


def test_the_theme_is_put_on(qtbot: QtBot, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    worn: list[str] = []
    monkeypatch.setattr(theme, "apply_theme", lambda _, choice: worn.append(choice))
    choose(shown(qtbot, settings).theme, "light")
    assert worn == ["light"] and settings.theme == "light"


def test_settings_are_shown(qtbot: QtBot) -> None:
    dialog = shown(qtbot, Settings(theme="dark", output="Old headset", device="cpu", colours="grey"))
    boxes = (dialog.theme, dialog.output, dialog.device, dialog.colours)
    assert [box.currentData() for box in boxes] == ["dark", "Old headset", "cpu", "grey"]
    assert dialog.output.currentText() == "Old headset (not connected)"


def test_models_are_on_offer(qtbot: QtBot, settings: Settings) -> None:
    write_model(user_folder() / "mine.safetensors")
    settings.model = "gone"
    dialog = shown(qtbot, settings)
    qtbot.waitUntil(lambda: "mine" in values(dialog.model), timeout=5000)
    assert values(dialog.model) == ["", "gone", "mine"]
    assert dialog.model.currentText() == "gone" and dialog.model.itemText(0) == DEFAULT
    choose(dialog.model, "")
    assert load_settings().model == ""


def test_the_cache_is_measured_and_cleared_but_for_what_is_open(qtbot: QtBot, settings: Settings) -> None:
    for name in ("open", "old"):
        folder = cache_folder() / name / "split"
        folder.mkdir(parents=True)
        (folder / "speech.raw").write_bytes(bytes(3_000_000))
    dialog = shown(qtbot, settings, [cache_folder() / "open"])
    assert dialog.size_label.text() == "6 MB of 20.0 GB at most"
    qtbot.mouseClick(dialog.clear_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.size_label.text().startswith("3 MB"), timeout=5000)
    assert [path.name for path in cache_folder().iterdir()] == ["open"]


def test_an_empty_cache_cannot_be_cleared(qtbot: QtBot, settings: Settings) -> None:
    dialog = shown(qtbot, settings)
    assert dialog.size_label.text().startswith("0 MB") and not dialog.clear_button.isEnabled()


def test_settings_that_cannot_be_written_are_said(
    qtbot: QtBot, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Settings) -> None:
        raise UsageError("settings.json is read-only.")

    monkeypatch.setattr(preferences, "save_settings", refuse)
    dialog = shown(qtbot, settings)
    choose(dialog.device, "cpu")
    assert dialog.bar.message and dialog.bar.message.text == "settings.json is read-only."
    assert settings.device == "cpu"


def test_everything_has_a_name(qtbot: QtBot, settings: Settings) -> None:
    assert unnamed(shown(qtbot, settings)) == []
