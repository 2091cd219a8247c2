"""``AdvInteger``: the compiler's routines for integers, under the names of SCALE-MAMBA's manual.

Each is a short form of what ``sint`` does itself; what the manual's chapter on advanced protocols
calls k is the length of a number, m a number of bits, kappa the security. A routine whose first
argument is a result writes into it.
"""

from mamba import truncation
from mamba.language.vectors import Vector, integer
from mamba.run_error import RunError


class AdvInteger:
    """The routines; there is no object of this class."""

    # --- folding lists ------------------------------------------------------------------------

    @staticmethod
    def or_op(a, b, void=None):
        """The OR of two bits."""
        return a + b - a * b

    @staticmethod
    def xor_op(a, b, void=None):
        """The XOR of two bits."""
        return a + b - 2 * (a * b)

    @staticmethod
    def mul_op(a, b, void=None):
        """The product, of bits the AND."""
        return a * b

    @staticmethod
    def addition_op(a, b, void=None):
        """The sum."""
        return a + b

    @staticmethod
    def KOpL(op, a):
        """All items of a list joined by an operation, as a tree."""
        if len(a) == 1:
            return a[0]
        half = len(a) // 2
        return op(AdvInteger.KOpL(op, a[:half]), AdvInteger.KOpL(op, a[half:]))

    @staticmethod
    def carry(b, a, compute_p=True):
        """Two neighbours (propagates, generates) of an adder joined; `b` has the lower bits."""
        return a[0] * b[0] if compute_p else None, a[1] + a[0] * b[1]

    @staticmethod
    def KOR(items):
        """The OR of all bits of a list."""
        return AdvInteger.KOpL(AdvInteger.or_op, items)

    @staticmethod
    def PreOpL(op, items):
        """The first item, the first two joined, the first three, ...; the operation gets a third
        argument."""
        output, run = list(items), 1
        while run < len(output):
            output[run:] = _joined_pairs(op, output[:-run], output[run:])
            run *= 2
        return output

    @staticmethod
    def PreOR(items):
        """The OR of the first bit, of the first two, ..."""
        return AdvInteger.PreOpL(AdvInteger.or_op, items)

    @staticmethod
    def PreOpN(op, items):
        """As `PreOpL`, one after the other."""
        output = [items[0]]
        for item in items[1:]:
            output.append(op(output[-1], item))
        return output

    @staticmethod
    def SumBits(x_bits, k):
        """The number that has these bits."""
        return AdvInteger.KOpL(AdvInteger.addition_op, [x_bits[i] * 2**i for i in range(k)])

    @staticmethod
    def two_power(n):
        """2^n."""
        return 2 ** integer(n)

    # --- random numbers -----------------------------------------------------------------------

    @staticmethod
    def PRandInt(r, k):
        """A number below 2^k that nobody knows."""
        _write(r, r.get_random_int(k, size=r.size))

    @staticmethod
    def PRandM(r_dprime, r_prime, b, k, m, kappa):
        """Two such numbers, of k + kappa - m and of m bits, and the bits of the second."""
        AdvInteger.PRandInt(r_dprime, k + kappa - m)
        for bit in b:
            _write(bit, bit.get_random_bit(size=bit.size))
        _write(r_prime, AdvInteger.SumBits(b, m))

    # --- numbers as lists of bits -------------------------------------------------------------

    @staticmethod
    def BitAdd(a, b, bits_to_compute=None):
        """The bits of a sum, of which there is one more."""
        carry = a[0] * b[0]
        total = [AdvInteger.xor_op(a[0], b[0])]
        for x, y in zip(a[1:], b[1:], strict=True):
            either = AdvInteger.xor_op(x, y)
            total.append(AdvInteger.xor_op(either, carry))
            carry = x * y + either * carry
        return [*total, carry]

    @staticmethod
    def BitIncrement(a, bits_to_compute=None):
        """The bits of a number and 1, of which there is one more."""
        carries = AdvInteger.PreOpL(AdvInteger.mul_op, a)
        flipped = [AdvInteger.xor_op(x, c) for x, c in zip(a[1:], carries, strict=False)]
        return [1 - a[0], *flipped, carries[-1]]

    @staticmethod
    def CarryOut(res, a, b, c):
        """The carry out of the sum of a number of public bits, one of secret bits, and a bit c; the
        highest bits come first."""
        carry = type(res)(c)
        for x, y in zip(reversed(a), reversed(b), strict=True):
            carry = x * y + AdvInteger.xor_op(x, y) * carry
        _write(res, carry)

    @staticmethod
    def BitLT(res, a, b, kappa=None):
        """Whether a public number is smaller than one of secret bits."""
        digits, inverse = AdvInteger.bits(a, len(b)), [1 - bit for bit in b]
        AdvInteger.CarryOut(res, digits[::-1], inverse[::-1], 1)
        _write(res, 1 - res)
        return digits, inverse

    @staticmethod
    def BitLTFull(res, a, b, bit_length=None):
        """Whether a number of secret bits is smaller than another."""
        AdvInteger.CarryOut(res, a[::-1], [1 - bit for bit in reversed(b)], 1)
        _write(res, 1 - res)

    @staticmethod
    def bits(a, m):
        """The m lowest bits of a public number."""
        return [a >> k & 1 for k in range(m)] if isinstance(a, int) else a.bit_decompose(m)

    @staticmethod
    def BitDec(a, k, m, kappa):
        """The m lowest bits of a secret of k bits."""
        return a.bit_decompose(k, kappa)[:m]

    # --- remainders, shifts, comparisons ------------------------------------------------------

    @staticmethod
    def Inv(a):
        """1 / a."""
        return 1 / a

    @staticmethod
    def Mod2m(a_prime, a, k, m, kappa, signed=True):
        """The remainder modulo 2^m of a number of k bits; returns what it is computed from.

        Protocol 3.2 of Catrina and de Hoogh, "Improved primitives for secure multiparty integer
        computation" (SCN 2010): the number is opened below a mask of k + kappa bits whose m lowest
        are known as bits. The names are the manual's.
        """
        if m >= k:
            _write(a_prime, a)
            return None
        truncation.check(k + 1, kappa, a.machine.protocols.threshold)
        r_dprime, r_prime, u = (type(a)(0, size=a.size) for _ in range(3))
        r = [type(a)(0, size=a.size) for _ in range(m)]
        AdvInteger.PRandM(r_dprime, r_prime, r, k, m, kappa)
        c2k1 = a.types.cint(2 ** (k - 1))
        t = [r_dprime * 2**m, a + c2k1 if signed else a]
        t.append(t[0] + t[1])
        t.append(t[2] + r_prime)
        c = t[3].reveal()
        c_prime = c % 2**m
        AdvInteger.BitLT(u, c_prime, r, kappa)
        t += [u * 2**m, c_prime - r_prime]
        _write(a_prime, t[5] + t[4])
        return r_dprime, r_prime, c, c_prime, u, t, c2k1

    @staticmethod
    def Mod2(a_0, a, k, kappa, signed=True):
        """The lowest bit."""
        _write(a_0, a.mod2m(1, max(k, 2), kappa))

    @staticmethod
    def Trunc(d, a, k, m, kappa, signed=True):
        """a / 2^m, rounded down."""
        _write(d, a.right_shift(m, k, kappa))

    @staticmethod
    def TruncPr(a, k, m, kappa=None):
        """a / 2^m, rounded down or one more, and sooner there."""
        return a.truncated(k + 1, m, kappa)

    @staticmethod
    def TruncRoundNearest(a, k, m, kappa):
        """a / 2^m, rounded to the nearest integer."""
        return (a + 2 ** (m - 1)).right_shift(m, k + 1, kappa)

    @staticmethod
    def Oblivious_Trunc(a, k, m, kappa, compute_modulo=False):
        """a / 2^m, rounded down, for a secret m; with a third argument the remainder and 2^m."""
        if not compute_modulo:
            return a.right_shift(m, k, kappa)
        return a.mod2m(m, k, kappa), m.pow2(k, kappa)

    @staticmethod
    def Pow2(a, k, kappa):
        """2^a, for a secret a below k."""
        return a.pow2(k, kappa)

    @staticmethod
    def B2U(a, k, kappa):
        """A secret a below k as k bits of which the first a are 1, and 2^a."""
        length = k.bit_length() + 1
        return [a.greater_than(i, length, kappa) for i in range(k)], a.pow2(k, kappa)

    @staticmethod
    def LTZ(s, a, k, kappa):
        """Whether a is below 0."""
        _write(s, a.less_than(0, k, kappa))

    @staticmethod
    def EQZ(a, k, kappa):
        """Whether a is 0."""
        return a.equal(0, k, kappa)

    @staticmethod
    def ld2i(c, n):
        """2^n, written into a public number."""
        _write(c, type(c)(2**n))


