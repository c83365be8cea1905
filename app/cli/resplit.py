"""--resplit: stretches of a recording that another model splits, as in an editor session."""

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import UsageError

if TYPE_CHECKING:
    from engine.patch import Patch
    from engine.recording import Recording
    from engine.separator import Separator
    from engine.split import Progress, Source


def stretches(texts: Sequence[str] | None) -> "list[Patch]":
    """The values of --resplit as patches.  Raises UsageError for what is none."""
    from engine.patch import Patch

    patches: list[Patch] = []
    for text in texts or ():
        found = re.fullmatch(r"(\d+\.?\d*)-(\d+\.?\d*)=(.+)", text)
        if not found:
            raise UsageError(
                f"'{text}' is no stretch; write --resplit START-END=MODEL in seconds, such as 12.5-20=NAME"
            )
        patches.append(Patch(float(found[1]), float(found[2]), found[3]))
    return patches


@contextmanager
def separated(
    recording: "Recording",
    separator: "Separator",
    patches: "Sequence[Patch]",
    device: str,
    folder: Path,
    progress: "Progress",
) -> "Iterator[tuple[Source, Progress | None]]":
    """The recording as the separator splits it, and in the patches as their models do; and who wants its progress.

    With patches all is split before this yields, into a hidden folder in `folder`, which vanishes afterwards; what is
    left to do is quick and not reported.
    """
    from engine.split import Separation

    if not patches:
        yield Separation(recording, separator), progress
        return

    from engine.model import load_model
    from engine.separator import Separator
    from engine.stored import SplitWriter, StoredSplit, patch_stretch

    spans = [patch_stretch(patch, recording) for patch in patches]
    separator_of = cache(lambda model: Separator(load_model(model), device))
    work = [(separator, None), *((separator_of(patch.model), span) for patch, span in zip(patches, spans, strict=True))]
    total = recording.seconds + sum(last - first for first, last in spans)
    with tempfile.TemporaryDirectory(prefix=".voicebed-", dir=folder) as home:
        places = [Path(home) / str(number) for number in range(len(work))]
        passed = 0.0
        for (each, span), place in zip(work, places, strict=True):
            with SplitWriter(place, recording, each.model_id, span) as writer:
                for _ in writer.parts(each, lambda done, _, passed=passed: progress(passed + done, total)):
                    pass
            passed += recording.seconds if span is None else span[1] - span[0]
        with closing(StoredSplit.open(recording, places[0], list(zip(patches, places[1:], strict=True)))) as source:
            yield source, None
