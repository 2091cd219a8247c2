"""The programs of an MP-SPDZ installation that compute in the clear and fail as the real ones do.

    fake_mp_spdz.py NAME-party.x OPTIONS -p I krum
    fake_mp_spdz.py compile.py -F BITS krum

Files that are missing, what is printed where, exit statuses and ways of hanging: all as seen on an
installation of MP-SPDZ 0.4.2. Players find each other through files in the folder that
FAKE_EXCHANGE names, or in Player-Data/. FAKE_FAULT is "FAULT [PLAYER [ROUND]]".
"""

import os
import re
import signal
import sys
import time
from pathlib import Path

from checked_input import CheckedInput, sizes
from fake_player import publish, say
from party import Party

FAULT, PLAYER, ROUND = (os.environ.get("FAKE_FAULT", "none").split() + ["-1", "1"])[:3]


def parameters():
    return sizes(Path("Programs/Source/krum.mpc").read_text())


def compile_program(arguments):
    """compile.py, which works in the folder where it stands."""
    assert arguments[0] == "-F" and int(arguments[1]) >= 64 and arguments[2:] == ["krum"], arguments
    assert not [
        name for name in os.environ if name.startswith("PYTHON") and name[6:] != "DONTWRITEBYTECODE"
    ]
    text = Path("Programs/Source/krum.mpc").read_text()
    assert text.index("print_ln('Player ready')") < text.index("# --- Parameters")
    if FAULT == "compiler":
        sys.exit("Traceback (most recent call last):\nNameError: name 'sint' is not defined")
    if FAULT == "compiler-hangs":
        time.sleep(60)
    print("Compiling file Programs/Source/krum.mpc")
    if FAULT == "compiler-writes-nothing":
        return
    for name in ("Schedules/krum.sch", "Bytecode/krum-0.bc", "Bytecode/krum-LTZ(21)_63-3.bc"):
        Path("Programs", name).parent.mkdir(exist_ok=True)
        Path("Programs", name).write_text("0\n")


class Player(Party):
    """shamir-party.x, or another one"""

    def __init__(self, arguments):
        *options, program = arguments
        assert program == "krum"
        flags = [options.pop(options.index("-I"))]
        self.options = dict(zip(options[::2], options[1::2], strict=True))
        assert flags == ["-I"] and self.options["-P"] == str(2**127 - 1), arguments
        assert self.options["-o"] == "no_memory_output"
        self.index, self.players = int(self.options["-p"]), int(self.options["-N"])
        fault = FAULT if int(PLAYER) == self.index else "none"
        super().__init__(os.environ.get("FAKE_EXCHANGE", "Player-Data"), fault, ROUND)

    def run(self):
        say("Using statistical security parameter 40")
        self.load()
        self.sizes = parameters()
        self.input = CheckedInput(self.sizes, self.read_line, self.wait_for_clients)
        rounds = self.sizes.rounds
        self.connect()
        print("Player ready", flush=True)
        for current in range(1, rounds + 1):
            self.aggregate(current)
        self.end(rounds)

    def load(self):
        """Read the files; what is missing ends the player."""
        if not Path("Programs/Schedules/krum.sch").exists():
            fail("Missing 'Programs/Schedules/krum.sch'. Did you compile 'krum'?")
        for kind in ("pem", "key"):
            if not Path(f"Player-Data/P{self.index}.{kind}").exists():
                fail(f"Cannot access Player-Data/P{self.index}.{kind}. Have you set up SSL?")
        assert list(Path("Player-Data").glob("????????.0"))
        hosts = Path(self.options["-ip"]).read_text().splitlines()
        assert len(set(hosts)) == len(hosts) == self.players
        assert all(re.fullmatch(r"[\w.]+:\d+", line) for line in hosts), hosts
        assert self.players > 2 * int(self.options["-T"]) > 0

    def connect(self):
        """Wait for the others, one minute."""
        if self.fault == "missing":
            time.sleep(60)
        if not self.meet(self.players, float(os.environ.get("FAKE_PATIENCE", "60"))):
            fail("Timed out waiting for peer. See https://mp-spdz.readthedocs.io/")

    def ask(self):
        print("Please input integers:", flush=True)

    def tell(self, chosen):
        if self.fault == "mute":
            return
        text = f"[{', '.join(map(str, chosen))}]" if len(chosen) > 1 else chosen[0]
        print(f"Output channel 0 : 1\nOutput channel 0 : {text}", flush=True)  # one was chosen

    def read_line(self):
        line = sys.stdin.readline()
        if not line:
            fail("Fatal error at krum-0:5 (INPUTMIXED): not enough inputs in standard input")
        return line

    def misbehave(self):
        if self.current != self.when:
            return
        if self.fault == "die":
            publish(self.exchange / "dead", str(self.index))
            os.kill(os.getpid(), signal.SIGKILL)
        if self.fault == "caught":
            fail("Fatal error at krum-0:81 (OPEN): inconsistent Shamir secret sharing")

    def look_for_the_dead(self):
        dead = self.exchange / "dead"
        if dead.exists():
            what = f"This is probably because party {dead.read_text()} encountered a problem."
            fail(f"Fatal error in communication: read_some: stream truncated\n{what}")

    def end(self, rounds):
        self.await_the_end()
        if self.fault == "caught-late":
            fail("Fatal error: inconsistent Shamir secret sharing")
        say("The following benchmarks are including preprocessing (offline phase).")
        say("Time = 0.4 seconds ")
        sent = f"{1.5 * rounds:g} MB in ~{40 * rounds} rounds (party {self.index} only; use '-v')"
        say(f"Data sent = {sent}\nGlobal data sent = 9 MB (all parties)")


def fail(message):
    say(message)
    sys.exit(1)


def play(arguments):
    if FAULT == "library":
        say(
            "shamir-party.x: error while loading shared libraries: libSPDZ.so: "
            "cannot open shared object"
        )
        sys.exit(127)
    if FAULT == "processor":
        os.kill(os.getpid(), signal.SIGILL)
    if not arguments:
        say("ERROR: incorrect number of arguments to shamir-party.x")
        sys.exit(1)
    Player(arguments).run()


if __name__ == "__main__":
    (compile_program if sys.argv[1] == "compile.py" else play)(sys.argv[2:])
