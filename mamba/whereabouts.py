"""What is known of players that are not connected, and of strangers, in words."""

from mamba.farewell import Farewell, Reason
from mamba.network_error import NetworkError

SERVER = 0


class Whereabouts:
    """Of all players, as one of them knows.

    Parameters
    ----------
    me : int
    ports : list of int
    is_of_a_run : bool
        Whether the players are on several hosts. There the server waits for all the others before
        it ends because of one, so that they hear what follows, and the others leave it to the
        server. On one machine it is of no use to go on.
    absent : sequence of int
        Players that will not come.

    Attributes
    ----------
    trouble : dict of int to str
        What there is to say of a player that is not there.
    given_up : dict of int to mamba.farewell.Farewell
        Those that will not come any more, and what there is to claim because of each.
    """

    def __init__(self, me, ports, is_of_a_run, absent):
        self._me, self._ports, self._is_of_a_run, self._told = me, ports, is_of_a_run, 0
        self.trouble = {}
        self.given_up = {player: self._claim(Reason.ABSENT, player) for player in absent}

    def is_met(self, player):
        """There is nothing to say of it any more."""
        self.trouble.pop(player, None)
        self.given_up.pop(player, None)

    def give_up(self, player, problem, claim=None):
        """A player has said that it and this one do not meet, which may be a NetworkError; or that
        it ends, and its own `claim` why: that may be somebody else's fault."""
        claim = claim or self._claim(Reason.DIFFERENT, player)
        if not self._is_of_a_run or player == SERVER:
            raise NetworkError(f"player {player} {problem}", claim)
        self.trouble[player], self.given_up[player] = problem, claim

    def fail(self, player, problem):
        """A player cannot be called. On one machine that will not change, which is a NetworkError;
        on several, somebody may see to it, and the others may go on without that player."""
        if not self._is_of_a_run:
            claim = self._claim(Reason.ABSENT, player)
            raise NetworkError(f"cannot reach player {player}: {problem}", claim)
        self.trouble[player] = str(problem)

    def news_of_strangers(self, strangers):
        """A line when there are more than there were, else None."""
        if strangers == self._told:
            return None
        self._told = strangers
        return f"Player {self._me}: {self._about_strangers(strangers)} so far"

    def missing(self, players, silent, strangers):
        """The NetworkError that these players have not met, and why, in one sentence.

        Parameters
        ----------
        players : list of int
        silent : set of int
            Those that take calls and say nothing.
        strangers : int
            Connections that may be anybody's.
        """
        said = []
        for player in players:
            port, why = self._ports[player], self.trouble.get(player)
            if player in silent:
                said.append(f"port {port} of player {player} takes calls and says nothing")
            elif player in self.given_up:
                said.append(f"player {player} {why}")
            else:
                verb = "does not answer" if player < self._me else "has not come"
                said.append(f"player {player} {verb}" + (f" ({why})" if why else ""))
        if strangers:
            said.append(self._about_strangers(strangers))
        claims = [self.given_up.get(p) or self._claim(Reason.ABSENT, p) for p in players]
        return NetworkError("cannot reach the other players: " + "; ".join(said), *claims)

    def _claim(self, reason, player):
        return Farewell(reason, player, self._me)

    def _about_strangers(self, count):
        connections = f"{count} connection{'s' * (count > 1)} that never showed a certificate"
        return f"port {self._ports[self._me]} of player {self._me}: {connections}"
