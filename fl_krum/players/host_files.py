"""What `deploy` writes for the people at the hosts: commands, and what to do with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..program.krum_program import KrumProgram
from . import companions

GUARD = Path(__file__).with_name("host_guard.py")
CERTIFICATES = "certificates"  # of all players, where each host makes its own key
DEADLINE = 3600  # seconds without a sign of life
PYTHON = '"${PYTHON:-python3}"'  # in a shell's words


@dataclass(frozen=True)
class Kind:
    """How the folders of one engine's hosts look.

    Attributes
    ----------
    home : str
        The environment variable that names the installation.
    title : str
        What has to be installed.
    source : str
        Where the program lies.
    name, certificate, key : str
        What a player is called in its certificate, and where this one and its key lie, with {} for
        its number.
    before, after : str
        Lines of run.sh before the player starts, with {} for its number.
    collect : str
        Lines of run.sh that put the certificates of all players where the player looks for them.
    """

    home: str
    title: str
    source: str
    name: str
    certificate: str
    key: str
    before: str
    collect: str


def command(kind: Kind, player: int, hosts: Sequence[str], argv: str, own_keys: bool) -> str:
    """run.sh: start this player; ``argv`` is its command line in a shell's words."""
    collect = _collect(kind, hosts) if own_keys else ""
    return f"""\
#!/bin/sh
# Starts player {player}. Start all players within a minute: then those that are there give up, or
# keep a core busy while they wait.
set -eu
cd "$(dirname "$0")"
: "${{{kind.home}:?has to name the folder of {kind.title} on this host}}"
{collect}{kind.before.format(player)}
# A player's memory is full of shares: none of it is to stay on disk in a core dump.
ulimit -c 0

exec {PYTHON} guard.py "${{DEADLINE:-{DEADLINE}}}" "player {player}" \\
{argv}
"""


def beside(kind: Kind, argv: str) -> str:
    """The command line of a client's player, with the companion before it that proves that the
    client's words are short."""
    return f"    {PYTHON} -m mamba.client {kind.source} \\\n{argv}"


def _collect(kind: Kind, hosts: Sequence[str]) -> str:
    one = f"{CERTIFICATES}/{kind.certificate.rpartition('/')[2].format('$i')}"
    return f"""
i=0
for host in {" ".join(hosts)}; do
    [ -f "{one}" ] || {{ echo "{one} is missing: player $i on $host makes it" >&2; exit 1; }}
    i=$((i + 1))
done
{kind.collect}
"""


def make_key(kind: Kind, player: int, days: int) -> str:
    """make_key.sh: a private key that never leaves the host, and a certificate for the others.

    The certificate is signed by its own key and says that it is no authority: trusting it means to
    trust this one player, and no other that it might vouch for.
    """
    name, key = kind.name.format(player), kind.key.format(player)
    certificate = f"{CERTIFICATES}/{kind.certificate.rpartition('/')[2].format(player)}"
    return f"""\
#!/bin/sh
# Makes the private key of player {player}, which stays on this host, and its certificate for all.
set -eu
umask 077
cd "$(dirname "$0")"
[ ! -e {key} ] || {{ echo "{key} is there already" >&2; exit 1; }}
mkdir -p {CERTIFICATES} "$(dirname {key})"
cat > key.cnf <<END
[req]
prompt = no
distinguished_name = subject
x509_extensions = extensions
[subject]
CN = {name}
[extensions]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = DNS:{name}
END
openssl req -x509 -newkey rsa:2048 -nodes -sha256 -days {days} -config key.cnf \\
    -keyout {key} -out {certificate} 2> key.log || {{ cat key.log >&2; exit 1; }}
rm key.cnf key.log
cp {certificate} {kind.certificate.format(player)}
echo "Give {certificate} to all the other hosts, into the folder of the same name there."
openssl x509 -in {certificate} -noout -fingerprint -sha256
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


def numbers(program: KrumProgram) -> str:
    """numbers.awk: the server's words as numbers, one a line; vectors may stand in brackets."""
    fixed = program.fixed_point
    return f"""\
# The players' words as real numbers: standard input to standard output, {program.d} a round.
# A word is the sum of clients' words, each as often as it counts, and the number is their mean. The
# first word of a round is how many these are; before it stands who passed the check of its input.
function fail(what) {{ print what > "/dev/stderr"; exit 1 }}
BEGIN {{ FS = " : " }}
/Client [0-9]+ passed : 0/ {{
    gsub(/.*Client | passed/, "", $1)
    liars = liars " " $1
    count_of_liars++
}}
/Output channel 0/ {{
    gsub(/[][ ]/, "", $NF)
    count = split($NF, word, ",")
    for (i = 1; i <= count; i++) {{
        if (seen++ % {program.d + 1} == 0) {{
            round++
            if (count_of_liars)
                print "round " round ": shared more than agreed, and left out: client" liars \\
                    > "/dev/stderr"
            if (count_of_liars > {program.f})
                fail("these are more than f = {program.f}, so no result can be trusted")
            total = {_total(program)}
            if (word[i] != total) fail("not " total " vectors were added up")
            liars = ""; count_of_liars = 0
            continue
        }}
        printf "%.10g\\n", (word[i] - total * 2^{fixed.bits - 1}) / (total * 2^{fixed.fraction})
    }}
    fflush()
}}
"""


