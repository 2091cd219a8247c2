"""A SCALE-MAMBA installation's programs that compute in the clear and fail as the real ones do.

    fake_scale_mamba.py player OPTIONS I Programs/krum
    fake_scale_mamba.py setup 2
    fake_scale_mamba.py compile compile-mamba.py -s -M Programs/krum

Files that are missing, what is printed where, with and without a newline, exit statuses and ways of
hanging: all as seen on an installation of SCALE-MAMBA 1.14. Players find each other through files
in the folder that FAKE_EXCHANGE names, or in Data/. FAKE_FAULT is "FAULT [PLAYER [ROUND]]".
"""

import os
import signal
import sys
import time
from pathlib import Path

from checked_input import CheckedInput, sizes
from fake_player import publish, say
from party import Party

PRIME = 170141183460469231731687303715884105727
FAULT, PLAYER, ROUND = (os.environ.get("FAKE_FAULT", "none").split() + ["-1", "1"])[:3]
NEEDS = {"triple": 700, "square": 15, "bit": 600}  # of one round


def parameters():
    return sizes(Path("Programs/krum/krum.mpc").read_text())


def set_up(arguments):
    """SetupBinary.x 2: asks for the kind of sharing, the prime and the threshold."""
    players = int(Path("Data/NetworkData.txt").read_text().split()[1])
    print("\nChoose which LSSS you want...\nEnter a number (0-3)..")
    kind, prime, threshold = (int(input()) for _ in range(3))
    if FAULT == "setup":
        abort("file_error", "File Error : Data/NetworkData.txt")
    assert arguments == ["2"] and kind == 1 and 0 < threshold < (players + 1) // 2
    Path("Data/SharingData.txt").write_text(f"{prime}\n1 {players} {threshold}\n")
    for i in range(players):
        Path(f"Data/MKey-{i}.key").write_text("\n")
    if players < 6:
        Path("Data/SharingData2.txt").write_text("0\n")


def compile_program(arguments):
    """compile-mamba.py, which finds its package by PYTHONPATH and the prime in Data/."""
    home = Path(arguments[0]).parent
    assert arguments[1:] == ["-s", "-M", "Programs/krum"], arguments
    assert os.environ["PYTHONPATH"] == str(home)
    assert Path("Data/SharingData.txt").read_text().split()[0] == str(PRIME)
    if FAULT == "compiler":
        sys.exit("Traceback (most recent call last):\nNameError: name 'sint' is not defined")
    if FAULT == "compiler-hangs":
        time.sleep(60)
    if FAULT == "compiler-warns":
        print("WARNING: Order of memory instructions not preserved, errors possible")
        return
    rounds = parameters().rounds
    counts = ", ".join(f"('modp', '{kind}'): {count * rounds}" for kind, count in NEEDS.items())
    print("Program requires 1 rounds of communication\nProgram requires 21 invocations")
    print(f"Program requires: {{{counts}}}\nWriting to Programs/krum/krum.sch")
    Path("Programs/krum/krum.sch").write_text("1\n1\nkrum-0\n1 0:0\n0\n")
    Path("Programs/krum/krum-0.bc").write_bytes(b"\0")