class FloatingPoint:
    """``floatingpoint``: of the routines for ``sfloat`` the one that is for integers."""

    @staticmethod
    def TruncRoundNearestAdjustOverflow(a, length, target_length, kappa):
        """The highest `target_length` bits of a number of `length` bits, rounded; and 1 where that
        is one bit longer, of which the first half is taken."""
        rounded = AdvInteger.TruncRoundNearest(a, length, length - target_length, kappa)
        overflow = rounded.greater_equal(2**target_length, target_length + 2, kappa)
        return (1 - overflow) * rounded + overflow * rounded / 2, overflow


def _joined_pairs(op, left, right):
    """An operation of two lists, item by item; those of single numbers as one of two vectors."""
    kind = type(left[0])
    single = all(type(item) is kind and isinstance(item, Vector) for item in left + right)
    if single and op in _ELEMENTWISE and all(item.size == 1 for item in left + right):
        joined = op(kind._joined(left), kind._joined(right))
        return kind._joined([joined])[:]
    return [op(a, b, True) for a, b in zip(left, right, strict=False)]


_ELEMENTWISE = AdvInteger.or_op, AdvInteger.xor_op, AdvInteger.mul_op, AdvInteger.addition_op


def _write(target, value):
    """Let a vector be another value."""
    if not isinstance(target, Vector):
        raise RunError(f"this routine writes into a sint or a cint, not {target!r}")
    value = type(target).conv(value)
    if value.waits:
        value.machine.waiting.find(value.level)
    inside = dict(vars(value))
    vars(target).clear()
    vars(target).update(inside)
