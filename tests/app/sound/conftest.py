"""A player whose clock the test moves."""

from collections.abc import Callable, Iterator

import pytest

from app.sound.player import Player
from tests.app.sound.clocked import ArrayTracks, ClockedOutput

Pumped = Callable[..., tuple[Player, ClockedOutput]]


@pytest.fixture
def pumped() -> Iterator[Pumped]:
    """Make a player with tracks, without threads, on a clocked output; a problem that nobody expects fails the test."""
    players: list[Player] = []

    def make(tracks: ArrayTracks, output: ClockedOutput | None = None) -> tuple[Player, ClockedOutput]:
        output = output or ClockedOutput()
        player = Player(output, threaded=False)
        player.on_problem = pytest.fail
        output.feed = player.feed
        player.load(tracks)
        players.append(player)
        return player, output

    yield make
    for player in players:
        player.close()
