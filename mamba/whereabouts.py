"""What is known of players that are not connected, and of strangers, in words."""


class Whereabouts:
    """Of all players, as one of them knows.

    Parameters
    ----------
    me : int
    ports : list of int

    Attributes
    ----------
    trouble : dict of int to str
        What there is to say of a player that is not there.
    given_up : dict of int to mamba.farewell.Reason
        Those that will not come any more, and why.
    strangers : int
        How many connections were dropped that had shown no certificate.
    """

    def __init__(self, me, ports):
        self._me, self._ports, self._told = me, ports, 0
        self.trouble, self.given_up, self.strangers = {}, {}, 0

    def is_met(self, player):
        """There is nothing to say of it any more."""
        self.trouble.pop(player, None)
        self.given_up.pop(player, None)

    def news_of_strangers(self):
        """A line when there are more than there were, else None."""
        if self.strangers == self._told:
            return None
        self._told = self.strangers
        return f"Player {self._me}: {self._about_strangers(self.strangers)} so far"

    def what_is_missing(self, players, outgoing, incoming, silent, open_strangers):
        """Why these players have not met, one sentence.

        Parameters
        ----------
        players : list of int
        outgoing, incoming : container of int
            Those that are connected.
        silent : set of int
            Those that take calls and say nothing.
        open_strangers : int
            Connections that may be anybody's.
        """
        said = []
        for player in players:
            port, why = self._ports[player], self.trouble.get(player)
            if player in silent:
                said.append(f"port {port} of player {player} takes calls and says nothing")
            elif player in self.given_up:
                said.append(f"player {player} {why}")
            elif player not in outgoing:
                said.append(f"player {player} does not answer" + (f" ({why})" if why else ""))
            elif player not in incoming:
                said.append(f"player {player} can be called, but does not call this player")
        if strangers := self.strangers + open_strangers:
            said.append(self._about_strangers(strangers))
        return "cannot reach the other players: " + "; ".join(said)

    def _about_strangers(self, count):
        connections = f"{count} connection{'s' * (count > 1)} that never showed a certificate"
        return f"port {self._ports[self._me]} of player {self._me}: {connections}"
