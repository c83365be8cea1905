"""The pictures of the window in resources/help: python -m tests.benchmarks.screenshots [FOLDER] [--minutes 12].

Those of the trainer show a real training of that many minutes on ../shared/corpora, and are left out without it.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import soundfile as sf
import soxr
from PySide6.QtCore import QEventLoop, QPoint, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app.document.settings import Settings
from app.training.run import State
from app.window.export_dialog import ExportDialog
from app.window.main_window import DEMO, MainWindow
from app.window.project import SplitState
from app.window.theme import apply_theme
from app.window.workspace import Workspace
from engine.remix import Region

HELP = Path(__file__).parents[2] / "resources" / "help"
CORPORA = Path(__file__).parents[3] / "shared" / "corpora"
QUALITY = 88
SIZE = 1440, 900
LONG = 7200  # seconds that a training may take, on a machine that does other things too


def pause(milliseconds: int) -> None:
    """Let the window live, and its threads: `QTest.qWait` would hold Python's lock."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def wait(condition: Callable[[], object], seconds: float = 600) -> None:
    """Let the window live until the condition holds."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError
        pause(20)


def open_in(window: MainWindow, path: Path) -> Workspace:
    """Open a recording and wait for its lanes."""
    window.open_files([path])
    wait(lambda: window.editor.workspace)
    assert window.editor.workspace
    return window.editor.workspace


def finished(workspace: Workspace) -> None:
    """A recording that somebody has worked on."""
    wait(lambda: workspace.project.state is SplitState.DONE)
    workspace.document.set_gain("noise", -18.0)
    workspace.document.add_region(Region(2.4, 3.7, 0.0, -60.0))
    workspace.document.add_region(Region(10.2, 12.2, 1.5, -30.0))
    workspace.document.add_marker(3.75, "She begins")
    workspace.document.add_marker(8.7, "Second take")
    workspace.view.select(5.0, 6.6)
    workspace.view.move_playhead(5.0)
    wait(lambda: not workspace.tiles.busy)
    pause(600)


def pointed_at(workspace: Workspace) -> None:
    """The pointer is in a lane, so that the readout says what is there."""
    lane = workspace.lanes["speech"]
    for step in (0, 1):
        QTest.mouseMove(lane, QPoint(lane.width() // 2 + 130 + step, lane.height() // 2))
    pause(100)


def long_recording(folder: Path) -> Path:
    """Ten minutes of the demo at 48 kHz stereo, so that a split lasts."""
    audio, rate = sf.read(DEMO, dtype="float32")
    audio = soxr.resample(np.tile(audio, 43), rate, 48000)
    path = folder / "episode.wav"
    sf.write(path, np.stack((audio, audio), axis=1), 48000, "PCM_16")
    return path


def edit(window: MainWindow, application: QApplication, save: Callable[..., None], cache: Path) -> None:
    """The editor: empty, while it splits, with a finished recording, and its dialog."""
    talk = Path("Podcast", "talk.flac")
    shutil.copy(DEMO, talk)
    save("empty-dark")
    workspace = open_in(window, long_recording(cache))
    wait(lambda: workspace.project.progress.done > 0.4 * workspace.project.progress.total)
    save("splitting-dark")
    window.editor.close_recording()
    workspace = open_in(window, talk)
    finished(workspace)
    for name in ("dark", "light"):
        apply_theme(application, name)
        pause(400)
        pointed_at(workspace)
        save(f"editor-{name}")
        window.actions_by_name["export"].trigger()
        dialog = window.findChildren(ExportDialog)[-1]
        save(f"export-{name}", dialog)
        dialog.close()
    window.editor.close_recording()
    save("empty-light")


def trainer_folders(folder: Path) -> dict[str, Path]:
    """Folders as a podcaster might have them: noisy, clean with some that ring, noise."""
    noisy = sorted((CORPORA / "test" / "mix" / "noisy").glob("*.flac")) + sorted((CORPORA / "test" / "real").glob("*"))
    clean = sorted(path for path in (CORPORA / "clean" / "picovoice").rglob("*") if path.is_file())[::4]
    noise = sorted(path for path in (CORPORA / "noise" / "ms_snsd").rglob("*") if path.is_file())
    folders: dict[str, Path] = {}
    for role, name, files in (("noisy", "Episodes", noisy), ("clean", "Readings", clean), ("noise", "Rooms", noise)):
        folders[role] = folder / name
        folders[role].mkdir()
        for path in files:
            shutil.copy(path, folders[role])
    return folders


def train(window: MainWindow, application: QApplication, save: Callable[[str], None], minutes: int) -> None:
    """The pages of the trainer, from the folders to the library of models."""
    window.show_tab("trainer")
    assert window.trainer
    tab, page = window.trainer, window.trainer.prepare
    for role, folder in trainer_folders(Path("Podcast")).items():
        page.folders.zones[role].set_folder(folder)
    wait(lambda: page.audited, LONG)
    wait(lambda: "About" in page.form.estimate.text(), LONG)
    for name in ("light", "dark"):
        apply_theme(application, name)
        pause(300)
        save(f"trainer-folders-{name}")
    page.form.minutes.setValue(minutes)
    page.form.name.setText("my-podcast")
    page.start_button.click()
    run = tab.run
    assert run
    wait(lambda: (run.share or 0) > 0.75 and run.stage == "train", LONG)
    pause(2000)
    for name in ("light", "dark"):
        apply_theme(application, name)
        pause(600)
        save(f"trainer-progress-{name}")
    wait(lambda: run.state is State.FINISHED, LONG)
    wait(tab.verdict.save_button.isEnabled)
    pause(2000)
    for name in ("dark", "light"):
        apply_theme(application, name)
        pause(600)
        save(f"trainer-verdict-{name}")
    tab.verdict.save_button.click()
    wait(lambda: tab.verdict.saved_as)
    tab.messages.clear()
    tab.show_models()
    pause(2000)
    save("trainer-models-light")
    apply_theme(application, "dark")
    pause(600)
    save("trainer-models-dark")


def main() -> int:
    """Make all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=HELP)
    parser.add_argument("--minutes", type=int, default=12, help="of training")
    parser.add_argument("--only", choices=("editor", "trainer"))
    options = parser.parse_args()
    folder: Path = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    application = QApplication([])
    window = MainWindow(Settings())
    window.resize(*SIZE)

    def save(name: str, widget: QWidget = window) -> None:
        pause(100)
        path = folder / f"{name}.jpg"
        if not widget.grab().save(str(path), "JPG", QUALITY):
            raise OSError(path)
        print(path, f"{path.stat().st_size / 1000:.0f} kB")

    with tempfile.TemporaryDirectory() as cache:
        for variable in ("HOME", "CACHE", "STATE", "CONFIG"):
            os.environ[f"VOICEBED_{variable}"] = cache
        os.environ["HOME"] = cache
        folder = folder.resolve()
        os.chdir(cache)  # so that no path of this machine is in a picture
        Path("Podcast").mkdir()
        apply_theme(application, "dark")
        window.show()
        if options.only != "trainer":
            edit(window, application, save, Path(cache))
        if options.only != "editor" and CORPORA.is_dir():
            train(window, application, save, options.minutes)
        window.shut_down()
        os.chdir(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
