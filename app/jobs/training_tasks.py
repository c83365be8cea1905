"""What the trainer tab has the engine process do: count and audit folders, and measure how fast this machine trains."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import InputError
from engine.recording import open_recording

if TYPE_CHECKING:
    from app.jobs.tasks import Work
    from trainer.audit.result import CorpusAudit, FileAudit

AT_ONCE = 100  # files in one message: the window takes each in a millisecond or two


def survey_folder(work: "Work", path: str) -> dict[str, Any]:
    """How many audio files a folder holds ("files") and how long they are ("seconds"), by their headers.

    "files" comes by `began` as soon as they are counted.  Raises InputError where it cannot be read or holds none.
    """
    from trainer.listing import audio_files

    files = audio_files(Path(path), [])
    if not files:
        raise InputError(f"no audio files in {path}")
    work.began({"files": len(files)})
    seconds = 0.0
    for done, file in enumerate(files):
        work.progress(done, len(files))
        with suppress(InputError):  # the audit says which
            seconds += open_recording(file).seconds
    return {"files": len(files), "seconds": seconds}


def audit(work: "Work", noisy: str, clean: str, noise: str = "") -> dict[str, Any]:
    """What `trainer.audit.folders.audit_folders` finds.

    The files come by `began`, some at a time, as "files": [role, path, grade, reasons as [what, detail], seconds or
    None, whether noise or a room is heard in a clean one].

    Returns "grade", "verdict", "findings" as [grade, words], "corpora": role -> "folder", "hours", "hours_kept",
    "files"; and "distance_db", "distance" (both None where it cannot be told) and "distance_words".
    """
    from trainer.audit.distance import distance_finding
    from trainer.audit.folders import audit_folders

    result = audit_folders(Path(noisy), Path(clean), Path(noise) if noise else None, work.progress)
    for corpus in result.corpora:
        for first in range(0, len(corpus.files), AT_ONCE):
            rows = [_row(corpus, file) for file in corpus.files[first : first + AT_ONCE]]
            work.began({"files": rows})
    between = result.distance
    return {
        "grade": result.grade,
        "verdict": result.verdict,
        "findings": [[finding.grade, finding.words] for finding in result.all_findings],
        "corpora": {
            corpus.role: {
                "folder": corpus.folder,
                "hours": corpus.hours,
                "hours_kept": corpus.hours_kept,
                "files": len(corpus.files),
            }
            for corpus in result.corpora
        },
        "distance_db": between and between.spectrum_db,
        "distance_words": between and distance_finding(between).words,
    }


def training_pace(work: "Work", base: str, recipe: str, device: str) -> dict[str, Any]:
    """How fast a training would be here: "steps_per_second", and the "device" that it would run on.  Takes 10 s.

    Args:
        base: "" for the bundled model.
    """
    from trainer.pace import measure_pace

    work.progress(0, 1)
    pace = measure_pace(base or None, recipe, device)
    return {"steps_per_second": pace.steps_per_second, "device": pace.device}


def _row(corpus: "CorpusAudit", file: "FileAudit") -> list[Any]:
    from trainer.audit.verdicts import is_noisy, is_roomy

    measures = file.measures
    bleeds = corpus.role == "clean" and measures is not None and (is_noisy(measures) or is_roomy(measures))
    reasons = [[reason.what, reason.detail] for reason in file.reasons]
    return [corpus.role, file.path, file.grade, reasons, measures and measures.seconds, bleeds]


TRAINING_TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    "survey_folder": survey_folder,
    "audit_folders": audit,
    "training_pace": training_pace,
}
