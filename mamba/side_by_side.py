"""Protocols that do not depend on each other share their messages.

Every exchange of messages costs a delay, whatever is in it. So a protocol may run *beside* what
players do otherwise: each message that they send each other then carries one of the protocol
beside, too. All holders of shares take part in every exchange among them, in the same order
(`mamba.network`), so all find the same protocols beside at the same place. Each has the thread that
it needs to stop in the middle, but only one of them runs at any time, in the order in which they
began: what they draw from common streams is the same on both ends, and nothing else changes.
Threads cost more than messages once there are many. So where a program may have any number of them
begun, `are_enough` is asked first, and what is left is done together.

Why messages may be shared. What a protocol beside sends depends on what was there when it began and
on its own messages, and on nothing that others exchange meanwhile; so its messages say what they
would say alone. What has to wait within a protocol waits for the same messages as before: a coin is
told when its own message before has come from all. That others do more in the same exchange gives
an adversary messages of two protocols at once, each of them independent of the other's secrets.
Each has an agreement of its own (`mamba.agreement`), so it compares what it was told before it
opens anything, as it would alone; it does not begin before what holders were told until then was
compared. What it leaves to compare goes with the next message of whoever began it, who does not
wait in silence either. So whatever one protocol was told has been compared two exchanges later,
when another one that has taken its claims (`mamba.verification`) may open something.
"""

import threading

from mamba.agreement import Agreement

MOST = 8  # that go on beside


def begin(protocols, task):
    """Begin a protocol beside what comes next.

    Parameters
    ----------
    protocols : mamba.protocols.Protocols
        Of a holder; all holders begin the same protocol here.
    task : callable
        Without arguments; it exchanges messages among holders alone.

    Returns
    -------
    callable
        Waits until the protocol is done, and gives what it returned, or raises what it raised. It
        must be called by the same player that began, on all holders at the same place.
    """
    if protocols.agreement.is_due:
        result = task()
        return lambda: result
    if not isinstance(protocols.network, _Carrier):
        protocols.network = _Carrier(protocols)
    return protocols.network.begin(task)


def together(protocols, *tasks):
    """Run protocols side by side; what they return, in order."""
    *others, last = tasks
    waiting = [begin(protocols, task) for task in others]
    result = last()
    return [*(wait() for wait in waiting), result]


def are_enough(protocols):
    """Whether as many protocols go on beside as are worth their threads: the same on all holders,
    since all have exchanged as many messages."""
    network = protocols.network
    return isinstance(network, _Carrier) and network.going_on >= MOST


def end(protocols):
    """Nothing goes on beside: what this player sends from here on is what it says itself."""
    if isinstance(protocols.network, _Carrier):
        protocols.network.end()


class _Ended(BaseException):
    """Thrown into a protocol that nobody goes on with."""


class _Carrier:
    """The network of a player, whose exchanges also serve the protocols beside."""

    def __init__(self, protocols):
        self._protocols, self._network = protocols, protocols.network
        self._lanes: list[_Lane] = []

    def __getattr__(self, name):
        return getattr(self._network, name)

    @property
    def going_on(self):
        return sum(not lane.is_done for lane in self._lanes)

    def begin(self, task):
        lane = _Lane(self._network, task)
        self._lanes.append(lane)
        self._go_on(lane, None)
        return lambda: self._wait(lane)

    def exchange(self, outgoing, expected, continued=False, inner=False):
        """`mamba.network.Network.exchange`, with a message of each protocol beside."""
        return self._exchange([(outgoing, expected, continued, inner)])[0]

    def _exchange(self, own):
        lanes = [lane for lane in self._lanes if not lane.is_done]
        wanted = [*own, *(lane.wanted for lane in lanes)]
        sizes = [expected for _, expected, _, _ in wanted]
        outgoing: dict = {}
        for sent, *_ in wanted:
            for player, data in sent.items():
                outgoing.setdefault(player, []).append(data)
        expected: dict = {}
        for some in sizes:
            for player, size in some.items():
                expected[player] = expected.get(player, 0) + size
        try:
            received = self._network.exchange(
                {p: some[0] if len(some) == 1 else b"".join(some) for p, some in outgoing.items()},
                expected,
                all(continued for _, _, continued, _ in own or wanted),
                all(inner for *_, inner in wanted),
            )
        except BaseException:
            self.end()
            raise
        place, parts = dict.fromkeys(expected, 0), []
        for some in sizes:
            parts.append({p: received[p][place[p] : place[p] + size] for p, size in some.items()})
            for player, size in some.items():
                place[player] += size
        for lane, part in zip(lanes, parts[len(own) :], strict=True):
            self._go_on(lane, part)
        return parts[: len(own)]

    def _go_on(self, lane, received):
        """Let a protocol run until it exchanges something, or ends."""
        protocols = self._protocols
        ours = protocols.network, protocols.agreement
        protocols.network, protocols.agreement = lane.network, lane.agreement
        lane.go_on(received)
        lane.network, (protocols.network, protocols.agreement) = protocols.network, ours
        if lane.error is not None:
            self.end()
            raise lane.error
        if lane.is_done:
            lane.hand_over(protocols.agreement)

    def _wait(self, lane):
        while not lane.is_done:
            if self._protocols.agreement.is_due:
                self._protocols.compare()  # in an exchange that there is anyway
            else:
                self._exchange([])
        self._lanes = [other for other in self._lanes if other is not lane]
        if not self._lanes and self._protocols.network is self:
            self._protocols.network = self._network
        return lane.result

    def end(self):
        """No protocol beside goes on."""
        for lane in self._lanes:
            lane.end()
        self._lanes = []


class _Lane:
    """A protocol beside: a thread that stops at each of its exchanges."""

    def __init__(self, network, task):
        self.network, self.agreement = _LaneNetwork(self, network), Agreement()
        self.wanted, self.result, self.error = None, None, None
        self.is_done, self._is_ended, self._received = False, False, None
        self._may_run, self._has_stopped = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, args=(task,), daemon=True)
        self._thread.start()

    def go_on(self, received):
        self._received = received
        self._may_run.release()
        self._has_stopped.acquire()

    def end(self):
        if not self.is_done:
            self._is_ended = True
            self._may_run.release()

    def exchange(self, *wanted):
        self.wanted = wanted
        self._has_stopped.release()
        self._may_run.acquire()
        if self._is_ended:
            raise _Ended
        return self._received

    def hand_over(self, agreement):
        """What is still to be compared is for whoever began it."""
        if digest := self.agreement.take_digest():
            agreement.note(digest)

    def _run(self, task):
        self._may_run.acquire()
        try:
            self.result = task()
        except _Ended:
            return
        except BaseException as error:
            self.error = error
        self.is_done = True
        self._has_stopped.release()


class _LaneNetwork:
    def __init__(self, lane, network):
        self._lane, self._network = lane, network

    def __getattr__(self, name):
        return getattr(self._network, name)

    def exchange(self, outgoing, expected, continued=False, inner=False):
        return self._lane.exchange(outgoing, expected, continued, inner)
