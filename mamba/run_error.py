"""The error of a run that nobody's deviation has caused: its message is for the program's author.

`fl_krum.ProgramError` is what the author sees of it, with the line of the text.
"""


class RunError(Exception):
    """The program asks for something that its players cannot do, or an input is not as it must be.

    Parameters
    ----------
    message : str
    line : int, optional
        The line of the program that asked, where this is not the one that is being executed.
    """

    def __init__(self, message, line=None):
        super().__init__(message)
        self.line = line
