"""What the `dac` models weigh and take: python -m tests.benchmarks.dac [--only PART]... [--presets NAME]...
[--threads N]... [--json].

Everything runs on the CPU, with random weights, each figure in a process of its own.  Speed is that of the generator on
a stretch of the demo recording, without reading, resampling and masking.  `package` compares with the package's `DAC`
of the same weights, its quantizer left out.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.presets import PRESETS
from tests.benchmarks.machine import machine_line

if TYPE_CHECKING:
    from torch import Tensor, nn

    from engine.generator import Generator

DEMO = Path(__file__).resolve().parents[2] / "resources" / "demo" / "cafe.flac"
PAPER = {"codec": 74.0, "all": 191.0}  # millions; Klement et al., arXiv 2509.22942
WAYS = ("plain", "normed", "bfloat16", "channels-last", "compiled")
PACKAGE_SECONDS, CHUNK_SECONDS, SPEED_SECONDS, SPEED_RUNS = 2, 3, 6, 3
LONG_SECONDS = (60, 360)
KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "4294967296", "MALLOC_TRIM_THRESHOLD_": "17179869184"}  # for glibc


def generator(name: str) -> "Generator":
    """A preset with random weights, the same on every call."""
    import torch

    from engine.model import build

    torch.manual_seed(0)
    return build(PRESETS[name])


def clip(rate: int, seconds: float) -> "Tensor":
    """The beginning of the demo, over and over, (1, samples)."""
    import numpy as np
    import soundfile
    import soxr
    import torch

    audio, own = soundfile.read(DEMO, dtype="float32")
    return torch.from_numpy(np.resize(soxr.resample(audio, own, rate), round(seconds * rate)))[None]


def peak() -> float:
    """Peak memory of this process, GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e9


def parameters(name: str) -> dict[str, float]:
    """Millions of parameters in each part."""
    import torch

    with torch.device("meta"):
        model = generator(name)

    def millions(module: "nn.Module") -> float:
        return sum(p.numel() for p in module.parameters()) / 1e6

    parts = {"encoder": model.codec.encoder, "decoder": model.codec.decoder, "codec": model.codec}
    parts |= {"speech branch": model.speech_branch, "noise branch": model.noise_branch, "all": model}
    return {part: millions(module) for part, module in parts.items()}  # pyright: ignore[reportArgumentType]


