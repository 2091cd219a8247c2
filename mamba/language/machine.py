"""What a running program holds on one player: memory, the queue of inputs and outputs, and its
protocols.

The types of a program turn its operators into calls of this machine; `mamba.protocols` does the
talking. Assumes that all players run the same program, so that their queues are alike.
"""

import sys
import weakref
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from mamba import field as prime
from mamba import projections, result_check
from mamba.language import bounds
from mamba.language.factors import Factors, Selection
from mamba.language.lengths import Lengths
from mamba.language.memory import DEALT_BY, MIXED, Memory
from mamba.language.waiting import Waiting
from mamba.long_sum import Pieces
from mamba.masks import Demand, make_beside, make_masks
from mamba.protocols import SECURITY
from mamba.run_error import RunError

PORTION = 1 << 16  # elements that are dealt or opened at a time, in a run of inputs or outputs
MOST_REDUCED = 1 << 11  # products that are brought to degree t before one player is told them
AHEAD = 1 << 14  # most bits of masks that are made together because the same came before


@dataclass
class _Input:
    target: weakref.ref | None  # to the sint that waits for it; a player without shares has none
    player: int | None  # None for random numbers, to which t + 1 holders contribute
    size: int
    channel: int
    line: int | None = None  # of the program, that asks for it
    source: int | None = None  # the number of that line, see `mamba.language.lengths`
    addresses: list = field(default_factory=list)  # where it is stored as soon as it is there
    parts: dict = field(default_factory=dict)  # of random numbers, what has come of them, by dealer


@dataclass
class _Output:
    player: int
    share: np.ndarray | Selection  # a field array; or where it comes from, since it may be long
    degree: int
    line: int | None = None  # of the program, that reveals it
    factors: Factors | Selection | None = None  # where products are verified

    @property
    def size(self):
        return self.share.size if isinstance(self.share, Selection) else prime.length(self.share)

    @property
    def value(self):
        """A field array."""
        return self.share.value() if isinstance(self.share, Selection) else self.share


