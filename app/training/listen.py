"""Listening to one audio file after another, for the audit's table."""

from pathlib import Path

from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from app.sound.output import Output, SoundDeviceOutput
from app.sound.player import Player
from app.window.background import run_in_background
from engine.recording import Recording, open_recording

MOST_SECONDS = 300  # that are decoded of a file in which nothing can be sought
LOOK_MS = 100


class FileTracks:
    """A whole file as `app.sound.prefetch.Tracks` that are all speech.  Made in a thread: it opens the file.

    Raises InputError.
    """

    def __init__(self, path: Path) -> None:
        self._recording: Recording = open_recording(path)
        self.sample_rate, self.channels = self._recording.sample_rate, self._recording.channels
        self.frames = self._recording.frames
        self._decoded: NDArray | None = None
        if not self._recording.seekable:
            self.frames = min(self.frames, MOST_SECONDS * self.sample_rate)
            self._decoded = next(self._recording.blocks(self.frames))

    def read(self, start: int, stop: int) -> tuple[NDArray, NDArray]:
        """See `app.sound.prefetch.Tracks`."""
        audio = self._recording.read(start, stop) if self._decoded is None else self._decoded[start:stop]
        return audio, audio.copy()


class FilePlayer(QObject):
    """Plays files, one at a time.

    Attributes:
        path: of what plays; None while nothing does.

    Signals:
        changed(): `path` is another one.
        problem(str): why it cannot be played.
    """

    changed = Signal()
    problem = Signal(str)

    def __init__(self, output: Output | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.path: Path | None = None
        self._player = Player(output or SoundDeviceOutput(None))
        self._player.on_problem = self.problem.emit  # from another thread, so by a signal
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self._look)

    def toggle(self, path: Path) -> None:
        """Play a file from its beginning, or be silent where it plays."""
        if self.path == path:
            self.stop()
            return
        self.stop()
        self.path = path
        self.changed.emit()
        run_in_background(self, lambda: FileTracks(path), lambda tracks: self._play(path, tracks), self._refuse)

    def stop(self) -> None:
        """Be silent, and give the device back."""
        self._timer.stop()
        self._player.release()
        if self.path:
            self.path = None
            self.changed.emit()

    def close(self) -> None:
        """For good."""
        self.stop()
        self._player.close()

    def _play(self, path: Path, tracks: FileTracks) -> None:
        if path == self.path:
            self._player.load(tracks)
            self._player.play()
            self._timer.start()

    def _refuse(self, line: str) -> None:
        self.stop()
        self.problem.emit(line)

    def _look(self) -> None:
        if not self._player.playing:
            self.stop()
