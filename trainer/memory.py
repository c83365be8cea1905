"""How glibc hands out memory while a model trains."""

import ctypes
import sys

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4  # parameters of mallopt(3)
_MOST, _PAD = 2**31 - 1, 2**28  # bytes


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