class Machine:
    """State of one player while it runs a program.

    Parameters
    ----------
    protocols : mamba.protocols.Protocols
    read_words : callable
        ``read_words(count)`` gives the next words of this player's input as ``uint64``.
    write_values : callable
        ``write_values(array)`` outputs what was opened to this player, a field array.
    after_output : callable, optional
        Called with no argument on every player when an output is done.
    prover : mamba.input_proof.InputProver, optional
        This client's side of the input check: what is input on channel 1 comes from it.
    program : str
        The file name that the program was compiled with, to tell which of its lines is at work.
    view : mamba.view.View, optional
        Where it is noted what a line reveals.
    """

    def __init__(
        self,
        protocols,
        read_words,
        write_values,
        after_output=lambda: None,
        prover=None,
        program="",
        view=None,
    ):
        self.protocols, self.me, self.holds_shares = protocols, protocols.me, protocols.is_holder
        self.memory, self.public_memory, self.integer_memory = (Memory(self) for _ in range(3))
        self.security, self.lengths = SECURITY, Lengths(self)  # a program may change them
        self.at_end = []  # what is to be checked then
        self._read_words, self._write_values, self._after_output = (
            read_words,
            write_values,
            after_output,
        )
        self._prover, self._program, self._view = prover, program, view
        self._queue, self._stock = [], {}
        self._demands: Counter[Demand] = Counter()
        self._foreseen: list[Demand] | None = None  # while the program foresees
        self._coming: tuple = [], list  # demands, and what waits for their masks
        self._inputs_wait, self.flushes, self.turns = False, 0, 0  # the last one of all loops
        self._promised = []  # sorted, without overlaps: (start, end) of what inputs are stored in
        self.waiting = Waiting(self, lambda frame: line_of(frame, self._program))

    # --- what a program calls through its names --------------------------------------------------

    def start_new_basicblock(self, name=""):
        """Nothing to do: here memory is always read and written in the order of the program."""

    def print(self, text):
        """Print a text, on player 0 only."""
        if self.me == 0:
            sys.stdout.write(text)
            sys.stdout.flush()

    def end(self):
        """Do what is still queued, and what is to be checked at the end."""
        self.flush()
        for check in self.at_end:
            check()

    def check_player(self, player):
        """The player's number; RunError when there is none of that number."""
        if not 0 <= player < self.protocols.players:
            raise RunError(
                f"there is no player {player}; there are players 0 to {self.protocols.players - 1}"
            )
        return int(player)

    def run(self, method, *arguments):
        """Call a method of the protocols, after what is queued."""
        self.flush()
        result = getattr(self.protocols, method)(*arguments)
        if method == "open" and self._view:  # what protocols open themselves does not come by here
            line = line_of(sys._getframe(), self._program)
            self._view.note_revealed(line, None, prime.to_signed(result))
        return result

    def run_with(self, protocol, *arguments):
        """Call a protocol of another module, after what is queued."""
        self.flush()
        return protocol(self.protocols, *arguments)

    def output_publicly(self, values, channel):
        """A public value for everybody: on channel 1 for the client's side of the input check, on
        another one printed by every player."""
        if channel != 1:
            self._write_values(values)
        elif self._prover is not None:
            self._prover.be_told(prime.to_ints(values))

    def input_publicly(self, count):
        """The next words of this player's input, as a field array; RunError unless all players
        gave the same ones, as holders of shares compare. One round."""
        self.flush()
        words = prime.from_words(self._read_words(count))
        data = prime.to_bytes(words)
        others = self.protocols.peers
        received = self.protocols.network.exchange(
            dict.fromkeys(others, data), dict.fromkeys(others, len(data))
        )
        for player, other in received.items():
            if bytes(other) != data:
                raise RunError(f"player {player} gave another public input than this player")
        return words

    def project(self, seed, address, length, count, centre):
        """(shares, dealer) of sums of words with random coefficients from a public seed.

        For `count` vectors of `length` words each, which stand in memory from `address` on: vector
        by vector the sums of `mamba.projections`, for which `centre` is subtracted from all words.
        """
        self.flush()
        clients = range(count) if self.holds_shares else ()
        seen = [self.memory.look(address + i * length, length) for i in clients]
        dealers = [dealer if isinstance(dealer, int) else MIXED for *_, dealer in seen]
        arrays = [array for array, *_ in seen]
        own = [self._prover.limbs()] if self._prover is not None and self._prover.has_words else []
        sums = projections.project(seed, arrays + own, length, centre) if arrays + own else []
        if own:
            self._prover.be_projected(sums[-1])
        if not self.holds_shares:
            return prime.zeros(projections.ROWS * count), MIXED
        shares = np.concatenate(sums[:count], axis=1)
        return shares, np.repeat(np.array(dealers, np.uint16), projections.ROWS)

    def take_mask(self, demand):
        """The mask for one `mamba.masks.Demand`, from the stock when one is there."""
        if not self._stock.get(demand):
            self.flush()
        return self.mask(demand)

    def mask(self, demand, comes_again=True):
        """The same, whatever is queued; one that comes again may be made ahead next time."""
        if not self._stock.get(demand) and demand in self._coming[0]:
            self._receive()
        if not self._stock.get(demand):
            count = max(1, min(self._demands[demand], AHEAD // demand.size))
            self._stock[demand] = make_masks(self.protocols, [demand] * count)
        self._demands[demand] += comes_again
        return self._stock[demand].pop()

    def compare(self, protocol, operands, demand, comes_again=True):
        """What a protocol of `mamba.comparison` finds, with the mask for its demand."""
        if self._foreseen is not None:
            self._foreseen.append(demand)
            return prime.zeros(demand.results)
        return protocol(self.protocols, operands, demand.bits, self.mask(demand, comes_again))

    def foresee(self, *parts):
        """Run parts of a program, functions, for their comparisons alone: none is done, each finds
        0, and the masks that they will need are made beside what comes next, inputs for instance.
        Their numbers may be any, as long as two of them are the same where they will be; what they
        store stays, so it has to be written again before it is read. A mask that was foreseen and
        is not wanted was made in vain; one that is wanted and was not foreseen is made then. All
        players run the same text, so all foresee the same."""
        self.waiting.find_all()  # what is no foresight
        self._foreseen = []
        try:
            for part in parts:
                part()
                self.waiting.find_all()
        finally:
            demands, self._foreseen = self._foreseen, None
        self._receive()
        if demands:
            self._coming = demands, make_beside(self.protocols, demands)

    def _receive(self):
        """Put the masks that were made beside into the stock."""
        (demands, find), self._coming = self._coming, ([], list)
        self._put_into_stock(demands, find())

    def _put_into_stock(self, demands, masks):
        for demand, mask in zip(demands, masks, strict=True):
            self._stock.setdefault(demand, []).append(mask)

    def loop(self, body, counters, between=lambda: None):
        """Run a program's loop, with a call of `between` after every turn but the last. What one
        turn needed of masks is made ready before the next one, so that it is there when the inputs
        come: players that wait for clients to train have nothing else to do."""
        turns, before = 0, self._demands
        for counter in counters:
            if turns:
                left = len(counters) - turns if isinstance(counters, range) else turns
                self._make_ready(self._demands - before, min(turns, left))
                between()
            before = self._demands.copy()
            self.turns += 1
            body(counter)
            turns += 1

    def _make_ready(self, used, turns):
        """Make the masks that a turn used, for several turns where they are small; before that,
        give what is revealed to those who may wait for it."""
        if any(isinstance(entry, _Output) for entry in self._queue):
            self.flush()
        missing = [
            demand
            for demand, count in used.items()
            for _ in range(
                count * max(1, min(turns, AHEAD // (count * demand.size)))
                - len(self._stock.get(demand, ()))
            )
            if len(self._stock.get(demand, ())) < count
        ]
        masks = make_masks(self.protocols, missing) if missing else []
        self._put_into_stock(missing, masks)

    # --- the queue -------------------------------------------------------------------------------

    def queue_input(self, target, player, size, channel=0):
        """Let a player share its next words, later; without a player, let holders share random
        numbers that nobody knows. What is returned is for `store_on_arrival`."""
        self._inputs_wait = True
        line = line_of(sys._getframe(), self._program)
        self.source = self.lengths.source(line)
        if self.holds_shares:
            target = weakref.ref(target)
        elif player == self.me or not self._is_known_to_come(player):
            target, size = None, size if player == self.me else 0
        else:
            return None
        self._queue.append(_Input(target, player, size, channel, line, self.source))
        return self._queue[-1]

    def _is_known_to_come(self, player):
        """On a player without shares, of a run of others' inputs all that counts: whether there is
        one, and whether it is a step of all players."""
        last = self._queue[-1] if self._queue else None
        if not isinstance(last, _Input):
            return False
        return last.player in self.protocols.bystanders or player not in self.protocols.bystanders

    def bound_of_input(self, channel):
        """Of what was asked for last: of words; what proves something of them may be anything."""
        return bounds.of_input(self.source) if channel == 0 else None

    def store_on_arrival(self, entry, address):
        """Store a queued input when it is there. False when another one will be stored in these
        words, since they arrive in any order."""
        if not self.promise(address, address + entry.size):
            return False
        entry.addresses.append(address)
        return True

    def promise(self, address, stop):
        """Whether an input may be stored in these words when it arrives; no other one may then."""
        after = bisect_left(self._promised, (address, stop))
        before, behind = (
            self._promised[max(0, after - 1) : after],
            self._promised[after : after + 1],
        )
        if any(start < stop and address < end for start, end in before + behind):
            return False
        self._promised.insert(after, (address, stop))
        return True

    def queue_output(self, player, share, degree, factors=None):
        """Open to one player, later."""
        line = line_of(sys._getframe(), self._program) if self._view else None
        self._queue.append(_Output(player, share, degree, line, factors))

    def flush_inputs(self):
        """Do what is queued when an input is among it."""
        if self._inputs_wait:
            self.flush()

    def flush(self):
        """Do what is queued: a run of inputs, or of outputs to one player, takes one round."""
        queue, self._queue = self._queue, []
        self._inputs_wait, self._promised = False, []
        self.flushes += 1
        while queue:
            head, run = queue[0], 1
            while run < len(queue) and _belong_together(head, queue[run]):
                run += 1
            (self._input if isinstance(head, _Input) else self._output)(queue[:run])
            queue = queue[run:]

    def _input(self, entries):
        """Every dealer's entries in their order, dealers side by side, a portion at a time."""
        by_player: dict[int, list[_Input]] = {}
        for entry in entries:
            for player in self._dealers_of(entry):
                by_player.setdefault(player, []).append(entry)
        portions = {player: list(_portions(own)) for player, own in by_player.items()}
        for k in range(max(map(len, portions.values()))):
            turn = {player: own[k] for player, own in portions.items() if k < len(own)}
            shapes = {
                player: [(prime, sum(entry.size for entry in own))] for player, own in turn.items()
            }
            secrets = [self.secret(entry) for entry in turn.get(self.me, [])]
            secrets = [np.concatenate(secrets, axis=1)] if secrets else []
            dealt = self.protocols.deal(shapes, secrets, continued=k > 0)
            for player, own in turn.items() if self.holds_shares else ():
                start = 0
                for entry in own:
                    self._arrive(entry, player, dealt[player][0][:, start : start + entry.size])
                    start += entry.size

    def _dealers_of(self, entry):
        """Who deals an entry: a player its input, t + 1 holders random numbers that are added."""
        if entry.player is not None:
            return [entry.player]
        return self.protocols.holders[self.protocols.threshold :]

    def secret(self, entry):
        """What this player deals for an entry of the queue, as a field array."""
        if entry.player is None:
            return prime.random(self.protocols.randomness, entry.size)
        if entry.channel == 1:
            if self._prover is None:
                raise RunError("this program asks for a proof of the input, and has no check")
            return self._prover.answer(entry.size)
        try:
            words = self._read_words(entry.size)
        except RunError as error:
            error.line = entry.line  # now another line is at work, or none
            raise
        if self._prover is not None:
            self._prover.take_words(words)
        self.lengths.note(entry.source, words)
        return prime.from_words(words)

    def _arrive(self, entry, player, share):
        if entry.player is not None:
            self._fulfil(entry, share, DEALT_BY + entry.player)
            return
        entry.parts[player] = share
        if len(entry.parts) == self.protocols.threshold + 1:
            parts = list(entry.parts.values())
            self._fulfil(entry, prime.combine([1] * len(parts), parts), MIXED)

    def _fulfil(self, entry, share, dealer):
        for address in entry.addresses:
            self.memory.store(address, share, 1, dealer)  # over whatever stands there
        target = entry.target()
        if target is not None:  # else nobody but the memory wants it
            target._value = share

    def _output(self, entries):
        if self.protocols.active:
            self._verify(entries)
        player, degree = entries[0].player, max(entry.degree for entry in entries)
        done = []
        for k, portion in enumerate(_portions(entries)):
            value = Pieces([entry.share for entry in portion])
            opened, degree = self.protocols.open_to_and_say_how(player, value, degree, k > 0)
            done.append((portion, opened))
            if not (self.protocols.active and degree == 2):
                self._write_outputs([done.pop()])
        if done and (self.holds_shares or player == self.me):
            self._check_result(player, entries, [opened for _, opened in done])
        self._write_outputs(done)
        self._after_output()

    def _verify(self, entries):
        """Before an output: all products that it depends on; few ones are brought to degree t, so
        that the shares that are sent show a wrong one."""
        high = [entry for entry in entries if entry.degree == 2]
        if sum(entry.size for entry in high) <= MOST_REDUCED:
            reduced = self.protocols.reduce([(prime, entry.value) for entry in high])
            for entry, share in zip(high, reduced, strict=True):
                self.protocols.claims.products.append(entry.factors.claim(share))
                entry.share, entry.degree = share, 1
        self.protocols.verify()

    def _check_result(self, player, entries, opened):
        def weighted(rows):
            stops = np.cumsum([entry.size for entry in entries])[:-1]
            parts = np.split(rows, stops, axis=1)
            origins = [e.factors or Factors.single(e.value, e.size) for e in entries]
            by_entry = [one.weighted(part) for one, part in zip(origins, parts, strict=True)]
            return [
                [np.concatenate(side, axis=1) for side in zip(*pairs, strict=True)]
                for pairs in zip(*by_entry, strict=True)
            ]

        words = np.concatenate(opened, axis=1) if player == self.me else None
        count = sum(entry.size for entry in entries)
        result_check.check_result(self.protocols, player, words, count, weighted)

    def _write_outputs(self, done):
        for portion, opened in done:
            if opened is not None:
                self._write_values(opened)
            if self._view:
                self._note_outputs(portion, opened)

    def _note_outputs(self, entries, opened):
        start = 0
        for entry in entries:
            part = slice(start, start + entry.size)
            values = None if opened is None else prime.to_signed(opened[:, part])
            self._view.note_revealed(entry.line, entry.player, values)
            start += entry.size


def line_of(frame, program):
    """The line of the program that is at work when `frame` is; None outside of it."""
    while frame is not None and frame.f_code.co_filename != program:
        frame = frame.f_back
    return frame.f_lineno if frame else None


def _portions(entries):
    """Cut a run of inputs or outputs: long enough to be sent well, short enough for memory."""
    portion, size = [], 0
    for entry in entries:
        portion.append(entry)
        size += entry.size
        if size >= PORTION:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def _belong_together(a, b):
    if isinstance(a, _Input) or isinstance(b, _Input):
        return isinstance(a, _Input) and isinstance(b, _Input)
    return a.player == b.player
