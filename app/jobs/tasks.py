"""What the engine process does: tasks that take plain arguments and return plain data.

All but `split`, `patch`, `mixdown` and some of `app.jobs.training_tasks` do without torch, and these load it only where
a model has to run.
"""

import json
import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app.jobs.redraw import redraw
from app.jobs.training_tasks import TRAINING_TASKS
from app.picture.pyramid import Pyramid, PyramidWriter
from engine.cache import cache_folder, make_room, recording_folder, split_folder
from engine.delivery import Delivery, delivery_from
from engine.errors import InputError
from engine.fingerprint import fingerprint
from engine.mixdown import Output
from engine.mixdown import mixdown as mix_down
from engine.model_files import ModelFile, find_model
from engine.patch import Patch, patch_from
from engine.raw_audio import decode, frame_bytes
from engine.recording import Recording, open_recording, recording_data, recording_from
from engine.remix import Remix, remix_from
from engine.split import TRACKS, Progress, Separation, Source, Split
from engine.stored import MIXTURE, SplitWriter, StoredSplit, patch_stretch
from engine.tags import read_tags

if TYPE_CHECKING:
    from engine.separator import Separator

PICTURE_BYTES = 40_000  # a second and lane
NOTE, DRAWN = "recording.json", "drawn.json"


@dataclass(frozen=True)
class Work:
    """How a task speaks to who wants it done.

    Attributes:
        progress: seconds of audio done, and in all; raises Cancelled once the job is.
        began: takes data that are of use before the task is done.
    """

    progress: Progress
    began: Callable[[dict[str, Any]], None]


def open_file(work: Work, path: str) -> dict[str, Any]:
    """What a recording is: all of `recording_data`, and "seconds", "fingerprint", "folder" (its own in the cache).

    "markers" are its chapters and markers, each with "time" in seconds and "name".
    """
    recording, home = _opened(path)
    markers = [{"time": chapter.start_seconds, "name": chapter.title} for chapter in read_tags(recording.path).chapters]
    about = {"seconds": recording.seconds, "fingerprint": home.name, "folder": str(home), "markers": markers}
    return recording_data(recording) | about


