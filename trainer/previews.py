"""What the new model makes of a few recordings kept aside, to be heard while it still learns."""

from pathlib import Path

import soundfile
import torch
from torch import Tensor

from engine.generator import Generator
from engine.whole_file import whole_file
from trainer.validation import speech_of

PREVIEWS = 4


class Previews:
    """Files `<n>.before.wav`, the recording, `<n>.base.wav` and `<n>.after.wav`, the speech by the base and by the new
    model; n from 1.

    Args:
        folder: made if need be.
        clips: (clips, samples); only the first few are used.
        base: writes the first two of each clip, unless they are there.
    """

    def __init__(self, folder: Path, clips: Tensor, base: Generator, device: torch.device) -> None:
        self.folder, self.clips, self.device, self.rate = folder, clips[:PREVIEWS], device, base.codec.sample_rate
        folder.mkdir(exist_ok=True)
        if not all(path.is_file() for path in self._paths("base")):
            self._write("before", self.clips)
            self._write("base", speech_of(base, self.clips, device))

    def renew(self, generator: Generator) -> None:
        """Write the files of the new model; each replaces the one before in one go.

        Raises:
            OSError: the disk is full.
        """
        self._write("after", speech_of(generator, self.clips, self.device))

    def _paths(self, kind: str) -> list[Path]:
        return [self.folder / f"{number}.{kind}.wav" for number in range(1, len(self.clips) + 1)]

    def _write(self, kind: str, tracks: Tensor) -> None:
        for path, track in zip(self._paths(kind), tracks, strict=True):
            with whole_file(path) as part:
                soundfile.write(part, track.numpy(), self.rate, "PCM_16", format="WAV")
