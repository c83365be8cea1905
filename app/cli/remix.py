"""voicebed remix: change the balance of speech and noise in one recording."""

from json import loads
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.split import Device, Json, Model, Resplit
from engine.errors import InputError, UsageError

if TYPE_CHECKING:
    from engine.mixdown import MixdownResult
    from engine.remix import Region


def gain(text: str) -> float:
    """A gain as typed: a number of dB, or -inf."""
    from engine.remix import decibel_value

    try:
        return decibel_value(text)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is not a gain in dB; use a number or -inf.") from None


def listed_regions(text: str) -> "tuple[Region, ...]":
    """Regions as typed: JSON, or the name of a file of it."""
    from engine.remix import read_regions, regions_from

    if not text.lstrip().startswith(("[", "{")):
        return read_regions(Path(text))
    try:
        return regions_from(loads(text))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--regions: not JSON ({error})") from None
    except InputError as error:
        raise UsageError(f"--regions: {error}") from None


def command(
    recording: Annotated[Path, typer.Argument(metavar="IN", readable=False, help="Recording to remix.")],
    output: Annotated[Path, typer.Option("-o", readable=False, help="File to write; its suffix decides the format.")],
    speech: Annotated[float, typer.Option(parser=gain, metavar="DB", help="Speech gain in dB, -inf to 12.")] = 0.0,
    noise: Annotated[float, typer.Option(parser=gain, metavar="DB", help="Noise gain in dB, -inf to 12.")] = 0.0,
    loudness: Annotated[
        float | None, typer.Option(metavar="LUFS", help="Integrated loudness to reach, e.g. -16.")
    ] = None,
    true_peak: Annotated[
        float | None,
        typer.Option("--true-peak", metavar="DBTP", help="Peak ceiling, e.g. -1; with --loudness, -1 unless given."),
    ] = None,
    regions: Annotated[
        str | None,
        typer.Option(metavar="FILE|JSON", help="Stretches with own gains: JSON, a file of it, a session."),
    ] = None,
    subtype: Annotated[
        str | None, typer.Option(metavar="FORMAT", help="Sample format: PCM_16, PCM_24, PCM_32, FLOAT; default: as IN.")
    ] = None,
    model: Model = None,
    device: Device = "auto",
    resplit: Resplit = None,
    json: Json = False,
) -> None:
    """Write IN with new gains for speech and noise.  At 0 dB and 0 dB, every sample stays as it is."""
    from app.cli.resplit import separated, stretches
    from engine.delivery import Delivery
    from engine.mixdown import Output, mixdown
    from engine.recording import open_recording
    from engine.remix import Remix

    remix = Remix(speech, noise, listed_regions(regions) if regions else ())
    delivery, patches = Delivery(loudness, true_peak, subtype), stretches(resplit)
    if not output.name or output.is_dir():
        raise UsageError(f"{output} is a folder; name a file, such as {output / (recording.stem + '.remix.wav')}")
    source = open_recording(recording)

    from app.cli.output import plain, print_json, progress
    from engine.model import load_model
    from engine.separator import Separator

    separator = Separator(load_model(model), device)
    parts = separated(source, separator, patches, device, output.parent)
    with progress(f"Remixing {recording.name}") as advance:
        (result,) = mixdown(parts, [Output(output, remix, delivery)], advance)
    if json:
        print_json(plain(result) | {"speech_db": speech, "noise_db": noise})
    else:
        describe(result)


def describe(result: "MixdownResult") -> None:
    """The result in plain lines."""
    print(f"  remix: {result.output}")
    print(
        f"  loudness {result.loudness_before:.1f} -> {result.loudness:.1f} LUFS, "
        f"true peak {result.true_peak:.1f} dBTP; "
        f"{result.seconds:.1f} s at {result.real_time_factor:.4f} of real time ({result.model})"
    )
    if result.clipped:
        print(f"  {result.clipped} samples were clipped; --true-peak -1 avoids that")
