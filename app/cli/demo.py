"""voicebed demo: split and remix the bundled recording, and say what happened."""

from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.split import Device, Json, Model, made_folder

RECORDING = Path(__file__).parents[2] / "resources" / "demo" / "cafe.flac"
NOISE_DB = -18.0  # the preset "Clean but natural"


def command(
    output: Annotated[Path, typer.Option("-o", help="Folder for what the demo makes.")] = Path("demo-output"),
    model: Model = None,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Split and remix the bundled recording, print what happened, save a picture of the spectrograms."""
    from app.cli.output import plain, print_json, progress
    from engine.mixdown import Output, mixdown
    from engine.model import load_model
    from engine.recording import open_recording
    from engine.remix import Remix
    from engine.separator import Separator
    from engine.split import Separation, split

    recording = open_recording(RECORDING)
    source = Separation(recording, Separator(load_model(model), device))
    with made_folder(output):
        with progress("Splitting") as advance:
            parts = split(source, output, progress=advance)
        with progress("Remixing") as advance:
            (mix,) = mixdown(source, [Output(output / "cafe.remix.flac", Remix(noise_db=NOISE_DB))], advance)
    files = {"mixture": RECORDING, **parts.tracks, "remix": mix.output}
    lanes = {name: open_recording(path).read(0, recording.frames).mean(1) for name, path in files.items()}
    result = plain(parts) | {
        "remix": str(mix.output),
        "loudness_before": mix.loudness_before,
        "loudness_after": mix.loudness,
        "dnsmos": {name: opinion(lanes[name], recording.sample_rate) for name in ("mixture", "speech", "remix")},
        "picture": picture(output / "spectrograms.png", lanes, recording.sample_rate),
    }
    if json:
        print_json(result)
    else:
        describe(result)


def opinion(audio: Any, sample_rate: int) -> dict[str, float] | None:
    """DNSMOS scores, or None without the `eval` extra."""
    from engine.errors import UsageError
    from trainer.metrics import dnsmos

    try:
        return dnsmos(audio, sample_rate)
    except UsageError:
        return None


def picture(path: Path, lanes: dict[str, Any], sample_rate: int) -> str | None:
    """Save the spectrograms of mixture, speech and noise; None where Qt's system libraries are missing."""
    from app.picture.png import save_spectrograms

    try:
        save_spectrograms(
            path, {name.capitalize(): lanes[name] for name in ("mixture", "speech", "noise")}, sample_rate
        )
    except ImportError:
        return None
    return str(path)


def describe(result: dict[str, Any]) -> None:
    """The result in plain lines."""
    print(f"The bundled recording: {result['input']} ({result['seconds']:.1f} s, speech in a cafe)")
    for name, path in result["tracks"].items():
        print(f"  {name:11} {path}")
    print(f"  {'remix':11} {result['remix']}  (noise {NOISE_DB:g} dB)")
    print(f"  {'picture':11} {result['picture'] or 'not drawn: libegl1 or libxkbcommon0 is missing'}")
    print(
        f"input = {result['alpha']:.3f} x speech + {result['beta']:.3f} x noise; "
        f"unexplained {result['residual_db']:.1f} dB"
    )
    print(f"speech + noise against the input: {result['null_dbfs']:.0f} dBFS (-300 is sample for sample)")
    print(f"loudness {result['loudness_before']:.1f} LUFS before, {result['loudness_after']:.1f} LUFS after the remix")
    for name, scores in result["dnsmos"].items():
        if scores:
            print(f"DNSMOS {name:8} " + "  ".join(f"{key} {value:.2f}" for key, value in scores.items()))
    if not any(result["dnsmos"].values()):
        print("DNSMOS: pip install 'voicebed[eval]' to see it")
    print(f"model {result['model']}; {result['real_time_factor']:.3f} of real time")
