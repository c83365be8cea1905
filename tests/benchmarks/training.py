"""What a step of training takes, and where its time goes.

    python -m tests.benchmarks.training [--recipe R] [--threads N]

One table, taken in one run, each way in a process of its own: the recipe as it is, in float32 alone, with larger
judges, and with glibc giving memory back after each use.  Then the operations that take the most time.  The clips are
noise, for no step takes longer for what it hears.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric

from engine.base import load_base
from engine.device import multiplies_bfloat16
from tests.benchmarks.machine import machine_line
from trainer.clips import draw
from trainer.loop import Training
from trainer.memory import keep_memory
from trainer.pace import noise_priors
from trainer.recipe import load_recipe

STEPS, SHOWN = 5, 8
LARGER = {"windows": (1024, 512, 256), "channels": 24}
WAYS = ("as it is", "float32", "larger judges", "memory given back")


def measure(recipe_name: str, threads: int, way: str) -> dict[str, Any]:
    """Seconds of a step, and {operation: share of the time}; this process can measure only once."""
    if way != "memory given back":
        keep_memory()
    torch.set_num_threads(threads)
    recipe = load_recipe(recipe_name)
    if way == "larger judges":
        recipe = replace(recipe, discriminators=replace(recipe.discriminators, **LARGER))
    halves = way != "float32" and multiplies_bfloat16(torch.device("cpu"))
    fabric = Fabric(accelerator="cpu", devices=1, precision="bf16-mixed" if halves else "32-true")
    base = load_base(None).generator
    priors = noise_priors(base.codec.sample_rate)
    with tempfile.TemporaryDirectory() as folder:
        run = Training(fabric, recipe, priors, priors, Path(folder), steps=1, start=base)
        model = run.wrap()
        run.learn(model, draw(priors, recipe, 0, 0, recipe.batch))  # the first takes longer than any other
        started = time.perf_counter()
        for number in range(STEPS):
            run.learn(model, draw(priors, recipe, number, 0, recipe.batch))
        seconds = (time.perf_counter() - started) / STEPS
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
            run.learn(model, draw(priors, recipe, 0, 0, recipe.batch))
    rows = profile.key_averages()
    total = sum(row.self_cpu_time_total for row in rows)
    shares = {row.key: row.self_cpu_time_total / total for row in rows}
    most = sorted(shares.items(), key=lambda item: -item[1])[:SHOWN]
    return {"seconds": seconds, "audio": recipe.batch * recipe.seconds / seconds, "shares": dict(most)}


def main() -> None:
    """Print the table and the shares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="quick")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--way", choices=WAYS, help="measure only this, and print it as JSON")
    options = parser.parse_args()
    if options.way:
        print(json.dumps(measure(options.recipe, options.threads, options.way)))
        return
    print(f"| {options.recipe}, threads: {options.threads} | s a step | audio-seconds a second | ratio |")
    print("|---|---|---|---|")
    plain: dict[str, Any] = {}
    for way in WAYS:
        command = [sys.executable, "-m", "tests.benchmarks.training", "--recipe", options.recipe]
        command += ["--threads", str(options.threads), "--way", way]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
        plain = plain or found
        print(f"| {way} | {found['seconds']:.2f} | {found['audio']:.1f} | {found['seconds'] / plain['seconds']:.2f} |")
    for name, share in plain["shares"].items():
        print(f"{100 * share:5.1f} % {name}")
    print(machine_line())


if __name__ == "__main__":
    main()
