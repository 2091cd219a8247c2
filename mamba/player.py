"""One player process: ``python -m mamba.player I PROGRAM.mpc --ports ... --certificates DIR``.

Executes the text of a ``.mpc`` file together with the other players. Takes this player's inputs on
standard input, unsigned 64-bit words separated by white space, and prints what is opened to it as
SCALE-MAMBA does, ``Output channel 0 : <signed integer>``. News are on standard error: one line
when all players are connected, one after each output with the bytes and rounds so far. An error is
one line there, and exit status 1; status 3 says that the port is taken. No secret is ever written
anywhere, but for the samples that ``--views`` asks for.
"""

import argparse
import contextlib
import errno
import functools
import importlib
import json
import linecache
import os
import random
import signal
import ssl
import sys
import threading
import time
from pathlib import Path
from typing import Any

from mamba import addresses, cheats, holders, input_proof, output_text
from mamba.farewell import Farewell, Reason
from mamba.given import Given, read_given
from mamba.input_words import WordReader
from mamba.language.branches import compile_text
from mamba.language.machine import Machine, line_of
from mamba.language.messages import at_line, explain
from mamba.language.names import known_names, namespace
from mamba.language.static_check import check
from mamba.network import Network, NetworkError
from mamba.protocols import ProtocolError, Protocols
from mamba.run_error import RunError
from mamba.view import View

resource: Any = None
with contextlib.suppress(ImportError):  # Windows has no such module
    resource = importlib.import_module("resource")

PORT_TAKEN = 3
MOST = 20  # mistakes of one program that are told at once

WARNING = (
    "Run only programs that you have read or whose author you trust: a .mpc file is Python, and "
    "can do whatever you can do on this machine, not only compute with shares."
)


def main(arguments=None):
    """Run one player; the exit status is returned."""
    options = _parse(arguments)
    me, network, protocols = options.player, None, None
    forbid_core_dumps()
    until = None if options.deadline is None else time.monotonic() + options.deadline
    try:
        if options.given_on_stdin:
            given = read_given(sys.stdin.fileno())
            text, certificates = given.program, given.credentials
        else:
            text, certificates = read_program(options.program), options.certificates
            given = Given(text, certificates, [])
        program, problems = compile_program(text, options.program, options.checked)
        if problems:
            _say("\n".join(f"Player {me}: error: {problem}" for problem in problems[:MOST]))
            return 1
        prover = input_proof.prover(text)
        words = WordReader(sys.stdin.fileno(), options.end_with_stdin)
        places = given.places or options.ports
        meeting = given.meeting(holders.meeting(len(places), options.threshold, options.holders))
        network = Network(
            me, places, certificates, options.patience, _say, at_once=False, meeting=meeting,
            listen=given.listen, deadline=until, absent=given.absent,
        )  # fmt: skip
        view = View() if options.views else None
        kind = cheats.KINDS[options.cheat] if options.cheat else Protocols
        protocols = kind(
            network, view, text, options.threshold, options.holders, _say, options.active
        )
        players, threshold = protocols.players, protocols.threshold
        named = " ".join(map(str, protocols.holders))
        _say(f"Player {me} ready: {players} players, threshold {threshold}, holders {named}")

        def read(count):
            values = words.read(count, until, network.look)
            network.note_inputs()
            if view:
                view.note_words(values)
            return values

        def report():
            if view and options.views == "-":
                print(f"View {view.as_json()}", flush=True)
            elif view:
                view.save(options.views)
            _say(f"Sent {network.bytes_sent} bytes in {network.rounds} rounds")
            reported.append(network.rounds)

        reported = [-1]
        machine = Machine(protocols, read, output_text.write, report, prover, options.program, view)
        random.seed(0)  # a text that imports it draws the same numbers on all players
        with told_where_it_was(me, options.program):
            exec(
                program, {"__name__": "__main__", "__file__": options.program, **namespace(machine)}
            )
            machine.end()
            if options.inputs_end:
                words.check_end()
        if reported[-1] != network.rounds:  # the last output was not the end
            report()
        words.close()
        network.close()
        print("End of prog", flush=True)
        return 0
    except OSError as error:
        status = PORT_TAKEN if error.errno in (errno.EADDRINUSE, errno.EACCES) else 1
        return _end(me, network, protocols, str(error), (), status)
    except NetworkError as error:
        return _end(me, network, protocols, str(error), error.claims)
    except ProtocolError as error:
        found = Reason.DIFFERENT if error.players else Reason.DEVIATES
        claims = [Farewell(found, player, me) for player in error.players or [None]]
        return _end(me, network, protocols, str(error), claims)
    except Exception as error:  # a mistake in the program: tell where, in its own lines
        return _end(me, network, protocols, explain(error, options.program))


