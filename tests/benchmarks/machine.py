"""The line that every benchmark ends with: what it ran on."""

import os
import platform
from datetime import date
from importlib.metadata import version
from pathlib import Path


def machine_line() -> str:
    """System, CPU, cores, Python, torch and date in one line."""
    cpu, info = platform.processor() or platform.machine(), Path("/proc/cpuinfo")
    if info.exists():
        names = (
            line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        )
        cpu = next(names, cpu)
    versions = f"Python {platform.python_version()}, torch {version('torch')}"
    return f"{platform.platform()}, {cpu} ({os.cpu_count()} cores), {versions}, {date.today().isoformat()}"
