"""The stream of blocks that is heard: remixed, looped, and without a click wherever something changes."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.sound.output import block_frames
from app.sound.prefetch import Audio, Loop, Prefetch
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
    """A place asked for, in seconds; `landed`: the frame of the stream at which it is reached, None before."""

    seconds: float
    landed: int | None = None


@dataclass(frozen=True)
class Jump:
    """Where a stream goes on: `frame` of the tracks that `prefetch` reads; None for the frame that is due anyway."""

    prefetch: Prefetch
    frame: int | None = None
    seek: Seek | None = None


class Block(NamedTuple):
    """`block_frames(sample_rate)` frames, (frames, channels), as float as the tracks, before and after the volume."""

    measured: Audio
    heard: Audio


def raised_cosine(frames: int) -> NDArray[np.float32]:
    """A rise from above 0 to below 1, (frames, 1)."""
    return (0.5 - 0.5 * np.cos(np.pi * np.arange(1, frames + 1) / (frames + 1))).astype(np.float32)[:, None]


class Stream:
    """Renders block after block of what `prefetch` has read.

    In a steady state a block is `engine.remix.render` of the tracks, bit for bit (times trim and volume, where they are
    not one).  A change of sound crosses over within one block (10 ms); a jump and the turn of a loop within 5 ms, the
    loop keeping its exact length: its last 5 ms cross over to what precedes its first frame.

    A copy (`copy.copy`) goes on by itself from where it was taken: what nobody has heard yet can be rendered anew.

    Attributes:
        prefetch: of the tracks that are played.
        active: a stretch is being played.
        at: the next frame of the recording.
        loop: what is repeated, in frames.
        delivered: frames given out in blocks, the stream's own count.
        sample_rate, frames: of the tracks.
    """

    def __init__(self, prefetch: Prefetch) -> None:
        tracks = prefetch.tracks
        self.prefetch = prefetch
        self.sample_rate, self.frames, self._channels = tracks.sample_rate, tracks.frames, tracks.channels
        self.active, self.at, self.delivered = False, 0, 0
        self.loop: Loop = None
        self._block = block_frames(self.sample_rate)
        self._crossing = raised_cosine(max(1, round(CROSSING_SECONDS * self.sample_rate)))
        self._change = raised_cosine(self._block)
        self._crossed = len(self._crossing)  # frames of the crossing that are done
        self._left: tuple[Prefetch, int] | None = None  # what the crossing leaves; None: silence
        self._jump: Jump | None = None
        self._before = self._sound = Sound()
        self._pieces: tuple[Audio, ...] = ()  # of the block that is being made
        self._filled = 0
        self._places: tuple[tuple[int, int, bool], ...] = ((0, 0, False),)  # frame of the stream, of the recording

    def begin(self, frame: int, sound: Sound) -> None:
        """Play from `frame` on; from the recording's own beginning without a fade."""
        self.active, self.at = True, self.landing(frame)
        self._left, self._crossed = None, 0 if self.at else len(self._crossing)
        self._before = self._sound = sound
        self._note_place()

    def finish(self) -> Block | None:
        """End: the last block, which fades out within 5 ms; None if nothing has been read to fade."""
        fade = self._crossing[::-1]
        while self.active and self._filled < len(fade) and (piece := self._piece(len(fade) - self._filled)) is not None:
            self._keep(piece)
        faded = np.concatenate((self._silence(0), *self._pieces))[: len(fade)]
        self._pieces, self._filled = (faded * fade[: len(faded)],), len(faded)
        self._end()
        return self._finished_block() if len(faded) else None

    def jump(self, jump: Jump) -> None:
        """Go on elsewhere, or with other tracks, from the next block on; all of the landing has been read."""
        if self.active:
            self._jump = jump
        else:
            self.prefetch = jump.prefetch

    def set_loop(self, start: float, end: float | None) -> None:
        """Repeat from `start` to `end` in seconds, 20 ms at least; None: play to the end."""
        self.loop = None
        if end is not None:
            shortest = round(SHORTEST_LOOP * self.sample_rate)
            stop = min(max(round(end * self.sample_rate), shortest), self.frames)
            first = max(0, min(round(start * self.sample_rate), stop - shortest))
            if stop - first >= shortest:  # else the recording is shorter than that
                self.loop = first, stop

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

    def heads(self) -> list[int]:
        """Frames at which `prefetch` is read now."""
        return [self.at] if self._left is None or self._left[0] is not self.prefetch else [self.at, self._left[1]]

    def landing(self, frame: int) -> int:
        """`frame` brought into the recording, and not so close before the end of the loop that it would be missed."""
        if self.loop and frame < self.loop[1]:
            frame = min(frame, self.loop[1] - 2 * len(self._crossing))
        return max(0, min(frame, self.frames))

    def place(self, frame: float) -> float:
        """The frame of the recording that was played as frame `frame` of the stream; for any thread."""
        places = self._places
        begun, place, moving = next((known for known in reversed(places) if frame >= known[0]), places[0])
        return max(0.0, place + max(0.0, frame - begun) * moving)

    def _piece(self, frames: int) -> Audio | None:
        """At most `frames` frames up to the next turn, rendered; None while they have not been read."""
        if self._crossed == len(self._crossing):
            if self._jump:
                self._leap(self._jump)
            elif self.loop and self.at < self.loop[1]:
                room = self.loop[1] - len(self._crossing) - self.at
                if room <= 0:
                    self._cross(self.prefetch, self.at - (self.loop[1] - self.loop[0]))
                    self._note_place(len(self._crossing))  # until then it is shown before the end of the loop
                frames = min(frames, room) if room > 0 else frames
        if self._crossed < len(self._crossing):
            return self._crossing_piece(frames)
        piece = self._rendered(self.prefetch, self.at, max(0, min(frames, self.frames - self.at)))
        if piece is not None:
            self.at += len(piece)
        return piece

    def _crossing_piece(self, frames: int) -> Audio | None:
        weight = self._crossing[self._crossed : self._crossed + frames]
        new = self._rendered(self.prefetch, self.at, len(weight))
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
        block = np.concatenate((*self._pieces, self._silence(self._block - self._filled)))
        self._pieces, self._filled = (), 0
        self.delivered += self._block
        if self._before.volume != self._sound.volume:
            heard = block * (self._before.volume + self._change * (self._sound.volume - self._before.volume))
        else:
            heard = block * self._sound.volume if self._sound.volume != 1 else block
        self._before = self._sound
        return Block(block, heard)

    def _leap(self, jump: Jump) -> None:
        self._jump = None
        self._cross(jump.prefetch, self.at if jump.frame is None else self.landing(jump.frame))
        self._note_place()
        if jump.seek:
            jump.seek.landed = self.delivered + self._filled

    def _cross(self, prefetch: Prefetch, frame: int) -> None:
        self._left, self._crossed = (self.prefetch, self.at), 0
        self.prefetch, self.at = prefetch, frame

    def _end(self) -> None:
        self.active = False
        self._note_place()

    def _note_place(self, later: int = 0) -> None:
        """The next frame of the stream, or one that comes `later`, shows what is played then."""
        place = self.delivered + self._filled + later, self.at + later, self.active
        self._places = (*self._places[-PLACES:], place)
