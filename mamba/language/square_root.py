"""``mpc_math.sqrt``: the square root of ``sfix``.

The number is shifted, with the bit that is its highest, to c between 1/2 and 1. Newton's iteration
for 1 / sqrt(c) begins with the linear approximation of Liedel, "Secure distributed computation of
the square root and applications" (ISPEC 2012, section 3.2); c times that is the root, and is
shifted back by half as many places. Nothing is opened but masked numbers.
"""

from math import sqrt

from mamba.language.fixed_point import fitting, refuse
from mamba.language.vectors import read, told
from mamba.run_error import RunError

_ITERATIONS = 4  # from an error of 2^-6 to one below 2^-40


class MpcMath:
    """``mpc_math``: of the compiler's functions the square root."""

    @staticmethod
    def sqrt(x, k=None, f=None):
        """The square root of a sfix, or of the integers of a sint, as a sfix. `k` and `f` may say
        how long the number is, and are not needed."""
        x = read(x)
        kind = getattr(getattr(type(x), "types", None), "sfix", None)
        if kind is None or type(x) not in (kind, kind.types.sint):
            raise RunError(f"mpc_math.sqrt takes a sfix or a sint, not {told(x)}")
        x = x if isinstance(x, kind) else kind.load_sint(x)
        if x.k < 12:
            raise RunError(f"mpc_math.sqrt needs sfix of 12 bits at least, not {x.k}")
        v = fitting(x.v, x.k)
        if v.bound is None or v.bound.range[0] < 0:
            refuse(v.less_than(0, x.k + 1, x.kappa), "the square root of a number below 0")
        return kind._of(_root(v, x.k, x.f, x.kappa).within(None))

    # As SCALE-MAMBA's own test program calls it.
    test_sqrt_no_param = test_sqrt_param = sqrt


def _root(v, k, f, kappa):
    """sqrt(v 2^f) for mantissas v of k bits with their sign, about as exact as one place."""
    highest = v.highest_bit(k, kappa)  # all 0 below 0, so that nothing outgrows its mask
    places = k - 5  # of c and of what is computed from it
    shift = sum(bit * 2 ** (k - 1 - i) for i, bit in enumerate(highest))
    back = sum(bit * round(sqrt(2 ** (i + 1 + f))) for i, bit in enumerate(highest))
    c = (v * shift).truncated(k + 1, k - places, kappa)

    def cut(product, more=0):
        return product.truncated(2 * places + 4, places + more, kappa)

    slope, intercept = (int(value * 2**places) for value in (0.8099868542, 1.787727479))
    y = intercept - cut(c * slope)
    for _ in range(_ITERATIONS):
        y = cut(y * (3 * 2**places - cut(c * cut(y * y))), 1)
    return (cut(c * y) * back).truncated(2 * k, places, kappa)
