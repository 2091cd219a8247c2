"""Functions, tapes and threads of a program.

SCALE-MAMBA compiles such a function once, at its first call or start, and later calls run what
came out. Here every call executes it; what Python names mean in it must still be what they meant
then, so that both do the same. Threads run one after the other, each when it is started: a program
may not rely on any order between them, nor can it here find out.
"""

from functools import update_wrapper

from mamba.language.vectors import integer, read
from mamba.run_error import RunError

_MISSING = object()


class Functions:
    """The names of the language for it, for one machine and its types."""

    def __init__(self, machine, types):
        self._machine, self._types = machine, types
        self._argument = self._number = 0  # of the thread that runs

    def names(self):
        """Every name with what it stands for."""
        return {
            "function_block": self.function_block,
            "function_block_with_compile_args": self.function_block_with_compile_args,
            "method_block": self.method_block,
            "function_tape": self.function_tape,
            "function_tape_with_compile_args": self.function_tape_with_compile_args,
            "MPCThread": self.thread_type(),
            "get_arg": self.get_arg,
            "get_thread_number": self.get_thread_number,
        }

    # --- functions ------------------------------------------------------------------------------

    def function_block(self, function, compile_args=()):
        """Decorator of a function that is compiled once; integers in and out become regint."""
        compiled = Compiled(function)

        def call(*args):
            compiled.check()
            result = function(*compile_args, *(self._register(arg) for arg in args))
            return self._returned(result)

        return update_wrapper(call, function)

    def function_block_with_compile_args(self, *args):
        """`function_block` of a function whose first arguments are Python's."""
        return lambda function: self.function_block(function, args)

    def method_block(self, method):
        """`function_block` of a method."""
        return update_wrapper(
            lambda owner, *args: self.function_block(method, (owner,))(*args), method
        )

    def _register(self, value):
        value = read(value)
        return self._types.regint(value) if isinstance(value, int) else value

    def _returned(self, result):
        if isinstance(result, (tuple, list)):
            return tuple(self._returned(item) for item in result)
        return self._register(result)

    # --- tapes and threads ----------------------------------------------------------------------

    def run(self, function, args, argument):
        """Run a function as a thread does."""
        if self._number:
            raise RunError("a thread cannot start threads")
        self._argument, self._number = integer(argument or 0), 1
        try:
            function(*args)
        finally:
            self._argument = self._number = 0

    def thread_type(self):
        """The class ``MPCThread`` of this machine."""
        run = self.run

        class MPCThread:
            """A function that runs when it is started."""

            def __init__(self, target, name, args=(), runtime_arg=None):
                if not callable(target):
                    raise RunError(f"the thread {name} is made of a function")
                self.name, self._target, self._args = name, target, args
                self._argument, self._running, self._compiled = runtime_arg, 0, Compiled(target)

            def start(self, runtime_arg=None):
                """Run it; `get_arg` gives it the argument."""
                self._running += 1
                self._compiled.check()
                run(self._target, self._args, runtime_arg or self._argument)

            def join(self):
                """Wait until it has ended."""
                if not self._running:
                    raise RunError(f"the thread {self.name} is not running")
                self._running -= 1

        return MPCThread

    def function_tape(self, function, compile_args=()):
        """Decorator of a function that a call prepares as a thread: start it, then join it."""
        thread = self.thread_type()
        return lambda *args: thread(
            function, function.__name__, [*compile_args, *(self._register(arg) for arg in args)]
        )

    def function_tape_with_compile_args(self, *args):
        """`function_tape` of a function whose first arguments are Python's."""
        return lambda function: self.function_tape(function, args)

    def get_arg(self, size=1):
        """The argument of the thread that runs; 0 where there is none."""
        return self._types.regint(self._argument, size=size)

    def get_thread_number(self, size=1):
        """1 in a thread, else 0."""
        return self._types.regint(self._number, size=size)


class Compiled:
    """A function whose Python names keep the meaning that they had when it was compiled."""

    def __init__(self, function):
        self._function, self._names = function, None

    def check(self):
        """RunError when a name of the program that it uses was bound anew since the first
        time."""
        code = getattr(self._function, "__code__", None)
        if code is None:
            return
        bound = self._function.__globals__
        now = {name: bound.get(name, _MISSING) for name in code.co_names}
        before, self._names = self._names or now, self._names or now
        for name, value in now.items():
            if before[name] is not value:
                raise RunError(
                    f"{self._function.__name__} is compiled at its first call, and the Python name "
                    f"{name} meant something else then; use a MemValue, or give it as an argument"
                )
