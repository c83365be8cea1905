"""The player: what the window asks for, and the threads that bring it to the sound device.

Three threads besides the window's.  The reader loads the tracks 1.5 s ahead.  The feeder takes the window's commands,
renders blocks of 10 ms and keeps 200 ms of them in a ring.  The device's own thread, the callback, only copies blocks
from the ring.  At a change, all of the ring but the next two blocks is rendered anew.  So the feeder may be held up for
long, and yet from a slider to its full effect pass 30 ms at most until the first new block is pulled, 10 ms in which it
crosses over, and the latency of the device (40 ms are asked for).

All of them share Python's global lock with the window.  So the application calls `sys.setswitchinterval(0.001)` at its
start: with Python's 5 ms, a busy window may hold up each of them by that much at every turn.  And it calls
`gc.freeze()` once the window is built: a collection may happen in any thread, the callback's too, and is short only if
there is little to go through.
"""

import threading
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field, replace
from functools import partial
from queue import Empty, SimpleQueue

import numpy as np
from numpy.typing import NDArray

from app.sound.channels import downmix
from app.sound.meters import Levels, Meters, warm_up
from app.sound.output import Output, OutputUnavailable, block_frames
from app.sound.prefetch import Prefetch, Tracks
from app.sound.resampled import at_rate
from app.sound.ring import Ring
from app.sound.stream import Block, Jump, Seek, Sound, Stream
from engine.errors import VoicebedError
from engine.remix import Remix

BLOCKS_AHEAD = 20
BLOCKS_KEPT = 2  # at a change: they may be pulled while others are rendered
POLL_SECONDS = 0.005
IDLE_SECONDS = 2.0  # then the feeder prepares for the first play

DEVICE_LOST = "The sound device was lost: connect it or choose another, then press play."


@dataclass
class _Run:
    """What belongs together from one opening of the output to the next."""

    stream: Stream
    ring: Ring
    meters: Meters
    latency: float
    downmix: NDArray[np.float32] | None
    waiting: dict[int, tuple[Stream, Block]] = field(
        default_factory=dict
    )  # blocks of the ring, the streams before them
    resting: bool = True  # nothing is being played, or it only fades
    settled: int = 0  # the first block that may be rendered anew
    jump: Jump | None = None  # that waits until its landing has been read
    sound: Sound | None = None  # as the last block was rendered
    shown: float = 0.0  # frames of the stream: the playhead never steps back where a callback comes late

    def heard(self) -> float:
        """Frames of the stream heard so far."""
        return self.ring.heard(self.latency, self.stream.sample_rate)


