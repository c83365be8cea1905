"""The document needs neither Qt nor torch: its tests pass where both cannot be imported."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__)
ROOT = HERE.parents[3]
RUN = """
import sys


class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("PySide6", "pyqtgraph", "shiboken6", "torch"):
            raise ModuleNotFoundError(f"{name} is blocked", name=name)


sys.meta_path.insert(0, Blocked())
import pytest

sys.exit(pytest.main(sys.argv[1:]))
"""


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """pytest without Qt, torch and plugins."""
    command = [sys.executable, "-c", RUN, "-p", "no:cacheprovider", *map(str, arguments)]
    environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_all_tests_of_the_document_pass_without_qt_and_torch() -> None:
    result = run(HERE.parent, f"--ignore={HERE}")
    assert result.returncode == 0, result.stdout
    assert "passed" in result.stdout


def test_a_test_that_needs_qt_would_fail_there(tmp_path: Path) -> None:
    for module in ("PySide6.QtCore", "pyqtgraph", "torch"):
        (tmp_path / "test_it.py").write_text(f"def test_it():\n    import {module}\n")
        assert "is blocked" in run(tmp_path, f"--rootdir={tmp_path}").stdout
