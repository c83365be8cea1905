"""The stream of blocks that is heard: remixed, looped, and without a click wherever something changes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.sound.output import block_frames
from app.sound.prefetch import Audio, Loop, Prefetch, Tracks
from engine.remix import Remix, amplitude, render

CROSSING_SECONDS = 0.005  # at a jump; also the fades at play and pause
SHORTEST_LOOP = 4 * CROSSING_SECONDS
PLACES = 64  # many more than the ring holds


@dataclass(frozen=True)
class Sound:
    """How the tracks are heard.

    Attributes:
        remix: gains, as they are exported.
        trim_db: a further gain in dB; 0 multiplies by nothing.
        volume: a factor from 0 to 1 behind the meters; 1 multiplies by nothing.
    """

    remix: Remix = field(default_factory=Remix)
    trim_db: float = 0.0
    volume: float = 1.0


@dataclass
class Seek:
    """A jump asked for, to a place in seconds; `landed` is the frame of the stream at which it is done, None before."""

    seconds: float
    landed: int | None = None


@dataclass(frozen=True)
class _Jump:
    prefetch: Prefetch
    frame: int | None  # None: whichever is due, for other tracks of the same recording
    seek: Seek | None


def raised_cosine(frames: int) -> NDArray[np.float32]:
    """A rise from above 0 to below 1, (frames, 1)."""
    return (0.5 - 0.5 * np.cos(np.pi * np.arange(1, frames + 1) / (frames + 1))).astype(np.float32)[:, None]


class Block(NamedTuple):
    """`block_frames(sample_rate)` frames, (frames, channels), in the type of the tracks: before and after the volume."""

    measured: Audio
    heard: Audio


class Stream:
    """Renders block after block.

    A copy (`copy.copy`) goes on by itself from where it was taken, so that blocks that nobody has heard yet can be
    rendered anew.

    In a steady state a block is `engine.remix.render` of the tracks, bit for bit (times trim and volume, where they are
    not one).  A change of sound crosses over within one block (10 ms); a jump and the turn of a loop within 5 ms, the
    loop keeping its exact length: its last 5 ms cross over to what precedes its first frame.

    `moved` is called when `read_ahead`, which belongs to another thread, may have something to do.

    Attributes:
        active: a stretch is being played.
        at: the next frame of the recording.
        delivered: frames given out in blocks, the stream's own count.
        sample_rate, frames: of the tracks.
    """

    def __init__(self, tracks: Tracks, moved: Callable[[], None]) -> None:
        self.sample_rate = tracks.sample_rate
        self.frames, self._channels = tracks.frames, tracks.channels
        self.active, self.at, self.delivered = False, 0, 0
        self._moved = moved
        self._prefetch = Prefetch(tracks)
        self._block = block_frames(tracks.sample_rate)
        self._crossing = raised_cosine(max(1, round(CROSSING_SECONDS * tracks.sample_rate)))
        self._change = raised_cosine(self._block)
        self._crossed = len(self._crossing)  # frames of the crossing that are done
        self._left: tuple[Prefetch, int] | None = None  # what the crossing leaves; None: silence
        self._jump: _Jump | None = None  # waits until its place has been read
        self._loop: Loop = None
        self._before = self._sound = Sound()
        self._pieces: tuple[Audio, ...] = ()  # of the block that is being made
        self._filled = 0
        self._places: tuple[tuple[int, int, bool], ...] = ((0, 0, False),)  # frame of the stream, of the recording

    def begin(self, frame: int, sound: Sound) -> None:
        """Play from `frame` on; from the recording's own beginning without a fade."""
        self._prefetch.clear()
        self.active, self.at = True, self._landing(frame)
        self._left, self._crossed = None, 0 if self.at else len(self._crossing)
        self._before = self._sound = sound
        self._note_place()
        self._aim()

    def finish(self) -> Block | None:
        """End: the last block, which fades out within 5 ms; None if nothing has been read to fade."""
        fade = self._crossing[::-1]
        while self.active and self._filled < len(fade) and (piece := self._piece(len(fade) - self._filled)) is not None:
            self._keep(piece)
        if self._jump and self._jump.frame is not None:
            self.at = self._jump.frame
        if not self._pieces:
            self._end()
            return None
        faded = np.concatenate(self._pieces)[: len(fade)]
        self._pieces = (faded * fade[: len(faded)],)
        self._filled = len(faded)
        self._end()
        return self._finished_block()

    def seek(self, seek: Seek) -> None:
        """Jump as soon as the place has been read; what is played goes on until then."""
        prefetch = self._jump.prefetch if self._jump else self._prefetch
        self._jump = _Jump(prefetch, self._landing(round(seek.seconds * self.sample_rate)), seek)
        self._aim()

    def exchange(self, prefetch: Prefetch) -> None:
        """Go on with other tracks of the same recording."""
        if self.active:
            self._jump = _Jump(prefetch, *((self._jump.frame, self._jump.seek) if self._jump else (None, None)))
            self._aim()
        else:
            self._prefetch = prefetch

    def set_loop(self, start: float, end: float | None) -> None:
        """Repeat from `start` to `end` in seconds, 20 ms at least; None: play to the end.

        Where the stretch already lies behind, it begins at once.
        """
        self._loop = None
        if end is not None:
            shortest = round(SHORTEST_LOOP * self.sample_rate)
            stop = min(max(round(end * self.sample_rate), shortest), self.frames)
            first = max(0, min(round(start * self.sample_rate), stop - shortest))
            if stop - first >= shortest:  # else the recording is shorter than that
                self._loop = first, stop
                if self.active and self.at >= stop:
                    self.seek(Seek(first / self.sample_rate))
        self._aim()

    def block(self, sound: Sound) -> Block | None:
        """The next block, heard as `sound`; None while it has not been read.  Call only while active.

        The last block of a recording ends in silence.  Raises what `Tracks.read` raises.
        """
        if not self._pieces:
            self._sound = sound
        while self.active and self._filled < self._block:
            piece = self._piece(self._block - self._filled)
            if piece is None:
                return None
            self._keep(piece)
        return self._finished_block()

    def read_ahead(self) -> bool:
        """Read the one chunk that is wanted most; False if nothing is to be read.  For another thread."""
        jump = self._jump
        return self._prefetch.step() or (jump is not None and jump.prefetch.step())

    def place(self, frame: float) -> float:
        """The frame of the recording that was played as frame `frame` of the stream; for any thread."""
        places = self._places
        begun, place, moving = next((known for known in reversed(places) if frame >= known[0]), places[0])
        return max(0.0, place + max(0.0, frame - begun) * moving)

    def _piece(self, frames: int) -> Audio | None:
        """At most `frames` frames up to the next turn, rendered; None while they have not been read."""
        if self._crossed < len(self._crossing):
            return self._crossing_piece(frames)
        if self._jump and self._has_landing(self._jump):
            self._leap(self._jump)
            return self._crossing_piece(frames)
        if self._loop and self.at < self._loop[1]:
            room = self._loop[1] - len(self._crossing) - self.at
            if room <= 0:
                self._cross(self._prefetch, self.at - (self._loop[1] - self._loop[0]))
                self._note_place(len(self._crossing))  # until then it is shown before the end of the loop
                return self._crossing_piece(frames)
            frames = min(frames, room)
        if self._jump and self.at >= self.frames:
            return None
        piece = self._rendered(self._prefetch, self.at, max(0, min(frames, self.frames - self.at)))
        if piece is not None:
            self.at += len(piece)
        return piece

    def _crossing_piece(self, frames: int) -> Audio | None:
        weight = self._crossing[self._crossed : self._crossed + frames]
        new = self._rendered(self._prefetch, self.at, len(weight))
        old = self._rendered(*self._left, len(weight)) if self._left else self._silence(len(weight))
        if old is None or new is None:
            return None
        self._crossed += len(weight)
        self.at += len(weight)
        if self._left:
            going_on = self._crossed < len(self._crossing)
            self._left = (self._left[0], self._left[1] + len(weight)) if going_on else None
        return old + weight * (new - old)

    def _rendered(self, prefetch: Prefetch, start: int, frames: int) -> Audio | None:
        """Frames from `start` on as they are heard, silence outside the recording; None if they have not been read."""
        first, stop = max(0, start), min(self.frames, start + frames)
        if first >= stop:
            return self._silence(frames)
        tracks = prefetch.take(first, stop)
        if tracks is None:
            return None
        mixed = self._mixed(self._sound, tracks, first)
        if self._before is not self._sound:
            weight = self._change[self._filled : self._filled + len(mixed)]
            before = self._mixed(self._before, tracks, first)
            mixed = before + weight * (mixed - before)
        if len(mixed) == frames:
            return mixed
        return np.concatenate((self._silence(first - start), mixed, self._silence(start + frames - stop)))

    def _mixed(self, sound: Sound, tracks: tuple[Audio, Audio], start: int) -> Audio:
        mixed = render(*tracks, sound.remix, start, self.sample_rate)
        return mixed * amplitude(sound.trim_db) if sound.trim_db else mixed

    def _silence(self, frames: int) -> Audio:
        return np.zeros((frames, self._channels), np.float32)

    def _keep(self, piece: Audio) -> None:
        self._pieces += (piece,)
        self._filled += len(piece)
        if self.at >= self.frames and not self._jump and self._crossed == len(self._crossing):
            self._end()

    def _finished_block(self) -> Block:
        if self._filled < self._block:
            self._pieces += (self._silence(self._block - self._filled),)
        block = np.concatenate(self._pieces) if len(self._pieces) > 1 else self._pieces[0]
        self._pieces, self._filled = (), 0
        self.delivered += self._block
        if self._before.volume != self._sound.volume:
            rise = self._change[: len(block)]
            heard = block * (self._before.volume + rise * (self._sound.volume - self._before.volume))
        else:
            heard = block * self._sound.volume if self._sound.volume != 1 else block
        self._before = self._sound
        self._aim()
        return Block(block, heard)

    def _has_landing(self, jump: _Jump) -> bool:
        first = self.at if jump.frame is None else jump.frame
        stop = min(first + len(self._crossing), self.frames)
        return first >= stop or jump.prefetch.take(first, stop) is not None

    def _leap(self, jump: _Jump) -> None:
        self._jump = None
        self._cross(jump.prefetch, self.at if jump.frame is None else jump.frame)
        self._note_place()
        if jump.seek:
            jump.seek.landed = self.delivered + self._filled

    def _cross(self, prefetch: Prefetch, frame: int) -> None:
        self._left, self._crossed = (self._prefetch, self.at), 0
        self._prefetch, self.at = prefetch, frame

    def _end(self) -> None:
        if self._jump and self._jump.seek:
            self._jump.seek.landed = self.delivered + self._filled
        self.active, self._jump = False, None
        self._note_place()

    def _note_place(self, later: int = 0) -> None:
        """The next frame of the stream, or one that comes `later`, shows what is played then."""
        place = self.delivered + self._filled + later, self.at + later, self.active
        self._places = (*self._places[-PLACES:], place)

    def _landing(self, frame: int) -> int:
        """`frame` brought into the recording, and not so close before the end of the loop that it would be missed."""
        if self._loop and frame < self._loop[1]:
            frame = min(frame, self._loop[1] - 2 * len(self._crossing))
        return max(0, min(frame, self.frames))

    def _aim(self) -> None:
        heads = [self.at]
        if self._left and self._left[0] is self._prefetch:
            heads.append(self._left[1])
        moved = False
        if self._jump:
            landing = self.at if self._jump.frame is None else self._jump.frame
            if self._jump.prefetch is self._prefetch:
                heads.append(landing)
            else:
                moved = self._jump.prefetch.aim([landing], self._loop)
        if self._prefetch.aim(heads, self._loop) or moved:
            self._moved()
