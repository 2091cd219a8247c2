"""The command line: ``python -m fl_krum COMMAND``, or ``fl-krum COMMAND`` once installed.

Standard output holds results, standard error everything else. Exit status: see EPILOG.

Each command is a module here with ``SUMMARY`` (one line for the list of commands), ``DETAILS``
(what its own --help says below the options), ``configure(parser)`` and ``run(options) -> exit
status``. Wrong input is a ValueError or an OSError before anything is started; what comes later is
raised inside `options.begun`. ``options.given`` has the options that somebody has written.
"""

from __future__ import annotations

import errno
import importlib
import os
import sys
import warnings
from argparse import SUPPRESS

from .. import __version__
from ..players.process import PlayerError
from . import advice
from .parser import Parser, layout, set_usage

COMMANDS = (
    "session", "sweep", "aggregate", "run", "program", "check", "key", "roster", "player",
    "deploy", "lab", "grade", "otter", "export", "contest",
)  # fmt: skip

DESCRIPTION = (
    "Private, Byzantine-robust federated learning: Krum inside secure multiparty computation."
)
EPILOG = """\
start here:
  python -m fl_krum check      does everything work on this machine?
  python -m fl_krum session    train a model while two of seven clients attack
  python -m fl_krum lab        open the lesson

`python -m fl_krum COMMAND --help` tells more about a command.

exit status:
  0    done
  1    something failed that had been started: players, a result that cannot be written, or one
       that differs from Krum in the clear
  2    wrong input, or something is missing; nothing was started
  130  interrupted
"""


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the exit status."""
    warnings.formatwarning = lambda message, *_: f"fl_krum: warning: {message}\n"
    advice.plain_output()
    try:
        arguments = sys.argv[1:] if arguments is None else arguments
        options = _parser(arguments).parse_args(arguments)
        options.given = {one.partition("=")[0] for one in arguments if one.startswith("--")}
        status = options.run(options)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # whoever reads the output has seen enough, as `head` does
        _discard_output()
        return 1
    except KeyboardInterrupt:
        return _complain("interrupted; all players have been ended", 130)
    except Exception as error:
        message = _in_one_line(error)
        if not message:  # a fault of this program: the traceback is wanted
            raise
        if _is_of_output(error):
            _discard_output()
        return _complain(message, 1 if _has_begun(error) else 2)


def _has_begun(error: Exception) -> bool:
    begun = isinstance(error, PlayerError) or getattr(error, "begun", False)
    return begun or _is_of_output(error)


def _discard_output() -> None:
    """Let nothing fail again when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser(arguments: list[str]) -> Parser:
    """A parser that knows the command that comes first, or all of them when none does."""
    chosen = [name for name in COMMANDS if name in arguments[:1]] or COMMANDS
    modules = {name: importlib.import_module(f".{name}", __name__) for name in chosen}
    table = "\n".join(f"  {name:<12}{module.SUMMARY}" for name, module in modules.items())
    prog = "python -m fl_krum"
    parser = Parser(
        prog=prog,
        usage=f"{prog} COMMAND [options]",
        description=f"{DESCRIPTION}\n\ncommands:\n{table}",
        epilog=EPILOG,
        formatter_class=layout,
    )
    parser.add_argument("--version", action="version", version=f"fl_krum {__version__}")
    commands = parser.add_subparsers(prog=prog, metavar="COMMAND", required=True, help=SUPPRESS)
    for name, module in modules.items():
        command = commands.add_parser(
            name,
            description=module.SUMMARY[0].upper() + module.SUMMARY[1:] + ".",
            epilog=module.DETAILS,
            formatter_class=layout,
            allow_abbrev=False,
        )
        module.configure(command)
        set_usage(command)
        command.set_defaults(run=module.run)
    return parser


def _in_one_line(error: Exception) -> str:
    """What to tell about an error; "" when it is no mistake of the user, and no limit here."""
    if message := advice.limit(error):
        return message
    if isinstance(error, PlayerError):
        return _with_round(str(error), error)
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return f"{'standard output: ' if _is_of_output(error) else where}{error.strerror}"
    if isinstance(error, ValueError | OSError):
        return " ".join(_with_round(str(error), error).split())
    if isinstance(error, ImportError) and not (error.name or "").startswith("fl_krum"):
        return advice.missing(error)
    return ""


def _is_of_output(error: Exception) -> bool:
    """Whether standard output could not be written: all other files are named by their errors."""
    full = (errno.ENOSPC, errno.EFBIG, errno.EIO)
    return isinstance(error, OSError) and not error.filename and error.errno in full


def _with_round(message: str, error: Exception) -> str:
    """The message, and in which round of a session it was, unless it says so itself."""
    number = getattr(error, "round", None)
    is_named = number is None or f"round {number}" in message
    return message if is_named else f"{message} (round {number} of the session)"


def _complain(message: str, status: int) -> int:
    print(f"fl_krum: error: {message}", file=sys.stderr)
    return status
