"""Who it was, when a verification has found false claims.

A verification ends with f(r), g(r) and h(r) in the open (`mamba.product_check`), and they do not
fit together, or the shares of h(r) lie on no polynomial. All that was shared for it was shared by
holders, each of which dealt its share of a product: holder i has shares x_i and y_i of the factors,
and dealt x_i y_i. What the verification does to shares is linear in the numbers z and in the values
of h, and it does the same to those that each holder has dealt. So let H_i be what comes of all that
holder i has dealt. The identity that makes h(r) = <f(r), g(r)> of true products makes

    H_i = <f(r)_i, g(r)_i>

of the true share products of one holder, where f(r)_i and g(r)_i are its shares of what was opened,
so everybody has them. And h(r) is the sum of the H_i with Lagrange's weights. Where it is not the
product, one of these equations fails.

Each holder now tells all others its share of every H_i, and what it has dealt as shares of its own.
A player departed from the protocol

- if what it says it dealt is no polynomial of degree t with the right number at 0, or if its share
  of h(r) is not what its shares of all H_i make: *that one*;
- if two say different things of the share that one has dealt the other: *one of the two*, and the
  one that more than t others contradict.

An honest player's words pass all of this, whatever the others say, so none is named alone, and of
every pair one has departed. If nothing of it is found, the claims were true: so something is found,
unless a holder leaves. No two players need hear the same.

*What dealers claim of masks* (`mamba.mask_proof`) has no share products. These masks have hidden
nothing that was opened, for they are verified before, and they never will: the run is over. So all
their bits are opened. With them everybody has what they add to each <f(r)_i, g(r)_i>, and sees
which dealer's bits are none.

*When these words are said.* A mask's bits must not become known while another honest holder goes
on and opens something under it. Where h(r) was opened well and is not the product, every honest
holder has found the same, or could not open it: none goes on. Where its shares lie on no
polynomial, others may have been shown better ones. So all holders that find something first tell
each other that, and who only saw shares that do not fit says no more unless all others have broken
off, too.

Nothing leaks. For an honest holder H_i follows from what was opened already, and so do all its
shares, from those of t holders and this number. It was dealt with a polynomial of its own; a sum of
these is as random as they are.

Products that went by way of collectors (`mamba.collectors`) are not dealt by a holder alone: then
nobody is named.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from mamba import field as prime
from mamba import gf256, openings, shamir
from mamba.claims import Claims, Products
from mamba.network_error import NetworkError
from mamba.protocol_error import ProtocolError


@dataclass
class Transcript:
    """What the holders have done in one verification.

    Attributes
    ----------
    claims : mamba.claims.Claims
    checks : list of ProductCheck or ByteCheck
    anew : callable
        ``anew(claims)`` gives such checks as they were in the beginning, of other claims.
    dealings : list of list of mamba.claims.Dealing
        For each check, how the values of h were shared at its levels; None where it is not known.
    shown : list of list of arrays
        For each check, what the holders showed in the end, in their order.
    """

    claims: Claims
    checks: list
    anew: Callable
    dealings: list = field(default_factory=list)
    shown: list = field(default_factory=list)

    def fold(self, protocols, checks, values, coin):
        """Fold some checks at a coin, by values of h that were just shared."""
        self.dealings = self.dealings or [[] for _ in self.checks]
        for check, shares in zip(checks, values, strict=True):
            dealing = protocols.claims.take_dealing(shares)
            self.dealings[self.checks.index(check)].append(dealing)
            check.fold(shares, check.challenge(coin))

    def passed(self, protocols, number):
        """Whether a check has found nothing false.

        Raises
        ------
        ProtocolError
            The shares of f(r) and g(r) do not lie on one polynomial.
        """
        check, shown = self.checks[number], self.shown[number]
        openings.put_together(protocols, check.module, [check.split(one)[0] for one in shown])
        if not self.is_opened(protocols, number):
            return False
        opened = shamir.reconstruct(check.module, shown, protocols.threshold)
        return check.holds(protocols.note_opened(check.module, opened))

    def is_opened(self, protocols, number):
        """Whether the shares of h(r) lie on one polynomial."""
        module, totals = self._totals(number)
        return shamir.consistent(module, totals, protocols.threshold)

    def suspicions(self, protocols, number):
        """Of shares that do not, as of `mamba.openings.suspicions`."""
        module, totals = self._totals(number)
        return openings.suspicions(protocols, module, totals, None)

    def _totals(self, number):
        check = self.checks[number]
        return check.module, [check.split(shown)[1] for shown in self.shown[number]]


def error(protocols, transcript, failed):
    """The ProtocolError of a verification that has failed. It takes two rounds, of the holders that
    have found that.

    Parameters
    ----------
    protocols : mamba.protocols.Protocols
    transcript : Transcript
    failed : list of int
        The checks that have found something false.
    """
    trials = [_Trial(protocols, transcript, k) for k in failed]
    trials = [trial for trial in trials if trial.is_known]
    own = [array for trial in trials for array in trial.testimony()]
    shape = [part for trial in trials for part in trial.shape]
    nobody_goes_on = any(transcript.is_opened(protocols, k) for k in failed)
    said = _tell(protocols, shape, own, nobody_goes_on)
    verdict, start = Verdict(protocols), 0
    for trial in trials:
        part = slice(start, start := start + len(trial.shape))
        trial.judge({player: words[part] for player, words in said.items()}, verdict)
    if not verdict.found:
        misfits = [*verdict.misdealt]
        misfits += [pair for k in failed for pair in transcript.suspicions(protocols, k)]
        if misfits:
            return openings.departure(protocols, misfits)
    silent = [player for player in protocols.holders if trials and player not in said]
    return ProtocolError(
        f"exchange {protocols.network.rounds}: products are not what was multiplied; "
        f"{verdict.told(silent)}"
    )


def _tell(protocols, shape, own, nobody_goes_on):
    """What each holder says, itself included; of those that say something."""
    others = protocols.all_but_me(protocols.holders)
    protocols.network.break_off()
    broken_off = _exchange(protocols.network, others, b"")
    if not (nobody_goes_on or broken_off.keys() == {*others}):
        return {}
    data = b"".join(module.to_bytes(array) for (module, _), array in zip(shape, own, strict=True))
    said = {protocols.me: own}
    for player, words in _exchange(protocols.network, broken_off, data).items():
        with contextlib.suppress(ProtocolError):
            said[player] = protocols.unpack(shape, words, player)
    return said


def _exchange(network, others, data):
    """What those say that still say as much as is told them."""
    received: dict[int, bytes] = {}
    for player in others:
        with contextlib.suppress(NetworkError):
            network.exchange({player: data}, {}, continued=True)
    for player in others:
        with contextlib.suppress(NetworkError):
            received |= network.exchange({}, {player: len(data)}, continued=True)
    return received


class Verdict:
    """Who departed from the protocol.

    Attributes
    ----------
    alone : set of int
        Certainly.
    disputes : dict of int to set of int
        Of each such pair one.
    misdealt : list of (dealer, holder)
        As of `mamba.openings.suspicions`: shares of masks that do not fit together.
    """

    def __init__(self, protocols):
        self._threshold = protocols.threshold
        self.alone, self.disputes, self.misdealt = set(), {}, []

    def note_dispute(self, one, other):
        """Two players say different things of one share; or a player by itself."""
        self.disputes.setdefault(one, set()).add(other)
        self.disputes.setdefault(other, set()).add(one)

    @property
    def found(self):
        """Whether there is anybody to name."""
        return bool(self.alone or self.disputes)

    def told(self, silent):
        """In words, given who has said nothing."""
        alone = self.alone | {
            player
            for player, others in self.disputes.items()
            if player in others or len(others) > self._threshold
        }
        pairs = {
            (player, other)
            for player, others in self.disputes.items()
            for other in others
            if player < other and not {player, other} & alone
        }
        found = [f"player {player}" for player in sorted(alone)]
        found += [f"player {one} or player {other}" for one, other in sorted(pairs)]
        if found:
            return f"{', and '.join(found)} departed from the protocol"
        told = "a player departed from the protocol"
        if 0 < len(silent) <= self._threshold:
            who = " and ".join(f"player {player}" for player in silent)
            told += f", and {who} ended before it was found out which one"
        return told


class _Trial:
    """One check that has found something false, and what each holder says of it."""

    def __init__(self, protocols, transcript, number):
        self._protocols, self._anew = protocols, transcript.anew
        self._check, self._shown = transcript.checks[number], transcript.shown[number]
        self._dealings, claims = transcript.dealings[number], transcript.claims
        self.module = self._check.module
        if self.module is prime:
            self._claims = Claims(claims.products, claims.zeros, claims.distances)
        else:
            self._claims = Claims(bytes=claims.bytes)
        self._claims.dealings = claims.dealings
        masks = [claim for claim in claims.products if claim.dealer is not None]
        self._masks = [*masks, *claims.zeros] if self.module is prime else []

    @property
    def is_known(self):
        """Whether it is known what each holder has dealt."""
        claims = self._claims
        shared = [claim for claim in claims.products if claim.dealer is None]
        found = [claims.dealing(claim.z) for claim in [*shared, *claims.distances, *claims.bytes]]
        return all(dealing is not None for dealing in [*found, *self._dealings])

    @property
    def shape(self):
        """Of the testimony."""
        count = sum(prime.length(claim.z) for claim in self._masks)
        words = [(self.module, self._check.size)] * (2 * len(self._protocols.holders))
        return words + [(prime, count)] * bool(self._masks)

    def testimony(self):
        """What this holder says: its shares of all H_i, those of its own one as it dealt them, and
        its shares of what is claimed of masks."""
        places = range(len(self._protocols.holders))
        received = [self._follow(lambda dealing, i=i: dealing.received[i]) for i in places]
        sent = [self._follow(lambda dealing, j=j: dealing.sent[j]) for j in places]
        masks = [claim.z for claim in self._masks]
        return received + sent + ([np.concatenate(masks, axis=1)] if masks else [])

    def judge(self, said, verdict):
        """Add to a verdict what follows from what the holders say."""
        holders, threshold = self._protocols.holders, self._protocols.threshold
        module, count = self.module, len(holders)
        weights = [module.lagrange(shamir.points(count))]
        received = {player: words[:count] for player, words in said.items()}
        sent = {player: words[count : 2 * count] for player, words in said.items()}
        for place, player in enumerate(holders):
            if player not in said:
                continue
            factors, total = self._check.split(self._shown[place])
            (made,) = module.combine_rows(weights, received[player])
            wanted = self._check.product(factors)
            if self._masks:
                squares, claimed = self._of_masks(said[player][2 * count])
                wanted, made = module.sub(wanted, squares), module.add(made, claimed)
            dealt = shamir.reconstruct(module, sent[player], threshold)
            is_dealt_well = shamir.consistent(module, sent[player], threshold)
            if not is_dealt_well or (dealt != wanted).any() or (made != total).any():
                verdict.alone.add(player)
            for other, words in received.items():
                if (words[place] != sent[player][holders.index(other)]).any():
                    verdict.note_dispute(player, other)
        if self._masks and len(said) == count:
            shares = [said[player][2 * count] for player in holders]
            self._judge_masks(shares, verdict)

    def _judge_masks(self, shares, verdict):
        sizes = [prime.length(claim.z) for claim in self._masks]
        dealers = np.repeat([claim.dealer for claim in self._masks], sizes)
        is_bit = np.repeat([isinstance(claim, Products) for claim in self._masks], sizes)
        verdict.misdealt += openings.suspicions(self._protocols, prime, shares, dealers)
        numbers = shamir.reconstruct(prime, shares, self._protocols.threshold)
        wanted = np.where(is_bit, prime.mul(numbers, numbers), 0)
        is_false = (numbers != wanted).any(axis=0)
        unsure = [dealer for dealer, _ in verdict.misdealt]
        verdict.alone |= {*dealers[is_false & ~np.isin(dealers, unsure)].tolist()}

    # --- what the verification makes of other numbers --------------------------------------------

    def _of_masks(self, numbers):
        """Of a holder's shares of what is claimed of masks: what their squares, which stand for no
        number that was dealt, add to its share product, and what they add to h(r)."""
        stops = np.cumsum([prime.length(claim.z) for claim in self._masks])[:-1]
        numbers = np.split(numbers, stops, axis=1)
        squares = [
            prime.mul(z, z) if isinstance(claim, Products) else None
            for claim, z in zip(self._masks, numbers, strict=True)
        ]
        return self._follow(None, squares), self._follow(None, numbers)

    def _follow(self, pick, masks=None):
        """What comes of the part of z and h that ``pick`` takes of a `Dealing`, and of these
        numbers for the claims about masks; 0 where there is none."""
        numbers, others = iter(masks or ()), Claims()

        def part(claim, module):
            dealing = pick and self._claims.dealing(claim.z)
            return pick(dealing) if pick else module.zeros(module.length(claim.z))

        def of_mask(claim):
            given = next(numbers, None)
            return prime.zeros(prime.length(claim.z)) if given is None else given

        for claim in self._claims.products:
            z = part(claim, prime) if claim.dealer is None else of_mask(claim)
            others.products.append(replace(claim, z=z))
        others.zeros = [replace(claim, z=of_mask(claim)) for claim in self._claims.zeros]
        for claim in self._claims.distances:
            short = [vector[:, :1] for vector in claim.vectors]
            others.distances.append(replace(claim, vectors=short, z=part(claim, prime)))
        others.bytes = [replace(claim, z=part(claim, gf256)) for claim in self._claims.bytes]
        (check,) = self._anew(others)
        values = [
            pick(dealing) if pick else np.zeros_like(dealing.sent[0]) for dealing in self._dealings
        ]
        return check.follow(self._check.levels, values)
