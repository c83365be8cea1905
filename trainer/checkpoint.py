"""Checkpoints of a running training: one safetensors file, written beside its name and renamed into place."""

import json
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from engine.whole_file import whole_file

BEST = "best.safetensors"


def checkpoints(folder: Path) -> list[Path]:
    """The checkpoints in a folder, the newest last."""
    return sorted(folder.glob("checkpoint-*.safetensors"))


def save_checkpoint(
    folder: Path,
    step: int | None,
    modules: dict[str, nn.Module],
    optimizers: dict[str, Optimizer],
    progress: dict[str, Any],
    keep: int = 0,
) -> Path:
    """Write the state of modules and optimisers, and `progress` (plain data), so that `load_checkpoint` restores them.

    Args:
        step: names the file; None for the one called `BEST`.
        keep: how many of the newest checkpoints stay; 0 for all.

    Raises:
        OSError: the file cannot be written; older ones are left as they were.
    """
    tensors: dict[str, Tensor] = {}
    for name, module in modules.items():
        tensors |= {f"{name}/{key}": value.contiguous() for key, value in module.state_dict().items()}
    for name, optimizer in optimizers.items():
        for index, state in optimizer.state_dict()["state"].items():
            tensors |= {f"{name}/{index}/{key}": value.contiguous() for key, value in state.items()}
    path = folder / (BEST if step is None else f"checkpoint-{step:08d}.safetensors")
    with whole_file(path) as part:
        save_file(tensors, part, {"progress": json.dumps(progress)})
    for old in checkpoints(folder)[:-keep] if keep else ():
        old.unlink()
    return path


def read_progress(path: Path) -> dict[str, Any]:
    """The plain data of a checkpoint, without its tensors."""
    with safe_open(path, "pt") as file:
        return json.loads(file.metadata()["progress"])


def load_checkpoint(path: Path, modules: dict[str, nn.Module], optimizers: dict[str, Optimizer]) -> dict[str, Any]:
    """Restore what `save_checkpoint` wrote into modules and optimisers of the same shape; returns `progress`."""
    with safe_open(path, "pt") as file:
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a dict)
    for name, module in modules.items():
        prefix = name + "/"
        module.load_state_dict(
            {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
        )
    for name, optimizer in optimizers.items():
        state: dict[int, dict[str, Tensor]] = {}
        for key, value in tensors.items():
            if key.startswith(name + "/"):
                _, index, entry = key.split("/")
                state.setdefault(int(index), {})[entry] = value
        optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
    return read_progress(path)
