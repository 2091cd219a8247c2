"""Sessions on the stand-ins of real engines, and what is left of them: nothing."""

import numpy as np
import pytest
from fake_engine import V1, processes

from fl_krum.players.local_players import LocalPlayers
from fl_krum.players.process import PlayerError
from fl_krum.program.krum_program import KrumProgram


class Sessions:
    """Runs of one engine, whose files go to ``folder``.

    With ``check=True`` a companion stands before each client's player, an interpreter with NumPy:
    in the tests of what these do.
    """

    def __init__(self, engine, folder):
        self.engine, self.folder = engine, folder

    def start(self, rounds=1, check=False, **options):
        program = KrumProgram(n=5, f=1, d=2, rounds=rounds, check=check)
        return LocalPlayers(program, self.engine, **options)

    def assert_nothing_left(self, players):
        assert all(process.poll() is not None for process in processes(players))
        assert list(self.folder.iterdir()) == []

    def failure(self, rounds=1, received=None, **options):
        """The error that a run ends in; ``received`` is made when all results are there."""
        players = self.start(rounds, **options)
        with pytest.raises(PlayerError) as caught:  # noqa: SIM117
            with players:
                for _ in range(rounds):
                    players.aggregate(V1)
                if received:
                    received.touch()
        self.assert_nothing_left(players)
        return caught.value

    def rounds(self, keys):
        """Three rounds on the same players; the statistics of the last one."""
        with self.start(rounds=3, check=True) as players:
            (folder,) = self.folder.iterdir()
            assert not list(folder.rglob(keys))  # gone as soon as all are ready
            for done in range(3):
                shifted = np.array(V1) / 2 + done
                assert players.aggregate(shifted).tolist() == [0.5 + done, 1.0 + done]
        assert [process.poll() for process in processes(players)] == [0] * 6
        self.assert_nothing_left(players)
        return players.statistics()[5]
