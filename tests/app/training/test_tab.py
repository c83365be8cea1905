"""The tab in the window: from the folders over a training to the verdict, and what is asked on the way."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from app.document.settings import Settings, load_settings
from app.training.run import Plan, Run, State, find_trainings
from app.training.tab import TrainerTab
from app.window.main_window import DEMO, MainWindow
from app.window.message_bar import Message, MessageBar
from engine.model_files import find_model, read_model_file
from tests.app.sound.clocked import ClockedOutput
from tests.app.window.accessible import unnamed
from tests.app.window.models import write_model

SOON = 30_000


@pytest.fixture
def new_window(runs: list[Run]) -> Iterator[Callable[[], MainWindow]]:
    """Make windows at the trainer; they are shut down at the end, and the processes that they started."""
    windows: list[MainWindow] = []

    def make() -> MainWindow:
        window = MainWindow(Settings(), ClockedOutput())
        windows.append(window)
        window.show()
        window.show_tab("trainer")
        return window

    yield make
    for window in windows:
        if window.trainer and window.trainer.run:
            runs.append(window.trainer.run)
        window.editor.forget_changes()
        window.editor.shut_down()
        if window.trainer:
            window.trainer.leave()
            window.trainer.prepare.player.close()
            window.trainer.worker.stop()
        window.deleteLater()


@pytest.fixture
def window(new_window: Callable[[], MainWindow]) -> MainWindow:
    return new_window()


@pytest.fixture
def tab(window: MainWindow) -> TrainerTab:
    assert window.trainer
    return window.trainer


def click(qtbot: QtBot, button: QPushButton) -> None:
    assert button.isVisible() and button.isEnabled(), button.text()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def answer(bar: MessageBar, words: str) -> None:
    """Press a button of the message."""
    message = bar.message
    assert message
    bar._act([text for text, _ in message.actions].index(words))


def said(bar: MessageBar) -> Message:
    assert bar.message
    return bar.message


def trained(qtbot: QtBot, tab: TrainerTab, plan: Plan, mode: Path, how: str = "short") -> None:
    """Begin a training, and wait for its end or, if it is a long one, until it learns."""
    mode.write_text(how)
    tab.prepare.start_requested.emit(plan, [])
    run = tab.run
    assert run
    if how == "long":
        qtbot.waitUntil(lambda: run.state is State.RUNNING and run.step > 0, timeout=SOON)
    else:
        qtbot.waitUntil(lambda: not run.alive, timeout=SOON)


def test_it_is_made_when_it_is_shown(qtbot: QtBot) -> None:
    window = MainWindow(Settings(), ClockedOutput())
    window.show()
    assert window.trainer is None
    window.actions_by_name["show_trainer"].trigger()
    assert window.trainer and window.trainer.isVisible()
    window.actions_by_name["show_editor"].trigger()
    assert not window.trainer.isVisible()
    window.shut_down()
    window.deleteLater()


def test_actions_about_a_recording_rest_meanwhile(window: MainWindow, qtbot: QtBot) -> None:
    """Space in the trainer does not play what is open in the editor."""
    window.show_tab("editor")
    window.open_files([DEMO])
    qtbot.waitUntil(lambda: window.editor.workspace is not None, timeout=SOON)
    assert window.actions_by_name["play"].isEnabled() and window.actions_by_name["axis_mel"].isEnabled()
    window.show_tab("trainer")
    assert not window.actions_by_name["play"].isEnabled() and not window.actions_by_name["axis_mel"].isEnabled()
    assert window.editor.workspace
    window.editor.workspace.update_actions()  # as when the split is done
    assert not window.actions_by_name["play"].isEnabled()
    assert window.actions_by_name["quit"].isEnabled() and window.actions_by_name["open"].isEnabled()
    window.show_tab("editor")
    assert window.actions_by_name["play"].isEnabled()


def test_the_whole_story_with_a_stand_in(
    qtbot: QtBot, window: MainWindow, tab: TrainerTab, plan: Plan, mode: Path
) -> None:
    trained(qtbot, tab, plan, mode)
    page = tab.verdict
    assert tab.stack.currentWidget() is page
    assert page.light.text.text() == "Better on 11 of 12 clips, +0.18 OVRL." and page.light.grade == "ok"
    qtbot.waitUntil(page.save_button.isEnabled, timeout=SOON)
    page.name.setText("studio voice")
    page.licence.setCurrentText("CC0")
    page.notes.setPlainText("Trained on all episodes.")
    click(qtbot, page.save_button)
    qtbot.waitUntil(lambda: page.saved_as == "studio voice", timeout=SOON)
    card = find_model("studio voice").card
    assert (card.name, card.licence) == ("studio voice", "CC0") and card.notes.startswith("Trained on all episodes.")
    click(qtbot, page.default_button)
    assert load_settings().model == "studio voice"
    click(qtbot, page.use_button)
    assert window.tabs.currentWidget() is window.editor
    assert "studio voice" in said(window.editor.messages).text
    window.open_files([DEMO])
    qtbot.waitUntil(lambda: window.editor.workspace is not None, timeout=SOON)
    assert window.editor.workspace and window.editor.workspace.document.edit.model == "studio voice"
    window.show_tab("trainer")
    click(qtbot, page.done_button)
    assert tab.run is None and tab.stack.currentWidget() is tab.prepare
    qtbot.waitUntil(lambda: not plan.place.exists(), timeout=SOON)
    assert find_model("studio voice").path.is_file()


def test_a_worse_model_is_asked_about_twice(qtbot: QtBot, tab: TrainerTab, plan: Plan, mode: Path) -> None:
    script = mode.with_name("trainer_stand_in.py")
    script.write_text(script.read_text().replace("better=True", "better=False").replace("2.68", "2.41"))
    trained(qtbot, tab, plan, mode)
    page = tab.verdict
    assert page.light.grade == "look"
    assert page.light.text.text() == "Not better: keep voicebed-spectral (better on 11 of 12 clips, −0.09 OVRL)."
    qtbot.waitUntil(page.default_button.isEnabled, timeout=SOON)
    click(qtbot, page.default_button)
    assert "did not do better" in said(tab.messages).text and load_settings().model == ""
    tab.messages.dismiss()
    assert load_settings().model == "" and not page.saved_as
    click(qtbot, page.default_button)
    answer(tab.messages, "Make it the default")
    qtbot.waitUntil(lambda: load_settings().model == "mine", timeout=SOON)


def test_mixtures_can_decide(qtbot: QtBot, tab: TrainerTab, plan: Plan, mode: Path) -> None:
    script = mode.with_name("trainer_stand_in.py")
    script.write_text(
        script.read_text()
        .replace("dict(OVRL=2.68))", '{"SI-SDR": 9.4}, by_mixtures=True)')
        .replace("P808=3.0", 'P808=3.0, **{"SI-SDR": 9}')
    )
    trained(qtbot, tab, plan, mode)
    assert tab.verdict.light.text.text() == "Better on mixtures, +0.40 dB; DNSMOS hears no clear difference."
    assert tab.verdict.light.grade == "ok"


def test_exported_without_being_saved(qtbot: QtBot, tab: TrainerTab, plan: Plan, mode: Path, tmp_path: Path) -> None:
    trained(qtbot, tab, plan, mode)
    page = tab.verdict
    qtbot.waitUntil(page.export_button.isEnabled, timeout=SOON)
    page.name.setText("for you")
    page.export_to(tmp_path / "a.safetensors")
    qtbot.waitUntil(lambda: (tmp_path / "a.safetensors").is_file(), timeout=SOON)
    assert read_model_file(tmp_path / "a.safetensors").card.name == "for you" and not page.saved_as
    click(qtbot, page.done_button)
    assert "not saved" in said(tab.messages).text and plan.place.exists()
    answer(tab.messages, "Delete")
    qtbot.waitUntil(lambda: not plan.place.exists(), timeout=SOON)


def test_a_name_that_is_taken_is_said(qtbot: QtBot, tab: TrainerTab, plan: Plan, mode: Path) -> None:
    trained(qtbot, tab, plan, mode)
    page = tab.verdict
    qtbot.waitUntil(page.save_button.isEnabled, timeout=SOON)
    page.name.setText("voicebed-spectral")
    click(qtbot, page.save_button)
    qtbot.waitUntil(lambda: tab.messages.message is not None, timeout=SOON)
    assert "exists" in said(tab.messages).text and not page.saved_as and page.name.isEnabled()


def test_pause_resume_and_stop_by_their_buttons(qtbot: QtBot, tab: TrainerTab, plan: Plan, mode: Path) -> None:
    trained(qtbot, tab, plan, mode, "long")
    page, run = tab.progress, tab.run
    assert run and tab.stack.currentWidget() is page and "left" in page.words.text()
    assert not page.delete_button.isVisible() and not page.resume_button.isVisible()
    click(qtbot, page.log_button)
    assert "Step 10: loss 1.000" in page.log.toPlainText()
    click(qtbot, page.pause_button)
    assert page.words.text() == "Pausing…" and not page.finish_button.isEnabled()
    qtbot.waitUntil(lambda: run.state is State.PAUSED, timeout=SOON)
    assert page.words.text().startswith("Paused after") and not page.pause_button.isVisible()
    assert unnamed(page) == []
    click(qtbot, page.resume_button)
    qtbot.waitUntil(lambda: run.state is State.RUNNING, timeout=SOON)
    click(qtbot, page.finish_button)
    qtbot.waitUntil(lambda: tab.stack.currentWidget() is tab.verdict, timeout=SOON)
    assert unnamed(tab.verdict) == []
    click(qtbot, tab.verdict.longer_button)
    assert tab.stack.currentWidget() is page and run.plan.minutes == 21
    qtbot.waitUntil(lambda: run.state is State.RUNNING, timeout=SOON)


def test_killed_and_full_are_said(qtbot: QtBot, tab: TrainerTab, plan: Plan, mode: Path) -> None:
    trained(qtbot, tab, plan, mode, "long")
    page, run = tab.progress, tab.run
    assert run and run._process
    os.kill(run._process.pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: run.state is State.INTERRUPTED, timeout=SOON)
    assert "interrupted" in page.words.text() and page.words.property("role") == "warning"
    mode.write_text("full")
    click(qtbot, page.resume_button)
    qtbot.waitUntil(lambda: run.state is State.FAILED, timeout=SOON)
    assert page.words.text() == "It stopped: the disk is full" and page.resume_button.text() == "Try again"
    mode.write_text("short")
    click(qtbot, page.resume_button)
    qtbot.waitUntil(lambda: run.state is State.FINISHED, timeout=SOON)


def test_a_training_is_given_up(qtbot: QtBot, tab: TrainerTab, plan: Plan, mode: Path) -> None:
    trained(qtbot, tab, plan, mode, "full")
    click(qtbot, tab.progress.delete_button)
    assert plan.place.exists()
    answer(tab.messages, "Delete")
    qtbot.waitUntil(lambda: not plan.place.exists(), timeout=SOON)
    assert tab.stack.currentWidget() is tab.prepare


def test_one_at_a_time(qtbot: QtBot, tab: TrainerTab, plan: Plan, mode: Path) -> None:
    trained(qtbot, tab, plan, mode, "long")
    tab.new_training()
    assert tab.stack.currentWidget() is tab.prepare and "mine is being trained" in tab.prepare.why_not.text()
    click(qtbot, tab.train_button)
    assert tab.stack.currentWidget() is tab.progress


def test_news_reach_the_editor(qtbot: QtBot, window: MainWindow, tab: TrainerTab, plan: Plan, mode: Path) -> None:
    trained(qtbot, tab, plan, mode, "long")
    window.show_tab("editor")
    assert tab.run
    tab.run.finish()
    qtbot.waitUntil(lambda: window.editor.messages.message is not None, timeout=SOON)
    assert said(window.editor.messages).text == "The training of mine is done."
    answer(window.editor.messages, "Show")
    assert tab.isVisible() and tab.stack.currentWidget() is tab.verdict


def test_closing_asks_and_it_goes_on(
    qtbot: QtBot, window: MainWindow, tab: TrainerTab, plan: Plan, mode: Path, new_window: Callable[[], MainWindow]
) -> None:
    trained(qtbot, tab, plan, mode, "long")
    process = tab.run._process if tab.run else None
    assert not window.close() and window.isVisible()
    assert "goes on without the window" in said(tab.messages).text
    tab.messages.dismiss()  # cancelled
    assert not window.close() and window.isVisible()
    answer(tab.messages, "Keep it going")
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=SOON)
    if tab.run:
        tab.run.release()
    assert process and process.poll() is None
    other = new_window()
    assert other.trainer
    trainer = other.trainer
    qtbot.waitUntil(lambda: trainer.run is not None and trainer.run.state is State.RUNNING, timeout=SOON)
    assert trainer.stack.currentWidget() is trainer.progress and "Step" in trainer.progress.words.text()
    assert trainer.run
    trainer.run.pause()
    process.wait(30)


def test_closing_can_pause(qtbot: QtBot, window: MainWindow, tab: TrainerTab, plan: Plan, mode: Path) -> None:
    trained(qtbot, tab, plan, mode, "long")
    assert not window.close()
    answer(tab.messages, "Pause it")
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=SOON)
    assert tab.run and tab.run.state is State.PAUSED


def test_the_next_start_says_so(qtbot: QtBot, plan: Plan) -> None:
    plan.save()
    assert find_trainings() == [(plan, False)]
    window = MainWindow(Settings(), ClockedOutput())
    window.show()
    window.offer_training()
    qtbot.waitUntil(lambda: window.editor.messages.message is not None, timeout=SOON)
    assert said(window.editor.messages).text == "The training of mine waits for you."
    window.shut_down()
    window.deleteLater()


def test_the_list_of_trainings(qtbot: QtBot, tab: TrainerTab, plan: Plan, mode: Path) -> None:
    trained(qtbot, tab, plan, mode, "full")
    tab.new_training()
    assert tab.run is None
    tab._show_list(find_trainings())
    assert [action.text() for action in tab._menu.actions()] == ["New training", "", "mine"]
    tab._menu.actions()[-1].trigger()
    tab._menu.hide()
    assert tab.run and tab.stack.currentWidget() is tab.progress
    qtbot.waitUntil(lambda: tab.run is not None and tab.run.state is State.FAILED, timeout=SOON)


def test_models_and_back(qtbot: QtBot, window: MainWindow, tab: TrainerTab) -> None:
    window.show_tab("editor")
    window.actions_by_name["library"].trigger()
    assert tab.isVisible() and tab.stack.currentWidget() is tab.library and tab.models_button.isChecked()
    click(qtbot, tab.train_button)
    assert tab.stack.currentWidget() is tab.prepare


@pytest.mark.parametrize("worse", [False, True])
def test_a_default_from_the_library(qtbot: QtBot, tab: TrainerTab, tmp_path: Path, worse: bool) -> None:
    scores = {"base": {"OVRL": 2.5}, "output": {"OVRL": 2.4 if worse else 2.6}, "input": {"OVRL": 2.0}}
    write_model(tmp_path / "home" / "models" / "studio.safetensors", metrics={"held-out": scores}, base="old@1")
    tab.show_models()
    tab.library.default_changed.emit("studio")
    qtbot.waitUntil(lambda: tab.messages.message is not None, timeout=SOON)
    if worse:
        assert "did not do better than old@1" in said(tab.messages).text and load_settings().model == ""
        answer(tab.messages, "Make it the default")
    assert load_settings().model == "studio" and said(tab.messages).text == "studio is the default now."


def test_no_torch_in_the_window() -> None:
    import subprocess

    code = "import app.training.tab, app.training.progress_page, app.training.verdict_page, sys; "
    code += "sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[3]).returncode == 0
