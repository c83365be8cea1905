"""Cards say what the model files say; the dialog imports, removes and chooses."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from app.window.model_card import ModelCardView, ModelsDialog, card_text
from engine.model_files import DEFAULT, Prior, read_model_file, user_folder
from tests.app.window.accessible import unnamed
from tests.app.window.models import write_model


def shown(qtbot: QtBot, current: str = "", models: int = 1) -> ModelsDialog:
    """The dialog, once it has read the cards of as many models; it deletes itself when it is closed."""
    dialog = ModelsDialog(current)
    qtbot.addWidget(dialog)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    dialog.show()
    qtbot.waitUntil(lambda: dialog.list.count() == models, timeout=5000)
    return dialog


def names(dialog: ModelsDialog) -> list[str]:
    """The models on the list."""
    return [dialog.list.item(row).text().splitlines()[0] for row in range(dialog.list.count())]


def click(qtbot: QtBot, button: QPushButton) -> None:
    """With the left button."""
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a_card_is_shown_in_words_and_tables(qtbot: QtBot, tmp_path: Path) -> None:
    path = write_model(
        tmp_path / "mine.safetensors",
        steps=7080,
        training_hours=2.02,
        machine="2 CPU cores",
        base="voicebed-spectral",
        recipe={"name": "warm_start", "batch": 8, "mixing": {"snr_db": [-5.0, 20.0]}, "codec": {"kind": "spectral"}},
        metrics={"a test set": {"input": {"PESQ": 1.5, "SI-SDR": -2.0}, "output": {"PESQ": 2.25, "SI-SDR": 4.0}}},
        notes="Whispering is hard.",
    )
    view = ModelCardView()
    qtbot.addWidget(view)
    view.show_model(read_model_file(path))
    text = view.toPlainText()
    for words in (
        "Voices_of | Rome",
        "7,080 steps in 2.0 hours on 2 CPU cores",
        "It began from voicebed-spectral",
        "Recipe warm_start: batch 8, mixing (snr db −5 to 20).",
        "It hears up to 8 kHz",
        "A test set",
        "None of it was recorded where",
        "Whispering is hard.",
    ):
        assert words in text
    assert "spectral codec" not in text
    cells = [line.strip() for line in text.splitlines()]
    at = cells.index("SI-SDR")
    assert cells[at : at + 4] == ["SI-SDR", "−2.00", "4.00", "+6.00"]
    at = cells.index("together")
    assert cells[at : at + 3] == ["together", "1.2", "3"]


def test_the_users_own_domain_is_marked(tmp_path: Path) -> None:
    prior = Prior("My studio", 2, 1, "private", in_domain=True)
    text = card_text(read_model_file(write_model(tmp_path / "mine.safetensors", clean=(prior,))))
    assert "| My studio | 2.0 | 1 | private | yes |" in text
    assert "None of it" not in text


@pytest.mark.parametrize("beside", [{}, {"method alone": {"PESQ": 2.25}}])
def test_what_the_method_alone_reaches_stands_beside(tmp_path: Path, beside: dict[str, dict[str, float]]) -> None:
    metrics = {"clips": {"input": {"PESQ": 2.0}, "output": {"PESQ": 2.5}, **beside}}
    text = card_text(read_model_file(write_model(tmp_path / "mine.safetensors", metrics=metrics)))
    assert "+0.50" in text and ("2.25" in text) is ("alone" in text) is bool(beside)


def test_a_card_cannot_smuggle_in_markdown(qtbot: QtBot, tmp_path: Path) -> None:
    path = write_model(tmp_path / "mine.safetensors", notes="![x](http://x/y.png) <b>bold</b> [go](http://x)\n# big")
    view = ModelCardView()
    qtbot.addWidget(view)
    view.show_model(read_model_file(path))
    assert "![x](http://x/y.png) <b>bold</b> [go](http://x) # big" in view.toPlainText()
    assert "href" not in view.toHtml().partition("</style>")[2]


def test_the_model_in_use_is_marked_and_shown(qtbot: QtBot, bundled: Path) -> None:
    write_model(user_folder() / "mine.safetensors")
    dialog = shown(qtbot, "mine", 2)
    assert names(dialog) == [DEFAULT, "mine"]
    assert dialog.list.currentRow() == 1
    assert [dialog.list.item(row).icon().isNull() for row in (0, 1)] == [True, False]
    assert dialog.card.toPlainText().startswith("mine")


@pytest.mark.parametrize(("row", "name"), [(0, ""), (1, "mine")])
def test_choosing_a_model(qtbot: QtBot, bundled: Path, row: int, name: str) -> None:
    write_model(user_folder() / "mine.safetensors")
    dialog = shown(qtbot, models=2)
    dialog.list.setCurrentRow(row)
    with qtbot.waitSignal(dialog.chosen) as chosen:
        click(qtbot, dialog.use_button)
    assert chosen.args == [name]
    assert not dialog.isVisible()


def test_importing_and_removing(qtbot: QtBot, bundled: Path, tmp_path: Path) -> None:
    dialog = shown(qtbot)
    assert not dialog.remove_button.isEnabled()
    dialog.import_file(write_model(tmp_path / "other.safetensors"))
    qtbot.waitUntil(lambda: names(dialog) == [DEFAULT, "other"], timeout=5000)
    assert dialog.list.currentRow() == 1
    assert (user_folder() / "other.safetensors").exists()
    click(qtbot, dialog.remove_button)
    assert dialog.bar.is_asking and (user_folder() / "other.safetensors").exists()
    dialog.bar.message.actions[0][1]()  # pyright: ignore[reportOptionalMemberAccess]
    qtbot.waitUntil(lambda: names(dialog) == [DEFAULT], timeout=5000)
    assert not (user_folder() / "other.safetensors").exists()


def test_an_import_that_fails_says_why(qtbot: QtBot, bundled: Path, tmp_path: Path) -> None:
    dialog = shown(qtbot)
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"nonsense")
    dialog.import_file(broken)
    qtbot.waitUntil(lambda: dialog.bar.isVisible(), timeout=5000)
    assert dialog.bar.message and dialog.bar.message.kind == "error"
    assert "not a model file" in dialog.bar.message.text
    assert dialog.import_button.isEnabled()
    assert names(dialog) == [DEFAULT]


def test_without_models_it_says_so(qtbot: QtBot, bundled: Path) -> None:
    (bundled / f"{DEFAULT}.safetensors").unlink()
    dialog = ModelsDialog()
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(dialog.bar.isVisible, timeout=5000)
    assert not dialog.use_button.isEnabled()


def test_a_dialog_that_goes_before_the_cards_are_read(qtbot: QtBot, bundled: Path) -> None:
    dialog = ModelsDialog()
    dialog.deleteLater()
    del dialog
    other = shown(qtbot)  # the outcome for the first one is passed over, this one gets its own
    assert names(other) == [DEFAULT]


def test_everything_has_a_name(qtbot: QtBot, bundled: Path) -> None:
    assert unnamed(shown(qtbot)) == []
