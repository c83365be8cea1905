"""Memory while a model trains."""

import sys
from pathlib import Path

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
        torch.empty(10 * MB // 4)
    with pytest.raises(ResourceError, match=r"^not enough memory for this$"), memory.within_memory(CPU, "for this"):
        torch.empty(1000 * MB // 4)
    torch.empty(1000 * MB // 4)  # the limit is gone


def test_what_a_device_lacks() -> None:
    with pytest.raises(ResourceError), memory.within_memory(torch.device("cuda"), "for this"):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")


def test_other_errors_stay() -> None:
    with pytest.raises(RuntimeError, match="shapes"), memory.within_memory(CPU, "for this"):
        raise RuntimeError("shapes do not match")


@pytest.mark.skipif(sys.platform != "linux", reason="not known elsewhere")
def test_a_container_has_its_share_and_what_it_keeps_of_files_counts_as_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "CONTAINER", tmp_path)
    whole = memory.free_memory()
    assert whole and 10 * MB < whole < 1e14
    (tmp_path / "memory.max").write_text("9000\n")
    (tmp_path / "memory.current").write_text("5000\n")
    (tmp_path / "memory.stat").write_text("anon 3000\nfile 2000\ninactive_file 1500\nactive_file 500\n")
    assert memory.free_memory() == 6000
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.free_memory() != 6000
