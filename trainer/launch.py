"""Fabric, launched for this process."""

import atexit
import gc
import logging
import os
from typing import Literal

import torch
import torch.distributed
from lightning_fabric import Fabric

from engine.device import choose_device, multiplies_bfloat16
from engine.generator import Codec


def launched(device: str, codec: Codec) -> Fabric:
    """Fabric on this process's device; as one of several processes where `torchrun` has started them."""
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # what it says at each start is in the card
    kind = choose_device(device).device
    local, world = (int(os.environ.get(name, 1)) for name in ("LOCAL_WORLD_SIZE", "WORLD_SIZE"))
    fabric = Fabric(
        accelerator=kind.type,
        devices=local,
        num_nodes=world // local,
        strategy="ddp" if world > 1 else "auto",
        precision=precision(kind, codec),
    )
    launch(fabric)
    return fabric


def precision(device: torch.device, codec: Codec) -> Literal["bf16-mixed", "32-true"]:
    """Products in bfloat16 where the device is fast at them; other CPUs are tens of times slower than in float32."""
    halves = (device.type == "cuda" and torch.cuda.is_bf16_supported()) or (
        codec.takes_bfloat16 and multiplies_bfloat16(device)
    )
    return "bf16-mixed" if halves else "32-true"


def launch(fabric: Fabric) -> None:
    """Launch `fabric`, and let its group of processes, if it has one, end before this process does.

    Fabric ends it for NCCL only, and a thread of Gloo that is left over now and then aborts a process that was through
    (github.com/pytorch/pytorch/issues/190489).  Its threads end with the last that refers to the group, which modules
    that Fabric has wrapped do for as long as Python has not collected them.
    """
    fabric.launch()
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        atexit.register(_end_group)


def _end_group() -> None:
    if torch.distributed.is_initialized():
        gc.collect()
        torch.distributed.destroy_process_group()
