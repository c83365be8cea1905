"""Choosing where the model runs, and how many threads it may use."""

import os
from dataclasses import dataclass

import torch

from engine.errors import UsageError

CHOICES = ("auto", "cpu", "cuda", "mps")


@dataclass(frozen=True)
class Device:
    """The device that was chosen and why, in plain words for the user."""

    device: torch.device
    reason: str


def works(device: torch.device) -> str:
    """Run the operations that a model needs on the device and on the CPU; returns "" or what went wrong."""
    x = torch.linspace(-1, 1, 4096).reshape(4, 1024).sin()

    def sample(on: torch.device) -> torch.Tensor:
        y = x.to(on)
        spectrum = torch.fft.rfft(y @ y.mT @ y)
        return torch.fft.irfft(spectrum * spectrum.abs().softmax(-1)).cpu()

    try:
        return (
            "" if torch.allclose(sample(device), sample(torch.device("cpu")), atol=1e-3) else "it gives wrong results"
        )
    except (RuntimeError, NotImplementedError) as error:
        return str(error).splitlines()[0]


def choose_device(choice: str = "auto") -> Device:
    """The best device that passes a self-test ("auto"), or the named one.

    Raises:
        UsageError: the named device does not exist here or fails the self-test.
    """
    if choice not in CHOICES:
        raise UsageError(f"unknown device '{choice}'; choose one of {', '.join(CHOICES)}")
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    passed_over: list[str] = []
    for name, present in available.items():
        if choice not in ("auto", name):
            continue
        problem = works(torch.device(name)) if present else "not available here"
        if not problem:
            return Device(torch.device(name), "passed its self-test")
        passed_over.append(f"{name}: {problem}")
    if choice not in ("auto", "cpu"):
        raise UsageError(f"{passed_over[0]}; use --device auto or cpu")
    return Device(torch.device("cpu"), "; ".join(passed_over) or "as asked")


def multiplies_bfloat16(device: torch.device) -> bool:
    """Whether this is a CPU whose bfloat16 matrix products are several times as fast as those in float32.

    The speech then differs from that in float32 by less than -60 dB (`tests.benchmarks.reach`).
    """
    capabilities = torch.cpu.get_capabilities()
    return device.type == "cpu" and any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16"))


def use_sensible_threads() -> None:
    """Half of the usable cores, at most four, unless OMP_NUM_THREADS decides.

    The model's matrices are small: more threads gain little, and one too many halves the speed when other work runs.
    """
    if "OMP_NUM_THREADS" not in os.environ:
        usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        torch.set_num_threads(max(1, min(4, usable // 2)))
