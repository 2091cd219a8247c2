"""The embedded engine: this project's own players, ``python -m mamba.player``, one process each.

On Linux one ``python -m mamba.fork_server`` forks them all, which is several times quicker;
elsewhere, and where the environment variable ``FL_KRUM_FORK_SERVER`` is ``no``, each is
started by itself.

Always there, and the default. All players run on this machine and listen on 127.0.0.1 only;
between them is mutual TLS, with certificates made for this one run.
"""

from __future__ import annotations

import json
import re
import socket
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from . import fork_server
from .engine import ACTIVE, SEMI_HONEST, EngineStatus, Exit, MambaProgram, RunPlan
from .launching import ROOT, environment, fork_server_command
from .problems import Problem
from .process import Command

if TYPE_CHECKING:
    from .certificates import Certificates, Identity

# How a player can depart from the protocol on purpose (`mamba/cheats.py`), and what it does then.
CHEATS = {
    "product": "makes all distances longer but its own, by adding to products",
    "read": "reads the last bit of a distance of two others, by adding to a product",
    "share": "sends a wrong share of masked numbers",
    "stories": "tells two players two random numbers",
    "mask": "deals masks that do not fit their bits",
    "last": "adds 1 to the result when the server is sent it",
}

_SECURITY = {
    SEMI_HONEST: "semi-honest; openings are checked",
    ACTIVE: "active security with abort",
}

# What a player says that lost another one, or runs the same program as most of them.
LOST = re.compile(r"connect|reach|answer|players? \d+(, \d+)* ha(s|ve) another program")

# What a player says of a mistake in the program, with the line that it quotes; of its inputs; and,
# when it is ended, of the line that was at work.
MISTAKE = re.compile(
    r"(?m)^Player (?P<player>\d+): (?:error:|ended in) "
    r"(?:\S+, line (?P<line>\d+): |(?=this player))(?P<message>.*?)(?: \(in: .*\))?$"
)
AT_WORK = "this was still at work"

READY = re.compile(rb"Player \d+ ready: [^\n]*, holders ([\d ]+)\n")
OWN_WORDS = re.compile(rb"(?m)^End of prog\n")  # not the program's
END_OF_INPUT = b"\x04"

# What a player says that has found another one cheating, behind the names of those it can be.
DEPARTED = "departed from the protocol"

STRANGERS = "never showed a certificate"  # what a player says whose port others have called


class EmbeddedEngine:
    """Starts ``python -m mamba.player``; see `fl_krum.players.engine.Engine`.

    Parameters
    ----------
    security : {"semi-honest", "active"}
    cheat : (int, str), optional
        A player that departs from the protocol of krum.mpc, and how: one of `CHEATS`.
    """

    name = "embedded"

    def __init__(self, security: str = SEMI_HONEST, cheat: tuple[int, str] | None = None):
        self.security, self.cheat = security, cheat

    def with_security(self, security: str) -> EmbeddedEngine:
        return EmbeddedEngine(security)

    needs_folder = False
    some_hold_shares = True

    def status(self) -> EngineStatus:
        if not (Path(ROOT) / "mamba" / "player.py").exists():
            return EngineStatus(
                False, f"there is no mamba/player.py in {ROOT}: install fl_krum again"
            )
        return EngineStatus(
            True,
            version="Python {}.{}.{}".format(*sys.version_info[:3]),
            security=f"Shamir shares, honest majority, {_SECURITY[self.security]}",
        )

    def prepare(self, program, folder: Path | None = None, views: bool = False) -> RunPlan:
        """A run whose players are given everything on standard input: no file could be left."""
        fork_server.launch(fork_server_command())
        # Every opened number is hidden up to 2^-security: as well as the field allows.
        program = replace(program, security=program.largest_security)
        text = MambaProgram(program.source(), program.players, "krum.mpc")
        options = self._options(program, views)
        options += ("--checked",)  # the text is our own; with a hundred players it would take long
        if program.holders:
            options += ("--holders", ",".join(map(str, program.holders)))
        self.check_cheat(program)
        plan = _plan(text, options, views, self.cheat)
        longer = 4 if self.security == ACTIVE else 1
        return replace(plan, round_deadline=longer * _round_deadline(program.n, program.d))

    def prepare_any(
        self, program: MambaProgram, folder: Path | None = None, views: bool = False
    ) -> RunPlan:
        """The same for any other program."""
        fork_server.launch(fork_server_command())
        program = replace(program, name="program.mpc")  # its own may be hard to tell from an option
        plan = _plan(program, (*self._options(program, views), "--inputs-end"), views)
        return replace(plan, any_output=True, end_of_input=END_OF_INPUT)

    def check_cheat(self, program) -> None:
        """ValueError when no player of this program can cheat like that."""
        if self.cheat is None:
            return
        player, kind = self.cheat
        if kind not in CHEATS:
            raise ValueError(f"cheat {kind!r}: choose one of {', '.join(CHEATS)}")
        if not 1 <= player <= program.n:
            raise ValueError(f"cheat {player}:{kind}: clients are players 1 to {program.n}")
        if program.holder_count < program.n and player not in program.holders:
            raise ValueError(
                f"cheat {player}:{kind}: it has to hold shares; holders={player},… names it, or "
                "a larger threshold has all clients hold them"
            )
        if kind == "read" and not 7 <= program.n <= 10:
            raise ValueError("cheat read: it takes 7 to 10 clients, whose neighbours are ranked")

    def _options(self, program, views: bool) -> tuple[str, ...]:
        options = (*_options(program.players, views), "--threshold", str(program.threshold))
        return (*options, "--active") if self.security == ACTIVE else options


