"""The names of a ``.mpc`` program, in the clear on Python integers: players must agree.

Deliberately the simplest thing that works, sharing no line with `mamba.language`. What clients
prove of their inputs comes from `mamba.input_proof`, as it does among players.
"""

import random
from functools import cache
from math import factorial
from operator import add, mul, sub

from mamba import field, input_proof, projections
from mamba.field import P


def run_clear(source, words):
    """Run a program in the clear.

    Parameters
    ----------
    source : str
    words : list of sequences of int
        The input of every player, player 0 first.

    Returns
    -------
    list of list of int
        The signed integers that are revealed to each player.
    """
    inputs, outputs = [iter(w) for w in words], [[] for _ in words]
    memory, coin = [0] * 1000, random.SystemRandom()  # the first addresses need no Array
    sizes = input_proof.constants(source) if input_proof.prover(source) else None
    provers = [input_proof.InputProver(sizes) for _ in words] if sizes else []

    class sint:
        def __init__(self, val=0, size=None):
            self.v = val.v if isinstance(val, sint) else [int(val) % P]
            if len(self.v) == 1:
                self.v = self.v * (size or 1)

        @classmethod
        def of(cls, values):
            result = cls()
            result.v = [v % P for v in values]
            return result

        @classmethod
        def load_mem(cls, address, size=1):
            return cls.of(memory[address : address + size])

        def store_in_mem(self, address):
            memory[address : address + len(self.v)] = self.v

        @classmethod
        def get_private_input_from(cls, player, channel=0, size=1):
            if channel == 1:
                return cls.of(field.to_ints(provers[player].answer(size)))
            new = [next(inputs[player]) for _ in range(size)]
            if provers:
                provers[player].take_words(new)
            return cls.of(new)

        @classmethod
        def get_random_triple(cls, size=1):
            a, b = (cls.of(coin.randrange(P) for _ in range(size)) for _ in range(2))
            return a, b, a * b

        @property
        def size(self):
            return len(self.v)

        def reveal(self):
            return self

        def public_output(self, channel=0):
            for prover in provers:
                prover.be_told(self.v)

        def reveal_to(self, player):
            outputs[player].extend(signed(v) for v in self.v)

        def with_each(self, other, function):
            other = other.v if isinstance(other, sint) else [other] * len(self.v)
            if len(other) == 1:
                other = other * len(self.v)
            assert len(other) == len(self.v)
            return sint.of(map(function, self.v, other))

        def __add__(self, other):
            return self.with_each(other, add)

        def __sub__(self, other):
            return self.with_each(other, sub)

        def __rsub__(self, other):
            return self.with_each(other, lambda a, b: b - a)

        def __mul__(self, other):
            return self.with_each(other, mul)

        __radd__, __rmul__ = __add__, __mul__

        def __eq__(self, other):
            return self.with_each(other, lambda a, b: int((a - b) % P == 0))

        def __ne__(self, other):
            return 1 - (self == other)

        def square(self):
            return self * self

        def less_than(self, other, bit_length=None, security=None):
            return self.with_each(other, lambda a, b: int(signed(a) < signed(b)))

    class Array:
        def __init__(self, length, value_type):
            self.address = len(memory)
            memory.extend([0] * length)

        def __getitem__(self, index):
            return sint.load_mem(self.address + index)

        def __setitem__(self, index, value):
            value.store_in_mem(self.address + index)

    class tape:
        @staticmethod
        def start_new_basicblock(name=""):
            pass

    def for_range(count):
        return lambda body: [body(i) for i in range(count)]

    def powers_of(base, count):
        return sint.of(pow(base.v[0], k, P) for k in range(count))

    def lagrange(point, last):
        (x,), every = point.v, 1  # a random point, so none of the nodes
        for node in range(last + 1):
            every = every * (x - node) % P
        return sint.of(
            every * pow((x - node) * bottom, -1, P) for node, bottom in enumerate(_bottoms(last))
        )

    def inner(vector, weights, count):
        runs = [vector.v[i * weights.size : (i + 1) * weights.size] for i in range(count)]
        return sint.of(sum(a * b for a, b in zip(run, weights.v, strict=True)) for run in runs)

    def smallest(vector, columns, most, bits, security):
        rows = range(len(vector.v) // columns)
        keep = [0] * len(vector.v)
        for i in range(columns):
            nearest = sorted(rows, key=lambda r, i=i: signed(vector.v[r * columns + i]))
            for r in nearest[:most]:  # the sort is stable
                keep[r * columns + i] = 1
        return sint.of(keep)

    def project(seed, address, length, count, centre):
        sums = []
        for i in range(count):
            vector = field.from_ints(memory[address + i * length : address + (i + 1) * length])
            sums += field.to_ints(projections.project(seed.v[0], [vector], length, centre)[0])
        return sint.of(sums)

    def vectors(array, count, length):
        return [sint.load_mem(array.address + i * length, size=length).v for i in range(count)]

    def squared_distances(array, count, length, couples):
        rows = vectors(array, count, length)
        return sint.of(
            sum((a - b) ** 2 for a, b in zip(rows[i], rows[j], strict=True)) for i, j in couples
        )

    def select(numbers, array, count, length, start, size):
        chosen = sint.load_mem(numbers.address, size=count).v
        columns = list(zip(*vectors(array, count, length), strict=True))[start : start + size]
        return sint.of(sum(map(mul, chosen, column)) for column in columns)

    # A public number is as good as a shared one here; their memories are told apart by nothing.
    names = dict(
        sint=sint,
        cint=sint,
        Array=Array,
        for_range=for_range,
        get_tape=lambda: tape,
        print_ln=lambda *_: None,
        project=project,
        smallest=smallest,
        foresee=lambda *_: None,
        toss=lambda: sint.get_random_triple()[0],
        powers_of=powers_of,
        lagrange=lagrange,
        inner=inner,
        squared_distances=squared_distances,
        select=select,
    )
    exec(compile(source, "test.mpc", "exec"), names)
    return outputs


@cache
def _bottoms(last):
    """For each node 0 … last the product of its differences to all others."""
    return [(-1) ** (last - k) * factorial(k) * factorial(last - k) % P for k in range(last + 1)]


def signed(value):
    return value - P if value > P // 2 else value
