"""voicebed split: write the speech and noise tracks of recordings."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.errors import UsageError, VoicebedError

if TYPE_CHECKING:
    from engine.split import SplitResult

Model = Annotated[str | None, typer.Option("--model", "-m", help="Name of a model, or path of a model file.")]
Device = Annotated[str, typer.Option(help="Where to compute: auto, cpu, cuda or mps.")]
Resplit = Annotated[
    list[str] | None,
    typer.Option(metavar="START-END=MODEL", help="Seconds that another model splits; may be given several times."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]


def command(
    recordings: Annotated[list[Path], typer.Argument(metavar="IN...", readable=False, help="Recordings to split.")],
    output: Annotated[
        Path | None, typer.Option("-o", readable=False, help="Folder for the tracks; default: beside each input.")
    ] = None,
    model: Model = None,
    device: Device = "auto",
    render: Annotated[str, typer.Option(help="masked: filter the original; direct: the model's own sound.")] = "masked",
    tracks: Annotated[str, typer.Option(help="Which tracks to write.")] = "speech,noise",
    resplit: Resplit = None,
    json: Json = False,
) -> None:
    """Split recordings into STEM.speech.wav and STEM.noise.wav, which add up to the input exactly."""
    from app.cli.output import plain, print_json, progress
    from app.cli.resplit import separated, stretches
    from engine.model import load_model
    from engine.recording import open_recording
    from engine.separator import Separator
    from engine.split import check_tracks, split

    patches = stretches(resplit)
    if patches and len(recordings) > 1:
        raise UsageError("--resplit names a stretch of one recording; give only that one")
    wanted = [track.strip() for track in tracks.split(",") if track.strip()]
    check_tracks(wanted)
    check_names(recordings, output)
    separator = Separator(load_model(model), device, render)
    files: list[dict] = []
    failures: list[VoicebedError] = []
    with made_folder(output) if output else nullcontext():
        for path in recordings:
            try:
                recording = open_recording(path)
                place = output or path.parent
                source = separated(recording, separator, patches, device, place)
                with progress(f"Splitting {path.name}") as advance:
                    result = split(source, place, wanted, advance)
            except VoicebedError as error:
                if len(recordings) == 1:
                    raise
                # One bad file among many: say so at once, and go on with the others.
                print(f"voicebed: {error}", file=sys.stderr)
                failures.append(error)
                files.append({"input": str(path), "error": str(error)})
                continue
            files.append(plain(result))
            if not json:
                describe(result)
    if json:
        print_json({"files": files})
    elif len(files) > len(failures):
        print(f"computed on {separator.device.device.type} ({separator.device.reason})")
    if failures:
        raise typer.Exit(failures[0].exit_code)


def check_names(recordings: list[Path], output: Path | None) -> None:
    """Raise UsageError where the tracks of two inputs would have one name, or a track that of an input."""
    from engine.split import TRACKS, track_path

    seen: dict[Path, Path] = {}
    inputs = {path.resolve() for path in recordings}
    for path in recordings:
        folder = (output or path.parent).resolve()
        other = seen.setdefault(folder / path.stem, path)
        if other is not path:
            raise UsageError(
                f"{other} and {path} would write the same tracks; split them into different folders with -o"
            )
        for track in TRACKS:
            if (place := track_path(path, folder, track)) in inputs:
                raise UsageError(f"a track of {path} would replace the input {place}; choose another folder with -o")


@contextmanager
def made_folder(folder: Path) -> Iterator[None]:
    """Create the output folder, or raise UsageError; one that nothing came into is removed again."""
    try:
        new = [place for place in (folder, *folder.parents) if not place.exists()]
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be made a folder ({error.strerror}); choose another with -o") from None
    try:
        yield
    finally:
        with suppress(OSError):
            for place in new:
                place.rmdir()


def describe(result: "SplitResult") -> None:
    """The result in plain lines."""
    for track, path in result.tracks.items():
        print(f"{track:>7}: {path}")
    print(
        f"  input = {result.alpha:.3f} x speech + {result.beta:.3f} x noise, unexplained {result.residual_db:.1f} dB; "
        f"null {result.null_dbfs:.0f} dBFS; {result.seconds:.1f} s at {result.real_time_factor:.4f} of real time "
        f"({result.model})"
    )