def _total(program: KrumProgram) -> str:
    """The sum of the weights, as awk computes it: with every liar it may be less."""
    whole = program.total()
    less = whole - program.total(1)
    return f"{whole} - {less} * count_of_liars" if less else str(whole)


def instructions(
    kind: Kind,
    program: KrumProgram,
    hosts: Sequence[str],
    player: int,
    port: int,
    security: str,
    own_keys: bool,
) -> str:
    """README.txt of one host."""
    role = "the server" if player == 0 else f"client {player} of {program.n}"
    others = "\n".join(f"    {host}" for host in sorted(set(hosts) - {hosts[player]}))
    keys = _own_key(kind, player) if own_keys else ""
    return f"""\
Player {player} of the {program.players} players 0 to {program.n}: {role}, on {hosts[player]}.

{kind.source} is what they compute: {program.title} for n = {program.n} clients, f = {program.f} of
them Byzantine, d = {program.d} numbers a client, T = {program.rounds} rounds.
Security: {security}.

1. {kind.home} has to name the folder of {kind.title} on this host.{_python(program, player)}

2. TCP port {port + player} here has to be open to the other hosts, and should be to nobody else:
{others}
{keys}
{4 if own_keys else 3}. {_use(program, player)}
The last line on standard error says, if anything goes wrong, what it is.
{kind.key.format(player)} is the private key of this player: keep this folder to yourself.
"""


def _python(program: KrumProgram, player: int) -> str:
    """What the companion of a client's player needs."""
    if player == 0 or not program.check:
        return ""
    return f"""
   python3 has to be {companions.NEEDS}; PYTHON=... ./run.sh takes another one
   than python3. It makes what this client adds to its numbers, so that the others can check inside
   the computation that they are in range (mamba/client.py)."""


def _own_key(kind: Kind, player: int) -> str:
    return f"""
3. ./make_key.sh makes the key of this player, which stays here, and its certificate, which every
   other host needs in its folder {CERTIFICATES}/, as this one needs theirs. Compare the
   fingerprints that all hosts print by some other way, by telephone for instance: who swaps a
   certificate on its way can pose as a player.
"""


def _use(program: KrumProgram, player: int) -> str:
    """How to start the player, and how to give it numbers or to get them."""
    if player == 0:
        return f"""\
Start the server. It gives the chosen vector, {program.d} numbers a round:

    ./run.sh | awk -f numbers.awk
{_told(program)}"""
    return f"""\
Write your {program.d} numbers of each of the {program.rounds} rounds to a file, one round after the
   other. Have them checked and turned into words, and only then start the player:

    python3 words.py < numbers.txt > words.txt && ./run.sh < words.txt

   Words that come later, round by round, can be written to the standard input of ./run.sh when they
   are there. {_believed(program)}
"""


def _told(program: KrumProgram) -> str:
    if not program.check:
        return ""
    return f"""
   Standard error tells which clients shared more than agreed, and were left out of a round. More
   than f = {program.f} of them are an error.
"""


def _believed(program: KrumProgram) -> str:
    if program.check:
        return """\
If they end early, or are no words, the player is ended. A word
   out of range is shared, found out by the others, and left out."""
    return """\
But never let them end early, or be anything else than words:
   SCALE-MAMBA's players take whatever they find for a number and say nothing, and no player minds a
   word too large."""


def overview(program: KrumProgram, hosts: Sequence[str], folders: Sequence[Path], own_keys) -> str:
    """README.txt beside the folders."""
    copies = "\n".join(
        f"    scp -pr {folder.name} {host}:" for folder, host in zip(folders, hosts, strict=True)
    )
    keys = (
        "There is no key in them: each host makes its own, as its README.txt tells."
        if own_keys
        else f"""\
Then remove them here: whoever has a player's key can pose as that player, and the shares of any
{program.threshold + 1} players together give away all updates."""
    )
    return f"""\
A folder for each of the {program.players} players. Copy each to its host, and to no other:

{copies}

{keys}

Start all players within a minute, as the README.txt in each folder tells.
"""
