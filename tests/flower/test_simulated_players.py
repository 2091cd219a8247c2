"""Players of simulated clients, which the ServerApp's process starts."""

from multiprocessing import AuthenticationError
from multiprocessing.connection import Client

import pytest

pytest.importorskip("flwr", reason="Flower is not installed: pip install 'fl_krum[flower]'")

from fl_krum.flower.simulated_players import SimulatedPlayer, SimulatedPlayers  # noqa: E402
from fl_krum.flower.simulation import ThrowAwayKeys  # noqa: E402
from fl_krum.players import launching  # noqa: E402
from fl_krum.players.agreement import Agreement, Limits  # noqa: E402
from fl_krum.players.fork_server import Forks  # noqa: E402
from fl_krum.players.host_player import HostPlayer  # noqa: E402

DEADLINE = 200.0


@pytest.fixture
def started():
    keys, forks = ThrowAwayKeys(3), Forks(launching.fork_server_command())
    players = SimulatedPlayers(keys.folder, keys.roster, forks)
    try:
        yield keys, forks, players
    finally:
        players.close()
        forks.close()
        keys.close()
    assert all(player.ended for player in players._players.values())


def ask(keys, name, number, limits=None):
    agreement = Agreement(keys.roster.names, d=2, session="simulated", round=number)
    return SimulatedPlayer(
        keys.folder, name, agreement, limits or Limits(), DEADLINE, DEADLINE
    ), agreement


def test_round_after_round(started):
    """A client's player of a round makes way for that of the next, whatever became of it."""
    keys, forks, _ = started
    for number in (1, 2, 3):
        asked = [ask(keys, name, number) for name in keys.roster.names[1:]]
        agreement = asked[0][1]
        if number == 2:  # a client fails, and this round has no result
            for player, _ in asked:
                player.kill()
            continue
        server = HostPlayer(
            keys.roster, "server", keys.key("server"), agreement, deadline=DEADLINE, start=forks
        )
        with server:
            for value, (player, _) in enumerate(asked):
                player.give([value, number])
            assert server.result()[1] == number


def test_what_a_client_refuses_is_told(started):
    keys, _, players = started
    with pytest.raises(ValueError, match="node1 does not take part: n = 3, and it insists on at"):
        ask(keys, "node1", 1, Limits(min_clients=4))
    assert not players._players


def test_who_does_not_know_the_key_is_not_heard(started):
    keys, _, players = started
    with pytest.raises(AuthenticationError):
        Client(players._listener.address, authkey=b"guessed")
    with pytest.raises(ValueError, match="insists"):  # others are, after that
        ask(keys, "node1", 1, Limits(min_clients=4))
