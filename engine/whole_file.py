"""Files that appear whole or not at all."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NEARLY_FULL = 1 << 20  # bytes


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A place beside `path` to write to, which becomes `path` at the end; after an error `path` is as it was.

    Raises:
        OSError: the file cannot take its name, or the disk is full, which libraries hide in errors of their own.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        yield part
        part.replace(path)
    except OSError:
        raise
    except Exception as error:
        full = os.strerror(errno.ENOSPC) in str(error)  # safetensors; libsndfile says less
        if full or shutil.disk_usage(path.parent).free < NEARLY_FULL:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error
        raise
    finally:
        part.unlink(missing_ok=True)
