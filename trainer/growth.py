"""A larger generator that begins where a smaller one ended."""

from engine.generator import Generator

SILENT = ("attention.out.weight", "contract.weight", "contract.bias")  # the last layers of residual blocks


def grow(generator: Generator, base: Generator) -> None:
    """Let `generator` compute what `base` does: the weights of `base`, and blocks beyond its own that add nothing yet.

    Raises:
        ValueError: the two differ in more than their numbers of blocks.
    """
    small, large = base.state_dict(), generator.state_dict()
    new = large.keys() - small.keys()
    fitting = all(key in large and large[key].shape == value.shape for key, value in small.items())
    if not fitting or not all("blocks." in key or "coder." in key for key in new):
        raise ValueError("a model grows only in its number of blocks")
    for key in new:
        if key.endswith(SILENT):
            large[key].zero_()
    generator.load_state_dict(large | small)
