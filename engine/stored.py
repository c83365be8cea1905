"""A split on disk: written as it comes, readable while it grows; what is played and exported.  No torch.

A folder holds

    speech.raw   the speech (`engine.raw_audio`)
    powers.raw   K-weighted mean powers of each 100 ms: of the mixture, of mixture·speech, and of the speech; float64
    split.jsonl  a JSON object a line: what is split; after each window, how far it is; at last, that it is complete

Lines are only added, so that a reader never waits for the writer, and one that was killed can go on.
"""

import errno
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Self

import numpy as np

from engine.errors import InputError, ResourceError, UsageError
from engine.fingerprint import fingerprint
from engine.loudness import Floats, HopPowers, gated_loudness
from engine.patch import Patch
from engine.raw_audio import OpenRecording, RawAudio, encoded, frame_bytes
from engine.recording import Recording
from engine.remix import Audio, Region, Remix
from engine.report import SplitReport, decibels
from engine.split import BITS, BLOCK_SECONDS, Progress, Split, separate

if TYPE_CHECKING:
    from engine.separator import Separator

VERSION = 3  # 1: gains without phase; 2: frames between the model's at 44.1 kHz
CROSSOVER_SECONDS = 0.02  # at either edge of a patch, inside it
MIXTURE = "mixture.raw"  # beside the splits of a recording that is not seekable: all of it, decoded
JOURNAL, SPEECH, POWERS = "split.jsonl", "speech.raw", "powers.raw"
HOPS = 600  # that are mixed at a time, so that each region is worked out only around itself


