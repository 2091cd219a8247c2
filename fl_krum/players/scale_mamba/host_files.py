"""What `deploy` writes for the people at the hosts: commands, and what to do with them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...program.krum_program import KrumProgram
from . import player_files
from .installation import CIRCUITS, PLAYER, PROGRAM, SCALE_MAMBA_HOME


def command(player: int, options: Sequence[str]) -> str:
    """run.sh: start this player."""
    return f"""\
#!/bin/sh
# Starts player {player}. Start all players within a minute or so: the first ones wait for the
# others, and keep a core busy meanwhile.
set -eu
cd "$(dirname "$0")"
: "${{{SCALE_MAMBA_HOME}:?has to name the folder of SCALE-MAMBA on this host}}"
ln -sfn "${SCALE_MAMBA_HOME}/{CIRCUITS}" {CIRCUITS}

# A player's memory is full of shares: none of it is to stay on disk, neither what it writes when
# it ends nor a core dump.
ln -sf /dev/null {player_files.memory(player)}
ulimit -c 0

exec "${SCALE_MAMBA_HOME}/{PLAYER}" \\
    {" ".join(options)} \\
    {player} {PROGRAM}
"""


def words(program: KrumProgram) -> str:
    """words.py: check a client's numbers and encode them, on a host that has Python and no more."""
    fixed = program.fixed_point
    return f"""\
# Real numbers to words for the player: standard input to standard output, {program.d} a round.
import sys

numbers = [float(number) for number in sys.stdin.read().split()]
if not numbers or len(numbers) % {program.d}:
    sys.exit("{{}} numbers; {program.d} for each round are expected".format(len(numbers)))
for number in numbers:
    if not {fixed.range()[0]} <= number <= {fixed.range()[1]}:
        sys.exit("{{}} is out of range".format(number))
for number in numbers:
    print(round(number * 2**{fixed.fraction}) + 2**{fixed.bits - 1})
"""


def instructions(program: KrumProgram, hosts: Sequence[str], player: int, port: int) -> str:
    """README.txt of one host."""
    role = "the server" if player == 0 else f"client {player} of {program.n}"
    others = "\n".join(f"    {host}" for host in sorted(set(hosts) - {hosts[player]}))
    return f"""\
Player {player} of the {program.players} players 0 to {program.n}: {role}, on {hosts[player]}.

Programs/krum/krum.mpc is what they compute: Krum for n = {program.n} clients, f = {program.f} of
them Byzantine, d = {program.d} numbers a client, T = {program.rounds} rounds.

1. {SCALE_MAMBA_HOME} has to name the folder of SCALE-MAMBA 1.14 on this host.

2. TCP port {port + player} here has to be open to the other hosts, and should be to nobody else:
{others}

3. {_use(program, player)}
Cert-Store/Player{player}.key is the private key of this player: keep this folder to yourself.
"""


def _use(program: KrumProgram, player: int) -> str:
    """How to start the player, and how to give it numbers or to get them."""
    fixed = program.fixed_point
    if player == 0:
        decode = f'printf "%.10g\\n", ($NF - 2^{fixed.bits - 1}) / 2^{fixed.fraction}'
        return f"""\
Start the server. It gives the chosen vector, {program.d} numbers a round:

    ./run.sh | awk '/Output channel 0/ {{ {decode} }}'
"""
    return f"""\
Write your {program.d} numbers of each of the {program.rounds} rounds to a file, one round after the
   other. Have them checked and turned into words, and only then start the player:

    python3 words.py < numbers.txt > words.txt && ./run.sh < words.txt

   Numbers that come later, round by round, can be written to the player's standard input when
   they are there; but never let it end early, or be anything else than words: a player takes
   whatever it finds for a number, and says nothing.
"""


def overview(program: KrumProgram, hosts: Sequence[str], folders: Sequence[Path]) -> str:
    """README.txt beside the folders."""
    copies = "\n".join(
        f"    scp -pr {folder.name} {host}:" for folder, host in zip(folders, hosts, strict=True)
    )
    return f"""\
A folder for each of the {program.players} players. Copy each to its host, and to no other:

{copies}

Then remove them here: whoever has a player's key can pose as that player, and the shares of any
{program.threshold + 1} players together give away all updates.

Start all players at about the same time, as the README.txt in each folder tells.
"""
