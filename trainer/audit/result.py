"""What an audit finds, as one tree of frozen values: of each file, of each corpus, between the corpora, in all."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from trainer.audit.measures import Measures

Role = Literal["noisy", "clean", "noise"]
FileGrade = Literal["ok", "look", "leave out"]
Grade = Literal["ok", "look", "stop"]


@dataclass(frozen=True)
class Reason:
    """What speaks against a file.

    Attributes:
        what: what is wrong and what to do, in the same words for all such files.
        detail: of this file.
    """

    grade: FileGrade
    what: str
    detail: str = ""

    @property
    def words(self) -> str:
        """All of it."""
        return f"{self.what} ({self.detail})" if self.detail else self.what


@dataclass(frozen=True)
class FileAudit:
    """One file.

    Attributes:
        path: relative to its corpus.
        reasons: the gravest first; none where it is ok.
        measures: None where it cannot be read.
    """

    path: str
    grade: FileGrade
    reasons: tuple[Reason, ...]
    measures: Measures | None

    @property
    def words(self) -> str:
        """All reasons."""
        return "; ".join(reason.words for reason in self.reasons)


@dataclass(frozen=True)
class Finding:
    """Something about a corpus or several: "look" may be fine, with "stop" training does harm."""

    grade: Grade
    words: str


@dataclass(frozen=True)
class CorpusAudit:
    """One folder.

    Attributes:
        folder: resolved.
        hours: of all readable files; `hours_kept` without those to leave out.
        speakers: a guess from the names of folders or files; 0 where they tell nothing.
        grades: files of each grade.
        sample_rates, channels: files of each.
        spread: measure -> its 10th, 50th and 90th percentile over the files that have it.
        files: all, in the order of their paths.
    """

    role: Role
    folder: str
    hours: float
    hours_kept: float
    speakers: int
    grades: dict[FileGrade, int]
    sample_rates: dict[int, int]
    channels: dict[int, int]
    spread: dict[str, tuple[float, float, float]]
    findings: tuple[Finding, ...]
    files: tuple[FileAudit, ...]

    def median(self, measure: str) -> float | None:
        """The median of a measure over the files; None where no file has it."""
        return self.spread[measure][1] if measure in self.spread else None


@dataclass(frozen=True)
class Distance:
    """How the voices of the clean folder differ from those of the noisy one.

    Attributes:
        spectrum_db: RMS over the bands of the difference of their mean spectra, levels made equal.
        bands: centre in Hz -> how much more the clean voices have there, dB; only bands that both reach.
        level_db: how much louder the clean voices are.
        clean_hz, noisy_hz: median true bandwidths.
    """

    spectrum_db: float
    bands: dict[int, float]
    level_db: float
    clean_hz: float
    noisy_hz: float


@dataclass(frozen=True)
class Audit:
    """The whole: `grade` is the gravest of all findings, `verdict` one sentence."""

    grade: Grade
    verdict: str
    findings: tuple[Finding, ...]
    distance: Distance | None
    noisy: CorpusAudit
    clean: CorpusAudit
    noise: CorpusAudit | None

    @property
    def corpora(self) -> tuple[CorpusAudit, ...]:
        """Those that there are."""
        return tuple(corpus for corpus in (self.noisy, self.clean, self.noise) if corpus)

    @property
    def all_findings(self) -> tuple[Finding, ...]:
        """Those of each corpus and between them, the gravest first."""
        every = [finding for corpus in self.corpora for finding in corpus.findings] + list(self.findings)
        return tuple(sorted(every, key=lambda finding: ("stop", "look", "ok").index(finding.grade)))

    @property
    def left_out(self) -> frozenset[Path]:
        """The files to leave out, for `trainer.corpus.open_corpus`."""
        return frozenset(path for path, _ in self.marked("leave out"))

    def marked(self, grade: FileGrade) -> list[tuple[Path, str]]:
        """The files of this grade, and the reasons, for `trainer.exclusions.write_exclusions`."""
        return [
            (Path(corpus.folder) / file.path, f"{corpus.role}: {file.words}")
            for corpus in self.corpora
            for file in corpus.files
            if file.grade == grade
        ]

    def summary(self) -> dict[str, Any]:
        """What a model card keeps: no file names, no folders, about 1 kB."""
        measures = ("speech", "snr_db", "decay_seconds", "bandwidth_hz")
        corpora = {
            corpus.role: {
                "hours": corpus.hours,
                "hours_kept": corpus.hours_kept,
                "speakers": corpus.speakers,
                "files": corpus.grades,
                "median": {measure: corpus.median(measure) for measure in measures},
            }
            for corpus in self.corpora
        }
        return corpora | {
            "grade": self.grade,
            "findings": [finding.words for finding in self.all_findings],
            "spectrum_distance_db": self.distance.spectrum_db if self.distance else None,
        }
