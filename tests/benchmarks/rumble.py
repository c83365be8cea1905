"""What SI-SDR makes of rumble: python -m tests.benchmarks.rumble [--model M] [--alternatives].

Many a reading has a rumble of its own below any voice, and so have most ambiences; SI-SDR counts it by its power,
though it is hardly heard.  So: SI-SDR in dB on the development clips as they are, and with all below 70 Hz taken out
of reference and output.
"""

import numpy as np
import torch
from scipy import signal

from tests.benchmarks.machine import machine_line
from tests.benchmarks.quality import RATE, SETS, clips, parser, separators, with_alternatives
from trainer.evaluate import Audio, Enhance
from trainer.metrics import si_sdr

LOWEST_VOICE = 70.0  # Hz


def without_rumble(audio: Audio) -> Audio:
    """The audio above the lowest voices, phases as they were."""
    return signal.sosfiltfilt(signal.butter(8, LOWEST_VOICE, "highpass", fs=RATE, output="sos"), audio)


def main() -> None:
    """Print a Markdown table."""
    options = with_alternatives(parser(__doc__)).parse_args()
    torch.set_num_threads(1)
    systems: dict[str, Enhance] = {"input": lambda audio, rate: audio} | separators(options)
    print("| |", " | ".join(f"{name} | {name}, above {LOWEST_VOICE:g} Hz" for name in SETS), "|")
    print("|---|" + 2 * len(SETS) * "---|")
    for system, enhance in systems.items():
        cells = []
        for name in SETS:
            scores = []
            for x, clean in clips(options.corpora, name):
                out = enhance(x, RATE)
                scores.append((si_sdr(out, clean), si_sdr(without_rumble(out), without_rumble(clean))))
            cells += [f"{score:.2f}" for score in np.mean(scores, axis=0)]
        print(f"| {system} |", " | ".join(cells), "|", flush=True)
    print("\n" + machine_line())


if __name__ == "__main__":
    main()
