"""Where in a recording somebody speaks, by Silero VAD (https://github.com/snakers4/silero-vad)."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

RATE = 16000  # Hz, the model's
_STEP, _BEFORE = 512, 64  # samples: each probability is about so many, heard together with so many before them
_STATE = (1, 1, 128)
_PEAKS = (0.05, 10.0)  # outside of them the model misses speech, so recordings are brought there
_SILENT = 1e-5  # peak; not to be brought anywhere
_MODEL = Path("data", "silero_vad_16k_sequence.onnx")


class VoiceMeter:
    """Takes a mono recording block by block.

    On files of the corpora mixed with noise, it finds 94 % of the frames of speech above 5 dB and takes 1 % of those of
    noise for it (tests.benchmarks.audit).  Singing and babble pass for speech too.
    """

    def __init__(self, sample_rate: int) -> None:
        self._resample = soxr.ResampleStream(sample_rate, RATE, 1, "float32") if sample_rate != RATE else None
        self._rest = np.zeros(_BEFORE, np.float32)
        self._state = {name: np.zeros(_STATE, np.float32) for name in "hc"}
        self._peak = _SILENT
        self._probabilities: list[NDArray[np.float32]] = []

    def add(self, mono: NDArray[np.float32]) -> None:
        """Take the next samples, (samples,), full scale ±1."""
        self._peak = max(self._peak, float(np.abs(mono).max(initial=0.0)))
        levelled = mono * np.float32(np.clip(1.0, _PEAKS[0] / self._peak, _PEAKS[1] / self._peak))
        self._add(self._resample.resample_chunk(levelled) if self._resample else levelled)

    def result(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """How likely somebody speaks around each of these times in s, 0 to 1; to be called once, at the end."""
        end = np.zeros(_STEP - 1, np.float32)
        if self._resample:
            end = np.concatenate((self._resample.resample_chunk(end[:0], last=True), end))
        self._add(end)
        found = np.concatenate(self._probabilities) if self._probabilities else np.zeros(1, np.float32)
        return np.interp(times, (np.arange(len(found)) + 0.5) * _STEP / RATE, found)

    def _add(self, samples: NDArray[np.float32]) -> None:
        x = np.concatenate((self._rest, samples))
        count = (len(x) - _BEFORE) // _STEP
        if count:
            frames = np.lib.stride_tricks.sliding_window_view(x, _BEFORE + _STEP)[: count * _STEP : _STEP]
            found, *state = _session().run(None, {"input": np.ascontiguousarray(frames)} | self._state)
            self._state = dict(zip("hc", state, strict=True))
            self._probabilities.append(found)
        self._rest = x[count * _STEP :]


@cache
def _session() -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # the steps are small and follow each other
    package = find_spec("silero_vad")  # importing it would import torch
    assert package and package.submodule_search_locations
    model = Path(package.submodule_search_locations[0]) / _MODEL
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
