"""Results that nobody has asked for yet are found together.

A comparison takes as many rounds of communication as a thousand, and so does bringing a product
back to degree t. So either waits until somebody wants its value: it is opened, say, or its bits are
looked at. What is computed with it waits, too. Then all that waits is found level by level, where a
level is what needs no other result of its own level, so that a program may compare one number after
the other and pays for one comparison.

Holders of shares do this alone; other players take no part, and do not notice when it happens.
For that nothing here does what is queued (`mamba.language.machine`): inputs are there when a
comparison is written down. All holders run the same program, so the same results wait on all of
them, and are found in the same order.
"""

import sys
import weakref
from functools import cached_property

import numpy as np

from mamba import comparison
from mamba.masks import Demand

MOST = 1 << 14  # elements that may wait, and as many steps; then all are found


class Waiting:
    """What waits on one player.

    Parameters
    ----------
    machine : mamba.language.machine.Machine
    line_at_work : callable
        ``line_at_work(frame)`` is the line of the program that is at work.
    """

    def __init__(self, machine, line_at_work):
        self._machine, self._line_at_work = machine, line_at_work
        self._found = 0  # all levels up to this one
        self._levels, self._size = {}, 0

    def level(self, values):
        """The level at which all of some values are there."""
        return max(self._found, *(value.level for value in values))

    # --- what comes to wait ----------------------------------------------------------------------

    def settle(self, result, product):
        """Let `result` be a sharing of degree t of a product."""
        self._add(1 + self.level([product]), _Settling(product, result), result)

    def compare(self, result, protocol, left, right, bits, security):
        """Let `result` be what a protocol of `mamba.comparison` says of left - right."""
        line = self._line_at_work(sys._getframe())
        kind = protocol, bits, security
        work = _Comparison(left, right, kind, result, line, self._machine.turns)
        self._add(1 + self.level([left, right]), work, result)

    def compute(self, result, function, *operands):
        """Let `result` be a function of the values of these operands, of which one waits."""
        self._add(self.level(operands), _Step(weakref.ref(result), function, operands), result)

    def arrive(self, result, find):
        """Let ``find()`` give the value of `result`."""
        self._add(1 + self._found, _Step(weakref.ref(result), find, ()), result)

    def _add(self, level, work, result):
        result.level = level
        tasks, steps = self._levels.setdefault(level, ([], []))
        (steps if isinstance(work, _Step) else tasks).append(work)
        self._size += result.size
        if self._size > MOST:
            self.find_all()

    # --- how it is found -------------------------------------------------------------------------

    def find_all(self):
        """Find all results that wait."""
        self.find(max(self._levels, default=0))

    def find(self, level):
        """Find all results up to a level."""
        while self._found < level:
            tasks, steps = self._levels.pop(self._found + 1, ((), ()))
            if tasks:
                self._do(tasks)
            self._found += 1
            for step in steps:
                step.do()
        if not self._levels:
            self._size = 0

    def _do(self, tasks):
        """One exchange of messages for all products, and then those of all comparisons."""
        try:
            type(tasks[0].result)._reduce(*(task.product for task in tasks))
            groups: dict = {}
            for task in tasks:
                groups.setdefault(task.kind, []).append(task)
            for settling in groups.pop(None, ()):
                settling.result._value = settling.product.value
            for (protocol, bits, security, paired), group in groups.items():
                self._compare(protocol, bits, security, group, paired)
        except Exception as error:
            if getattr(error, "line", None) is None:  # and not where its result was wanted
                error.line = next((task.line for task in tasks if task.line), None)  # type: ignore
            raise

    def _compare(self, protocol, bits, security, group, paired):
        width, pairs = sum(task.result.size for task in group), None
        if paired and width > 1:
            sides = ([task.left for task in group], [task.right for task in group])
            pairs = comparison.pair_up(*map(_joined, sides))
        if pairs is not None and pairs.are_many:
            protocol, operands = comparison.less_than_among, pairs
            demand = pairs.demand(bits, security)
        else:
            operands = _joined([task.product for task in group])
            demand = Demand(width, bits, security, width)
        comes_again = all(task.turn == self._machine.turns for task in group)
        found = self._machine.compare(protocol, operands, demand, comes_again)
        start = 0
        for task in group:
            task.result._value = found[:, start : start + task.result.size]
            start += task.result.size


class _Settling:
    kind = line = None

    def __init__(self, product, result):
        self.product, self.result = product, result


class _Comparison:
    def __init__(self, left, right, kind, result, line, turn):
        self.left, self.right, self._kind, self.result = left, right, kind, result
        self.line, self.turn = line, turn  # of the program; of its loops

    @cached_property
    def product(self):
        """left - right: a vector that may be a sum of products."""
        return self.left - self.right

    @property
    def kind(self):
        """What comparisons that are found together have in common: the protocol and its lengths,
        and whether all are of two shared numbers, which may stand in several of them."""
        secret = type(self.result)
        paired = self._kind[0] is comparison.less_than_zero and all(
            isinstance(side, secret) and side.size == self.result.size and side.degree == 1
            for side in (self.left, self.right)
        )
        return *self._kind, paired


class _Step:
    def __init__(self, result, function, operands):
        self._result, self._function, self._operands = result, function, operands

    def do(self):
        result = self._result()
        if result is not None:  # else nobody can want it any more
            result._value = self._function(*(operand.value for operand in self._operands))


def _joined(vectors):
    return np.concatenate([vector.value for vector in vectors], axis=1)
