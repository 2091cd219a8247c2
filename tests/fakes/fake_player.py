"""A player process that computes in the clear and can misbehave in every way the tests ask for.

Takes words and gives results exactly as a real player does, but the clients hand their words to
player 0 through a shared folder, and player 0 runs Krum on them in the clear, in plain Python:
quick to start, and an implementation of the rule that shares no line with the package.

    fake_player.py I FOLDER N F D ROUNDS [FAULT PLAYER ROUND]
"""

import os
import signal
import sys
import time
from pathlib import Path


class Fake:
    def __init__(self, index, folder, n, f, d, rounds, fault="none", culprit=-1, when=0):
        self.index, self.folder = int(index), Path(folder)
        self.n, self.f, self.d, self.rounds = int(n), int(f), int(d), int(rounds)
        self.fault = fault if int(culprit) == self.index else "none"
        self.when = int(when)
        self.words = []

    def run(self):
        self.start_up()
        for current in range(1, self.rounds + 1):
            if self.index:
                vector = self.read_vector()
                self.misbehave(current)
                publish(self.folder / f"{current}-{self.index}", " ".join(map(str, vector)))
            else:
                vectors = self.collect(current)
                self.misbehave(current)
                self.print_results(krum(vectors, self.f))
            say(f"Sent {100 * current} bytes in {30 * current} rounds")
        self.misbehave("end")
        print("End of prog", flush=True)

    def start_up(self):
        if self.fault == "ports" and not (self.folder / "tried").exists():
            publish(self.folder / "tried", "")
            self.fail("port already in use", 3)
        if self.fault == "ports always":
            self.fail("port already in use", 3)
        if self.fault == "unready":
            time.sleep(60)
        say(f"Player {self.index} ready: {self.n + 1} players, threshold 1")

    def misbehave(self, current):
        if current == "end":
            if self.fault == "abort late":
                os.abort()
            if self.fault == "linger":
                time.sleep(60)
        elif current == self.when:
            if self.fault == "die":
                publish(self.folder / "dead", str(self.index))
                os.kill(os.getpid(), signal.SIGKILL)
            if self.fault == "error":
                self.fail("krum.mpc, line 7: something is wrong", 1)
            if self.fault == "leave":
                sys.exit(0)
            if self.fault == "stall":
                time.sleep(60)
            if self.fault == "suspend":
                os.kill(os.getpid(), signal.SIGSTOP)
            if self.fault in ("garbage", "3.7", "12345678901234567890", "7"):
                print(f"Output channel 0 : {self.fault}", flush=True)

    def print_results(self, words):
        words = [1, *words]  # how many were chosen, and their sum
        if self.fault == "split":  # the pieces of one line come one after the other
            for word in words:
                for piece in ("Output chan", "nel 0 : ", str(word)[:2], str(word)[2:], "\n"):
                    print(piece, end="", flush=True)
                    time.sleep(0.002)
            return
        if self.fault == "one too many":
            words = [*words, 1]
        if self.fault == "none chosen":
            words[0] = 0
        for client in range(1, self.n + 1):
            failed = client == self.when and self.fault in ("excluded", "all excluded")
            print(f"Client {client} passed : {int(not failed and self.fault != 'all excluded')}")
        print("".join(f"\x1b[1mOutput channel 0 : {word}\n" for word in words), end="", flush=True)

    def read_vector(self):
        print("Input channel 0 : " * self.d, end="", flush=True)  # a prompt a word, no newline
        while len(self.words) < self.d:
            line = sys.stdin.readline()
            if not line:
                sys.exit(1)
            self.words += map(int, line.split())
        vector, self.words = self.words[: self.d], self.words[self.d :]
        return vector

    def collect(self, current):
        files = [self.folder / f"{current}-{i}" for i in range(1, self.n + 1)]
        while not all(file.exists() for file in files):
            if (self.folder / "dead").exists():
                self.fail(f"lost the connection to player {(self.folder / 'dead').read_text()}", 1)
            time.sleep(0.005)
        return [[int(word) for word in file.read_text().split()] for file in files]

    def fail(self, message, status):
        say(f"Player {self.index}: error: {message}")
        sys.exit(status)


def krum(vectors, f, excluded=()):
    """The vector that Krum chooses; of those in ``excluded`` nothing counts but that they are
    there, farthest from all."""

    def distance(i, j):
        if {i, j} & {*excluded}:
            return float("inf")
        return sum((x - y) ** 2 for x, y in zip(vectors[i], vectors[j], strict=True))

    scores, all_clients = [], range(len(vectors))
    for i in all_clients:
        distances = sorted(distance(i, j) for j in all_clients if i != j)
        scores.append(sum(distances[: len(vectors) - f - 2]))
    kept = [i for i in all_clients if i not in excluded]
    return vectors[min(kept, key=lambda i: scores[i])]


def publish(file, text):
    part = file.with_name(f"{file.name}.{os.getpid()}")
    part.write_text(text)
    part.replace(file)


def say(line):
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    Fake(*sys.argv[1:]).run()
