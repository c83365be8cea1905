"""Reading ahead: the stretches of the tracks that will be heard next, so that a slow disk is never waited for."""

from collections.abc import Sequence
from time import monotonic
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

AHEAD_SECONDS = 1.5
CHUNK_SECONDS = 0.25
KEPT_SECONDS = 1.0  # after a chunk was wanted last: what waits to be heard may be rendered anew
STALE_SECONDS = 2.0  # in a short loop: the split may have got further since the chunk was read

Audio = NDArray[Any]
Loop = tuple[int, int] | None  # first frame, and the one after the last


class Tracks(Protocol):
    """The mixture and its speech; `read` is called from one thread at a time, never from that of the window."""

    @property
    def sample_rate(self) -> int: ...

    @property
    def channels(self) -> int: ...

    @property
    def frames(self) -> int: ...

    def read(self, start: int, stop: int) -> tuple[Audio, Audio]:
        """Frames `start` to `stop` of mixture and speech, each (stop - start, channels), float, full scale ±1."""
        ...


class _Chunk(NamedTuple):
    mixture: Audio
    speech: Audio
    read_at: float


class Prefetch:
    """Keeps what comes next of `tracks` in memory: 1.5 s, in chunks of a quarter of a second.

    One thread calls `aim` and `take`, another `step`.
    """

    def __init__(self, tracks: Tracks) -> None:
        self.tracks = tracks
        self._size = max(1, round(CHUNK_SECONDS * tracks.sample_rate))
        self._chunks: dict[int, _Chunk | Exception] = {}
        self._wanted_at: dict[int, float] = {}
        self._aim: object = None
        self._wanted: tuple[int, ...] = ()

    def clear(self) -> None:
        """Forget all that was read, errors too."""
        self._chunks, self._aim, self._wanted = {}, None, ()

    def aim(self, heads: Sequence[int], loop: Loop) -> bool:
        """Say where playing goes on (frames, the most urgent first); True if `step` may have something to do."""
        aim = tuple(max(0, head) // self._size for head in heads), loop
        if aim == self._aim:
            return False
        self._aim = aim
        self._wanted = tuple(dict.fromkeys(index for first in aim[0] for index in self._following(first, loop)))
        return True

    def _following(self, first: int, loop: Loop) -> list[int]:
        """Chunks that are played within `AHEAD_SECONDS` after the beginning of chunk `first`."""
        at, left = first * self._size, round(AHEAD_SECONDS * self.tracks.sample_rate)
        chunks: list[int] = []
        while left > 0:
            stop = min(at + left, loop[1] if loop and at < loop[1] else self.tracks.frames)
            chunks += range(at // self._size, -(-stop // self._size))
            if loop is None or at >= loop[1]:
                break
            left -= stop - at
            at = loop[0]
            # The crossing into a loop begins in what precedes it.
            chunks += range(max(0, at - self._size) // self._size, at // self._size)
        return chunks

    def has(self, start: int, stop: int) -> bool:
        """Whether frames `start` to `stop`, those inside the recording, have been read, or could not be."""
        stop = min(stop, self.tracks.frames)
        return start >= stop or all(i in self._chunks for i in range(start // self._size, (stop - 1) // self._size + 1))

    def take(self, start: int, stop: int) -> tuple[Audio, Audio] | None:
        """Frames `start` to `stop` (inside the recording) of mixture and speech; None if not read yet.

        Raises what `Tracks.read` raised there.
        """
        pieces: list[_Chunk] = []
        for index in range(start // self._size, (stop - 1) // self._size + 1):
            chunk = self._chunks.get(index)
            if chunk is None:
                return None
            if isinstance(chunk, Exception):
                raise chunk
            part = slice(max(0, start - index * self._size), stop - index * self._size)
            pieces.append(_Chunk(chunk.mixture[part], chunk.speech[part], chunk.read_at))
        if len(pieces) == 1:
            return pieces[0].mixture, pieces[0].speech
        return np.concatenate([piece.mixture for piece in pieces]), np.concatenate([piece.speech for piece in pieces])

    def step(self) -> bool:
        """Read the one chunk that is wanted most; False if nothing is to be read."""
        chunks, wanted, now = self._chunks, self._wanted, monotonic()
        self._wanted_at |= dict.fromkeys(wanted, now)
        for index in [index for index in chunks if self._wanted_at[index] < now - KEPT_SECONDS]:
            del chunks[index], self._wanted_at[index]
        due = now - STALE_SECONDS
        missing = (index for index in wanted if index not in chunks)
        stale = (index for index in wanted if isinstance(chunk := chunks.get(index), _Chunk) and chunk.read_at < due)
        index = next(missing, next(stale, None))
        if index is None:
            return False
        start = index * self._size
        try:
            # What fails here is raised where it would be heard.
            stop = min(start + self._size, self.tracks.frames)
            chunks[index] = _Chunk(*self.tracks.read(start, stop), monotonic())
        except Exception as error:
            chunks[index] = error
        return True