class Player:
    """Plays tracks to an output.

    All calls return at once, and belong to one thread: what they ask for is done by the feeder.  Only `close` waits.

    Args:
        output: where to; opened when first needed, stopped at each pause, closed when other tracks are loaded.
        threaded: False for an output whose owner calls `feed` before each block that it takes; `feed` then reads, too.

    Attributes:
        on_problem: called in the feeder's thread with one line for the user when playing failed; the position stays.
    """

    def __init__(self, output: Output, threaded: bool = True) -> None:
        self.on_problem: Callable[[str], None] = lambda message: None
        self._output = output
        self._tracks: Tracks | None = None
        self._sound = Sound()
        self._loop: tuple[float, float | None] = (0.0, None)
        self._playing = False
        self._cue = 0.0  # seconds: where playing begins
        self._seek: Seek | None = None  # asked for, and not heard yet
        self._run: _Run | None = None
        self._ring = Ring(1, 1)
        self._started = False
        self._past_underruns = 0
        self._commands: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._moved = threading.Event()
        self._closed = False
        self._threads: list[threading.Thread] = []
        if threaded:
            self._threads = [
                threading.Thread(target=self._feed_until_closed, name="sound feeder", daemon=True),
                threading.Thread(target=self._read_until_closed, name="sound reader", daemon=True),
            ]
        for thread in self._threads:
            thread.start()

    @property
    def playing(self) -> bool:
        """Whether the user wants to hear: from `play` on, until `pause`, the end of the recording, or a problem."""
        return self._playing

    @property
    def position(self) -> float:
        """What is heard now, in seconds; smooth enough for a playhead at 60 Hz.

        After `pause` it moves on for what is still on its way to the ear, up to 0.1 s; after `seek` it is at once the
        place sought.
        """
        run, seek = self._run, self._seek
        if run:
            run.shown = max(run.shown, run.heard())
        if seek:
            if seek.landed is None or (run and self._started and run.shown < seek.landed):
                return seek.seconds
            self._seek = None
        if run and self._started:
            return run.stream.place(run.shown) / run.stream.sample_rate
        return self._cue

    @property
    def volume(self) -> float:
        """A factor from 0 to 1, for listening only: behind the meters."""
        return self._sound.volume

    @volume.setter
    def volume(self, volume: float) -> None:
        self._sound = replace(self._sound, volume=volume)
        self._commands.put(self._advance)

    @property
    def underruns(self) -> int:
        """Gaps heard since the player was made: blocks that were not ready, and what the device itself reported."""
        run = self._run
        return self._past_underruns + (run.ring.underruns + self._output.underruns if run else 0)

    def levels(self) -> Levels:
        """What the meters show; after a pause the loudness of before."""
        run = self._run
        return run.meters.levels() if run else Levels()

    def load(self, tracks: Tracks | None) -> None:
        """Take a recording's tracks (None: no recording), to be played from the beginning, without a loop."""
        self._playing, self._seek = False, None
        self._commands.put(partial(self._load, tracks))

    def replace(self, tracks: Tracks) -> None:
        """Go on with other tracks of the same recording, as after another split; playing is not interrupted."""
        self._commands.put(partial(self._replace, tracks))

    def play(self) -> None:
        """Play from the position, or, where that is the end, from the beginning (of the loop).

        Without an output `playing` becomes False again, and `on_problem` says why.
        """
        self._playing = True
        self._commands.put(self._play)

    def pause(self) -> None:
        """Stop where it is."""
        self._playing = False
        self._commands.put(self._pause)

    def release(self) -> None:
        """Pause, and give the device back: another player may want it.  `play` opens it again."""
        self.pause()
        self._commands.put(self._drop)

    def seek(self, seconds: float) -> None:
        """Go to a place, playing or not."""
        self._seek = Seek(seconds)
        self._commands.put(partial(self._go_to, self._seek))

    def set_remix(self, remix: Remix, trim_db: float = 0.0) -> None:
        """Play this remix, and `trim_db` dB on top (to compare at equal loudness; 0 changes no bit)."""
        self._sound = replace(self._sound, remix=remix, trim_db=trim_db)
        self._commands.put(self._advance)

    def set_loop(self, start: float, end: float | None) -> None:
        """Repeat from `start` to `end` (seconds, 0.02 s at least); with None play on to the end of the recording.

        A loop that lies behind what is being played begins at once; one that lies ahead when it is reached.
        """
        self._commands.put(partial(self._set_loop, start, end))

    def set_output(self, output: Output) -> None:
        """Go on with another output, such as another device."""
        self._commands.put(partial(self._switch, output))

    def feed(self) -> None:
        """Do what was asked for and fill the ring: what the feeder does every 5 ms."""
        while not self._commands.empty():
            self._guarded(self._commands.get())
        if not self._threads:
            self._aim()
            self._read()
        self._guarded(self._advance)
        self._aim()

    def close(self) -> None:
        """Be silent, give the device back and end the threads."""
        self._closed = True
        self._commands.put(self._drop)
        self._moved.set()
        for thread in self._threads:
            thread.join()
        self._drop()

    # From here on: in the feeder's thread, but for `_read_until_closed` and `_pull`.

    def _feed_until_closed(self) -> None:
        idle_seconds: float | None = IDLE_SECONDS
        while not self._closed:
            busy = self._run is not None and (self._started or not self._run.resting)
            try:
                self._guarded(self._commands.get(timeout=POLL_SECONDS if busy else idle_seconds))
            except Empty:
                if not busy:
                    warm_up()
                    idle_seconds = None
            self.feed()

    def _read_until_closed(self) -> None:
        while not self._closed:
            self._moved.wait()
            self._moved.clear()
            self._read()

    def _read(self) -> None:
        while not self._closed and (run := self._run):
            jump = run.jump
            if not (run.stream.prefetch.step() or (jump and jump.prefetch.step())):
                break

    def _pull(self, out: NDArray[np.float32]) -> None:
        self._ring.pull(out)

    def _guarded(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:
            self._playing = False
            self._drop()
            self.on_problem(str(error) if isinstance(error, VoicebedError) else f"Playing stopped: {error}")

    def _aim(self) -> None:
        """Tell the reader what is wanted next."""
        run = self._run
        if run is None or run.resting:
            return
        stream, heads, moved = run.stream, run.stream.heads(), False
        if run.jump:
            landing = self._landing(run, run.jump)[0]
            if run.jump.prefetch is stream.prefetch:
                heads.append(landing)
            else:
                moved = run.jump.prefetch.aim([landing], stream.loop)
        if stream.prefetch.aim(heads, stream.loop) or moved:
            self._moved.set()

    def _landing(self, run: _Run, jump: Jump) -> tuple[int, int]:
        """The stretch of which a ringful is rendered anew once the jump is made."""
        stream, ringful = run.stream, BLOCKS_AHEAD * run.ring.frames
        start = max(0, stream.at - ringful) if jump.frame is None else stream.landing(jump.frame)
        end = stream.loop[1] if stream.loop and start < stream.loop[1] else stream.frames
        return start, min(start + 2 * ringful, end)

    def _advance(self) -> None:
        run = self._run
        if run is None:
            return
        for number in [number for number in run.waiting if number < run.ring.pulled]:
            run.meters.add(run.waiting.pop(number)[1].measured)
        jump = run.jump
        if jump and jump.prefetch.has(*self._landing(run, jump)):
            run.jump = None
            self._revise(run, lambda stream: stream.jump(jump))
        elif run.sound is not self._sound:
            self._revise(run, lambda stream: None)
        else:
            self._render(run, run.ring.written, [])
        if not self._started:
            if run.ring.level >= BLOCKS_AHEAD or (run.ring.level and not run.stream.active):
                self._output.start()
                self._started = True
        elif not self._output.running:
            raise OutputUnavailable(DEVICE_LOST)
        elif not run.stream.active and not run.ring.level:
            self._output.stop()
            if not run.resting:
                self._rest(run, run.stream.at / run.stream.sample_rate)
            self._started = self._playing = False

    def _revise(self, run: _Run, change: Callable[[Stream], None]) -> None:
        """Change the stream from the first block on that can still be rendered anew."""
        first = self._rewind(run)
        change(run.stream)
        self._render(run, first, [])

    def _rewind(self, run: _Run) -> int:
        """Go back to the first block that can be rendered anew; returns its number."""
        first = max(run.ring.pulled + BLOCKS_KEPT if self._started else 0, run.settled)
        if first not in run.waiting:
            return run.ring.written
        run.stream = copy(run.waiting[first][0])
        return first

    def _render(self, run: _Run, first: int, blocks: list[tuple[Stream, Block]]) -> None:
        """Make `blocks`, and those that follow, the ones in the ring from number `first` on.

        They replace others only when all of them are there, so that the ring never runs dry.
        """
        run.sound = self._sound
        while run.stream.active and first + len(blocks) < run.ring.pulled + BLOCKS_AHEAD:
            before = copy(run.stream)
            block = run.stream.block(run.sound)
            if block is None:
                break
            blocks.append((before, block))
        if not blocks and first == run.ring.written:
            return
        run.ring.ending = not run.stream.active
        run.ring.write(
            first, [block.heard if run.downmix is None else block.heard @ run.downmix for _, block in blocks]
        )
        run.waiting = {number: block for number, block in run.waiting.items() if number < first}
        run.waiting |= dict(enumerate(blocks, first))

    def _play(self) -> None:
        self._playing = self._tracks is not None
        if self._tracks and (self._run is None or self._run.resting):
            self._begin(self._run or self._open(self._tracks))

    def _begin(self, run: _Run) -> None:
        frame = round(self._cue * run.stream.sample_rate)
        if frame >= run.stream.frames:
            frame = run.stream.loop[0] if run.stream.loop else 0
        run.resting, run.settled, run.sound = False, run.ring.written, self._sound
        run.stream.delivered = run.ring.written * run.ring.frames
        run.stream.prefetch.clear()
        run.stream.begin(frame, self._sound)

    def _open(self, tracks: Tracks) -> _Run:
        warm_up()
        opened = self._output.open(tracks.sample_rate, max(2, tracks.channels), self._pull)
        tracks = at_rate(tracks, opened.sample_rate)
        self._ring = Ring(block_frames(opened.sample_rate), opened.channels)
        meters, matrix = Meters(tracks.sample_rate, tracks.channels), downmix(tracks.channels, opened.channels)
        self._run = _Run(Stream(Prefetch(tracks)), self._ring, meters, opened.latency, matrix)
        self._run.stream.set_loop(*self._loop)
        return self._run

    def _pause(self) -> None:
        run = self._run
        if run is None or run.resting:
            return
        if not self._started:
            self._drop()
            return
        first = self._rewind(run)
        if run.stream.active:
            before, block = copy(run.stream), run.stream.finish()
            self._render(run, first, [] if block is None else [(before, block)])
        self._rest(run, run.stream.at / run.stream.sample_rate)

    def _rest(self, run: _Run, seconds: float) -> None:
        """Nothing more comes; playing will go on at `seconds`, or where a seek still leads."""
        if self._seek and self._seek.landed is None:
            seconds, self._seek.landed = self._seek.seconds, run.stream.delivered + 1
        self._cue = seconds
        run.ring.ending = run.resting = True
        run.settled, run.jump = run.ring.written, None

    def _go_to(self, seek: Seek) -> None:
        tracks, run = self._tracks, self._run
        seek.seconds = max(0.0, min(seek.seconds, tracks.frames / tracks.sample_rate)) if tracks else 0.0
        if run:
            run.meters.reset()
        if run and not run.resting:
            frame = round(seek.seconds * run.stream.sample_rate)
            run.jump = Jump(run.jump.prefetch if run.jump else run.stream.prefetch, frame, seek)
        else:
            self._cue = seek.seconds
            seek.landed = run.stream.delivered + 1 if run else 0  # when what comes next is heard

    def _set_loop(self, start: float, end: float | None) -> None:
        self._loop = start, end
        run = self._run
        if run is None:
            return
        self._revise(run, lambda stream: stream.set_loop(start, end))
        loop = run.stream.loop
        if loop and run.stream.at >= loop[1] and run.jump is None:
            run.jump = Jump(run.stream.prefetch, loop[0])

    def _replace(self, tracks: Tracks) -> None:
        self._tracks = tracks
        run = self._run
        if run is None:
            return
        jump = Jump(Prefetch(at_rate(tracks, run.stream.sample_rate)))
        if run.resting:
            run.stream.jump(jump)
        else:
            run.jump = replace(run.jump, prefetch=jump.prefetch) if run.jump else jump

    def _load(self, tracks: Tracks | None) -> None:
        self._drop()
        self._tracks, self._cue, self._loop = tracks, 0.0, (0.0, None)

    def _switch(self, output: Output) -> None:
        playing = self._run is not None and not self._run.resting
        self._drop()
        self._output = output
        if playing:
            self._play()

    def _drop(self) -> None:
        """Close the output; playing can go on from what was heard last."""
        run = self._run
        if run is None:
            return
        if not run.resting:
            heard = run.stream.place(run.heard()) / run.stream.sample_rate
            self._rest(run, heard if self._started else self._cue)
        self._started = False
        self._past_underruns += run.ring.underruns + self._output.underruns
        self._output.close()
        self._run = None
