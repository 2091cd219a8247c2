"""The error of a program: its message is for whoever wrote it."""


class ProgramError(Exception):
    """The program asks for something that its players cannot do.

    Parameters
    ----------
    message : str
    line : int, optional
        The line of the program that asked, where this is not the one that is being executed.
    """

    def __init__(self, message, line=None):
        super().__init__(message)
        self.line = line
