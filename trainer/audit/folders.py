"""The audit of whole folders: every file measured and judged, then each corpus, then all against each other."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import fields, replace
from itertools import combinations
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError, UsageError
from trainer.audit.copies import groups_of_copies
from trainer.audit.distance import distance, distance_finding
from trainer.audit.findings import corpus_findings, findings_between, narrower, shared_findings
from trainer.audit.measures import Measures, Traces, measure
from trainer.audit.result import Audit, CorpusAudit, FileAudit, FileGrade, Finding, Grade, Reason, Role
from trainer.audit.verdicts import NO_SPEECH, file_reasons
from trainer.listing import audio_files

UNREADABLE = "cannot be read; mend it or take it away"
HEARD_HZ = 8000  # half the sample rate of the default model
_SPREAD = tuple(field.name for field in fields(Measures) if field.name not in ("sample_rate", "channels"))
_MOST_BEGINNINGS = 0.5  # of the files: more different ones tell files apart, not speakers


class _Entry:
    """A file while the audit runs: what was measured, or why not, and what speaks against it."""

    def __init__(self, role: Role, folder: Path, path: Path) -> None:
        self.role: Role = role
        self.path, self.name = path, path.relative_to(folder)
        self.measures: Measures | None = None
        self.traces: Traces | None = None
        self.reasons: list[Reason] = []

    @property
    def grade(self) -> FileGrade:
        grades = {reason.grade for reason in self.reasons}
        return "leave out" if "leave out" in grades else "look" if grades else "ok"


def audit_folders(
    noisy: Path,
    clean: Path,
    noise: Path | None = None,
    progress: Callable[[float, float], None] | None = None,
) -> Audit:
    """Look at every file of the folders; nothing is written.  About 6 s for an hour of 16 kHz mono audio.

    Args:
        progress: called with the bytes read and their total, first with none read, then for every 20 s of audio at
            least; what it raises ends the audit, such as `engine.errors.Cancelled`.

    Raises:
        UsageError: two of the folders are the same, or one lies in the other.
        InputError: a folder is missing, or holds no audio that can be read.
    """
    folders: dict[Role, Path] = {"noisy": noisy.resolve(), "clean": clean.resolve()}
    if noise:
        folders["noise"] = noise.resolve()
    _check_apart(folders)
    corpora: dict[Role, list[_Entry]] = {role: _listed(role, folder) for role, folder in folders.items()}
    entries = [entry for corpus in corpora.values() for entry in corpus]
    _measure(entries, progress or (lambda done, total: None))
    for role, corpus in corpora.items():
        if not any(entry.measures for entry in corpus):
            reason = corpus[0].reasons[0].detail
            counted = f"none of {len(corpus):,} audio files can be read"
            raise InputError(f"{folders[role]}: {counted}; the first: {reason}")
    widths = [entry.measures.bandwidth_hz for entry in corpora["noisy"] if entry.measures]
    needed = min(HEARD_HZ, float(np.median(widths)))
    for entry in entries:
        if entry.measures:
            entry.reasons += file_reasons(entry.role, entry.measures, needed)
    shared = _mark_copies(entries)
    audited = {role: _corpus(role, folder, corpora[role]) for role, folder in folders.items()}
    between = distance(audited["clean"], audited["noisy"], _voices(corpora["clean"]), _voices(corpora["noisy"]))
    findings = [
        *findings_between(audited["noisy"], audited["clean"]),
        *narrower(audited["noisy"], [corpus for role, corpus in audited.items() if role != "noisy"]),
        *shared_findings(shared),
        *([distance_finding(between)] if between else []),
    ]
    every = [*findings, *(finding for corpus in audited.values() for finding in corpus.findings)]
    grade, verdict = _verdict(every, sum(corpus.grades["leave out"] for corpus in audited.values()))
    return Audit(grade, verdict, tuple(findings), between, audited["noisy"], audited["clean"], audited.get("noise"))


def _check_apart(folders: dict[Role, Path]) -> None:
    for role, folder in folders.items():
        for other_role, other in folders.items():
            if role != other_role and folder.is_relative_to(other):
                how = "are the same" if folder == other else f"lie in one another ({folder})"
                raise UsageError(f"the {other_role} and the {role} folder {how}; give folders apart from each other")


def _listed(role: Role, folder: Path) -> list[_Entry]:
    closed: list[OSError] = []
    entries = [_Entry(role, folder, path) for path in audio_files(folder, closed)]
    for error in closed:
        entry = _Entry(role, folder, Path(error.filename))
        entry.reasons.append(
            Reason("leave out", "a folder that cannot be read; check its permissions", error.strerror or "")
        )
        entries.append(entry)
    if not entries:
        raise InputError(f"no audio files in {folder}")
    return entries


def _measure(entries: Sequence[_Entry], progress: Callable[[float, float], None]) -> None:
    sizes = [0] * len(entries)
    for index, entry in enumerate(entries):
        with suppress(OSError):
            sizes[index] = entry.path.stat().st_size
    done, total = 0, max(1, sum(sizes))
    for entry, size in zip(entries, sizes, strict=True):

        def advance(share: float, done: int = done, size: int = size) -> None:
            progress(done + share * size, total)

        advance(0)
        if not entry.reasons:
            try:
                entry.measures, entry.traces = measure(entry.path, advance)
            except InputError as error:
                detail = str(error).removeprefix(str(entry.path)).lstrip(" :,").removeprefix("is ")
                entry.reasons.append(Reason("leave out", UNREADABLE, detail))
        done += size
    progress(total, total)


def _mark_copies(entries: Sequence[_Entry]) -> dict[tuple[Role, Role], list[Path]]:
    """Note the copies within each folder; returns those in two folders, by their names in the first."""
    first: dict[tuple[Role, bytes], _Entry] = {}
    different: list[tuple[_Entry, bytes, float]] = []
    for entry in entries:
        if entry.measures and entry.traces:
            original = first.setdefault((entry.role, entry.traces.content), entry)
            if original is entry:
                different.append((entry, entry.traces.fingerprint, entry.measures.seconds))
            else:
                what = "the same recording once more; one of them is enough"
                entry.reasons = [Reason("leave out", what, f"as {original.name}")]
    shared: dict[tuple[Role, Role], list[Path]] = {}
    for group in groups_of_copies([each for _, each, _ in different], [each for *_, each in different]):
        originals: dict[Role, _Entry] = {}
        for entry in (different[index][0] for index in group):
            original = originals.setdefault(entry.role, entry)
            if original is not entry:
                what = "another version of a recording, or nearly; keep the better one"
                entry.reasons.append(Reason("look", what, f"of {original.name}"))
        for pair in combinations(originals, 2):
            shared.setdefault(pair, []).append(originals[pair[0]].name)
    return shared


def _voices(corpus: Sequence[_Entry]) -> list[NDArray[np.float64]]:
    """Mean band powers of the speech in each file that has enough of it."""
    traces = [entry.traces for entry in corpus if entry.measures and entry.measures.speech >= NO_SPEECH]
    return [trace.voice for trace in traces if trace and trace.voice is not None]


def _corpus(role: Role, folder: Path, entries: Sequence[_Entry]) -> CorpusAudit:
    files = [FileAudit(str(entry.name), entry.grade, tuple(entry.reasons), entry.measures) for entry in entries]
    measured = [(file.grade, file.measures) for file in files if file.measures]
    spread: dict[str, tuple[float, float, float]] = {}
    for name in _SPREAD:
        values = [value for _, measures in measured if (value := getattr(measures, name)) is not None]
        if values:
            low, middle, high = np.percentile(values, (10, 50, 90), method="nearest").tolist()
            spread[name] = (low, middle, high)
    corpus = CorpusAudit(
        role=role,
        folder=str(folder),
        hours=round(sum(measures.seconds for _, measures in measured) / 3600, 4),
        hours_kept=round(sum(measures.seconds for grade, measures in measured if grade != "leave out") / 3600, 4),
        speakers=guess_speakers([entry.name for entry in entries]) if role != "noise" else 0,
        grades={grade: sum(file.grade == grade for file in files) for grade in get_args(FileGrade)},
        sample_rates=dict(Counter(measures.sample_rate for _, measures in measured).most_common()),
        channels=dict(Counter(measures.channels for _, measures in measured).most_common()),
        spread=spread,
        findings=(),
        files=tuple(files),
    )
    return replace(corpus, findings=tuple(corpus_findings(corpus)))


def guess_speakers(names: Sequence[Path]) -> int:
    """How many speakers the paths within a corpus speak of; 0 where they tell nothing.

    The topmost folders that differ are taken for speakers; without folders, what comes before the first "_" or "-" of
    the file names, if it repeats.
    """
    for level in range(min(len(name.parts) for name in names) - 1):
        folders = {name.parts[level] for name in names}
        if len(folders) > 1:
            return len(folders)
    beginnings = {re.split("[-_]", name.stem)[0] for name in names}
    return len(beginnings) if 1 < len(beginnings) <= _MOST_BEGINNINGS * len(names) else 0


def _verdict(findings: Sequence[Finding], left_out: int) -> tuple[Grade, str]:
    stops = [finding for finding in findings if finding.grade == "stop"]
    looks = sum(finding.grade == "look" for finding in findings)
    without = f" without the {left_out:,} file{'s' if left_out > 1 else ''} to leave out" if left_out else ""
    if stops:
        return "stop", f"Do not train on this yet. {stops[0].words}"
    if looks:
        points = f"{looks} points" if looks > 1 else "1 point"
        return "look", f"Good enough to train on{without}, but look at {points} first."
    return "ok", f"Good to train on{without}."
