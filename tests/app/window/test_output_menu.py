"""The menu of sound devices."""

import pytest
from pytestqt.qtbot import QtBot

from app.document.settings import Settings
from app.window.output_menu import OutputMenu


@pytest.fixture
def menu(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> OutputMenu:
    monkeypatch.setattr("app.window.output_menu._found", lambda: ("", ["Speakers", "Headphones"]))
    menu = OutputMenu(Settings(output="Headphones"))
    qtbot.addWidget(menu)
    return menu


def test_devices_are_looked_for_when_it_opens(qtbot: QtBot, menu: OutputMenu) -> None:
    assert "Looking" in menu.actions()[-1].text()
    with qtbot.waitSignal(menu.looked) as caught:
        menu.aboutToShow.emit()
    assert caught.args == [["Speakers", "Headphones"]]
    assert [(action.text(), action.isChecked()) for action in menu.actions()] == [
        ("As the system", False),
        ("Speakers", False),
        ("Headphones", True),
    ]


def test_a_device_and_the_systems_can_be_chosen(qtbot: QtBot, menu: OutputMenu) -> None:
    with qtbot.waitSignal(menu.looked):
        menu.look()
    for place, name in ((1, "Speakers"), (0, "")):
        with qtbot.waitSignal(menu.chosen) as caught:
            menu.actions()[place].trigger()
        assert caught.args == [name]


def test_without_sound_it_says_why(qtbot: QtBot, menu: OutputMenu, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.window.output_menu._found", lambda: ("Sound needs PortAudio", []))
    with qtbot.waitSignal(menu.looked):
        menu.look()
    assert menu.actions()[-1].text() == "Sound needs PortAudio" and not menu.actions()[-1].isEnabled()
