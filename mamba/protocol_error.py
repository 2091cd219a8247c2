"""The error of players whose messages do not fit together."""


class ProtocolError(Exception):
    """What the other players sent cannot be right; the message names the round or the players.

    Attributes
    ----------
    players : tuple of int
        Those that are to blame, where that can be told.
    """

    def __init__(self, message, players=()):
        super().__init__(message)
        self.players = tuple(players)
