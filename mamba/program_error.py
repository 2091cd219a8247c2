"""The error of a program: its message is for whoever wrote it."""


class ProgramError(Exception):
    """The program asks for something that its players cannot do."""
