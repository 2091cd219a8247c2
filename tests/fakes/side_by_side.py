"""All holders' sides of a verification in one process, without messages: what they would reduce or
open goes through real sharings here, and a test may add errors to it."""

from mamba import byte_check, field, gf2_72, product_check, shamir
from mamba.randomness import Randomness

COIN = 0x123456789ABCDEF0FEDCBA987654321  # the first; those after it are multiples of it


def share(module, secret, threshold):
    return shamir.share(module, secret, threshold, 2 * threshold + 1, Randomness())


def accepted(checks, threshold, error=lambda step, secret: None):
    """Whether the holders' checks accept, and what they opened; all of them alike.

    Parameters
    ----------
    checks : list
        One `ProductCheck` or `ByteCheck` for each holder.
    error : callable, optional
        ``error(step, secret)`` is added to what is reduced at each step, from 0; None adds nothing.
    """
    module, step, coin = checks[0].module, 0, COIN

    def reduce(shares):
        nonlocal step
        step += 1
        secret = shamir.reconstruct(module, shares, 2 * threshold)
        added = error(step - 1, secret)
        return share(module, secret if added is None else module.add(secret, added), threshold)

    def fold(values):
        nonlocal coin
        coin = coin * 3 % 2**127
        for check, one in zip(checks, values, strict=True):
            check.fold(one, check.challenge(coin))

    while not checks[0].is_last:
        fold(reduce([check.divide() for check in checks]))
    assert all(check.is_last for check in checks)
    most = 2 * product_check.SHORT if module is field else 2 * byte_check.SHORT * gf2_72.DEGREE
    blinds = share(module, module.random(Randomness(), most), threshold)
    fold(reduce([check.divide(one) for check, one in zip(checks, blinds, strict=True)]))
    shown = [check.disclose() for check in checks]
    assert shamir.consistent(module, shown, threshold)
    opened = shamir.reconstruct(module, shown, threshold)
    (result,) = {check.holds(opened) for check in checks}
    return result, opened, step
