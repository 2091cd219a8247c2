"""Loops and branches whose conditions are known only when the players run.

A condition is public: a ``cint`` or a ``regint``, or a function that returns one. Secrets do not
steer a program, since everybody would see which way it goes; `if_else` of a ``sint`` selects on
shares. A counter is a ``regint``. Bodies are functions, and see Python's names as a text that is
compiled once does (`mamba.language.compiled_once`).
"""

from mamba.language.compiled_once import Bindings
from mamba.language.vectors import Operand, integer, read, told
from mamba.run_error import RunError


class ControlFlow:
    """The names of the language for it, for one machine and its types."""

    def __init__(self, machine, types):
        self._machine, self._regint, self._mem_value = machine, types.regint, types.MemValue
        self._decided = []  # by if_e, until else_

    def names(self):
        """Every name with what it stands for."""
        return {name: getattr(self, name) for name in _NAMES}

    # --- loops ----------------------------------------------------------------------------------

    def for_range(self, start, stop=None, step=None):
        """Decorator that runs its function for every number of a range, as `range` counts them."""

        def run(body):
            self.range_loop(body, start, stop, step)
            return body

        return run

    def range_loop(self, loop_body, start, stop=None, step=None):
        """Call a function with every number of a range."""
        first, last = (0, start) if stop is None else (start, stop)
        step = 1 if step is None else step
        if integer(step) == 0:
            raise RunError("the step of a loop is not 0")
        bindings = Bindings(loop_body)
        moving = isinstance(last, self._mem_value)
        counters = self._moving_range if moving else lambda *bounds: range(*map(integer, bounds))
        turns = counters(first, last, integer(step))
        self._machine.loop(lambda i: loop_body(self._regint(i)), turns, bindings.restore)

    @staticmethod
    def _moving_range(first, last, step):
        """The numbers of a range whose end stands in memory, where it may change."""
        count = integer(first)
        while count < integer(last) if step > 0 else count > integer(last):
            yield count
            count += step

    def while_loop(self, loop_body, condition, arg):
        """Call ``arg = loop_body(arg)`` as long as ``condition(arg)`` holds."""
        if not callable(condition):
            raise RunError("the condition of a while_loop is a function, lambda x: x < 5")
        if not self._holds(condition(arg)):
            return
        bindings, state = Bindings(loop_body), self._regint.conv(arg)
        while True:
            state = self._next(loop_body(state))
            if not self._holds(condition(state)):
                return
            bindings.restore()

    def while_do(self, condition, *args):
        """Decorator for `while_loop`."""

        def run(loop_body):
            self.while_loop(loop_body, condition, *args)
            return loop_body

        return run

    def do_loop(self, condition, loop_fn):
        """Call ``condition = loop_fn(condition)`` until that is 0, once at least."""
        bindings, state = Bindings(loop_fn), self._regint.conv(condition)
        while True:
            state = self._next(loop_fn(state))
            if not self._holds(state):
                return
            bindings.restore()

    def do_while(self, loop_fn):
        """Call a function until it returns 0, once at least."""
        bindings = Bindings(loop_fn)
        while self._holds(loop_fn()):
            bindings.restore()
        return loop_fn

    def _next(self, result):
        if result is None:
            raise RunError("the body of this loop returns the next value, and there is none")
        return self._regint.conv(result)

    # --- map and reduce -------------------------------------------------------------------------

    def for_range_parallel(self, n_parallel, n_loops):
        """`for_range`, of which SCALE-MAMBA runs so many turns side by side."""
        return self.map_reduce_single(n_parallel, n_loops, lambda *_: [], lambda *_: [])

    def for_range_multithread(self, n_threads, n_parallel, n_loops, thread_mem_req=None):
        """`for_range`, whose turns SCALE-MAMBA gives to threads."""
        return self.map_reduce(
            n_threads, n_parallel, n_loops, lambda *_: [], lambda *_: [], thread_mem_req
        )

    def map_reduce_single(self, n_parallel, n_loops, initializer, reducer, mem_state=None):
        """Decorator that joins what its function returns for each number below `n_loops`.

        ``reducer(new, state)`` gives the next state, beginning with ``initializer()``. What it
        leaves in place of the function returns the last one.
        """
        if not isinstance(n_parallel, int):
            raise RunError("how many turns go side by side is a Python integer")

        def run(loop_body):
            count, state = integer(n_loops), [tupled(initializer())]
            # SCALE-MAMBA unrolls turns that are too few for a loop: their counters are Python's.
            width = n_parallel or 1
            known = isinstance(n_loops, int)
            looped = count // width * width if width < count or not known else 0

            def turn(i):
                state[0] = tupled(reducer(tupled(loop_body(i)), state[0]))

            bindings = Bindings(loop_body)
            self._machine.loop(lambda i: turn(self._regint(i)), range(looped), bindings.restore)
            for i in range(looped, count):
                turn(i if known else self._regint(i))
            return lambda: state[0][0] if len(state[0]) == 1 else tuple(state[0])

        return run

    def map_reduce(self, n_threads, n_parallel, n_loops, initializer, reducer, thread_mem_req=None):
        """`map_reduce_single`, whose turns SCALE-MAMBA gives to threads."""
        decorator = self.map_reduce_single(n_parallel, n_loops, initializer, reducer)
        if not thread_mem_req:
            return decorator
        if list(thread_mem_req) != [self._regint]:
            raise RunError("a thread can ask for memory of regint only")
        memory = self._regint.Array(thread_mem_req[self._regint])
        return lambda loop_body: decorator(lambda i: loop_body(i, memory))

    def map_sum(self, n_threads, n_parallel, n_loops, n_items, value_types):
        """`map_reduce` that adds up `n_items` numbers of given types."""
        kinds = tupled(value_types)
        kinds = kinds * n_items if len(kinds) == 1 else kinds
        if len(kinds) != n_items:
            raise RunError(f"{n_items} sums have {n_items} types, not {len(kinds)}")
        return self.map_reduce(
            n_threads,
            n_parallel,
            n_loops,
            lambda: [kind(0) for kind in kinds],
            lambda x, y: tuple(a + b for a, b in zip(x, y, strict=True)),
        )

    # --- branches -------------------------------------------------------------------------------

    def if_statement(self, condition, if_fn, else_fn=None):
        """Call `if_fn` where the condition is not 0, else `else_fn`."""
        if self._holds(condition):
            self._branch(if_fn)
        elif else_fn is not None:
            self._branch(else_fn)

    def if_(self, condition):
        """Decorator that calls its function where the condition is not 0."""
        return lambda body: self.if_statement(condition, body)

    def if_e(self, condition):
        """Decorator like `if_`, before another function with `else_`."""
        self._decided.append(self._holds(condition))
        return lambda body: self._branch(body) if self._decided[-1] else None

    def else_(self, body):
        """Decorator that calls its function where the condition of `if_e` was 0."""
        if not self._decided:
            raise RunError("else_ belongs after if_e")
        if not self._decided.pop():
            self._branch(body)

    @staticmethod
    def _branch(function):
        bindings = Bindings(function)
        function()
        bindings.check_unchanged("a branch")

    def and_(self, *terms):
        """A function that gives 1 where all terms, functions too, are not 0; none is called after
        the first 0."""
        result = self._regint(int(all(self._holds(term) for term in terms)))
        return lambda: result

    def or_(self, *terms):
        """A function that gives 1 where one term, a function too, is not 0; none is called after
        it."""
        result = self._regint(int(any(self._holds(term) for term in terms)))
        return lambda: result

    def not_(self, term):
        """A function that gives 1 where a term, a function too, is 0."""
        return lambda: 1 - term()

    def _holds(self, condition):
        """Whether a public condition is not 0."""
        while callable(condition) and not isinstance(condition, Operand):
            condition = condition()
        condition = read(condition)
        if isinstance(condition, (bool, int)):
            return bool(condition)
        if isinstance(condition, Operand) and not hasattr(condition, "known"):
            raise RunError(
                f"a secret, {type(condition).__name__}, cannot decide which way a program goes: "
                "everybody would see it. x.if_else(a, b) selects on shares; reveal() opens x"
            )
        if not isinstance(condition, Operand):
            raise RunError(f"{told(condition)} is not a condition; it returns cint or regint")
        return self._regint(condition).known() != [0]

    # --- what `mamba.language.branches` turns if_then into ----------------------------------------

    def if_then(self, condition):
        """Whether the branch that begins here is taken."""
        return self._holds(condition)

    def else_then(self):
        """Only reached where no if_then is before it."""
        raise RunError("else_then and end_if belong after an if_then of the same block")

    end_if = else_then


def tupled(value):
    """A tuple or list as it is, anything else as the only item of a tuple."""
    return value if isinstance(value, (tuple, list)) else (value,)


_NAMES = (
    "for_range range_loop while_loop while_do do_loop do_while for_range_parallel "
    "for_range_multithread map_reduce_single map_reduce map_sum if_statement if_ if_e else_ "
    "and_ or_ not_ if_then else_then end_if"
).split()
