"""The error of players whose messages do not fit together."""


class ProtocolError(Exception):
    """What the other players sent cannot be right; the message names the round or the players."""
