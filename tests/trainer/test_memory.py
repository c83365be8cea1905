"""Memory while a model trains."""

import sys

import pytest
import torch

from engine.errors import ResourceError
from trainer import memory

CPU = torch.device("cpu")
MB = 2**20


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system itself refuses")
def test_no_more_than_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda: 100 * MB)
    with memory.within_memory(CPU, "for this"):
        torch.ones(10 * MB // 4)
    with pytest.raises(ResourceError, match=r"^not enough memory for this$"), memory.within_memory(CPU, "for this"):
        torch.ones(1000 * MB // 4)
    torch.ones(1000 * MB // 4)  # the limit is gone


def test_what_a_device_lacks() -> None:
    with pytest.raises(ResourceError), memory.within_memory(torch.device("cuda"), "for this"):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")


def test_other_errors_stay() -> None:
    with pytest.raises(RuntimeError, match="shapes"), memory.within_memory(CPU, "for this"):
        raise RuntimeError("shapes do not match")


def test_what_is_free() -> None:
    free = memory.free_memory()
    assert free is None if sys.platform != "linux" else free and 10 * MB < free < 1e14