def _plan(
    program: MambaProgram,
    options: tuple[str, ...],
    views: bool,
    cheat: tuple[int, str] | None = None,
) -> RunPlan:
    from . import certificates  # takes a while, in which the fork server gets ready

    issued = certificates.issue(program.players, "ec")
    server = fork_server_command()
    if server is not None:
        checked = "--checked" in options
        told = {"program": program.text, "path": program.name, "checked": checked}
        server = replace(server, first_input=json.dumps(told).encode())
    return RunPlan(
        commands=lambda: _commands(program, issued, options, cheat),
        ready=READY,
        start_deadline=_start_deadline(program.players),
        round_deadline=60.0,
        ports_taken=frozenset({3}),
        draws=re.compile(rb"Player \d+ draws holders\n"),
        read_exit=_read_exit,
        views=views,
        fork_server=server,
        reports_every_round=True,
        read_problems=_read_problems,
        own_words=OWN_WORDS,
    )


def _options(players: int, views: bool) -> tuple[str, ...]:
    patience = str(max(60.0, _start_deadline(players)))
    return ("--patience", patience, *(("--views", "-") if views else ()))


def _start_deadline(players: int) -> float:
    return 30.0 + 2.0 * players


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that are free now; another program may still be quicker to take one."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def _commands(
    program: MambaProgram,
    issued: Certificates,
    options: tuple[str, ...],
    cheat: tuple[int, str] | None = None,
) -> list[Command]:
    """One command a player, on ports that are free now."""
    ports = ",".join(map(str, free_ports(len(issued.players))))
    options = ("--ports", ports, "--given-on-stdin", "--end-with-stdin", *options)
    commands: list[Command] = []
    for i, identity in enumerate(issued.players):
        arguments = (str(i), program.name, *options)
        if cheat and cheat[0] == i:
            arguments += ("--cheat", cheat[1])
        argv = (sys.executable, "-m", "mamba.player", *arguments)
        given = _given(program.text, issued.root, identity)
        commands.append(Command(argv, Path(ROOT), environment(), arguments, given))
    return commands


def _given(source: str, root: bytes, identity: Identity) -> bytes:
    """What a player reads first: the length of some JSON as eight digits, and that JSON."""
    pem = {"root": root, "certificate": identity.certificate, "key": identity.key}
    texts = {name: content.decode("ascii") for name, content in pem.items()}
    content = json.dumps({"program": source, **texts}).encode()
    return b"%08d" % len(content) + content


def _round_deadline(n: int, d: int) -> float:
    """Seconds: some twenty times what distances and comparisons take on 2 quiet cores."""
    return 60.0 + 1.2e-5 * n**2 * d + 2e-6 * n**5


def _read_exit(status: int, last_words: str) -> Exit:
    if status == 3:
        advice = "Other programs keep taking the ports that were free a moment before: try again."
        return Exit(advice=advice)
    if STRANGERS in last_words:
        advice = (
            "Another program on this machine holds connections to the players' ports. They take "
            "other ports the next time: try again."
        )
        return Exit(advice=advice)
    if DEPARTED in last_words:
        found = last_words.rpartition(DEPARTED)[0].rpartition("; ")[2]
        suspects = tuple(int(player) for player in re.findall(r"player (\d+)", found))
        return Exit(
            is_alarm=True, advice=_without(suspects), suspects=suspects,
            finding=f"found that a player {DEPARTED}",
        )  # fmt: skip
    lost = LOST.search(last_words) is not None and not _read_problems(last_words)
    return Exit(is_consequence=status == 1 and lost)


def _without(suspects: tuple[int, ...]) -> str:
    if not suspects:
        return ""
    names = " or ".join(f"player {player}" for player in suspects)
    return f"The next start can do without {names}."


def _read_problems(said: str) -> list[Problem]:
    problems = []
    for match in MISTAKE.finditer(said):
        message = match["message"].replace("this player", f"player {match['player']}")
        line = int(match["line"]) if match["line"] else None
        problems.append(Problem("" if message == AT_WORK else message, line))
    return problems
