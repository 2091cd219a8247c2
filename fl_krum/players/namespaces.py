"""Several hosts on one machine: network namespaces, and a bridge between them that takes its time.

Each host is a network namespace with one interface and an address of its own, 10.77.0.1 and on. The
bridge is a process that holds the other ends of their cables: it gives every frame to the host that
it is for after DELAY seconds, and no more than RATE bits a second to each. (Linux could do that
itself, by netem, but many kernels come without.) Frames are as long as TCP makes them, up to 64 KB,
as between virtual machines, so that the bridge costs little. Needs root on Linux; nothing of this
can be seen from outside, and all is gone when the processes have ended.

    python namespaces.py DELAY RATE PID …     the bridge, for namespaces of these processes
"""

from __future__ import annotations

import collections
import contextlib
import fcntl
import os
import select
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Iterator

DELAY, RATE = 0.010, 100e6
TUN, SET_INTERFACE, SET_OFFLOAD = "/dev/net/tun", 0x400454CA, 0x400454D0
TAP, NO_PACKET_INFO, OFFLOAD_HEADER = 0x0002, 0x1000, 0x4000
CHECKSUMS, TCP_IPV4, TCP_IPV6 = 1, 2, 4  # what need not be done for every packet
BEFORE = 10  # bytes in front of a frame that tell the other host what was not done
LONGEST_FRAME = BEFORE + 18 + (1 << 16)
LONGEST_QUEUE = 1 << 20  # bytes on the way to one host; more is dropped, as by a real switch
BROADCAST = b"\xff" * 6


def why_not() -> str:
    """Why there cannot be such hosts here, or ""."""
    if sys.platform != "linux":
        return "network namespaces are Linux's"
    missing = [name for name in ("unshare", "nsenter", "ip") if not shutil.which(name)]
    if missing:
        return f"{', '.join(missing)} is not installed"
    if subprocess.run(["unshare", "--net", "true"], capture_output=True).returncode:
        return "network namespaces may not be made here: run as root"
    if not os.access(TUN, os.W_OK):
        return f"{TUN} may not be used here"
    return ""


class Hosts:
    """What `hosts` gives: addresses, and a way to run commands there."""

    def __init__(self, names: list[subprocess.Popen], bridge: subprocess.Popen):
        self.names, self._bridge = names, bridge
        self.addresses = [address(i) for i in range(len(names))]

    def prefix(self, host: int) -> tuple[str, ...]:
        """What is put before a command, so that it runs on that host."""
        return "nsenter", "--net", f"--target={self.names[host].pid}"

    def run(self, host: int, argv, **options) -> subprocess.Popen:
        """Start a process on a host, in a group of its own."""
        inside = [*self.prefix(host), *map(str, argv)]
        return subprocess.Popen(inside, start_new_session=True, **options)

    def cut(self, host: int) -> None:
        """Pull the cable: from now on nothing gets there, and nothing comes from there."""
        assert self._bridge.stdin is not None, "it is a pipe"
        self._bridge.stdin.write(b"%d\n" % host)
        self._bridge.stdin.flush()


def address(host: int) -> str:
    return f"10.77.0.{host + 1}"


@contextlib.contextmanager
def hosts(count: int, delay: float = DELAY, rate: float = RATE) -> Iterator[Hosts]:
    """That many hosts, each of which reaches the others by the bridge only.

    Parameters
    ----------
    count : int
    delay : float
        Seconds, one way.
    rate : float
        Bits a second to each host.
    """
    with contextlib.ExitStack() as stack:

        def start(*argv, **options):
            process = stack.enter_context(
                subprocess.Popen(
                    ["unshare", "--net", *argv],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    **options,
                )
            )
            stack.callback(process.kill)
            return process

        # Each says that it is there, and stays until its standard input ends.
        names = [start("sh", "-c", "echo; exec cat") for _ in range(count)]
        for name in names:
            name.stdout.readline()
        pids = [str(name.pid) for name in names]
        bridge = start(sys.executable, __file__, str(delay), str(rate), *pids)
        if not bridge.stdout.readline():
            raise RuntimeError("the bridge did not start")
        yield Hosts(names, bridge)


class Bridge:
    """The other ends of all cables."""

    def __init__(self, delay, rate, pids):
        self.delay, self.rate = delay, rate
        self.ports = [self._plug_in(host, pid) for host, pid in enumerate(pids)]
        self.host_of = {port: host for host, port in enumerate(self.ports)}
        self.learned = {}  # which host has a hardware address
        self.cut = set()
        self.queues: list = [collections.deque() for _ in pids]  # (when, frame)
        self.queued = [0] * len(pids)
        self.free_at = [0.0] * len(pids)

    @staticmethod
    def _plug_in(host, pid):
        port = os.open(TUN, os.O_RDWR | os.O_NONBLOCK)
        name = f"host{host}"
        flags = TAP | NO_PACKET_INFO | OFFLOAD_HEADER
        fcntl.ioctl(port, SET_INTERFACE, struct.pack("16sH", name.encode(), flags))
        fcntl.ioctl(port, SET_OFFLOAD, CHECKSUMS | TCP_IPV4 | TCP_IPV6)
        inside = f"ip link set lo up; ip address add {address(host)}/24 dev {name}"
        inside += f"; ip link set {name} txqueuelen 1000 up"
        subprocess.run(["ip", "link", "set", name, "netns", pid], check=True)
        subprocess.run(["nsenter", "--net", f"--target={pid}", "sh", "-ec", inside], check=True)
        return port

    def run(self):
        print("ready", flush=True)
        while True:
            due = min((queue[0][0] for queue in self.queues if queue), default=None)
            wait = None if due is None else max(0.0, due - time.monotonic())
            readable, _, _ = select.select([0, *self.ports], [], [], wait)
            for port in readable:
                if port == 0:
                    command = os.read(0, 100)
                    if not command:
                        return
                    self.cut.update(map(int, command.split()))
                else:
                    self._take_in(port)
            self._give_out()

    def _take_in(self, port):
        host = self.host_of[port]
        for _ in range(64):
            try:
                frame = os.read(port, LONGEST_FRAME)
            except BlockingIOError:
                return
            receiver, sender = frame[BEFORE : BEFORE + 6], frame[BEFORE + 6 : BEFORE + 12]
            self.learned[sender] = host
            to = self.learned.get(receiver)
            others = (other for other in range(len(self.ports)) if other != host)
            for other in others if to is None or receiver == BROADCAST else [to]:
                if not {host, other} & self.cut and self.queued[other] < LONGEST_QUEUE:
                    self._queue(other, frame)

    def _queue(self, host, frame):
        now = time.monotonic()
        self.free_at[host] = max(now, self.free_at[host]) + 8 * len(frame) / self.rate
        self.queues[host].append((self.free_at[host] + self.delay, frame))
        self.queued[host] += len(frame)

    def _give_out(self):
        now = time.monotonic()
        for host, queue in enumerate(self.queues):
            while queue and queue[0][0] <= now:
                _, frame = queue.popleft()
                self.queued[host] -= len(frame)
                if host not in self.cut:
                    with contextlib.suppress(OSError):
                        os.write(self.ports[host], frame)


if __name__ == "__main__":
    delay, rate, *pids = sys.argv[1:]
    Bridge(float(delay), float(rate), pids).run()
