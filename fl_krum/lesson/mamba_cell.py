"""``%load_ext fl_krum``, then cells that begin with ``%%mamba``: their text runs among players.

The options follow those of rpy2's and Cython's cells. The text is Python to a notebook, too, so it
is coloured as such. Line numbers are those of the cell, its first line ``%%mamba …`` among them.

A fork server of players is kept ready for the next cell: a process that holds no secret, and ends
with the kernel.
"""

from __future__ import annotations

import dataclasses

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, cell_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

from ..players import certificates as _certificates  # noqa: F401  (long to import: not in a cell)
from ..players import fork_server, launching
from ..players.engine import SECURITIES
from ..players.problems import Problem, ProgramError
from ..players.process import PlayerError
from ..players.run_program import ProgramResult, run_program

__all__ = ["MambaMagics", "load_ipython_extension"]

SHOWN = ("views", "opened")


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Make ``%%mamba`` known to IPython; called by ``%load_ext fl_krum``."""
    fork_server.launch(launching.fork_server_command())
    shell.register_magics(MambaMagics)


@magics_class
class MambaMagics(Magics):
    """The cell magic."""

    @magic_arguments()
    @argument(
        "--players", "-n", type=int, metavar="N",
        help="how many, 3 at least; by default as many as have an input",
    )  # fmt: skip
    @argument(
        "--input", "-i", nargs="+", action="append", default=[], metavar="I=VALUE",
        help="what player I inputs: any Python expression for an integer from 0 to 2^64 - 1, or "
        "for several in a list or an array, as in --input 0=7 --input 1=salaries[1]",
    )  # fmt: skip
    @argument(
        "--inputs", nargs="+", default=[], metavar="VALUES",
        help="what all players input: a list with an item for each, player 0 first",
    )  # fmt: skip
    @argument(
        "--threshold", type=int, metavar="K",
        help="holders of shares that may pool what they see, t; by default the largest",
    )  # fmt: skip
    @argument(
        "--engine", default="embedded",
        help="embedded (default, the quickest to start), scale-mamba, mp-spdz or auto",
    )  # fmt: skip
    @argument(
        "--security", choices=SECURITIES,
        help="active: players may depart from the protocol, which ends the run; by default "
        "embedded players are semi-honest",
    )  # fmt: skip
    @argument("--deadline", type=float, metavar="S", help="seconds after which a program is ended")
    @argument(
        "--show", action="append", default=[], choices=SHOWN,
        help="also show what each player saw (views), or what each line opened to whom (opened)",
    )  # fmt: skip
    @argument("--output", "-o", metavar="NAME", help="a variable for the result, also in _")
    @cell_magic
    def mamba(self, line: str, cell: str) -> ProgramResult:
        """Run the cell's text as a MAMBA program among players on this machine.

        Shows what the program prints, what each player is told, and rounds, bytes and seconds.
        The result is a Python object, in ``_`` and in the variable that ``--output`` names.
        """
        options = parse_argstring(self.mamba, line)
        if options.output is not None and not options.output.isidentifier():
            raise UsageError(f"--output {options.output}: this is not the name of a variable")
        try:
            result = run_program(
                "\n" + cell,  # so lines are counted as in the cell
                self._inputs(options.inputs, options.input),
                options.players,
                options.engine,
                options.deadline,
                views=bool(options.show),
                name="cell",
                threshold=options.threshold,
                security=options.security,
            )
        except ProgramError as error:
            print(error.printed, end="")
            raise
        except PlayerError as error:  # it tells what happened; this file's lines tell nothing
            raise ProgramError([Problem(str(error))], cell, "cell") from None
        except ValueError as error:  # of the options; about the cell there is nothing to trace
            raise UsageError(str(error)) from None
        finally:
            fork_server.launch(launching.fork_server_command())  # for the next cell
        result = dataclasses.replace(result, shown=_shown(result, options.show))
        if options.output is not None:
            assert self.shell is not None
            self.shell.user_ns[options.output] = result
        return result

    def _inputs(self, of_all: list[str], of_one: list[list[str]]) -> dict[int, list]:
        """What each player inputs, from ``--inputs`` and from every ``--input``."""
        inputs: dict[int, list] = {}
        if of_all:
            text = _joined(of_all)
            values = self._value(text, f"--inputs {text}")
            try:
                inputs = {player: [own] for player, own in enumerate(values)}
            except TypeError:
                raise UsageError(f"--inputs {text}: a list with an item for each player") from None
        for words in of_one:
            text = _joined(words)
            player, sign, expression = text.partition("=")
            if not sign or not player.strip().isdecimal():
                raise UsageError(f"--input {text}: write PLAYER=VALUE, as in --input 1=9")
            value = self._value(expression, f"--input {text}")
            inputs.setdefault(int(player), []).append(value)
        return inputs

    def _value(self, expression: str, where: str):
        """The value of a Python expression, evaluated where the notebook's code is."""
        assert self.shell is not None
        try:
            return eval(expression.strip(), self.shell.user_global_ns, self.shell.user_ns)
        except Exception as error:  # an expression may raise anything
            raise UsageError(f"{where}: {type(error).__name__}: {error}") from None


def _joined(words: list[str]) -> str:
    """An expression that IPython has cut at its spaces, or left in quotation marks."""
    text = " ".join(words)
    return text[1:-1] if text[:1] in "'\"" and text[-1:] == text[:1] else text


def _shown(result: ProgramResult, wanted: list[str]) -> tuple[str, ...]:
    lines = []
    if "opened" in wanted:
        lines += [str(opening) for opening in result.opened]
    if "views" in wanted:
        lines += result.describe_views()
    return tuple(lines)