def package(name: str) -> dict[str, float]:
    """Largest differences from what the package computes, folded, and the output's largest sample."""
    import torch

    from engine.dac_codec import DacCodec, decoder_reach
    from engine.descript import descript

    torch.set_num_threads(1)
    codec = generator(name).codec.eval()
    assert isinstance(codec, DacCodec)
    config = codec.config
    shape = {"encoder_dim": config.encoder_dim, "latent_dim": config.latent_dim, "decoder_dim": config.decoder_dim}
    rates = {"encoder_rates": list(config.strides), "decoder_rates": list(config.strides[::-1])}
    torch.manual_seed(1)
    theirs = descript().model.dac.DAC(**shape, **rates, sample_rate=config.sample_rate).eval()
    x = clip(config.sample_rate, PACKAGE_SECONDS)
    x = x[:, : x.shape[1] // codec.hop * codec.hop]
    parts = {key: value for key, value in theirs.state_dict().items() if not key.startswith("quantizer.")}
    codec.load_state_dict(parts, strict=True)
    codec.fold()
    with torch.inference_mode():
        latent, encoded = theirs.encoder(x[:, None]), codec.encode(x)
        expected, got = theirs.decoder(latent)[:, 0], codec.decode(latent.transpose(1, 2), encoded)
    inner = expected.shape[1] - decoder_reach(config.strides) * codec.hop
    return {
        "latent off": float((encoded.latent - latent.transpose(1, 2)).abs().max()),
        "latent's largest": float(latent.abs().max()),
        "output off": float((got[:, : expected.shape[1]] - expected)[:, :inner].abs().max()),
        "output's largest": float(expected.abs().max()),
        "samples short": x.shape[1] - expected.shape[1],
        "here": x.shape[1] - got.shape[1],
    }


def training(name: str, threads: int) -> dict[str, float]:
    """Forward and backward of one chunk, the second time; the optimiser's memory is not in it."""
    import torch

    torch.set_num_threads(threads)
    model = generator(name)
    x = clip(model.codec.sample_rate, CHUNK_SECONDS)
    seconds: dict[str, float] = {}
    for _ in range(2):
        started = time.perf_counter()
        sources = model(x)
        seconds["forward"] = time.perf_counter() - started
        (x - sources.speech - sources.noise).square().mean().backward()
        seconds["backward"] = time.perf_counter() - started - seconds["forward"]
    assert all(p.grad is not None for p in model.parameters())
    return {**seconds, "peak GB": peak()}


def speed(name: str, threads: int, way: str) -> dict[str, float]:
    """Real-time factor, best of some runs after one to warm up; and the output against that of the plain way, in dB."""
    import torch

    torch.set_num_threads(threads)
    model = generator(name).eval()
    x = clip(model.codec.sample_rate, SPEED_SECONDS)
    with torch.inference_mode():
        expected = model(x).speech if way != "plain" else None
        if way != "normed":
            model.codec.fold()
        if way == "channels-last":
            lay_channels_last(model)
        if way == "compiled":
            for module in (model.codec, model.speech_branch, model.noise_branch):
                compile_parts(module)
        seconds: list[float] = []
        speech = x
        with torch.autocast("cpu", torch.bfloat16, enabled=way == "bfloat16"):
            for _ in range(1 + SPEED_RUNS):
                started = time.perf_counter()
                speech = model(x).speech
                seconds.append(time.perf_counter() - started)
    figures = {"real-time factor": min(seconds[1:]) / SPEED_SECONDS, "first": seconds[0], "peak GB": peak()}
    if expected is not None:
        off = (speech.float() - expected).square().sum() / expected.square().sum()
        figures["off dB"] = float(10 * off.clamp(min=1e-20).log10())
    return figures


def compile_parts(module: "nn.Module") -> None:
    """torch.compile for encoder and decoder, or for a branch."""
    for part in (getattr(module, "encoder", None), getattr(module, "decoder", None)):
        if part is not None:
            part.compile()
    if not hasattr(module, "encoder"):
        module.compile()


def lay_channels_last(model: "Generator") -> None:
    """Each convolution as one in two dimensions whose channels lie next to each other in memory."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    def replaced(module: nn.Conv1d | nn.ConvTranspose1d) -> Callable[["Tensor"], "Tensor"]:
        kernel = module.weight.data.unsqueeze(2).to(memory_format=torch.channels_last)
        step, padding, dilation = (1, *module.stride), (0, *map(int, module.padding)), (1, *module.dilation)

        def forward(x: "Tensor") -> "Tensor":
            flat = x.unsqueeze(2).to(memory_format=torch.channels_last)
            if isinstance(module, nn.ConvTranspose1d):
                end = (0, *module.output_padding)
                return F.conv_transpose2d(flat, kernel, module.bias, step, padding, end, 1, dilation).squeeze(2)
            return F.conv2d(flat, kernel, module.bias, step, padding, dilation).squeeze(2)

        return forward

    for module in model.codec.modules():
        if isinstance(module, nn.Conv1d | nn.ConvTranspose1d):
            module.__dict__["forward"] = replaced(module)


def memory(name: str, seconds: int) -> dict[str, float]:
    """Splitting a recording of some length through the separator, and the peak on the way."""
    import torch

    from engine.model import Model
    from engine.model_files import ModelCard, ModelFile
    from engine.separator import Separator

    model = generator(name).eval().requires_grad_(False)
    model.codec.fold()
    card = ModelCard(name, model.settings, model.codec.sample_rate, "random weights", "none", "")
    separator = Separator(Model(model, ModelFile(Path(), card, name, False)), "cpu")
    torch.set_num_threads(1)  # the separator has chosen before
    audio = clip(model.codec.sample_rate, seconds).numpy().T
    started = time.perf_counter()
    for _ in separator.windows([audio], model.codec.sample_rate):
        pass
    return {"of real time": (time.perf_counter() - started) / seconds, "peak GB": peak()}


MEASURES: dict[str, Callable[..., dict[str, float]]] = {
    "parameters": parameters,
    "package": package,
    "training": training,
    "speed": speed,
    "memory": memory,
}


def measure(name: str, *arguments: Any) -> dict[str, float]:
    """A measurement in a process of its own, whose peak is not that of another."""
    code = "import json, sys; from tests.benchmarks.dac import MEASURES; name, *rest = json.loads(sys.argv[1]);"
    code += "print(json.dumps(MEASURES[name](*rest)))"
    environment = os.environ | KEEP_MEMORY
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps([name, *arguments])], env=environment, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def parameter_table(presets: list[str], _: list[int]) -> Iterator[tuple[str, dict[str, Any]]]:
    counts = {name: measure("parameters", name) for name in presets}
    for part in next(iter(counts.values())):
        row: dict[str, Any] = {name: round(count[part], 2) for name, count in counts.items()}
        yield f"{part}, M", row | {"paper": PAPER.get(part, "not given")}


def package_table(presets: list[str], _: list[int]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in presets:
        yield f"{name}, {PACKAGE_SECONDS} s", measure("package", name)


def training_table(presets: list[str], threads: list[int]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in presets:
        yield f"{name}, {CHUNK_SECONDS} s, threads: {threads[-1]}, s", measure("training", name, threads[-1])


def speed_table(presets: list[str], threads: list[int]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in presets:
        for count in threads:
            yield f"{name}, threads: {count}", measure("speed", name, count, "plain")


def ways_table(presets: list[str], _: list[int]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in presets:
        for way in WAYS:
            yield f"{name}, 1 thread, {way}", measure("speed", name, 1, way)


def memory_table(presets: list[str], _: list[int]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in presets:
        for seconds in LONG_SECONDS:
            yield f"{name}, {seconds} s, 1 thread", measure("memory", name, seconds)


Table = Callable[[list[str], list[int]], Iterator[tuple[str, dict[str, Any]]]]  # (presets, numbers of threads) -> rows
TABLES: dict[str, tuple[Table, list[str]]] = {
    "parameters": (parameter_table, list(PRESETS)),
    "package": (package_table, list(PRESETS)),
    "training": (training_table, ["dac-16khz", "dac-small"]),
    "speed": (speed_table, list(PRESETS)),
    "ways": (ways_table, ["dac-16khz", "dac-small"]),
    "memory": (memory_table, ["dac-16khz", "dac-small"]),
}


def main(arguments: list[str] | None = None) -> None:
    """Print the tables, or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=TABLES, help="may be given several times")
    parser.add_argument("--presets", action="append", choices=PRESETS, help="may be given several times")
    parser.add_argument("--threads", action="append", type=int, help="1 and 2 if not given; training takes the last")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    tables: dict[str, dict[str, dict[str, Any]]] = {}
    for name in options.only or TABLES:
        table, presets = TABLES[name]
        for row, figures in table(options.presets or presets, options.threads or [1, 2]):
            tables.setdefault(name, {})[row] = figures
            shown = "  ".join(f"{k} {v:.3g}" if isinstance(v, float) else f"{k} {v}" for k, v in figures.items())
            print(f"{name:<11} {row:<36} {shown}", file=sys.stderr if options.json else sys.stdout, flush=True)
    print(json.dumps({**tables, "machine": machine_line()}) if options.json else machine_line())


if __name__ == "__main__":
    main()
