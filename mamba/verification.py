"""Claims are verified before anything is opened that a false one could make tell something.

Among 2t + 1 holders any t may deviate in any way, and what they can do to a computation on shares
is to add numbers that they know to products, and to lie about masks that they deal
(`mamba.claims`). That is harmless while nothing is opened but what is uniform by itself, such as a
bit of the small field under a coin. Before a number is opened that a mask hides, or that is a
result, all claims behind it are verified here, those of both fields in the same rounds:

1. A coin is tossed: weights that make one claim of many (`mamba.product_check` for the prime
   field, where `mamba.distance_check` adds distances; `mamba.byte_check` for the small one).
2. Level by level: the holders multiply for a few values, then toss a coin.
3. The last level, with random numbers for one block, a coin, and three things in the open to
   compare. Four rounds in all where there is no other level.

All holders that go on after a coin have the same one (`mamba.coins`), so at the end f is opened at
one point only: opened at two, it would show a difference of secrets.

What blinds the end depends on no coin, so it is dealt beside the first one. A verification may run
beside other protocols as a whole (`begin`): then everything that `verify` stands before waits for
it, too.

What is opened tells nothing, whether the claims are true or false, so an abort tells nothing. A
false claim passes with a chance below 2^-62 in a run of up to 2^50 products.
"""

from mamba import blame, distance_check, product_check, side_by_side
from mamba import field as prime
from mamba.blame import Transcript
from mamba.byte_check import ByteCheck
from mamba.product_check import ProductCheck
from mamba.randomness import from_coin


def verify(protocols, masked=False):
    """Verify what was claimed so far, on holders; nothing to do means no round.

    Parameters
    ----------
    protocols : mamba.protocols.Protocols
    masked : bool
        Whether this is for a masked opening in the prime field: `mamba.claims.Claims.take`.

    Raises
    ------
    ProtocolError
        A claim is false, or a player departed from the protocol while it was verified.
    """
    while protocols.claims.beside:  # what they have taken off the list is to be verified, too
        protocols.claims.beside.pop()()
    _judge(protocols, _examine(protocols, masked))


def begin(protocols, work):
    """Begin to verify what was claimed so far, and what `work` claims, beside what comes next
    (`mamba.side_by_side`): as for a masked opening in the prime field.

    Parameters
    ----------
    protocols : mamba.protocols.Protocols
    work : callable
        Without arguments; it exchanges messages among the holders alone, opens nothing that tells
        something, and returns a callable that gives its result after the verification.

    Returns
    -------
    callable
        Gives that result, when all that was claimed is verified. `verify` waits for it, too:
        nothing that depends on these claims is opened before.
    """

    def both():
        finish = work()
        transcript = _examine(protocols, masked=True)
        return finish(), transcript

    wait = side_by_side.begin(protocols, both)

    def finish():
        result, transcript = wait()
        _judge(protocols, transcript)  # who waits finds out who it was: then the run is over
        return result

    protocols.claims.beside.append(finish)
    return finish


def open_masked(protocols, array, alike=b""):
    """Open numbers of the prime field that masks hide, among the holders, after what is to be
    verified before it; `alike` is what all of them must have (`mamba.openings.show_parts`)."""
    protocols.verify(masked=True)
    return protocols.open_among_holders(prime, array, None, alike)


def _judge(protocols, transcript):
    """ProtocolError of whoever it was, unless a verification has been passed."""
    shown = () if transcript is None else transcript.shown
    failed = [k for k in range(len(shown)) if not transcript.passed(protocols, k)]
    if failed:
        side_by_side.end(protocols)
        raise blame.error(protocols, transcript, failed)


def _examine(protocols, masked):
    """Go through a verification; the `mamba.blame.Transcript` of it, None where there is nothing to
    verify."""
    claims = protocols.claims.take(masked)
    if not claims:
        return None
    kinds: list = [ProductCheck] if claims.products or claims.zeros or claims.distances else []
    kinds += [ByteCheck] if claims.bytes else []
    blinds, first = side_by_side.together(  # what blinds the end depends on no coin
        protocols, lambda: _random(protocols, kinds, claims), protocols.toss
    )
    checks = _checks(claims, first)
    transcript = Transcript(claims, checks, lambda other: _checks(other, first))
    while not all(check.is_last for check in checks):
        long = [check for check in checks if not check.is_last]
        values = protocols.reduce([(check.module, check.divide()) for check in long])
        coin = protocols.toss()
        transcript.fold(protocols, long, values, coin)
    values = protocols.reduce(
        [(c.module, c.divide(random)) for c, random in zip(checks, blinds, strict=True)]
    )
    coin = protocols.toss()
    transcript.fold(protocols, checks, values, coin)
    transcript.shown = protocols.show_parts([(c.module, c.disclose()) for c in checks])
    return transcript


def _checks(claims, coin):
    checks: list = []
    if claims.products or claims.zeros or claims.distances:
        stream = from_coin(coin, "weights of products")
        pairs, total = product_check.of_products(claims.products, claims.zeros, stream)
        for claim in claims.distances:
            more, numbers = distance_check.of_distances(claim, stream)
            pairs, total = pairs + more, prime.add(total, numbers)
        checks.append(ProductCheck(pairs, total))
    if claims.bytes:
        checks.append(ByteCheck(claims.bytes, from_coin(coin, "weights of small products")))
    return checks


def _random(protocols, kinds, claims):
    """Numbers that nobody knows, for the end of each kind of check of these claims."""
    shape = [(kind.module, kind.blinds(claims)) for kind in kinds]
    dealers = protocols.sent
    own = [module.random(protocols.randomness, count) for module, count in shape]
    dealt = protocols.deal(dict.fromkeys(dealers, shape), own if protocols.me in dealers else [])
    return [
        module.combine([1] * len(dealers), [dealt[dealer][k] for dealer in dealers])
        for k, (module, _) in enumerate(shape)
    ]
