"""voicebed audit: look at folders before a model is trained on them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.split import Json

if TYPE_CHECKING:
    from trainer.audit.result import Audit, CorpusAudit, FileAudit, FileGrade

SHOWN = 4  # files of each kind; the list and --json have all
MEASURES = {
    "speech_dbfs": ("speech level", "dBFS", 1, 0),
    "snr_db": ("speech over noise", "dB", 1, 0),
    "speech": ("time with speech", "%", 100, 0),
    "decay_seconds": ("echo of the room", "s", 1, 1),
    "bandwidth_hz": ("bandwidth", "kHz", 0.001, 1),
}


def command(
    noisy: Annotated[
        Path, typer.Option(metavar="DIR", readable=False, help="Folder of noisy recordings, the domain to train for.")
    ],
    clean: Annotated[Path, typer.Option(metavar="DIR", readable=False, help="Folder of clean speech.")],
    noise: Annotated[
        Path | None, typer.Option(metavar="DIR", readable=False, help="Folder of noise without speech.")
    ] = None,
    exclude: Annotated[
        Path | None,
        typer.Option(metavar="FILE", readable=False, help="Write the files to leave out to this new, editable list."),
    ] = None,
    json: Json = False,
) -> None:
    """Look at the folders that a model shall be trained on, file by file and against each other; changes nothing."""
    from app.cli.output import print_json, progress
    from trainer.audit.folders import audit_folders
    from trainer.exclusions import check_new, write_exclusions

    if exclude:
        check_new(exclude)
    with progress("Looking at the files") as advance:
        result = audit_folders(noisy, clean, noise, advance)
    if exclude:
        write_exclusions(exclude, result.marked("leave out"), result.marked("look"))
    if json:
        print_json(result)
        return
    for corpus in result.corpora:
        describe(corpus)
    conclude(result)
    if exclude:
        print(f"The list for training is {exclude}; edit it as you like.")
    elif result.left_out:
        print("--exclude FILE writes them to a list for training, --json prints what was measured of every file.")


def describe(corpus: "CorpusAudit") -> None:
    """A folder in plain lines."""
    ok, look, out = corpus.grades.values()
    print(f"{corpus.role} folder {corpus.folder}")
    kept = f" ({duration(corpus.hours_kept)} stay)" if out else ""
    files = f"{counted(len(corpus.files))}, {duration(corpus.hours)}"
    print(f"  {files}: {ok:,} ok, {look:,} to look at, {out:,} to leave out{kept}")
    if corpus.speakers:
        print(f"  about {corpus.speakers:,} speakers, by the names")
    for measure, (words, unit, factor, digits) in MEASURES.items():
        if measure in corpus.spread and not (corpus.role == "noise" and measure != "bandwidth_hz"):
            low, middle, high = (f"{v * factor:.{digits}f}".replace("-", "−") for v in corpus.spread[measure])
            mostly = f", mostly {low} to {high}" if low != high else ""
            print(f"  {words}: {middle} {unit}{mostly}")
    list_files(corpus, "leave out", "leave out")
    list_files(corpus, "look", "look at")
    print()


def list_files(corpus: "CorpusAudit", grade: "FileGrade", title: str) -> None:
    """The files of this grade by the first of their reasons, the most frequent first, with some names each."""
    kinds: dict[str, list[FileAudit]] = {}
    for file in corpus.files:
        if file.grade == grade:
            kinds.setdefault(file.reasons[0].what, []).append(file)
    for what, files in sorted(kinds.items(), key=lambda kind: -len(kind[1])):
        print(f"  {title} {counted(len(files))}: {what}")
        for file in files[:SHOWN]:
            detail = file.reasons[0].detail
            print(f"    {file.path}{f' ({detail})' if detail else ''}")
        if len(files) > SHOWN:
            print(f"    and {len(files) - SHOWN:,} more")


def conclude(result: "Audit") -> None:
    """All that was found of the folders and between them, and the verdict."""
    print("in all")
    for finding in result.all_findings:
        print(f"  {'note' if finding.grade == 'ok' else finding.grade}: {finding.words}")
    print(f"\n{result.verdict}")


def counted(files: int) -> str:
    """A number of files in words."""
    return f"{files:,} file{'' if files == 1 else 's'}"


def duration(hours: float) -> str:
    """Hours in words."""
    return f"{hours:.1f} h" if hours >= 1 else f"{60 * hours:.0f} min" if hours >= 1 / 60 else f"{3600 * hours:.0f} s"
