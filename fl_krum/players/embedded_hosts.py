"""One folder a host for embedded players, as `fl_krum.players.deploy` writes them for the others.

These players need no installation but fl_krum, and nothing is compiled, so the folders hold no
program: every party makes it of the numbers in its own run.sh, which it can read before.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from ..program.krum_program import KrumProgram
from .certificates import write_private
from .engine import ACTIVE
from .roster import Roster, make_key

ROSTER = "roster.json"


def names(program: KrumProgram) -> list[str]:
    """What the parties are called."""
    return ["server", *(f"client{i}" for i in range(1, program.players))]


def write(
    program: KrumProgram,
    hosts: Sequence[str],
    output: Path,
    port: int,
    own_keys: bool = False,
) -> list[Path]:
    """Write a folder for each player to ``output``, which is there; return their paths."""
    parties = names(program)
    places = [f"[{h}]:{port + i}" if ":" in h else f"{h}:{port + i}" for i, h in enumerate(hosts)]
    folders = [output / f"player{i}-{host.replace(':', '_')}" for i, host in enumerate(hosts)]
    for folder in folders:
        folder.mkdir(mode=0o700)
    if not own_keys:
        keys = zip(parties, places, folders, strict=True)
        roster = Roster.of(make_key(*one) for one in keys)
        for folder in folders:
            roster.write(folder / ROSTER)
    files = "".join(f" certificates/{name}.json" for name in parties)
    for name, place, folder in zip(parties, places, folders, strict=True):
        texts = {"run.sh": (_command(program, name), 0o700)}
        if own_keys:
            texts["make_key.sh"] = (_make_key(name, place), 0o700)
            texts["make_roster.sh"] = (_make_roster(files), 0o700)
        texts["README.txt"] = (_instructions(program, name, place, own_keys), 0o600)
        for file, (text, mode) in texts.items():
            write_private(folder / file, text.encode())
            (folder / file).chmod(mode)
    return folders


def _command(program: KrumProgram, name: str) -> str:
    fixed = program.fixed_point
    options = {
        "--roster": ROSTER, "--name": name, "--byzantine": program.f, "--dimension": program.d,
        "--rounds": program.rounds, "--rule": program.rule, "--average": program.average,
        "--threshold": program.threshold, "--bits": fixed.bits, "--fraction": fixed.fraction,
        "--min-clients": program.n - program.f, "--security": ACTIVE,
    }  # fmt: skip
    words = " ".join(f"{option} {shlex.quote(str(value))}" for option, value in options.items())
    return f"""\
#!/bin/sh
# Starts the player of {name}; further options are added, as in ./run.sh --session monday.
set -eu
cd "$(dirname "$0")"
[ -f {ROSTER} ] || {{ echo "{ROSTER} is missing: README.txt tells how it is made" >&2; exit 1; }}
exec "${{PYTHON:-python3}}" -m fl_krum player {words} "$@"
"""


def _make_key(name: str, place: str) -> str:
    return f"""\
#!/bin/sh
# Makes the private key of {name}, which stays on this host, and {name}.json for all the others.
set -eu
cd "$(dirname "$0")"
"${{PYTHON:-python3}}" -m fl_krum key {name} {shlex.quote(place)} --folder .
mkdir -p certificates
cp {name}.json certificates/
echo "Give certificates/{name}.json to all the other hosts, into the folder of the same name there."
"""


def _make_roster(files: str) -> str:
    return f"""\
#!/bin/sh
# Puts what all hosts have made together.
set -eu
cd "$(dirname "$0")"
exec "${{PYTHON:-python3}}" -m fl_krum roster {ROSTER} --of{files}
"""


def _instructions(program: KrumProgram, name: str, place: str, own_keys: bool) -> str:
    is_server = name == "server"
    d, rounds = program.d, program.rounds
    keys = (
        f"""\
1. ./make_key.sh makes this host's key, which stays here, and certificates/{name}.json, which every
   other host needs in its folder certificates/, as this one needs theirs. When all are there,
   ./make_roster.sh writes {ROSTER}.
"""
        if own_keys
        else f"""\
1. {name}.key is this host's key. Who made these folders must be trusted not to keep it.
"""
    )
    use = (
        f"It prints the result, {d} numbers separated by commas, a line for each of the {rounds} "
        "rounds."
        if is_server
        else f"It reads {d} numbers of each of the {rounds} rounds on standard input, or with "
        "--input FILE."
    )
    return f"""\
{name}, on {place}: {program.title} for n = {program.n} clients, f = {program.f} of them Byzantine
or missing, d = {d} numbers a client, T = {rounds} rounds.

fl_krum has to be installed here: pip install, or PYTHON=/path/to/python ./run.sh

{keys}
2. `python3 -m fl_krum roster {ROSTER}` prints the digest of the roster. All hosts must have the
   same one: compare it in another way than the one by which the files came, by telephone for
   instance.

3. The port of {place} has to be open to the other hosts, and should be to nobody else.

4. Start ./run.sh on all hosts, within a minute of the server's. {use}
   run.sh has all numbers that this host agrees to; read them before. Whatever goes wrong, one line
   says what it is.
"""


def overview(hosts: Sequence[str], folders: Sequence[Path], own_keys: bool) -> str:
    """README.txt beside the folders."""
    copies = "\n".join(
        f"    scp -pr {folder.name} {host}:" for folder, host in zip(folders, hosts, strict=True)
    )
    keys = (
        "There is no key in them: each host makes its own, as its README.txt tells."
        if own_keys
        else "Then remove them here: whoever has a party's key can pose as that party."
    )
    return f"""\
A folder for each of the {len(hosts)} hosts. Copy each to its host, and to no other:

{copies}

{keys}
"""
