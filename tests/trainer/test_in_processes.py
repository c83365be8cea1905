"""Several processes learn what one learns from the whole batch."""

import math
import os
import subprocess
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

from tests.trainer.in_processes import RECIPE
from trainer.loop import new_generator

ROOT = Path(__file__).parents[2]
STEPS = 20


def trained(folder: Path, batch: int, launcher: list[str]) -> dict[str, torch.Tensor]:
    folder.mkdir()
    script = str(Path(__file__).with_name("in_processes.py"))
    command = [sys.executable, *launcher, script, str(folder / "model"), str(batch), str(STEPS)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return load_file(folder / "model")


def test_two_processes_equal_one_with_twice_the_batch(tmp_path: Path) -> None:
    one = trained(tmp_path / "one", 4, [])
    two = trained(tmp_path / "two", 2, ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"])
    assert one.keys() == two.keys() and any("judges" in name for name in one)
    start = new_generator(RECIPE).state_dict()
    apart = {name: float((two[name] - value).norm()) for name, value in one.items()}
    moved = {name: float((one[f"generator.{name}"] - value).norm()) for name, value in start.items()}
    assert math.hypot(*apart.values()) < 0.005 * math.hypot(*moved.values())
