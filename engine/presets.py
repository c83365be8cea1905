"""Ready architectures by name: what `engine.model.build` makes generators of, as model cards hold it.  Needs no torch.

Those of the sizes of published Descript Audio Codecs can begin with their weights (`engine.published`).  `dac-16khz` is
the model of the USE-DDP paper (Klement et al., arXiv 2509.22942), whose branches attend to all of a 3 s clip; here a
layer's attention reaches about a second to each side, so that recordings of any length are cut without seams.
"""

from typing import Any


def _dac(sample_rate: int, strides: list[int], span: int) -> dict[str, Any]:
    """The paper's shape at a published codec's sample rate (Hz) and strides; `span` in frames."""
    codec = {"sample_rate": sample_rate, "encoder_dim": 64, "strides": strides, "latent_dim": 1024, "decoder_dim": 1536}
    branch = {"layers": 8, "heads": 8, "feed_forward": 1536, "span": span, "norm": False}
    return {"codec": {"kind": "dac", **codec}, "branch": branch}


PRESETS: dict[str, dict[str, Any]] = {
    "spectral": {
        "codec": {"kind": "spectral", "width": 208},
        "branch": {"layers": 3, "heads": 4, "feed_forward": 832, "span": 48},
    },
    "dac-16khz": _dac(16000, [2, 4, 5, 8], span=50),
    "dac-24khz": _dac(24000, [2, 4, 5, 8], span=75),
    "dac-44khz": _dac(44100, [2, 4, 8, 8], span=86),
    "dac-small": {
        "codec": {
            "kind": "dac",
            "sample_rate": 16000,
            "encoder_dim": 16,
            "strides": [2, 4, 5, 8],
            "latent_dim": 256,
            "decoder_dim": 384,
        },
        "branch": {"layers": 4, "heads": 4, "feed_forward": 384, "span": 50, "norm": False},
    },
}