class Player(Party):
    """PlayerBinary.x"""

    PASSED = "\x1b[0m" + Party.PASSED

    def __init__(self, arguments):
        *options, index, self.program = arguments
        self.index = int(index)
        self.options = dict(zip(options[1::2], options[2::2], strict=True))
        assert options[0] == "-dOT"
        fault = FAULT if int(PLAYER) == self.index else "none"
        super().__init__(os.environ.get("FAKE_EXCHANGE", "Data"), fault, ROUND)

    def run(self):
        self.load()
        self.sizes = parameters()
        self.input = CheckedInput(self.sizes, self.read_line, self.wait_for_clients)
        rounds = self.sizes.rounds
        self.connect()
        self.produce(rounds)
        for current in range(1, rounds + 1):
            self.aggregate(current)
        self.end(rounds)

    def load(self):
        """Read the files; what is missing ends the player."""
        needed = [
            *("Data/NetworkData.txt", "Data/SharingData.txt", f"Data/MKey-{self.index}.key"),
            "Data/ConversionCircuit-LSSS_to_GC.txt",
            *("Circuits/Bristol/adder64.txt", "Cert-Store/RootCA.crt"),
            *(f"Cert-Store/Player{self.index}.{kind}" for kind in ("crt", "key")),
            f"{self.program}/krum-0.bc",
        ]
        say(f"Opening file {self.program}/krum.sch")
        for name in [*needed, f"{self.program}/krum.sch"]:
            if not Path(name).is_file():
                abort("file_error", f"File Error : {name}")
        root, count, *lines = Path("Data/NetworkData.txt").read_text().split("\n")
        assert root == "RootCA.crt" and lines[int(count) : int(count) + 2] == ["0", "0"]
        print("\n".join(" ".join(lines[: int(count)]).split()))

    def connect(self):
        """Wait for the others, for ever if need be."""
        if "-pns" in self.options:
            ports = self.options["-pns"].split(",")
        else:
            ports = [int(self.options["-pnb"]) + i for i in range(self.sizes.n + 1)]
        assert len(set(ports)) == self.sizes.n + 1
        if self.fault == "missing":
            sys.exit(0) if self.exchange.name == "nowhere" else time.sleep(60)
        self.meet(self.sizes.n + 1)
        print("All connections now done\nSetting up threads", flush=True)

    def produce(self, rounds):
        """The offline phase: "-max" below the need, or "-min" beyond a queue, waits for ever."""
        most = [int(count) for count in self.options["-max"].split(",")]
        least = [int(count) for count in self.options["-min"].split(",")]
        enough = all(m >= need * rounds for m, need in zip(most, NEEDS.values(), strict=True))
        masks = int(self.options["-maxI"]) >= (self.sizes.n + 1) * self.sizes.d * rounds
        if FAULT == "hungry" or not enough or not masks or least[1] > 100_000:
            time.sleep(60)
        print("Starting online phase 0")
        say("Waiting for thread 0 to be ready\nSignal online thread ready 0")

    def tell(self, chosen):
        for word in [1, *chosen]:
            print(f"\x1b[0mOutput channel 0 : {word}", flush=True)

    def read_line(self):
        print("Input channel 0 : ", end="", flush=True)
        return sys.stdin.readline() or str(2**64 - 5)

    def look_for_the_dead(self):
        if (self.exchange / "dead").exists():
            lost()

    def misbehave(self):
        if self.current != self.when:
            return
        if self.fault == "die":
            publish(self.exchange / "dead", "")
            os.kill(os.getpid(), signal.SIGKILL)
        if self.fault == "caught":
            abort("hash_fail", "Hash Fail")

    def end(self, rounds):
        self.await_the_end()
        say("Waiting for all clients to finish\n\tThread 0 terminating")
        say(f"Sent {2000 * rounds} elements in {30 * rounds} rounds")
        if self.fault == "late":
            lost()
        if self.fault == "caught-late":
            abort("hash_fail", "Hash Fail")
        Path(f"Data/Memory-P{self.index}").write_text("shares")
        print("End of prog", flush=True)


def lost():
    abort("receiving_error", "Receiving error")


def abort(kind, what):
    """End as C++ does with an exception that nobody catches."""
    say(f"terminate called after throwing an instance of '{kind}'\n  what():  {what}")
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGABRT)


def play(arguments):
    if FAULT == "library":
        name = "libmpir.so.23: cannot open shared object file: No such file or directory"
        say(f"PlayerBinary.x: error while loading shared libraries: {name}")
        sys.exit(127)
    if not arguments:
        say("ERROR: incorrect number of arguments to Player.x")
        sys.exit(1)
    Player(arguments).run()


if __name__ == "__main__":
    {"player": play, "setup": set_up, "compile": compile_program}[sys.argv[1]](sys.argv[2:])