def _end(me, network, protocols, why, claims=(), status=1):
    """End with one line about it; on several hosts the others are told, and heard, before."""
    if network is not None and network.is_of_a_run:
        said = network.leave(*claims)
        content = {"missing": said.missing, "again": said.again}
        content["may_begin_again"] = _may_begin_again(network, protocols, said)
        _say(f"Left {json.dumps(content)}")
    _say(f"Player {me}: error: {why}")
    return status


def _may_begin_again(network, protocols, said):
    """Whether nothing that depends on this player's input can have become known.

    A holder knows: without it no product is brought back to degree t. One that holds no shares
    believes the holders, when more than t say so: one of them is honest.
    """
    if not network.is_late or protocols is None or protocols.is_holder:
        return not network.is_late
    early = [player for player in protocols.holders if said.late.get(player) is False]
    return len(early) > protocols.threshold


def warm_up():
    """Do once what takes longer the first time, for the players that this process will fork."""
    _parse(["0", "", "--ports", "1,2,3", "--certificates", ""])
    compile("", "", "exec")
    addresses.resolve(addresses.LOOPBACK, 1)  # Python has more to import for a host's name
    for purpose in (ssl.PROTOCOL_TLS_CLIENT, ssl.PROTOCOL_TLS_SERVER):
        ssl.SSLContext(purpose)  # OpenSSL looks for its algorithms


def read_ahead(text, path, checked):
    """Likewise for the text of a program that these players will run; executes nothing of it."""
    compile_program(text, path, checked)
    input_proof.code_of_sizes(text)


def forbid_core_dumps():
    """A player's memory is full of shares, and no file is to have it when a player crashes."""
    if resource is None:  # Windows, where it takes an administrator to switch dumps on
        return
    limit = 0
    with contextlib.suppress(OSError):
        if Path("/proc/sys/kernel/core_pattern").read_bytes().startswith(b"|"):
            limit = 1  # to Linux 0 means no file, but still a pipe to a program; 1 means neither
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))


def leave(status):
    """End this process at once: taking the interpreter apart takes longer than a small round."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def read_program(path):
    """Text of a ``.mpc`` file; RunError when it cannot be read."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise RunError(f"cannot read {path}: {error.strerror}") from None
    except ValueError as error:
        raise RunError(f"{Path(path).name} is not a text file: {error}") from None


def compile_program(text, path, checked=False):
    """Code object of the text of a ``.mpc`` file, and what is wrong with the text, a line each; its
    names are looked up unless somebody has done so."""
    # Error messages quote the line, and find it here.
    linecache.cache[str(path)] = len(text), None, text.splitlines(keepends=True), str(path)
    return _compiled(text, str(path), checked)


@functools.lru_cache(maxsize=1)  # done in a fork server, it is done for all players
def _compiled(text, path, checked):
    names = {} if checked else known_names()
    problems = [] if checked else check(text, names)
    if problems:
        return None, [at_line(path, problem.line, problem.message) for problem in problems]
    try:
        return compile_text(text, path), []
    except RunError as error:  # branches that do not fit together
        return None, [at_line(path, error.line, str(error))]
    except SyntaxError as error:  # return outside of a function, for instance
        return None, [at_line(path, error.lineno, error.msg)]


