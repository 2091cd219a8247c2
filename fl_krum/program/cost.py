"""What one secure aggregation costs on the embedded players, counted from their protocols.

Every round of communication is one `Round` here, in the order in which the players exchange them,
so that the sums are what the players themselves report: rounds and bytes exactly. Nothing is run.
The protocols are those of the package ``mamba``: who sends how many field elements follows from N
and t alone. Players are semi-honest; active ones verify, too, which docs/speed.md measures.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest

from ..aggregators.clipping import STEPS

PRIME_BYTES = 16  # one element of the field modulo 2^127 - 1
SMALL_BYTES = 1  # one element of the field of 256 elements, which shares single bits
HEADER_BYTES = 16  # of each message


@dataclass(frozen=True)
class Round:
    """One round of communication.

    Attributes
    ----------
    stage : str
        Part of the computation: input, check, masks, distances, mixing, neighbours, scores, choice,
        clipping or output.
    kind : str
        ``"input"``, ``"deal"`` and ``"multiply"`` (shares are dealt), ``"collect"`` and
        ``"return"`` (of products, to and from those who collect them), ``"open"`` (to all),
        ``"output"`` (to player 0), ``"confirm"`` (that shares have arrived), ``"toss"`` (a random
        number, by those who are bound to a part of it).
    elements : int
        Elements of the large field that one sender sends one receiver.
    bits : int
        Elements of the small field, likewise.
    messages : int
        Pairs of a sender and a receiver.
    extra, extra_bits : int
        Elements of the large and of the small field that some of the senders send besides, in all.
    links : frozenset of (int, int)
        The same pairs, where it is known which.
    beside : tuple of Round
        What travels with these messages, though it belongs to another stage; of messages those that
        are sent for it alone.
    """

    stage: str
    kind: str
    elements: int
    bits: int
    messages: int
    extra: int = 0
    extra_bits: int = 0
    links: frozenset = frozenset()
    beside: tuple[Round, ...] = ()

    @property
    def bytes(self) -> int:
        """Bytes sent in this round by all players together."""
        each = HEADER_BYTES + PRIME_BYTES * self.elements + SMALL_BYTES * self.bits
        own = self.messages * each + PRIME_BYTES * self.extra + SMALL_BYTES * self.extra_bits
        return own + sum(one.bytes for one in self.beside)

    def carrying(self, others: Iterable[Round]) -> Round:
        """The same, with others beside."""
        beside, known = [], set(self.links.union(*(one.links for one in self.beside)))
        for one in others:
            new = one.messages - len(one.links & known)
            known |= one.links
            joined = one.messages - new
            beside.append(
                replace(
                    one,
                    messages=new,
                    extra=one.extra + joined * one.elements,
                    extra_bits=one.extra_bits + joined * one.bits,
                )
            )
        return replace(self, beside=(*self.beside, *beside))


@dataclass(frozen=True)
class Cost:
    """Cost of one aggregation.

    Attributes
    ----------
    rounds : tuple of Round
        Every round of the first aggregation. The later ones of a session cost the same, but their
        masks are made before the inputs come.
    comparisons : int
        Secure comparisons, of two squared distances, of two scores, or with a radius.
    players : int
    by_bits : bool
        Whether the bits of every distance are found once, then compared in all pairs, and counted.
        With few clients it is cheaper to compare every pair by its difference.
    """

    rounds: tuple[Round, ...]
    comparisons: int
    players: int
    by_bits: bool = False

    @property
    def bytes(self) -> int:
        """Bytes sent by all players together."""
        return sum(one.bytes for one in self.rounds)

    @property
    def bytes_per_player(self) -> float:
        """Mean number of bytes a player sends."""
        return self.bytes / self.players

    def by_stage(self) -> dict[str, tuple[int, int]]:
        """Rounds and bytes of each stage, in the order of the computation."""
        stages: dict[str, tuple[int, int]] = {}
        for one in self.rounds:
            rounds, size = stages.get(one.stage, (0, 0))
            beside = sum(other.bytes for other in one.beside)
            stages[one.stage] = rounds + 1, size + one.bytes - beside
            for other in one.beside:
                rounds, size = stages.get(other.stage, (0, 0))
                stages[other.stage] = rounds, size + other.bytes
        return stages


def estimate(program) -> Cost:
    """Cost of one aggregation of a `KrumProgram`."""
    count = _Counter(program)
    return Cost(tuple(count.rounds()), count.comparisons, program.players, count.by_bits)


class _Counter:
    """The rounds of krum.mpc, with the numbers of messages that the protocols need."""

    def __init__(self, program):
        self.n, self.f, self.d = program.n, program.f, program.d
        self.average, self.rule = program.average, program.rule
        self.check = program.sizes if program.check else None
        self.foresees = not program.portable
        self.foreseen: list[tuple[int, int, int, int]] = []  # what masks are made ahead
        self.near = program.n - program.f - 2
        self.slots = program.n - 1
        self.budget = program.budget
        self.players, self.threshold = program.players, program.threshold
        # Where holders are drawn any clients do: what they send is the same, whoever they are.
        count = program.holder_count
        drawn = range(self.players)[-count:] if count >= self.n else range(1, count + 1)
        self.holders = program.holders or drawn
        self.bystanders = [p for p in range(self.players) if p not in self.holders]
        self.couples = self.n * (self.n - 1) // 2
        self.triples = self.n * self.slots * (self.slots - 1) // 2

    @property
    def by_bits(self) -> bool:
        """The rule of krum.mpc."""
        return self.n > 10

    @property
    def comparisons(self) -> int:
        mixed, clipped = self.rule == "mixed-krum" and self.f > 0, self.rule == "clipped-krum"
        among_distances = self.triples * (2 if mixed else 1)
        return among_distances + self.couples + clipped * (self.couples + self.n * STEPS)

    def rounds(self) -> Iterator[Round]:
        """Masks are made beside the inputs, their check and the distances, as far as these go."""
        inputs, distances = list(self._inputs()), list(self._multiply("distances", self.couples))
        if self.check is not None and len(distances) == 1:
            inputs[1] = inputs[1].carrying([distances.pop()])
        first, later = inputs + distances, list(self._later_rounds())
        masks = list(self._masks(self.foreseen)) if self.foreseen else []
        for one in first:
            count = self._portions if one.kind == "input" and one.stage == "input" else 1
            yield one.carrying(masks[:count])
            masks = masks[count:]
        yield from masks + later

    @property
    def _portions(self) -> int:
        """Messages, one after the other, in which a client shares a long vector: whole pieces of
        10,000 words, 65,536 words or more."""
        return max(1, -(-self.d // 70_000))

    def _later_rounds(self) -> Iterator[Round]:
        if self.rule == "mixed-krum":
            yield from self._mixtures()
        yield from self._nearest("neighbours", "scores", self.couples, self.near)
        yield from self._multiply("scores", self.n)
        yield from self._compare("choice", self.n, self.couples, self.budget.score_bits)
        if self.average == 1:
            yield from self._product_tree()
        else:
            yield from self._powers("choice", self.n, self.slots)
        if self.rule == "mixed-krum":
            yield from self._multiply("mixing", self.n)
        elif self.rule == "clipped-krum":
            yield from self._clip()
        knows = 0 in self.holders  # else it is sent the degree too, a byte
        yield Round("output", "output", 1 + self.d, not knows, messages=len(self.holders) - knows)

    def _mixtures(self) -> Iterator[Round]:
        """Whom each client is mixed with, and the distances of the mixtures; see mixing.mpc."""
        if self.f > 0:  # a client's number stands behind each distance, so no two are the same
            numbers = self.slots * self.n
            yield from self._nearest("mixing", "mixing", numbers, self.n - self.f - 1)
        yield from self._multiply("mixing", self.n**2)
        yield from self._multiply("mixing", self.couples)

    def _clip(self) -> Iterator[Round]:
        """Distances from the centre, their median, and how often it has room; see clipping.mpc."""
        yield from self._multiply("clipping", self.n)
        yield from self._multiply("clipping", 1)
        yield from self._compare("clipping", self.n, self.couples, self.budget.radius_bits)
        yield from self._where_among("clipping", self.n, self.n)
        yield from self._multiply("clipping", 1)
        tried = self.n * STEPS
        yield from self._compare("clipping", 2 * tried, tried, self.budget.clip_bits)
        yield from self._multiply("clipping", self.n)

    def _inputs(self) -> Iterator[Round]:
        """The words of all clients, and what they deal to show that these are short; see
        krum.mpc."""
        clients = range(1, self.n + 1)
        links = self._deal_links(clients)
        messages = len(links)
        if self.check is None:
            yield Round("input", "input", self.d, 0, messages, links=links)
            return
        sizes, wide = (
            self.check,
            2 if self.check.portable else 1,
        )  # halves of numbers, or whole ones
        proof = (sizes.numbers + wide) * sizes.digits
        words = self.d + (proof if sizes.short else 0)
        if sizes.portable:
            yield self._inputs_and_coins(words)
        else:
            yield Round("input", "input", words, 0, messages, links=links)
        if not sizes.short:
            yield from self._toss(sizes.portable)
            dealt = sizes.columns + sizes.square + proof
            yield Round("check", "input", dealt, 0, messages, links=links)
        yield from self._toss(sizes.portable)
        yield Round("check", "input", wide * sizes.quotient, 0, messages, links=links)
        yield from self._toss(sizes.portable)
        asked = sizes.digits + 2 + (0 if sizes.short else sizes.columns + 1)
        yield self._open("check", elements=asked * self.n, told=True)

    def _toss(self, portable) -> Iterator[Round]:
        """A coin, of which t + 1 holders reveal 32 bytes each, with a digest (mamba/coins.py); in
        plain MAMBA it is opened, when all have said that they have what was dealt before. Those
        that hold no shares are told."""
        if portable:
            links = self._links(self.holders, self.holders)
            yield Round("check", "confirm", 0, 0, len(links), links=links)
            yield self._open("check", elements=1, told=True)
            return
        tell = self._links(self.holders[self.threshold :], self.holders)
        told = self._links(self.holders, self.bystanders)
        links, more = tell | told, 4 * len(tell) + len(told)
        yield Round("check", "toss", 0, 0, len(links), extra=more, links=links)

    def _inputs_and_coins(self, elements) -> Round:
        """What clients input; in the same round t + 1 holders deal coins, two triples of them."""
        clients = range(1, self.n + 1)
        dealers = self.holders[self.threshold :]
        from_clients, of_coins = self._deal_links(clients), self._deal_links(dealers)
        links = from_clients | of_coins
        more = elements * (len(from_clients) - len(links)) + 2 * 2 * len(of_coins)
        return Round("input", "input", elements, 0, len(links), more, links=links)

    def _compare(self, stage, numbers, width, bits) -> Iterator[Round]:
        """Less-than on `width` pairs of so many numbers: mask, open, carry, open; see
        mamba/comparison.py. Where no number is in several pairs, their differences are masked."""
        paired = numbers < width
        yield from self._want_masks(numbers if paired else width, bits, width, width * paired)
        yield self._open(stage, elements=numbers if paired else width)
        yield from self._carry_out(stage, width, bits - 1)
        yield self._open(stage, bits=width)

    def _nearest(self, compared, counted, numbers, near) -> Iterator[Round]:
        """1 for each of a client's `near` nearest others, among so many different distances."""
        width = self.slots * self.n
        if self.by_bits:
            yield from self._smallest(compared, numbers, near)
        else:
            yield from self._compare(compared, numbers, self.triples, self.budget.distance_bits)
            if counted == "scores":  # distances themselves are wanted, and added up
                yield from self._where_among(counted, width, self.slots)
            else:
                yield from self._powers(counted, width, self.slots - 1)

    def _smallest(self, stage, numbers, near) -> Iterator[Round]:
        """The nearest neighbours: mask, open, carries, digits, count, open."""
        width, bits = self.slots * self.n, self.budget.distance_bits
        places = (self.slots - 1).bit_length()
        yield from self._want_masks(numbers, bits, width)
        yield from self._compare_digits(stage, numbers, self.triples, bits)
        public = 2**places - near
        rows = [self.slots - 1 + (public & 1), *(public >> k & 1 for k in range(1, places))]
        while max(rows) > 2:  # as many bits of each place as there are
            added = [row // 3 for row in rows]
            yield from self._multiply(stage, bits=width * sum(added))
            rows = [r - 2 * a + c for r, a, c in zip(rows, added, [0, *added[:-1]], strict=True)]
        yield from self._carry_out(stage, width, places)
        yield self._open(stage, bits=width)

    def _compare_digits(self, stage, numbers, width, bits) -> Iterator[Round]:
        """Few numbers in many pairs: open, carries, digits, and a bit for each pair."""
        yield self._open(stage, elements=numbers)
        length = bits - 1  # of what carries
        yield from self._multiply(stage, bits=numbers * (2 * length - 1))
        yield from self._multiply(stage, bits=numbers * (3 * length - 6))
        run = 3
        while run < length:
            more = length - run + max(0, length - 2 * run)
            yield from self._multiply(stage, bits=numbers * more)
            run *= 2
        digits = max(17, -(-bits // 4))
        yield from self._multiply(stage, bits=numbers * 2 * digits)
        yield from self._multiply(stage, bits=numbers * 16 * digits)
        yield from self._multiply(stage, bits=width * (2 * digits - 1))
        yield from self._join(stage, width, digits)

    def _carry_out(self, stage, width, length) -> Iterator[Round]:
        runs = -(-length // 3)
        yield from self._multiply(stage, bits=width * (3 * runs + runs))
        yield from self._multiply(stage, bits=width * (2 * runs + runs - 1))
        yield from self._join(stage, width, runs)

    def _join(self, stage, width, runs) -> Iterator[Round]:
        """Neighbouring runs of bits or digits become one, until one is left."""
        while runs > 1:
            odd, pairs = runs % 2, runs // 2
            yield from self._multiply(stage, bits=width * (2 * pairs - 1 + odd))
            runs -= pairs

    def _want_masks(self, numbers, bits, results, pairs=0) -> Iterator[Round]:
        """Of so many numbers of so many bits, coins for results, and differences of numbers where
        pairs are compared: foreseen, or made here."""
        if self.foresees:
            self.foreseen.append((numbers, bits, results, pairs))
        else:
            yield from self._masks([(numbers, bits, results, pairs)])

    def _masks(self, demands) -> Iterator[Round]:
        """Numbers and coins of t + 1 dealers become one of each; see mamba/masks.py."""
        links = self._deal_links(self.holders[self.threshold :])
        elements = sum(numbers + results for numbers, _, results, _ in demands)
        shared_bits = sum(bits * numbers + results for numbers, bits, results, _ in demands)
        yield Round("masks", "deal", elements, shared_bits, len(links), links=links)
        of_numbers, of_pairs = (list(_adders(count)) for count in (self.threshold + 1, 4))
        adding = []
        for numbers, bits, _, pairs in demands:
            some = [triples * bits * numbers for triples in of_numbers]
            some += [triples * bits * pairs for triples in of_pairs] if pairs else []
            adding.append([*some, bits * (pairs or numbers)])
        logic = map(sum, zip_longest(*adding, fillvalue=0))
        results = sum(demand[2] for demand in demands)
        tossing = (products * results for products in _parity_products(self.threshold + 1))
        for small, large in zip_longest(logic, tossing, fillvalue=0):
            yield from self._multiply("masks", elements=large, bits=small)

    def _powers(self, stage: str, size: int, degree: int) -> Iterator[Round]:
        """The powers of the ranks, doubled in number each time; the last ones are only summed,
        then reduced."""
        have = 1
        while have < degree:
            new = min(have, degree - have)
            have += new
            yield from self._multiply(stage, size * new if have < degree else size)

    def _where_among(self, stage: str, size: int, count: int) -> Iterator[Round]:
        """Values times a polynomial of such small numbers: more and more powers of these."""
        have = 1
        while 2 * have < count:
            yield from self._multiply(stage, (have + 1) * size)
            have *= 2

    def _product_tree(self) -> Iterator[Round]:
        left = self.slots
        while left > 1:
            yield from self._multiply("choice", self.n * (left // 2))
            left -= left // 2

    # --- one round -------------------------------------------------------------------------------

    def _multiply(self, stage, elements=0, bits=0) -> Iterator[Round]:
        """One round, or among many holders, for many products, three: `mamba.collectors`."""
        t, N = self.threshold, len(self.holders)
        size = PRIME_BYTES * elements + SMALL_BYTES * bits
        if 2 * t * (t - 2) * size <= 2**21:
            links = self._deal_links(self.holders)
            yield Round(stage, "multiply", elements, bits, len(links), links=links)
            return
        few = -(-elements // (t + 1)), -(-bits // (t + 1))  # what each deals by either degree
        yield Round(stage, "deal", *few, (N - 1) * t, *((N - 1) * count for count in few))
        messages = min(N, max(1, size // 2**16)) * (N - 1)
        for kind in ("collect", "return"):
            yield Round(stage, kind, 0, 0, messages, (N - 1) * elements, (N - 1) * bits)

    def _open(self, stage, elements=0, bits=0, told=False) -> Round:
        """To all holders; what everybody is to know, they also tell the others."""
        links = self._links(self.holders, [*self.holders, *(self.bystanders if told else ())])
        return Round(stage, "open", elements, bits, len(links), links=links)

    def _deal_links(self, dealers) -> frozenset:
        """The shares of the first t holders are drawn from common keys; the others are sent
        theirs."""
        return self._links(dealers, self.holders[self.threshold :])

    def _links(self, senders, receivers) -> frozenset:
        return frozenset((i, j) for i in senders for j in receivers if i != j)


def _adders(summands: int) -> Iterator[int]:
    """Carry-save adders that work at once, until two summands are left."""
    while summands > 2:
        yield summands // 3
        summands -= summands // 3


def _parity_products(most: int) -> Iterator[int]:
    """Products that are formed at once to evaluate the polynomial that is the parity of a number up
    to `most`."""
    yield 1
    powers = 2
    if most > 5:
        yield 2
        powers = 4
    parts = max(1, -(-most // powers))
    while parts > 1:
        yield parts // 2 + (parts > 2)
        parts -= parts // 2
