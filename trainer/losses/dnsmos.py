"""How differently DNSMOS hears the speech that was found and the true speech: a judge that learns nothing.

Reddy et al., "DNSMOS P.835", arXiv 2110.01763.  Its network, of the package `speechmos`, is rebuilt in torch, so that
gradients go through it.  That features of a fixed network are compared: Germain et al., arXiv 1806.10522.
"""

import tempfile
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.errors import UsageError

FRAME, HOP = 320, 160
CONVOLUTIONS = ("conv2d", *(f"conv2d_{number}" for number in range(1, 7)))
POOLED = CONVOLUTIONS[3:6]  # after these two by two features become one
COMPARED = (CONVOLUTIONS[0], *CONVOLUTIONS[3:])
DENSE = ("dense", "dense_1", "dense_3")
OVRL = (-0.06766283, 1.11546468, 0.04602535)  # the package's polynomial from the network's third score to the scale
LEVEL, LEVEL_DB = 0.05, 6.0  # RMS at which it hears the true speech, and how far that varies: opinions depend on it


class Opinion(NamedTuple):
    """`scores` (batch, 3): SIG, BAK, OVRL before the polynomials; `features`, each (batch, channels, frames, bands)."""

    scores: Tensor
    features: list[Tensor]

    @property
    def ovrl(self) -> Tensor:
        """(batch,), about 1 to 5."""
        score = self.scores[:, 2]
        return (OVRL[0] * score + OVRL[1]) * score + OVRL[2]


class Difference(NamedTuple):
    """Of opinions, each (batch,): OVRL that is missing, differences of all scores, and those of features, relative."""

    ovrl: Tensor
    scores: Tensor
    features: Tensor


class Dnsmos(nn.Module):
    """The network as the package has it, for clips of any length at 16 kHz.

    Raises:
        UsageError: the package, or what its network is read with, is not installed.
    """

    def __init__(self) -> None:
        super().__init__()
        for name, values in package_weights().items():
            self.register_buffer(name, values)

    def forward(self, x: Tensor) -> Opinion:
        """Its opinion of clips (batch, samples), full scale ±1."""
        with torch.autocast(x.device.type, enabled=False):
            frames = x.float().unfold(-1, FRAME, HOP)
            parts = (frames @ self.get_buffer(f"time2freq_stft-{part}_kernel")[..., 0].mT for part in ("real", "imag"))
            z = sum((part.square() for part in parts), torch.zeros(())).clamp(min=1e-12).log10()[:, None]
        features = list[Tensor]()
        for name in CONVOLUTIONS:
            z = F.conv2d(z, self.get_buffer(f"{name}_kernel"), self.get_buffer(f"{name}_bias"), padding=1).relu()
            if name in COMPARED:
                features.append(z)
            if name in POOLED:
                z = F.max_pool2d(z, 2)
        z = z.amax((2, 3))
        for name in DENSE:
            z = F.linear(z.relu(), self.get_buffer(f"{name}_MatMul").mT, self.get_buffer(f"{name}_BiasAdd"))
        return Opinion(z.float(), features)

    def compare(self, estimate: Tensor, target: Tensor) -> Difference:
        """What it hears in the estimate and does not in the target, both (batch, samples), full scale ±1, not silent.

        Of features, it is the mean over the layers of the mean absolute difference, relative to the target's mean.
        """
        decibels = torch.empty(len(target), 1, device=target.device).uniform_(-LEVEL_DB, LEVEL_DB)
        gain = LEVEL * 10 ** (decibels / 20) * target.square().mean(-1, keepdim=True).add(1e-9).rsqrt()
        with torch.no_grad():
            wanted = self(gain * target)
        found = self(gain * estimate)
        features = [
            (f.float() - w.float()).abs().mean((1, 2, 3)) / w.float().abs().mean((1, 2, 3))
            for f, w in zip(found.features, wanted.features, strict=True)
        ]
        missing = (wanted.ovrl - found.ovrl).clamp(min=0)
        return Difference(missing, (wanted.scores - found.scores).abs().sum(1), torch.stack(features).mean(0))


def package_weights() -> dict[str, Tensor]:
    """The constants of the package's network, by their names in it.

    Raises:
        UsageError: the package, or what its network is read with, is not installed.
    """
    try:
        import onnxruntime as ort
        from onnxruntime.tools.ort_format_model.ort_flatbuffers_py.fbs.InferenceSession import InferenceSession

        network = files("speechmos") / "dnsmos_models" / "sig_bak_ovr.onnx"
    except ImportError as error:
        raise UsageError(f"to learn from DNSMOS needs {error.name}: pip install 'voicebed[eval]'") from error
    with tempfile.TemporaryDirectory() as folder:  # onnxruntime shows constants only of its own format
        options, written = ort.SessionOptions(), Path(folder) / "network.ort"
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.optimized_model_filepath = str(written)
        options.add_session_config_entry("session.save_model_format", "ORT")
        ort.InferenceSession(str(network), options)
        model = InferenceSession.GetRootAs(written.read_bytes(), 0).Model()
    assert model is not None
    graph = model.Graph()
    assert graph is not None
    weights = {}
    for index in range(graph.InitializersLength()):
        constant = graph.Initializers(index)
        name = constant.Name().decode().removeprefix("mos_estimator_logpow/")
        name = name.split(":")[0].replace("/ReadVariableOp", "").replace("/resource", "").replace("/", "_")
        if name.endswith(("kernel", "bias", "MatMul", "BiasAdd")):
            values = np.frombuffer(constant.RawDataAsNumpy(), np.float32).reshape(constant.DimsAsNumpy())
            weights[name] = torch.from_numpy(values.copy())
    return weights