@contextlib.contextmanager
def told_where_it_was(me, path):
    """Say which line of the program was at work when this process is asked to end meanwhile."""

    def tell(number, frame):
        line = line_of(frame, path)
        if line is not None:
            said = f"Player {me}: ended in {at_line(path, line, 'this was still at work')}\n"
            os.write(sys.stderr.fileno(), said.encode())  # print may be at work, too
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    if os.name != "posix" or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, tell)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _say(line):
    print(line, file=sys.stderr, flush=True)


def _parse(arguments):
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        options.ports = [addresses.parse(port) for port in options.ports.split(",") if port]
    except ValueError as error:
        parser.error(f"--ports: {error}")
    try:
        if options.holders is not None:
            options.holders = sorted(int(player) for player in options.holders.split(","))
    except ValueError:
        parser.error(f"--holders {options.holders}: these are not numbers separated by commas")
    if options.given_on_stdin and not options.ports:
        return options  # what is given there says it
    if len(options.ports) < 3:
        parser.error(
            "at least 3 players are needed for an honest majority of which one may be curious"
        )
    if not 0 <= options.player < len(options.ports):
        parser.error(f"player {options.player}: there are players 0 to {len(options.ports) - 1}")
    return options


@functools.cache
def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m mamba.player", description="Run one embedded player.", epilog=WARNING
    )
    parser.add_argument("player", type=int, help="number of this player, from 0")
    parser.add_argument("program", help="the .mpc file that all players run")
    parser.add_argument("--ports", default="",
                        help="where every player is, separated by commas: a port on loopback, or "
                        "HOST:PORT")  # fmt: skip
    start = parser.add_mutually_exclusive_group(required=True)
    start.add_argument("--certificates", metavar="DIR",
                       help="folder with RootCA.crt, PlayerI.crt and PlayerI.key")  # fmt: skip
    start.add_argument("--given-on-stdin", action="store_true",
                       help="standard input begins with what LocalPlayers gives its players: the "
                       "text of PROGRAM (a name only), certificates and key")  # fmt: skip
    parser.add_argument("--threshold", metavar="T", type=int,
                        help="how many holders of shares may pool what they see without learning "
                        "anything; 2T + 1 hold them (default: as many as can be)")  # fmt: skip
    parser.add_argument("--holders", metavar="I,J,...",
                        help="the 2T + 1 players that hold shares, the same for all (default: "
                        "where there is a choice, all players draw them together)")  # fmt: skip
    parser.add_argument("--active", action="store_true",
                        help="verify all that is computed, so that up to T holders, and any other "
                        "players, may depart from the protocol: then the run ends")  # fmt: skip
    parser.add_argument("--cheat", choices=cheats.KINDS,
                        help="depart from the protocol of krum.mpc in this way, to show what "
                        "comes of it")  # fmt: skip
    parser.add_argument("--views", metavar="FILE",
                        help="write samples of this player's shares to FILE, or - to print "
                        "them")  # fmt: skip
    parser.add_argument("--patience", metavar="SECONDS", type=float, default=60.0,
                        help="how long to wait for the other players (default 60)")  # fmt: skip
    parser.add_argument("--deadline", metavar="SECONDS", type=float,
                        help="how long all of it may take")  # fmt: skip
    parser.add_argument("--inputs-end", action="store_true",
                        help="the input ends with the character EOT (4), and the program has to "
                        "read all of it")  # fmt: skip
    parser.add_argument("--checked", action="store_true",
                        help="do not look for unknown names: it has been done")  # fmt: skip
    parser.add_argument("--end-with-stdin", action="store_true",
                        help="end at once when standard input is closed")  # fmt: skip
    return parser


if __name__ == "__main__":
    leave(main())
