"""What the bundled model is packed from."""

import subprocess
import sys
from pathlib import Path

import torch

from tests.trainer.test_loop import SMALL
from trainer.bundled import add_share, mean_of
from trainer.checkpoint import save_checkpoint
from trainer.loop import new_generator


def test_the_mean_of_trainings_is_that_of_their_averages(tmp_path: Path) -> None:
    runs = []
    for value in (1.0, 4.0):
        generator = new_generator(SMALL)
        for parameter in generator.parameters():
            torch.nn.init.constant_(parameter, value)
        runs.append(save_checkpoint(tmp_path, int(value), {"average": generator}, {}, {}))
    assert all((parameter == 2.5).all() for parameter in mean_of(runs, SMALL).parameters())


def test_a_share_of_another_model_is_added() -> None:
    ours, theirs = new_generator(SMALL), new_generator(SMALL)
    for generator, value in ((ours, 1.0), (theirs, 5.0)):
        for parameter in generator.parameters():
            torch.nn.init.constant_(parameter, value)
    add_share(ours, theirs, 0.25)
    assert all((parameter == 2.0).all() for parameter in ours.parameters())
    assert all((parameter == 5.0).all() for parameter in theirs.parameters())


def test_bundled_training_refuses_missing_corpora(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "trainer.bundled",
        "train",
        "--root",
        tmp_path,
        "--state",
        tmp_path,
        "--minutes",
        "1",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "no folder clean/librispeech" in done.stderr
