"""Choosing a device: what is asked for, what works, and why not."""

import pytest
import torch

from engine.device import choose_device, use_sensible_threads, works
from engine.errors import UsageError


def test_the_cpu_passes_its_self_test() -> None:
    assert works(torch.device("cpu")) == ""
    assert choose_device("cpu").device.type == "cpu"


def test_auto_says_what_was_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    chosen = choose_device("auto")
    assert chosen.device.type == "cpu" and "cuda" in chosen.reason and "mps" in chosen.reason
    with pytest.raises(UsageError, match="--device"):
        choose_device("cuda")


def test_a_device_that_fails_its_self_test_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr("engine.device.works", lambda device: "it gives wrong results")
    chosen = choose_device("auto")
    assert chosen.device.type == "cpu" and "cuda: it gives wrong results" in chosen.reason


def test_threads_follow_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    before = torch.get_num_threads()
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    use_sensible_threads()
    assert torch.get_num_threads() == before
