"""Files that appear whole or not at all."""

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import VoicebedError

NEARLY_FULL = 1 << 20  # bytes


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A place beside `path` to write to, which becomes `path` at the end; after an error `path` is as it was.

    Raises:
        OSError: it cannot be written, also where a library hides that in an error of its own.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        yield part
        part.replace(path)
    except (OSError, VoicebedError):
        raise
    except Exception as error:
        if number := re.search(r"os error (\d+)", str(error)):  # safetensors; libsndfile says less
            code = int(number[1])
            raise OSError(code, os.strerror(code), str(path), code) from error  # the last is Windows' own number
        if shutil.disk_usage(path.parent).free < NEARLY_FULL:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error
        raise
    finally:
        part.unlink(missing_ok=True)
