"""An opened recording: its document and view, and the jobs that split it and draw it, kept in step with the edits."""

import time
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.document.document import Document
from app.document.edit import Edit, Marker
from app.document.session import Session, Source
from app.document.settings import Settings
from app.document.view import ViewState
from app.jobs.client import Job, Worker
from app.picture.source import LaneSource
from engine.errors import VoicebedError
from engine.patch import Patch, patch_data
from engine.recording import Recording, recording_from
from engine.stored import StoredSplit

READERS = 8  # kept open: threads may still read from those that were replaced just now


class SplitState(Enum):
    """How far the split of a recording is."""

    RUNNING = auto()
    DONE = auto()
    CANCELLED = auto()
    FAILED = auto()


@dataclass(frozen=True)
class Progress:
    """Of a split: seconds of audio done and in all, and seconds of time left (None while nobody can say)."""

    done: float
    total: float
    left: float | None


class Workers(QObject):
    """The child processes: one splits, one draws and reads, one exports, so that none waits for another."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.split, self.picture, self.export = Worker(self), Worker(self), Worker(self)

    def stop(self) -> None:
        """End the processes; what they were doing is dropped."""
        for worker in (self.split, self.picture, self.export):
            worker.stop()


class Project(QObject):
    """One recording in the editor, from the moment it is opened.

    Args:
        path: the recording.
        workers: where its jobs run.
        settings: the user's.
        session: what is to be restored; None for a recording on its own.
        saved_as: the session file, if there is one.
        saved: whether `session` is what that file holds.

    Attributes:
        document, view, tracks: there once `opened` was emitted.
        opened: emits () when the recording is known.
        failed: emits a line for the user: the recording cannot be opened.
        split_changed: emits () with every change of `state` and `progress`.
        tracks_changed: emits () when `tracks` is another one, and so what is heard and seen.
        problem: emits a line for the user, and whether trying again can help.
    """

    opened = Signal()
    failed = Signal(str)
    split_changed = Signal()
    tracks_changed = Signal()
    problem = Signal(str, bool)

    document: Document
    view: ViewState
    tracks: StoredSplit

    def __init__(
        self,
        path: Path,
        workers: Workers,
        settings: Settings,
        session: Session | None = None,
        saved_as: Path | None = None,
        saved: bool = True,
        model: str | None = None,
    ) -> None:
        super().__init__(workers)
        self.path, self.folder = path, None
        self.state, self.progress = SplitState.RUNNING, Progress(0.0, 0.0, None)
        self.facts: dict[str, Any] = {}
        self._workers, self._settings = workers, settings
        self._session, self._saved_as, self._saved, self._model = session, saved_as, saved, model
        self._jobs: set[Job] = set()
        self._split_job: Job | None = None
        self._pictures: Path | None = None  # of the split
        self._patch_folders: dict[Patch, str] = {}
        self._patch_jobs: dict[Patch, Job] = {}
        self._drawn: tuple[Patch, ...] = ()  # what the pictures of the split show
        self._reading: list[StoredSplit] = []
        self._closed = False

    def open(self) -> None:
        """Find out what the recording is, then draw and split it."""
        job = self._submit(self._workers.picture, "open", path=str(self.path))
        job.finished.connect(self._know)
        job.failed.connect(lambda message, _: self.failed.emit(message))

    def close(self) -> None:
        """Cancel what still runs and close the files."""
        self._closed = True
        self.blockSignals(True)
        for job in tuple(self._jobs):
            job.cancel()
        self._close_tracks()

    @property
    def recording(self) -> Recording:
        """The recording, once it is known."""
        return self.document.recording

    @property
    def home(self) -> Path:
        """The folder of the recording in the cache."""
        return self._home

    def session(self) -> Session:
        """What a session file holds of it now."""
        return Session(Source.of(self.recording, self._mark), self.document.edit, self.view.data())

    # The split

    def split_again(self) -> None:
        """Split with the model that the edit names, or go on with a split that was cancelled or failed."""
        self.cancel_split()
        self._drawn, self._started = (), time.monotonic()
        self._set_state(SplitState.RUNNING, Progress(0.0, self.recording.seconds, None))
        job = self._submit(
            self._workers.split,
            "split",
            path=str(self.path),
            model=self.document.edit.model,
            device=self._settings.device,
        )
        self._split_job = job
        job.began.connect(lambda data: self._split_began(job, data))
        job.progressed.connect(lambda done, total: self._split_progressed(job, done, total))
        job.finished.connect(lambda result: self._split_finished(job, result))
        job.failed.connect(lambda message, crashed: self._split_failed(job, message, crashed))

    def cancel_split(self) -> None:
        """Stop splitting; what is done stays and can be heard."""
        if self._split_job:
            job, self._split_job = self._split_job, None
            job.cancel()
            self._set_state(SplitState.CANCELLED, self.progress)

    @property
    def pending_patches(self) -> int:
        """How many stretches are being split with another model."""
        return len(self._patch_jobs)

    def export_arguments(self) -> dict[str, Any]:
        """Of the worker's task "export", but for what the user chooses.  Raises VoicebedError before it is possible."""
        if self.state is not SplitState.DONE or self.folder is None:
            raise VoicebedError(self.tr("Wait until the split is done, then export."))
        if any(patch not in self._patch_folders for patch in self.document.edit.patches):
            raise VoicebedError(self.tr("Wait until the stretch is split again, then export."))
        return {"path": str(self.path), "folder": str(self.folder), "patches": self._placed_data()}

    def lane_sources(self) -> dict[str, LaneSource | None]:
        """What the lanes show now; None for a track that is not there yet."""
        recording, tracks = self.recording, self._reader()
        decoded = None if recording.seekable else lambda: tracks.decoded
        sources: dict[str, LaneSource | None] = {
            "mixture": LaneSource(
                self._home / "pictures" / "mixture",
                lambda start, stop: tracks.read(start, stop)[0],
                recording.sample_rate,
                recording.frames,
                decoded,
            ),
            "speech": None,
            "noise": None,
        }
        if self._pictures is None:
            return sources
        changed = tuple((patch.start, patch.end) for patch in set(self._drawn) ^ set(self._placed()))

        def noise(start: int, stop: int) -> Any:
            mixture, speech = tracks.read(start, stop)
            return mixture - speech

        for lane, read in (("speech", lambda start, stop: tracks.read(start, stop)[1]), ("noise", noise)):
            sources[lane] = LaneSource(
                self._pictures / lane,
                read,
                recording.sample_rate,
                recording.frames,
                lambda: tracks.done,
                changed,
            )
        return sources

    # What jobs bring

    def _submit(self, worker: Worker, task: str, **arguments: Any) -> Job:
        job = worker.submit(task, **arguments)
        self._jobs.add(job)
        for ended in (job.finished, job.failed, job.cancelled):
            ended.connect(lambda *_: self._jobs.discard(job))
        return job

    def _know(self, data: dict[str, Any]) -> None:
        if self._closed:
            return
        recording = recording_from(self.path, data)
        self._home, self._mark = Path(data["folder"]), data["fingerprint"]
        edit = Edit(
            model=self._settings.model if self._model is None else self._model,
            markers=tuple(Marker(entry["time"], entry["name"]) for entry in data["markers"]),
        )
        if self._session:
            edit = self._session.edit
        self.document = Document(recording, edit, self._saved_as, self._saved)
        self.view = ViewState(recording.seconds)
        settings = self._settings
        self.view.axis, self.view.colours = settings.axis, settings.colours
        self.view.set_contrast(settings.floor_db, settings.ceiling_db)
        if self._session:
            self.view.restore(self._session.view)
        self.document.changed.connect(self._edit_changed)
        self._compose()
        job = self._submit(self._workers.picture, "picture", path=str(self.path))
        job.failed.connect(lambda message, _: self.problem.emit(message, False))
        self.split_again()
        self.opened.emit()

    def _edit_changed(self, old: Edit, new: Edit) -> None:
        if new.model != old.model:
            self.split_again()
        elif new.patches != old.patches:
            self._want_patches()
            self._compose()

    def _split_began(self, job: Job, data: dict[str, Any]) -> None:
        if job is self._split_job and not self._closed:
            self.folder, self._pictures = Path(data["folder"]), Path(data["pictures"])
            self._compose()

    def _split_progressed(self, job: Job, done: float, total: float) -> None:
        if job is self._split_job:
            elapsed = time.monotonic() - self._started
            left = elapsed * (total / done - 1) if done and elapsed > 1 else None
            self._set_state(SplitState.RUNNING, Progress(done, total, left))

    def _split_finished(self, job: Job, result: dict[str, Any]) -> None:
        if job is not self._split_job or self._closed:
            return
        self._split_job, self.facts = None, result
        self.folder, self._pictures = Path(result["folder"]), Path(result["pictures"])
        seconds = self.recording.seconds
        self._set_state(SplitState.DONE, Progress(seconds, seconds, 0.0))
        self._compose()
        self._want_patches()

    def _split_failed(self, job: Job, message: str, crashed: bool) -> None:
        if job is self._split_job:
            self._split_job = None
            self._set_state(SplitState.FAILED, self.progress)
            self.problem.emit(message, True)

    def _set_state(self, state: SplitState, progress: Progress) -> None:
        self.state, self.progress = state, progress
        self.split_changed.emit()

    # Patches

    def _want_patches(self) -> None:
        """Have those patches split that are in the edit and not yet on disk; drop those no longer wanted."""
        wanted = self.document.edit.patches
        for patch, job in tuple(self._patch_jobs.items()):
            if patch not in wanted:
                del self._patch_jobs[patch]
                job.cancel()
        for patch in wanted:
            if self.state is SplitState.DONE and patch not in self._patch_folders and patch not in self._patch_jobs:
                job = self._submit(
                    self._workers.split,
                    "patch",
                    path=str(self.path),
                    device=self._settings.device,
                    **patch_data(patch),
                )
                self._patch_jobs[patch] = job
                job.finished.connect(lambda result, patch=patch: self._patch_finished(patch, result))
                job.failed.connect(lambda message, _, patch=patch: self._patch_failed(patch, message))
        self.split_changed.emit()

    def _patch_finished(self, patch: Patch, result: dict[str, Any]) -> None:
        if self._patch_jobs.pop(patch, None) and not self._closed:
            self._patch_folders[patch] = result["folder"]
            self._compose()
            self.split_changed.emit()

    def _patch_failed(self, patch: Patch, message: str) -> None:
        if self._patch_jobs.pop(patch, None):
            self.problem.emit(message, False)
            self.split_changed.emit()

    def _placed(self) -> tuple[Patch, ...]:
        """The patches of the edit that are split, once all of the recording is."""
        if self.state is not SplitState.DONE:
            return ()
        return tuple(patch for patch in self.document.edit.patches if patch in self._patch_folders)

    def _placed_data(self) -> list[dict[str, Any]]:
        return [patch_data(patch) | {"folder": self._patch_folders[patch]} for patch in self._placed()]

    # Reading

    def _reader(self) -> StoredSplit:
        """The split with its patches, opened once more: threads that read do not share one."""
        if self.folder is None:
            opened = StoredSplit.unsplit(self.recording, self._home)
        else:
            placed = [(patch, Path(self._patch_folders[patch])) for patch in self._placed()]
            opened = StoredSplit.open(self.recording, self.folder, placed)
        self._reading.append(opened)
        while len(self._reading) > READERS:
            self._reading.pop(0).close()
        return opened

    def _compose(self) -> None:
        """Read the split and the patches as they are now, and have the pictures follow."""
        try:
            self.tracks = self._reader()
        except VoicebedError as error:
            self.problem.emit(str(error), True)
            return
        self.tracks_changed.emit()
        if self.state is SplitState.DONE and self._placed() != self._drawn:
            placed = self._placed()
            job = self._submit(
                self._workers.picture,
                "picture",
                path=str(self.path),
                folder=str(self.folder),
                patches=self._placed_data(),
            )
            job.finished.connect(lambda _: self._patches_drawn(placed))

    def _patches_drawn(self, placed: tuple[Patch, ...]) -> None:
        if not self._closed:
            self._drawn = placed
            self.tracks_changed.emit()

    def _close_tracks(self) -> None:
        for tracks in self._reading:
            tracks.close()
        self._reading = []
