"""Memory while a model trains: how glibc hands it out, and what happens when there is no more."""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import torch

from engine.errors import ResourceError, is_out_of_memory

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4  # parameters of mallopt(3)
_MOST, _PAD = 2**31 - 1, 2**28  # bytes
CONTAINER = Path("/sys/fs/cgroup")


def keep_memory() -> bool:
    """Have glibc reuse freed memory instead of giving it back to the system; returns whether this is glibc.

    A training step allocates and frees the same large tensors again and again.  What the page faults of fetching them
    from the system each time cost depends on the machine; `tests.benchmarks.training` tells.
    """
    if sys.platform != "linux":
        return False
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):  # another C library
        return False
    return all([mallopt(_MMAP_MAX, 0), mallopt(_TRIM_THRESHOLD, _MOST), mallopt(_TOP_PAD, _PAD)])


@contextmanager
def within_memory(device: torch.device, too_large: str) -> Iterator[None]:
    """What is done within this, on a device, is told where memory is too little.

    Linux promises more than there is, and in the end kills the process without a word.  For work on the CPU, it is kept
    from promising more than is free at the beginning; CUDA reserves far more than it uses.

    Raises:
        ResourceError: there was not enough memory, `too_large` says for what and what to do.
    """
    try:
        with _promises(free_memory() if device.type == "cpu" else None):
            yield
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise ResourceError(f"not enough memory {too_large}") from error


def free_memory() -> int | None:
    """Bytes that this process could use beside what it has; None where that is not known."""
    if sys.platform != "linux":
        return None
    free = [1024 * _figure(Path("/proc/meminfo"), "MemAvailable:")]
    with suppress(OSError, ValueError):  # a container's share, if it has one
        limit, used = (int((CONTAINER / name).read_text()) for name in ("memory.max", "memory.current"))
        cached = sum(_figure(CONTAINER / "memory.stat", name) for name in ("inactive_file", "active_file"))
        free.append(limit - used + cached)
    return min(free)


def _figure(file: Path, name: str) -> int:
    """The number that stands behind a name in one of the kernel's files."""
    lines = (line.split() for line in file.read_text(encoding="ascii").splitlines())
    return next(int(line[1]) for line in lines if line[0] == name)


@contextmanager
def _promises(more: int | None) -> Iterator[None]:
    """The system promises this process only so many bytes more than it has."""
    if sys.platform != "linux" or more is None:
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = 1024 * _figure(Path("/proc/self/status"), "VmData:") + more
    limits = [limit for limit in (most, soft, hard) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min(limits), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
