"""--resplit: stretches of a recording that another model splits, as in an editor session."""

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.patch import Patch
    from engine.recording import Recording
    from engine.separator import Separator
    from engine.split import Progress, Source, Split


def stretches(texts: Sequence[str] | None) -> "list[Patch]":
    """The values of --resplit as patches.  Raises UsageError for what is none."""
    from engine.patch import Patch

    patches: list[Patch] = []
    for text in texts or ():
        found = re.fullmatch(r"(\d+\.?\d*)-(\d+\.?\d*)=(.+)", text)
        if not found:
            raise UsageError(f"'{text}' is no stretch; use --resplit START-END=MODEL, such as 12.5-20=NAME in seconds")
        patches.append(Patch(float(found[1]), float(found[2]), found[3]))
    return patches


def separated(
    recording: "Recording", separator: "Separator", patches: "Sequence[Patch]", device: str, folder: Path
) -> "Source":
    """The recording as the separator splits it, and in the patches as their models do.

    With patches, all is stored in a hidden folder in `folder` while its parts come.

    Raises:
        InputError: there is no such model.
        UsageError: a patch lies beyond the recording.
    """
    from engine.split import Separation

    return _Patched(recording, separator, patches, device, folder) if patches else Separation(recording, separator)


class _Patched:
    """A source of what the editor plays and exports: splits, stored and composed."""

    def __init__(
        self, recording: "Recording", separator: "Separator", patches: "Sequence[Patch]", device: str, folder: Path
    ) -> None:
        from engine.model import load_model
        from engine.report import SplitReport
        from engine.separator import Separator
        from engine.stored import patch_stretch

        self.recording, self.model, self.report = recording, separator.model_id, SplitReport()
        self._patches, self._folder = patches, folder
        spans = [patch_stretch(patch, recording) for patch in patches]
        separators = {name: Separator(load_model(name), device) for name in {patch.model for patch in patches}}
        others = [(separators[patch.model], span) for patch, span in zip(patches, spans, strict=True)]
        self._work = [(separator, None), *others]
        self._seconds = [recording.seconds, *(min(last, recording.seconds) - first for first, last in spans)]

    def parts(self, progress: "Progress | None" = None) -> "Iterator[Split]":
        """All of the recording in order, once all is split; only that is reported, the rest is quick."""
        from engine.stored import SplitWriter, StoredSplit

        with tempfile.TemporaryDirectory(prefix=".voicebed-", dir=self._folder) as home:
            places = [Path(home) / str(number) for number in range(len(self._work))]
            for number, (separator, span) in enumerate(self._work):
                passed = sum(self._seconds[:number])
                with SplitWriter(places[number], self.recording, separator.model_id, span) as writer:
                    for part in writer.parts(separator):
                        at = (part.start + len(part.mixture)) / self.recording.sample_rate - (span or (0, 0))[0]
                        if progress:
                            progress(passed + at, sum(self._seconds))
            placed = list(zip(self._patches, places[1:], strict=True))
            with closing(StoredSplit.open(self.recording, places[0], placed)) as stored:
                self.report = stored.report
                yield from stored.parts()
