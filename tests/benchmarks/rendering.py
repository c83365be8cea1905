"""What the two ways of masking reach, with the true parts and with a model's estimates of them.

python -m tests.benchmarks.rendering [--model M]

On the development clips: the share of magnitudes, and the complex share, which turns phases (`engine.masking`).
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from engine.generator import Sources
from engine.masking import magnitude_share, power, turning_share
from engine.model import load_model
from tests.benchmarks.machine import machine_line
from tests.benchmarks.quality import RATE, SETS, clips, parser
from trainer.evaluate import Audio, Row, mean, table
from trainer.metrics import dnsmos, paired_scores

WAYS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "magnitudes": lambda speech, noise: magnitude_share(power(speech), power(noise)),
    "complex": turning_share,
}


def main() -> None:
    """Print a table for each set."""
    options = parser(__doc__).parse_args()
    torch.set_num_threads(1)
    generator = load_model(options.model).generator
    codec = generator.codec

    def rendered(noisy: Audio, clean: Audio) -> Iterator[tuple[str, Audio]]:
        x, speech = torch.from_numpy(noisy)[None], torch.from_numpy(clean)[None]
        with torch.inference_mode():
            for whose, sources in (("true parts", Sources(speech, x - speech)), ("estimates", generator(x))):
                spectra = [codec.spectrum(source) for source in sources]
                for way, gain in WAYS.items():
                    out = codec.waveform(gain(*spectra) * codec.spectrum(x), x.shape[-1])
                    yield f"{whose}, {way}", out[0].numpy()

    for name in SETS:
        rows: dict[str, dict[str, Row]] = {}
        for number, (noisy, clean) in enumerate(clips(options.corpora, name)):
            for way, audio in rendered(noisy, clean):
                rows.setdefault(way, {})[str(number)] = paired_scores(audio, clean, RATE) | dnsmos(audio, RATE)
        print(f"{name}\n\n{table({way: mean(scores) for way, scores in rows.items()})}\n")
    print(machine_line())


if __name__ == "__main__":
    main()
