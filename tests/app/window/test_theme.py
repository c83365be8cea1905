"""The themes: contrast, following the system, and what the application wears."""

import dataclasses
import re

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPalette
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.window import icons, theme
from app.window.theme import DARK, LIGHT, Theme

INKS = ("text", "muted", "accent", "speech", "noise", "mixture", "warning", "error")


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def ink_of(icon: QIcon, mode: QIcon.Mode = QIcon.Mode.Normal, state: QIcon.State = QIcon.State.Off) -> str:
    """The colour in the middle of an icon that is filled there."""
    return icon.pixmap(QSize(32, 32), 1.0, mode, state).toImage().pixelColor(16, 16).name()


@pytest.mark.parametrize("worn", [DARK, LIGHT], ids=lambda worn: worn.name)
class TestContrast:
    @pytest.mark.parametrize("ground", ["background", "surface", "raised"])
    @pytest.mark.parametrize("ink", INKS)
    def test_words_can_be_read_on_every_ground(self, worn: Theme, ink: str, ground: str) -> None:
        assert contrast(getattr(worn, ink), getattr(worn, ground)) >= 4.5

    @pytest.mark.parametrize("fill", ["accent", "speech", "noise", "mixture", "error"])
    def test_words_can_be_read_on_fills(self, worn: Theme, fill: str) -> None:
        assert contrast(worn.on_accent, getattr(worn, fill)) >= 4.5

    @pytest.mark.parametrize("ground", ["selection", "hover"])
    def test_text_can_be_read_on_what_is_chosen_or_pointed_at(self, worn: Theme, ground: str) -> None:
        assert contrast(worn.text, getattr(worn, ground)) >= 4.5

    def test_the_focus_can_be_seen_on_every_ground(self, worn: Theme) -> None:
        assert all(
            contrast(worn.accent, getattr(worn, ground)) >= 3 for ground in ("background", "surface", "selection")
        )


def test_contrast_of_black_on_white_is_21() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


def test_the_themes_are_complete_and_differ() -> None:
    for worn in (DARK, LIGHT):
        colours = [value for name, value in dataclasses.asdict(worn).items() if name != "name"]
        assert all(re.fullmatch("#[0-9a-f]{6}", value) for value in colours)
        assert len(set(colours)) == len(colours)
    assert luminance(DARK.surface) < 0.1 < 0.8 < luminance(LIGHT.surface)


def test_colours_have_an_alpha() -> None:
    assert DARK.colour("speech").name() == DARK.speech
    assert DARK.colour("speech", 0.5).alphaF() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("worn", [DARK, LIGHT], ids=lambda worn: worn.name)
def test_the_style_sheet_is_filled_in(worn: Theme) -> None:
    sheet = theme.stylesheet(worn)
    assert "$" not in sheet
    assert worn.speech in sheet and worn.accent in sheet
    pictures = re.findall(r'url\("(.*?)"\)', sheet)
    assert pictures and all((theme.RESOURCES / "icons" / picture.rsplit("/", 1)[1]).is_file() for picture in pictures)


def test_a_theme_is_worn_and_announced(qapp: QApplication, qtbot: QtBot) -> None:
    theme.apply_theme(qapp, "light")
    with qtbot.waitSignal(theme.theme_changed):
        theme.apply_theme(qapp, "dark")
    assert theme.current_theme() is DARK
    assert theme.colour("speech") == QColor(DARK.speech)
    assert qapp.palette().color(QPalette.ColorRole.Window) == QColor(DARK.surface)
    assert qapp.style().name() != "windows" and DARK.raised in qapp.styleSheet()
    with qtbot.assertNotEmitted(theme.theme_changed):
        theme.apply_theme(qapp, "dark")


def test_system_follows_the_system(qapp: QApplication) -> None:
    theme.apply_theme(qapp, "system")
    scheme_changed = qapp.styleHints().colorSchemeChanged
    scheme_changed.emit(Qt.ColorScheme.Light)
    assert theme.current_theme() is LIGHT
    scheme_changed.emit(Qt.ColorScheme.Dark)
    assert theme.current_theme() is DARK
    theme.apply_theme(qapp, "light")
    scheme_changed.emit(Qt.ColorScheme.Dark)
    assert theme.current_theme() is LIGHT


def test_figures_have_one_width(qapp: QApplication) -> None:
    assert theme.font(theme.DISPLAY).pixelSize() == theme.DISPLAY
    assert theme.font().isFeatureSet(theme.TABULAR)


def test_icons_follow_the_theme_and_the_state_of_their_button(qapp: QApplication) -> None:
    stop = icons.icon("stop", "speech", checked="on_accent")
    for worn in (LIGHT, DARK):
        theme.apply_theme(qapp, worn.name)
        assert ink_of(stop) == worn.speech
        assert ink_of(stop, QIcon.Mode.Disabled) == worn.faint
        assert ink_of(stop, state=QIcon.State.On) == worn.on_accent
        assert ink_of(icons.icon("stop"), state=QIcon.State.On) == worn.text


@pytest.mark.parametrize("name", icons.LINES)
def test_every_icon_is_drawn_within_its_square(qapp: QApplication, qtlog, name: str) -> None:
    image = icons.icon(name).pixmap(QSize(64, 64), 1.0).toImage()
    inked = [(x, y) for x in range(64) for y in range(64) if image.pixelColor(x, y).alpha()]
    assert inked
    assert all(0 < x < 63 and 0 < y < 63 for x, y in inked)
    assert not qtlog.records  # QtSvg complains about paths that it cannot read


def test_icons_are_crisp_on_dense_screens(qapp: QApplication) -> None:
    dense = icons.icon("play").pixmap(QSize(16, 16), 2.0)
    assert dense.width() == 32 and dense.devicePixelRatio() == 2


def test_the_application_icon_is_speech_on_noise_at_every_size(qapp: QApplication) -> None:
    for size in (16, 32, 256):
        image = icons.application_icon().pixmap(QSize(size, size), 1.0).toImage()
        assert image.width() == size
        assert image.pixelColor(size // 2, size * 15 // 16).name() == DARK.noise
        assert image.pixelColor(size * 11 // 16, size // 2).name() == DARK.speech
        assert image.pixelColor(0, 0).alpha() < 128