def picture(work: Work, path: str, folder: str = "", patches: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """Draw the mixture, and decode it where it is not seekable; or with a `folder`, bring that split's pictures up to
    date: what differs from the `patches` that they show (as for `export`) is drawn anew.

    Returns "pictures": the folder that has one for each lane, there since `began`.
    """
    recording, home = _opened(path)
    pictures = Path(folder or home) / "pictures"
    if folder:
        with closing(StoredSplit.open(recording, Path(folder), _placed(patches))) as split:
            work.began({"pictures": str(pictures)})
            _draw_split(work, split, pictures, _placed(patches))
        return {"pictures": str(pictures)}
    lane, decoded = pictures / "mixture", home / MIXTURE
    size = recording.frames * frame_bytes(recording)
    to_decode = not recording.seekable and not (decoded.is_file() and decoded.stat().st_size == size)
    if to_decode or not _drawn(lane):
        make_room(home, round(PICTURE_BYTES * recording.seconds) + size * to_decode)
        done = 0
        with PyramidWriter(lane, recording.sample_rate, recording.frames) as writer:
            work.began({"pictures": str(pictures)})
            for block in decode(recording, decoded) if to_decode else recording.blocks(1 << 16):
                writer.add(block)
                done += len(block)
                work.progress(done / recording.sample_rate, recording.seconds)
    return {"pictures": str(pictures)}


def split(work: Work, path: str, model: str = "", device: str = "auto") -> dict[str, Any]:
    """Split a recording into the cache and draw its speech and noise, or go on with that; nothing to do if it is done.

    Args:
        model: name or path; "" is the default.

    Returns "folder" and "pictures", both there since `began`, "seconds", "model", "alpha", "beta", "residual_db",
    "null_dbfs", "real_time_factor", "device" and "device_reason".  The pictures then show no patches.
    """
    recording, home = _opened(path)
    file = find_model(model or None)
    folder = split_folder(home, file.id)
    pictures = folder / "pictures"
    places = {"folder": str(folder), "pictures": str(pictures)}
    if not _complete(recording, folder):
        seconds, samples = recording.seconds, recording.frames * frame_bytes(recording)
        make_room(home, samples + round(2 * PICTURE_BYTES * seconds))
        separator = _separator(file, device)
        with SplitWriter(folder, recording, file.id) as writer, _drawing(pictures, recording) as draw:
            work.began(places)
            for part in writer.parts(separator, work.progress):
                draw(part)
    with closing(StoredSplit.open(recording, folder)) as done:
        _draw_split(work, done, pictures, ())
        return places | _measured(done)


def patch(work: Work, path: str, start: float, end: float, model: str, device: str = "auto") -> dict[str, Any]:
    """Split a stretch of a recording with another model.

    Returns what `split` does but for "pictures": "folder" goes into the `patches` of `picture` and `export`.
    """
    recording, home = _opened(path)
    wanted, file = Patch(start, end, model), find_model(model or None)
    stretch = patch_stretch(wanted, recording)
    whole, folder = split_folder(home, file.id), split_folder(home, file.id, stretch)
    if _complete(recording, whole):
        folder = whole
    elif not _complete(recording, folder):
        make_room(home, (stretch[1] - stretch[0]) * recording.sample_rate * frame_bytes(recording))
        separator = _separator(file, device)
        with SplitWriter(folder, recording, file.id, stretch) as writer:
            for _ in writer.parts(separator, work.progress):
                pass
    with closing(StoredSplit.open(recording, folder)) as done:
        return {"folder": str(folder)} | _measured(done)


def export(
    work: Work,
    path: str,
    folder: str,
    outputs: Sequence[dict[str, str]],
    patches: Sequence[dict[str, Any]] = (),
    remix: dict[str, Any] | None = None,
    delivery: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Write files from a stored split: what is heard, without running a model.

    Args:
        outputs: each has "track" ("remix", "speech" or "noise") and "path".
        patches: `patch_data`, each with its "folder".
        remix, delivery: `remix_data`, `delivery_data`.  The tracks get only the sample format of the delivery, so that
            they add up to the recording.

    Returns "outputs": for each "track", "path", "loudness_before", "loudness", "true_peak" and "clipped".
    """
    recording, _ = _opened(path)
    with closing(StoredSplit.open(recording, Path(folder), _placed(patches))) as source:
        return _written(work, source, outputs, remix, delivery)


def mixdown(
    work: Work,
    path: str,
    outputs: Sequence[dict[str, str]],
    remix: dict[str, Any] | None = None,
    delivery: dict[str, Any] | None = None,
    model: str = "",
    device: str = "auto",
) -> dict[str, Any]:
    """Split a recording and write files as `export` does, keeping nothing else; a split in the cache is made use of."""
    recording, home = _opened(path)
    file = find_model(model or None)
    folder = split_folder(home, file.id)
    if _complete(recording, folder):
        return export(work, path, str(folder), outputs, (), remix, delivery)
    return _written(work, Separation(recording, _separator(file, device)), outputs, remix, delivery)


TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    "open": open_file,
    "picture": picture,
    "split": split,
    "patch": patch,
    "export": export,
    "mixdown": mixdown,
} | TRAINING_TASKS


def _opened(path: str) -> tuple[Recording, Path]:
    """The recording, and its folder in the cache, where what it is was noted: finding that out can take long."""
    place, mark = Path(path), fingerprint(Path(path))
    with suppress(OSError, ValueError, InputError):
        noted = json.loads((cache_folder() / mark / NOTE).read_text(encoding="utf-8"))
        return recording_from(place, noted), recording_folder(mark)
    recording, home = open_recording(place), recording_folder(mark)
    _write_json(home / NOTE, recording_data(recording))
    return recording, home


def _write_json(path: Path, data: Any) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_text(json.dumps(data), encoding="utf-8")
    part.replace(path)


@lru_cache(maxsize=2)
def _loaded(path: Path, model: str, device: str) -> "Separator":
    from engine.model import load_model
    from engine.separator import Separator

    return Separator(load_model(str(path)), device)


def _separator(file: ModelFile, device: str) -> "Separator":
    """A model ready to run; the last two are kept."""
    return _loaded(file.path, file.id, device)


def _complete(recording: Recording, folder: Path) -> bool:
    try:
        with closing(StoredSplit.open(recording, folder)) as split:
            return split.complete
    except InputError:
        return False


def _measured(split: StoredSplit) -> dict[str, Any]:
    names = "model", "alpha", "beta", "residual_db", "null_dbfs", "real_time_factor", "device", "device_reason"
    return {name: split.facts[name] for name in names} | {"seconds": split.recording.seconds}


def _placed(patches: Sequence[dict[str, Any]]) -> list[tuple[Patch, Path]]:
    """Patches as `StoredSplit` takes them."""
    return [
        (patch_from({name: patch[name] for name in ("start", "end", "model")}), Path(patch["folder"]))
        for patch in patches
    ]


def _written(
    work: Work,
    source: Source,
    outputs: Sequence[dict[str, str]],
    remix: dict[str, Any] | None,
    delivery: dict[str, Any] | None,
) -> dict[str, Any]:
    wanted = delivery_from(delivery or {})
    kinds = {
        "remix": (remix_from(remix or {}), wanted),
        "speech": (Remix(noise_db=-math.inf), Delivery(subtype=wanted.subtype)),
        "noise": (Remix(speech_db=-math.inf), Delivery(subtype=wanted.subtype)),
    }
    files = [Output(Path(output["path"]), *kinds[output["track"]]) for output in outputs]
    results = mix_down(source, files, work.progress)
    names = "loudness_before", "loudness", "true_peak", "clipped"
    return {
        "outputs": [
            dict(output) | {name: getattr(result, name) for name in names}
            for output, result in zip(outputs, results, strict=True)
        ]
    }


def _drawn(lane: Path) -> bool:
    """Whether the picture of a lane is there, and whole."""
    try:
        return Pyramid(lane).complete
    except (OSError, ValueError):
        return False


@contextmanager
def _drawing(pictures: Path, recording: Recording) -> Iterator[Callable[[Split], None]]:
    """Draws speech and noise from all parts that are handed over, in a thread and one behind: models run meanwhile."""
    (pictures / DRAWN).unlink(missing_ok=True)
    with ExitStack() as stack:
        lanes = {
            lane: stack.enter_context(PyramidWriter(pictures / lane, recording.sample_rate, recording.frames))
            for lane in TRACKS
        }
        thread = stack.enter_context(ThreadPoolExecutor(1))
        last: Future[None] | None = None

        def draw(part: Split) -> None:
            for lane, writer in lanes.items():
                writer.add(getattr(part, lane))

        def hand_over(part: Split) -> None:
            nonlocal last
            if last:
                last.result()
            last = thread.submit(draw, part)

        yield hand_over
        if last:
            last.result()


def _draw_split(work: Work, split: StoredSplit, pictures: Path, patches: Sequence[tuple[Patch, Path]]) -> None:
    """Make the pictures of a complete split show it with these patches, by drawing only what differs from before."""
    wanted = [[patch.start, patch.end, str(folder)] for patch, folder in patches]
    if not (_drawn(pictures / "speech") and _drawn(pictures / "noise")):
        with _drawing(pictures, split.recording) as draw:
            for part in split.parts(work.progress):
                draw(part)
        _write_json(pictures / DRAWN, {"patches": wanted, "changed": []})
        return
    shown, changed = [], []
    with suppress(OSError, ValueError, LookupError):
        drawn = json.loads((pictures / DRAWN).read_text(encoding="utf-8"))
        shown, changed = drawn["patches"], drawn["changed"]
    pairs = enumerate(zip(shown, wanted, strict=False))
    same = next((number for number, (old, new) in pairs if old != new), min(len(shown), len(wanted)))
    changed += [[start, end] for start, end, _ in shown[same:] + wanted[same:]]
    if not changed:
        return
    # Should the process be killed, the next one knows what is half drawn.
    _write_json(pictures / DRAWN, {"patches": wanted, "changed": changed})
    rate, total, done = split.sample_rate, sum(end - start for start, end in changed), 0.0
    for start, end in changed:
        first, last = (min(round(seconds * rate), split.frames) for seconds in (start, end))
        redraw(pictures / "speech", first, last, lambda at, to: split.read(at, to)[1])
        redraw(pictures / "noise", first, last, lambda at, to: np.subtract(*split.read(at, to)))
        done += end - start
        work.progress(done, total)
    _write_json(pictures / DRAWN, {"patches": wanted, "changed": []})
