"""The export dialog asks for just what it shows, and says how it went."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from app.document.document import Document
from app.document.settings import Settings
from app.window import export_dialog, theme
from app.window.export_dialog import ExportDialog
from engine.delivery import Delivery
from engine.recording import open_recording
from engine.remix import Remix
from tests.app.window.accessible import unnamed
from tests.app.window.fake_jobs import FakeSubmit

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def document(tmp_path: Path) -> Document:
    """A document of a short 24-bit flac file."""
    path = tmp_path / "talk.flac"
    soundfile.write(path, np.zeros((4800, 2)), 48000, "PCM_24")
    return Document(open_recording(path))


@pytest.fixture
def submit() -> FakeSubmit:
    """Takes the jobs."""
    return FakeSubmit()


@pytest.fixture
def host(qtbot: QtBot) -> QWidget:
    """The window under the dialog, which deletes itself when closed."""
    made = QWidget()
    qtbot.addWidget(made)
    return made


@pytest.fixture
def dialog(document: Document, submit: FakeSubmit, host: QWidget) -> ExportDialog:
    """The dialog with the settings of a new user, shown."""
    return opened(document, submit, Settings(), host)


def opened(document: Document, submit: FakeSubmit, settings: Settings, host: QWidget) -> ExportDialog:
    """The dialog, shown."""
    made = ExportDialog(document, submit, settings, host)
    made.show()
    return made


def export(dialog: ExportDialog, qtbot: QtBot) -> None:
    """Press the button."""
    assert dialog.export_button.isEnabled()
    qtbot.mouseClick(dialog.export_button, LEFT)


def files(dialog: ExportDialog) -> dict[str, tuple[str, str]]:
    """Name and note of the files on show."""
    return {
        track: (name.text(), note.text()) for track, (_, name, note) in dialog.files.rows.items() if name.isVisible()
    }


def choose(dialog: ExportDialog, suffix: str) -> None:
    """Choose a format."""
    dialog.form.format.setCurrentIndex(dialog.form.format.findData(suffix))


def test_by_default_the_remix_as_the_source(
    dialog: ExportDialog, submit: FakeSubmit, document: Document, qtbot: QtBot, tmp_path: Path
) -> None:
    document.set_remix(Remix(0, -18), "Preset")
    assert dialog.form.format.currentText() == "As the source (FLAC)"
    assert dialog.form.depth_box.currentText() == "As the source (24 bit)"
    assert files(dialog) == {"remix": ("talk.remix.flac", "")}
    export(dialog, qtbot)
    assert submit.last.task == "export"
    assert submit.last.arguments == {
        "remix": {"speech_db": 0, "noise_db": -18, "regions": []},
        "delivery": {"loudness": None, "true_peak": None, "subtype": None},
        "outputs": [{"track": "remix", "path": str(tmp_path / "talk.remix.flac")}],
    }


def test_all_three_elsewhere_under_other_names(
    dialog: ExportDialog, submit: FakeSubmit, qtbot: QtBot, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    for track in ("speech", "noise"):
        qtbot.mouseClick(dialog.form.boxes[track], LEFT, pos=QPoint(8, theme.CONTROL // 2))
    choose(dialog, ".wav")
    dialog.form.folder.setText(str(folder))
    dialog.form.template.selectAll()
    qtbot.keyClicks(dialog.form.template, "{track} {preset}")
    assert [name for name, _ in files(dialog).values()] == [
        "remix Original.wav",
        "speech Original.wav",
        "noise Original.wav",
    ]
    export(dialog, qtbot)
    assert [Path(output["path"]).parent for output in submit.last.arguments["outputs"]] == [folder] * 3


def test_delivery_is_that_of_the_document(
    dialog: ExportDialog, document: Document, submit: FakeSubmit, qtbot: QtBot
) -> None:
    form = dialog.form
    form.loudness.field.selectAll()
    qtbot.keyClicks(form.loudness.field, "-18")
    qtbot.keyClick(form.loudness.field, Qt.Key.Key_Return)
    form.depth_box.setCurrentIndex(form.depth_box.findData("PCM_16"))
    form.depth_box.activated.emit(form.depth_box.currentIndex())
    assert document.edit.delivery == Delivery(-18.0, None, "PCM_16")
    assert form.true_peak.field.text() == "−1 dBTP"
    document.undo()
    assert form.loudness.field.text() == "Off"
    assert form.true_peak.field.text() == "Off"
    assert form.depth_box.currentText() == "As the source (24 bit)"


def test_enter_in_a_field_does_not_export(dialog: ExportDialog, submit: FakeSubmit, qtbot: QtBot) -> None:
    for field in (dialog.form.template, dialog.form.loudness.field):
        field.setFocus()
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert not submit.jobs
    dialog.export_button.setFocus()
    qtbot.keyClick(dialog.export_button, Qt.Key.Key_Return)
    assert submit.jobs


def test_a_loudness_that_makes_no_sense_is_refused_inline(
    dialog: ExportDialog, document: Document, qtbot: QtBot
) -> None:
    for typed in ("loud", "5"):
        dialog.form.loudness.field.selectAll()
        qtbot.keyClicks(dialog.form.loudness.field, typed)
        qtbot.keyClick(dialog.form.loudness.field, Qt.Key.Key_Return)
        assert dialog.bar.message and dialog.bar.message.kind == "error"
        dialog.bar.clear()
    assert document.edit.delivery == Delivery()
    assert dialog.form.loudness.field.text() == "Off"


def test_a_session_with_an_unusual_depth_shows_it(document: Document, submit: FakeSubmit, host: QWidget) -> None:
    document.set_delivery(Delivery(subtype="DOUBLE"))
    dialog = opened(document, submit, Settings(), host)
    assert dialog.form.depth_box.currentText() == "64-bit float"
    assert dialog.form.depth_note.text() == "holds 24 bit at most"
    choose(dialog, ".wav")
    assert dialog.form.depth_note.text() == ""
    assert document.edit.delivery.subtype == "DOUBLE"


def test_lossy_formats_have_no_depth(dialog: ExportDialog) -> None:
    choose(dialog, ".mp3")
    assert not dialog.form.depth_box.isEnabled()
    assert files(dialog) == {"remix": ("talk.remix.mp3", "")}


def test_a_file_that_would_be_replaced_is_pointed_out(dialog: ExportDialog, tmp_path: Path) -> None:
    (tmp_path / "old.flac").touch()
    dialog.form.template.setText("old")
    assert files(dialog) == {"remix": ("old.flac", "replaces the file there")}
    assert dialog.export_button.text() == "Replace"
    dialog.form.template.setText("new")
    assert dialog.export_button.text() == "Export"


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("{stem}", "the recording itself"),
        ("", "name"),
        ("{bitrate}", "may hold"),
        ("no/such/folder", "does not exist"),
    ],
)
def test_what_cannot_be_written_is_said_at_once(dialog: ExportDialog, template: str, says: str) -> None:
    dialog.form.template.setText(template)
    assert says in dialog.files.problem.text() and dialog.files.problem.isVisible()
    assert not dialog.export_button.isEnabled()
    dialog.form.template.setText("fine")
    assert not dialog.files.problem.isVisible() and dialog.export_button.isEnabled()


def test_nothing_to_write_is_said(dialog: ExportDialog) -> None:
    dialog.form.boxes["remix"].setChecked(False)
    assert "Choose what to write" in dialog.files.problem.text()
    assert not dialog.export_button.isEnabled()


def test_a_format_that_cannot_hold_the_recording_is_said(
    document: Document, submit: FakeSubmit, host: QWidget, tmp_path: Path
) -> None:
    path = tmp_path / "surround.wav"
    soundfile.write(path, np.zeros((4800, 6)), 48000)
    dialog = opened(Document(open_recording(path)), submit, Settings(), host)
    choose(dialog, ".mp3")
    assert "2 channels" in dialog.files.problem.text()


def test_progress_and_the_result(dialog: ExportDialog, submit: FakeSubmit, qtbot: QtBot) -> None:
    export(dialog, qtbot)
    assert dialog.progress.isVisible() and not dialog.form.isEnabled()
    submit.last.progressed.emit(4.0, 10.0)
    assert dialog.progress.value() == 400 and dialog.state.text() == "40 %"
    submit.last.finish()
    assert dialog.state.text() == "File written. Remix: −16.0 LUFS, peak −1.0 dBTP."
    assert not dialog.progress.isVisible() and dialog.form.isEnabled()
    assert dialog.reveal_button.isVisible()


def test_what_was_just_written_is_no_warning(
    dialog: ExportDialog, submit: FakeSubmit, qtbot: QtBot, tmp_path: Path
) -> None:
    export(dialog, qtbot)
    (tmp_path / "talk.remix.flac").touch()
    submit.last.finish()
    assert files(dialog) == {"remix": ("talk.remix.flac", "")}
    assert dialog.export_button.text() == "Export again"
    choose(dialog, ".flac")
    assert dialog.export_button.text() == "Replace"


def test_reveal(
    dialog: ExportDialog, submit: FakeSubmit, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Path] = []
    monkeypatch.setattr(export_dialog, "reveal", shown.append)
    export(dialog, qtbot)
    submit.last.finish()
    qtbot.mouseClick(dialog.reveal_button, LEFT)
    assert shown == [tmp_path / "talk.remix.flac"]


def test_clipping_is_said(dialog: ExportDialog, submit: FakeSubmit, qtbot: QtBot) -> None:
    export(dialog, qtbot)
    submit.last.finish(clipped=12)
    assert dialog.bar.message and "12" in dialog.bar.message.text and dialog.bar.message.kind == "warning"


def test_cancel_keeps_the_dialog_open(dialog: ExportDialog, submit: FakeSubmit, qtbot: QtBot) -> None:
    export(dialog, qtbot)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.isVisible() and dialog.state.text() == "Cancelled; nothing was written."
    assert dialog.export_button.isEnabled()
    qtbot.mouseClick(dialog.close_button, LEFT)
    qtbot.waitUntil(lambda: not isValid(dialog))


def test_a_cancel_that_takes_a_while_is_shown(
    dialog: ExportDialog, submit: FakeSubmit, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(dialog, qtbot)
    monkeypatch.setattr(submit.last, "cancel", lambda: None)
    qtbot.mouseClick(dialog.close_button, LEFT)
    submit.last.progressed.emit(5.0, 10.0)
    assert dialog.state.text() == "Cancelling…" and not dialog.close_button.isEnabled()
    submit.last.finish()  # it was too late
    assert dialog.close_button.isEnabled() and "written" in dialog.state.text()


def test_a_failure_is_said_and_can_be_tried_again_after_a_crash(
    dialog: ExportDialog, submit: FakeSubmit, qtbot: QtBot
) -> None:
    export(dialog, qtbot)
    submit.last.failed.emit("The disk is full.", False)
    assert dialog.bar.message and dialog.bar.message.text == "The disk is full." and not dialog.bar.is_asking
    export(dialog, qtbot)
    assert dialog.bar.message is None
    submit.last.failed.emit("The engine stopped.", True)
    dialog.bar.message.actions[0][1]()  # pyright: ignore[reportOptionalMemberAccess]
    assert len(submit.jobs) == 3


def test_an_export_that_is_not_possible_yet_is_refused_inline(
    dialog: ExportDialog, submit: FakeSubmit, qtbot: QtBot
) -> None:
    submit.refusal = "Wait until the split is done."
    export(dialog, qtbot)
    assert dialog.bar.message and dialog.bar.message.text == submit.refusal
    assert dialog.form.isEnabled() and dialog.export_button.isEnabled()


def test_settings_remember_the_form(
    document: Document, submit: FakeSubmit, qtbot: QtBot, host: QWidget, tmp_path: Path
) -> None:
    settings = Settings()
    dialog = opened(document, submit, settings, host)
    dialog.form.boxes["noise"].setChecked(True)
    choose(dialog, ".opus")
    dialog.form.folder.setText(str(tmp_path))
    dialog.form.template.setText("{track} of {stem}")
    assert settings == Settings()  # only what was exported counts
    export(dialog, qtbot)
    again = opened(document, submit, settings, host)
    assert [name for name, _ in files(again).values()] == ["remix of talk.opus", "noise of talk.opus"]
    assert again.form.folder.text() == str(tmp_path)


def test_copy_as_command(dialog: ExportDialog, document: Document, tmp_path: Path, qtbot: QtBot) -> None:
    document.set_remix(Remix(0, -18), "Preset")
    dialog.form.boxes["speech"].setChecked(True)
    qtbot.mouseClick(dialog.copy_button, LEFT)
    remix, split = QGuiApplication.clipboard().text().splitlines()
    assert remix.startswith("voicebed remix") and str(tmp_path / "talk.remix.flac") in remix and "--noise -18" in remix
    assert split.startswith("voicebed split") and "--tracks speech" in split


def test_the_full_path_can_be_read(dialog: ExportDialog, tmp_path: Path) -> None:
    name = dialog.files.rows["remix"][1]
    assert isinstance(name, QLabel)
    assert name.toolTip() == name.accessibleName() == str(tmp_path / "talk.remix.flac")


def test_everything_has_a_name(dialog: ExportDialog, submit: FakeSubmit, qtbot: QtBot) -> None:
    dialog.form.boxes["speech"].setChecked(True)
    assert unnamed(dialog) == []
    export(dialog, qtbot)
    assert unnamed(dialog) == []
