"""The error when the conversation with another player breaks."""


class NetworkError(Exception):
    """The conversation with another player broke; the message says which one and in which
    round.

    Attributes
    ----------
    claims : tuple of Farewell
        Whom to blame.
    """

    def __init__(self, message, *claims):
        super().__init__(message)
        self.claims = claims