class StoredSplit:
    """A recording with its stored speech, complete or growing: an `engine.split.Source`, and what the player reads.

    Files stay open, so that short reads are cheap, and nothing else is kept in memory.  Threads may share it; one reads
    at a time.  Where speech is missing yet, all of the mixture counts as speech: nothing is removed.
    """

    def __init__(
        self, recording: Recording, home: Path, folder: Path | None, patches: Sequence[tuple[Patch, Path]]
    ) -> None:
        self.recording = recording
        self._split = _Stretch(folder, recording) if folder else None
        self._patches = [(patch, _Stretch(place, recording)) for patch, place in patches]
        self._mixture = OpenRecording(recording) if recording.seekable else RawAudio(home / MIXTURE, recording)

    @classmethod
    def open(cls, recording: Recording, folder: Path, patches: Sequence[tuple[Patch, Path]] = ()) -> Self:
        """The split in a folder; over it those of patches, each complete in a folder of its own, the last on top.

        Raises:
            InputError: there is no split, or one of another recording; or that of a patch does not cover it.
        """
        opened = cls(recording, folder.parent, folder, patches)
        for patch, stretch in opened._patches:
            first, last = _span(patch, recording)
            if not (stretch.complete and stretch.start <= first < last <= stretch.stop):
                opened.close()
                raise InputError(f"{patch.start:g} to {patch.end:g} s is not split with {patch.model}; split it again")
        return opened

    @classmethod
    def unsplit(cls, recording: Recording, home: Path) -> Self:
        """The recording before there is a split: nothing is removed.

        Args:
            home: its folder in the cache (`engine.cache.recording_folder`).
        """
        return cls(recording, home, None, ())

    @property
    def sample_rate(self) -> int:
        """Of the recording, in Hz."""
        return self.recording.sample_rate

    @property
    def channels(self) -> int:
        """Of the recording."""
        return self.recording.channels

    @property
    def frames(self) -> int:
        """Samples per channel of the whole recording."""
        return self.recording.frames

    @property
    def decoded(self) -> int:
        """Frames whose mixture is there by now: all, unless a recording that is not seekable is still being decoded."""
        return self._mixture.frames

    @property
    def done(self) -> int:
        """Frames whose speech is there by now."""
        return self._split.done if self._split else 0

    @property
    def complete(self) -> bool:
        """Whether the split was finished."""
        return self._split is not None and self._split.complete

    @property
    def facts(self) -> dict[str, Any]:
        """What the split noted so far: "model", then "alpha", "beta", "residual_db", "null_dbfs" of what is done.

        Once it is complete, also "real_time_factor", "device", "device_reason".
        """
        return self._split.facts if self._split else {}

    @property
    def model(self) -> str:
        """Id of the model."""
        return self.facts.get("model", "")

    @property
    def report(self) -> SplitReport:
        """What the split measured so far."""
        return _report(self.facts)

    def read(self, start: int, stop: int) -> tuple[Audio, Audio]:
        """Mixture and speech of frames `start` to `stop`: fresh arrays (frames, channels) of `recording.dtype`.

        Noise is mixture − speech.  In integer formats all three are on the grid and in range, and the sum is exact.
        Where a recording is not seekable and not decoded yet, it is silent.

        Raises:
            InputError: the recording is damaged there, or no longer what it was.
            ValueError: a range outside the recording.
        """
        if not 0 <= start <= stop <= self.frames:
            raise ValueError(f"frames {start} to {stop} of a recording of {self.frames}")
        mixture = self._mixture.read(start, stop)
        speech = self._speech(mixture, start)
        speech[max(0, self.decoded - start) :] = 0
        return mixture, speech

    def parts(self, progress: Progress | None = None) -> Iterator[Split]:
        """All of the recording in order.

        Raises:
            InputError: the recording is damaged, or no longer what it was.
            UsageError: the split is not complete.
        """
        if not self.complete:
            raise UsageError(f"{self.recording.path} is not split to its end; let the split finish first")
        start = 0
        for mixture in self.recording.blocks(BLOCK_SECONDS * self.sample_rate):
            speech = self._speech(mixture, start)
            yield Split(start, mixture, speech, mixture - speech)
            start += len(mixture)
            if progress:
                progress(start / self.sample_rate, self.recording.seconds)

    def loudness(self, remix: Remix) -> float:
        """Integrated loudness of a remix in LUFS, as far as the split is; −∞ for silence and below 100 ms.

        It comes from what was measured while splitting, and is exact except around the edges of regions and patches,
        which count as lying between two hops of 100 ms.
        """
        powers = self._split.powers() if self._split else np.empty((0, 3))
        for patch, stretch in self._patches:
            first, last = (min(round(10 * seconds), len(powers)) for seconds in (patch.start, patch.end))
            offset = stretch.start * 10 // self.sample_rate
            inner = stretch.powers()[first - offset : last - offset]
            powers[first : first + len(inner)] = inner
        mixed = np.empty(len(powers))
        step = HOPS if remix.regions else max(1, len(powers))
        for first in range(0, len(powers), step):
            mixture, product, speech = powers[first : first + step].T
            # Two gains a hop, of which the second is that in its middle.
            of_speech, of_noise = (
                np.broadcast_to(gains, (2 * len(mixture), 1))[1::2, 0]
                for gains in remix.gains(2 * first, 2 * len(mixture), 20)
            )
            difference = of_speech - of_noise
            mixed[first : first + step] = (
                of_noise**2 * mixture + 2 * of_noise * difference * product + difference**2 * speech
            )
        return gated_loudness(mixed.clip(0))

    def close(self) -> None:
        """Close the files; after that nothing can be read."""
        self._mixture.close()
        for stretch in (self._split, *(stretch for _, stretch in self._patches)):
            if stretch:
                stretch.close()

    def _speech(self, mixture: Audio, start: int) -> Audio:
        """The speech in a piece of the mixture from frame `start` on."""
        stop, speech = start + len(mixture), mixture.copy()
        if self._split and (done := min(stop, self._split.done)) > start:
            speech[: done - start] = self._split.speech(start, done)
        for patch, stretch in self._patches:
            first, last = (np.clip(frame, start, stop) - start for frame in _span(patch, self.recording))
            if first < last:
                inner = stretch.speech(start + first, start + last)
                speech[first:last] = self._crossed(speech[first:last], inner, patch, start + first)
        return speech

    def _crossed(self, outer: Audio, inner: Audio, patch: Patch, start: int) -> Audio:
        """From the one speech to that of the patch, within its edges; on the grid, between two values on it."""
        share = Region(patch.start, patch.end, ramp=CROSSOVER_SECONDS).share(
            (start + np.arange(len(outer))) / self.sample_rate
        )[:, None]
        crossed = (1 - share) * outer + share * inner
        if self.recording.subtype in BITS:
            scale = 2.0 ** (BITS[self.recording.subtype] - 1)
            crossed = np.rint(crossed * scale) / scale
        return crossed.astype(outer.dtype)


