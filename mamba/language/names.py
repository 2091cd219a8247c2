"""The names that a ``.mpc`` file sees, and what they do on an embedded player.

The part of the MAMBA language that computes modulo p. SCALE-MAMBA compiles such a file to
instructions; here it is executed as the Python text that it is (after `mamba.language.branches`),
once by every player, each with its own shares. A name or a method that is not here is an error of
the program, with its file and line; docs/mamba.md lists them all, with an example each.

Inputs and outputs are queued and done when a value is needed, so that all inputs take one round.
"""

import math
import random
from types import SimpleNamespace

from mamba.language import branches, sorting
from mamba.language.adv_integer import AdvInteger, FloatingPoint
from mamba.language.arrays import Array, Matrix, MultiArray, typed
from mamba.language.assertions import Assertions
from mamba.language.bystanders import secret_type
from mamba.language.comparisons import smallest
from mamba.language.control_flow import ControlFlow
from mamba.language.fixed_point import PublicFixedPoint, SharedFixedPoint
from mamba.language.functions import Functions
from mamba.language.instructions import Instructions
from mamba.language.local_functions import LocalFunctions
from mamba.language.machine_integers import MachineInteger
from mamba.language.memory_values import MemFix, MemValue
from mamba.language.printing import Printing
from mamba.language.program_object import ProgramObject
from mamba.language.public_integers import PublicInteger
from mamba.language.square_root import MpcMath
from mamba.language.vector_sums import VectorSums, inner, lagrange, powers_of
from mamba.run_error import RunError


def namespace(machine):
    """The global names of a program that runs on `machine` (`mamba.language.machine.Machine`)."""
    types = _types(machine)
    functions = Functions(machine, types)
    program = ProgramObject(machine, types, functions)
    names = {name: value for name, value in vars(types).items()}
    for part in (
        ControlFlow(machine, types),
        Printing(machine),
        Assertions(machine, types),
        Instructions(machine, types),
        functions,
        VectorSums(types.sint),
    ):
        names |= part.names()
    names |= {name: getattr(sorting, name) for name in sorting.NAMES}
    names |= {name: Missing(name) for name in NOT_SUPPORTED}
    names |= {
        "program": program,
        "get_program": lambda: program,
        "get_tape": lambda: program.curr_tape,
        "get_block": lambda: program.curr_block,
        "inner": inner,
        "lagrange": lagrange,
        "powers_of": powers_of,
        "smallest": smallest,
        "foresee": lambda *parts: machine.foresee(*parts),
        "toss": lambda: types.cint._of(machine.run("toss_for_all")),
        "AdvInteger": AdvInteger,
        "floatingpoint": FloatingPoint,
        "mpc_math": MpcMath,
        "LF": LocalFunctions(types).call,
        "math": math,
        "random": random.Random(0),  # every player draws the same, as one compiler would
        branches.DIVIDE: branches.divide,
        branches.OR: branches.first_or,
        branches.AND: branches.last_and,
    }
    return names


def known_names():
    """The same, to be looked up only: there are no players yet."""
    nobody = SimpleNamespace(me=0, holds_shares=True, protocols=SimpleNamespace(active=False))
    return namespace(nobody)


def _types(machine):
    """The types of the language, which know their machine and each other."""
    types = SimpleNamespace()

    def made(name, base, **attributes):
        kind = type(name, (base,), {"machine": machine, "types": types, **attributes})
        setattr(types, name, kind)
        return kind

    sint, cint = made("sint", secret_type(machine)), made("cint", PublicInteger)
    regint = made("regint", MachineInteger)
    sfix, cfix = made("sfix", SharedFixedPoint), made("cfix", PublicFixedPoint)
    mem_value = made("MemValue", MemValue)
    mem_fix = made("MemFix", MemFix, mem_value=mem_value)
    letters = {"s": sint, "c": cint, "r": regint}
    array = made("Array", Array, letters=letters)
    matrix = made("Matrix", Matrix, array_type=array)
    multi_array = made("MultiArray", MultiArray, array_type=array)
    for kind in (sint, cint, regint, sfix, cfix):
        typed(array, matrix, multi_array if kind is not regint else None, kind)
        kind.MemValue = mem_fix if kind in (sfix, cfix) else mem_value
        kind.bit_type = kind
    return types


# What the language has and embedded players do not: the name, and what it is.
NOT_SUPPORTED = {
    "sfloat": "floating-point numbers",
    "cfloat": "floating-point numbers",
    "MemFloat": "floating-point numbers",
    "load_float_to_secret": "floating-point numbers",
    "sregint": "secret integers modulo 2^64, computed by garbled circuits",
    "sbit": "secret bits, computed by garbled circuits",
    "GC": "garbled circuits",
    "get_random_dabit": "bits shared for garbled circuits",
    "FixedPt": "the compiler's own routines for fixed-point numbers",
    "comparison": "the compiler's own routines for comparisons",
    "mergesort": "a sort that opens its comparisons to everybody; see sort",
    "clear_registers": "registers: a value here is an object, and stays until nobody has it",
    "input_shares": "shares that come from a file",
    "output_shares": "shares that go to a file",
    "restart": "another program after this one",
}


class MissingError(RunError, AttributeError):
    """The program uses a name that embedded players do not support."""


class Missing:
    """A name of SCALE-MAMBA's that embedded players do not support: to use it is an error."""

    def __init__(self, name):
        self.__dict__["name"] = name

    def _refuse(self, *_args, **_keywords):
        raise MissingError(missing(self.name))

    __call__ = __getattr__ = __setattr__ = __getitem__ = _refuse


def missing(name):
    """What to say of a name in `NOT_SUPPORTED`."""
    return (
        f"{name} ({NOT_SUPPORTED[name]}) is not supported by the embedded players; "
        "it needs SCALE-MAMBA"
    )
