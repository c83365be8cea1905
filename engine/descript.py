"""The `descript-audio-codec` package: the one place that imports it, as late as can be.

It comes with audiotools, which imports torchaudio for reading files and for effects that nothing here uses; but
torchaudio's Linux wheel wants the libraries of CUDA and does not load beside a torch for CPUs.
"""

import importlib
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from types import ModuleType
from typing import Any

_importing = Lock()


def descript() -> Any:
    """The package `dac`, with `model.dac` (encoder, decoder) and `model.discriminator`; imports torch.

    Its modules are built with torch's older weight norm; what torch says about that on every call is silenced.

    Raises:
        ImportError: the package is missing.
    """
    warnings.filterwarnings("ignore", "`torch.nn.utils.weight_norm` is deprecated", FutureWarning)
    with _importing, _torchaudio_or_stand_in():
        package = importlib.import_module("dac")
        importlib.import_module("dac.model.discriminator")
    return package


@contextmanager
def _torchaudio_or_stand_in() -> Iterator[None]:
    """An empty `torchaudio` while the block runs, where the real one does not load; nobody else gets to see it."""
    if "dac" in sys.modules or _loads("torchaudio"):
        yield
        return
    sys.modules["torchaudio"] = ModuleType("torchaudio", "Stands in for the real one, which does not load here.")
    try:
        yield
    finally:
        del sys.modules["torchaudio"]


def _loads(name: str) -> bool:
    """Whether the module can be imported; a failed import leaves no parts of it behind."""
    before = set(sys.modules)
    try:
        importlib.import_module(name)
    except (ImportError, OSError):
        for part in set(sys.modules) - before:
            if part.partition(".")[0] == name:
                del sys.modules[part]
        return False
    return True