class SplitWriter:
    """A context manager that splits a recording, or a stretch of it, into a folder, and goes on where a run ended.

    Args:
        folder: made where it is missing; what is there of another recording, model or stretch is replaced.
        model: id of the model that splits.
        stretch: first and last second, as from `patch_stretch`; None for all of the recording.

    Raises, on entering:
        InputError: the recording cannot be read.
        ResourceError: the disk has too little space.
        UsageError: another process is splitting into the folder.
    """

    def __init__(self, folder: Path, recording: Recording, model: str, stretch: tuple[int, int] | None = None) -> None:
        self._folder, self._recording, self._model = folder, recording, model
        first, last = stretch or (0, recording.frames)
        self._start, self._stop = (min(second * recording.sample_rate, recording.frames) for second in (first, last))
        self._files = ExitStack()

    def __enter__(self) -> Self:
        recording, frame = self._recording, frame_bytes(self._recording)
        head = {
            "version": VERSION,
            "fingerprint": fingerprint(recording.path),
            "model": self._model,
            "sample_rate": recording.sample_rate,
            "channels": recording.channels,
            "frames": recording.frames,
            "subtype": recording.subtype,
            "start": self._start,
            "stop": self._stop,
        }
        with ExitStack() as stack, _explained(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            stack.enter_context(_alone(self._folder))
            found = _read_journal(self._folder / JOURNAL)
            same = all(found.get(name) == value for name, value in head.items())
            self._found = {"done": self._start} | (found if same else head)
            kept = self._found["done"] - self._start
            need, free = (self._stop - self._start - kept) * frame, shutil.disk_usage(self._folder).free
            if need > free:
                raise ResourceError(
                    f"Not enough space in {self._folder}: {need / 1e6:.0f} MB needed, {free / 1e6:.0f} MB free."
                )
            self._speech = stack.enter_context((self._folder / SPEECH).open("ab"))
            self._speech.truncate(kept * frame)
            self._powers = stack.enter_context((self._folder / POWERS).open("wb"))
            self._journal = stack.enter_context((self._folder / JOURNAL).open("wb"))
            self._note(self._found)
            self._files = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with _explained(self._folder):
            self._files.close()

    def parts(self, separator: "Separator", progress: Progress | None = None) -> Iterator[Split]:
        """Yield each part once it is stored, those of an earlier run first.  After the last the split is complete.

        Raises:
            InputError: the recording is damaged.
            ResourceError: the disk is full; what was stored before stays.
        """
        report, off, done = _report(self._found), self._found.get("off", 0.0), self._found["done"]
        powers = HopPowers(self._recording.sample_rate, self._recording.channels, 2)
        for part in self._kept(done):
            self._measure(powers, part)
            yield part
            self._advance(part, progress)
        started = time.monotonic()
        for part in separate(self._recording, separator, report, None, done, self._stop) if done < self._stop else ():
            off = max(off, float(np.abs(part.speech + part.noise - part.mixture).max(initial=0)))
            alpha, beta = report.weights
            self._append(self._speech, encoded(part.speech, self._recording))
            self._measure(powers, part)
            self._note(
                {
                    "done": part.start + len(part.mixture),
                    "products": report.products.tolist(),
                    "mixture": report.mixture,
                    "unexplained": report.unexplained,
                    "off": off,
                    "alpha": alpha,
                    "beta": beta,
                    "residual_db": report.residual_db,
                    "null_dbfs": decibels(off**2),
                }
            )
            yield part
            self._advance(part, progress)
        seconds = (self._stop - done) / self._recording.sample_rate
        self._note(
            {
                "complete": True,
                "real_time_factor": (time.monotonic() - started) / seconds if seconds else 0.0,
                "device": separator.device.device.type,
                "device_reason": separator.device.reason,
            }
        )

    def _kept(self, done: int) -> Iterator[Split]:
        """What an earlier run stored."""
        stretch = _Stretch(self._folder, self._recording)
        try:
            start = self._start
            for mixture in self._recording.blocks(BLOCK_SECONDS * self._recording.sample_rate, start, done):
                speech = stretch.speech(start, start + len(mixture))
                yield Split(start, mixture, speech, mixture - speech)
                start += len(mixture)
        finally:
            stretch.close()

    def _advance(self, part: Split, progress: Progress | None) -> None:
        if progress:
            done, rate = part.start + len(part.mixture) - self._start, self._recording.sample_rate
            progress(done / rate, (self._stop - self._start) / rate)

    def _measure(self, powers: HopPowers, part: Split) -> None:
        step = self._recording.sample_rate // 2  # fits the processor's cache
        for start in range(0, len(part.mixture), step):
            pair = (part.mixture[start : start + step].T, part.speech[start : start + step].T)
            self._append(self._powers, powers.add(np.stack(pair).astype(np.float64)).astype("<f8").tobytes())

    def _note(self, facts: dict[str, Any]) -> None:
        """Add a line to the journal, once all that came before is on the disk."""
        with _explained(self._folder):
            for file in (self._speech, self._powers):
                file.flush()
                os.fsync(file.fileno())
        self._append(self._journal, json.dumps(facts).encode() + b"\n")
        with _explained(self._folder):
            self._journal.flush()

    def _append(self, file: BinaryIO, data: bytes) -> None:
        with _explained(self._folder):
            file.write(data)


class _Stretch:
    """The files of one split.  Raises InputError where it is none, or not of this recording."""

    def __init__(self, folder: Path, recording: Recording) -> None:
        self._folder, self._frames, facts = folder, recording.frames, _read_journal(folder / JOURNAL)
        form = {name: getattr(recording, name) for name in ("sample_rate", "channels", "frames", "subtype")}
        if facts.get("version") != VERSION or any(facts.get(name) != value for name, value in form.items()):
            raise InputError(f"{folder} holds no split of {recording.path}; split it again")
        self.start, self.stop = int(facts["start"]), int(facts["stop"])
        self._facts = facts
        self._audio = RawAudio(folder / SPEECH, recording)

    @property
    def done(self) -> int:
        return min(self.start + self._audio.frames, self.stop)

    @property
    def facts(self) -> dict[str, Any]:
        if not self._facts.get("complete"):
            self._facts = _read_journal(self._folder / JOURNAL) or self._facts
        return self._facts

    @property
    def complete(self) -> bool:
        return self.done == self.stop and self.facts.get("complete", False)

    def speech(self, start: int, stop: int) -> Audio:
        return self._audio.read(start - self.start, stop - self.start)

    def powers(self) -> Floats:
        found = np.fromfile(self._folder / POWERS, "<f8")
        return found[: len(found) // 3 * 3].reshape(-1, 3)

    def close(self) -> None:
        self._audio.close()


def patch_stretch(patch: Patch, recording: Recording) -> tuple[int, int]:
    """Whole seconds that hold a patch, the last of them perhaps past the recording's end.

    Raises:
        UsageError: the patch lies beyond the recording.
    """
    first, last = _span(patch, recording)
    if first >= last:
        raise UsageError(
            f"{recording.path} ends at {recording.seconds:.3f} s, before the stretch {patch.start:g} to {patch.end:g} s"
        )
    return first // recording.sample_rate, -(-last // recording.sample_rate)


def _span(patch: Patch, recording: Recording) -> tuple[int, int]:
    """The frames of a patch."""
    return round(patch.start * recording.sample_rate), min(round(patch.end * recording.sample_rate), recording.frames)


def _report(facts: dict[str, Any]) -> SplitReport:
    """The sums that a journal holds."""
    products = np.array(facts.get("products", [0.0] * 5))
    return SplitReport(products, facts.get("mixture", 0.0), facts.get("unexplained", 0.0))


def _read_journal(path: Path) -> dict[str, Any]:
    """All that a journal says, later lines over earlier ones; nothing where there is none.

    A last line that was cut off is passed over, as is anything after damage.
    """
    facts: dict[str, Any] = {}
    try:
        for line in path.read_bytes().splitlines(keepends=True):
            if not line.endswith(b"\n"):
                break
            facts |= json.loads(line)
    except (OSError, ValueError, TypeError):
        pass
    return facts


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other processes from writing here; the system lifts this when the process ends, however it does."""
    with (folder / "lock").open("wb") as file:
        try:
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            raise UsageError("another Voicebed is splitting this recording; wait until it is done") from None
        yield


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    """Turns failures of the disk into words for the user."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise ResourceError(f"{folder}: no space left for the split; free some") from None
        raise UsageError(f"{folder}: the split cannot be written there ({error.strerror})") from None
