"""Dealers of masks prove what they claim: that bits are bits, and the same in both fields.

A mask hides what it should only if each of the t + 1 dealers has dealt a number of the right length
and its true bits (`mamba.masks`). A dealer that has not makes a comparison go wrong for some values
and not for others, or an opened number wrap around. So where players may deviate, a dealer does not
deal a number but all of its bits in the prime field, of which the number is a linear function.

- *They are bits.* b b = b for each of them, in the prime field, is noted as a claim and verified
  with all others before anything is opened under the mask (`mamba.claims`). So the bits above those
  that are shared in the small field, too, hide kappa bits exactly: no slack.
- *They are the same in both fields.* Parities tell, as for the doubly shared bits of Rotaru and
  Wood (INDOCRYPT 2019). A coin, tossed after all was dealt, puts each bit into a subset with a
  chance of 1/2. The XOR of the subset is opened in the small field, hidden by one more bit that was
  dealt in both. The sum of the subset in the prime field, and of that bit, must have this parity:
  the dealer deals the bits of w, half of what is left of the sum without it, and
  sum - parity - 2 w = 0 is a claim, too. The sum is far below p, so this says that the parities are
  the same. A dealer with a false bit passes one subset with a chance of 1/2, all with 2^-SUBSETS.
- *They are bits in the small field, too*, where computation goes on with them: then the XOR must be
  0 or 1, which the same subsets test. Of coins for results only the lowest bit counts, the rest of
  the byte is random; their XOR is opened apart and hidden by a byte.

What is opened are XORs hidden by bits and bytes of their own: uniform, whatever was dealt. A dealer
whose XOR is no bit is named here, since the shares of the honest holders fix what it dealt. A
dealer of false claims is found when they are verified.

Soundness: 2^-56 for each dealer each time that masks are made.
"""

from dataclasses import dataclass

import numpy as np

from mamba import field as prime
from mamba import gf256
from mamba.claims import Products, Zeros
from mamba.protocol_error import ProtocolError
from mamba.randomness import from_coin

SUBSETS = 56
_BLOCK = 1 << 14  # bits that are weighed at once


@dataclass(frozen=True)
class Lengths:
    """How many bits of each kind a dealer deals, in this order: `proper` ones, which are 0 or 1 in
    the small field, `coins`, which are the lowest bit there, and `upper` ones, which are in the
    prime field alone."""

    proper: int
    coins: int
    upper: int

    @property
    def both(self):
        """Those that are in both fields."""
        return self.proper + self.coins


def deal(protocols, lengths):
    """Every dealer of `protocols.sent` deals random bits in both fields.

    Parameters
    ----------
    protocols : mamba.protocols.Protocols
        Of a player that holds shares.
    lengths : Lengths

    Returns
    -------
    dealt : list of (field array, uint8 array)
        For each dealer, shares of its bits in the prime field, and of those in the small one.
    prove : callable
        What is left to do before anything may be opened under these bits, in three rounds, beside
        others (`mamba.side_by_side`).
    """
    dealers, hidden = protocols.sent, 2 * SUBSETS if lengths.both else 0
    shape = [
        (prime, lengths.both + lengths.upper + hidden),
        (gf256, lengths.both + hidden),
    ]
    bits, small = _draw(protocols.randomness, lengths, hidden)
    own = [prime.from_words(bits), small] if protocols.me in dealers else []
    dealt = protocols.deal(dict.fromkeys(dealers, shape), own)
    for dealer in dealers:
        _claim_bits(protocols, dealt[dealer][0], dealer)
    kept = [
        (prime_bits[:, : lengths.both + lengths.upper], small_bits[: lengths.both])
        for prime_bits, small_bits in (dealt[dealer] for dealer in dealers)
    ]
    every = [dealt[dealer] for dealer in dealers]
    return kept, lambda: _compare_fields(protocols, every, bits, lengths)


def _draw(randomness, lengths, hidden):
    """A dealer's bits, and what they are in the small field; the last ones hide parities."""
    count = lengths.both + lengths.upper + hidden
    random = np.frombuffer(randomness.bytes(-(-count // 8)), np.uint8)
    bits = np.unpackbits(random, count=count)
    small = np.concatenate([bits[: lengths.both], bits[lengths.both + lengths.upper :]])
    high = gf256.random(randomness, len(small)) & 0xFE
    high[: lengths.proper] = 0
    high[lengths.both : lengths.both + hidden // 2] = 0
    return bits, small | high


def _claim_bits(protocols, bits, dealer):
    protocols.claims.products.append(Products(bits, bits, bits, dealer))


def _compare_fields(protocols, dealt, own, lengths):
    """The subsets' parities: opened in the small field, claimed in the prime one.

    Raises
    ------
    ProtocolError
        A dealer's bits are none in the small field.
    """
    dealers, both = protocols.sent, lengths.both
    if not both:
        return
    stream = from_coin(protocols.toss(), "subsets of bits")
    sums, parities, own_sums = _subsets(stream, dealt, own, lengths)
    hiding = [prime_bits[:, both + lengths.upper :] for prime_bits, _ in dealt]
    parities ^= np.stack([small[both:] for _, small in dealt]).reshape(parities.shape)
    (opened,) = protocols.open_parts([(gf256, parities.ravel())])
    proper, of_coins = opened.reshape(parities.shape).transpose(1, 0, 2)
    for dealer, bytes_ in zip(dealers, proper, strict=True):
        if (bytes_ > 1).any():
            raise ProtocolError(
                f"exchange {protocols.network.rounds}: what player {dealer} has dealt as random "
                "bits are none"
            )
    length = ((both + 2) // 2).bit_length()
    own_sums += own[both + lengths.upper :].reshape(2, -1).sum(axis=0, dtype=np.int64)
    halves = own_sums >> 1 & 2**length - 1
    secret = prime.from_words((halves >> np.arange(length)[:, np.newaxis] & 1).ravel())
    more = protocols.deal(
        dict.fromkeys(dealers, [(prime, length * SUBSETS)]),
        [secret] if protocols.me in dealers else [],
    )
    for k, dealer in enumerate(dealers):
        (bits,) = more[dealer]
        _claim_bits(protocols, bits, dealer)
        public = prime.from_words((proper[k] ^ of_coins[k] & 1).astype(np.uint64))
        terms = [sums[k], *np.split(hiding[k], 2, axis=1), public, *np.split(bits, length, axis=1)]
        weights = [1, 1, 1, -1, *(-(2 ** (place + 1)) for place in range(length))]
        protocols.claims.zeros.append(Zeros(prime.combine(weights, terms), dealer))


def _subsets(stream, dealt, own, lengths):
    """For each dealer and subset: the sum of its bits in the prime field, the XORs of the proper
    ones and of the coins in the small one, and the true sum of this player's own bits."""
    both, count = lengths.both, len(dealt)
    limbs = np.concatenate([bits[:, :both] for bits, _ in dealt])
    small = np.zeros((count, 2, both), np.uint8)
    for k, (_, bytes_) in enumerate(dealt):
        small[k, 0, : lengths.proper] = bytes_[: lengths.proper]
        small[k, 1, lengths.proper :] = bytes_[lengths.proper : both]
    sums = np.zeros((SUBSETS, 4 * count), np.int64)
    planes = np.zeros((SUBSETS, 16 * count), np.int64)
    own_sums = np.zeros(SUBSETS, np.int64)
    for start in range(0, both, _BLOCK):
        random = np.frombuffer(stream.bytes(SUBSETS * _BLOCK // 8), np.uint8)
        part = slice(start, min(both, start + _BLOCK))
        chosen = np.unpackbits(random).reshape(SUBSETS, _BLOCK)[:, : part.stop - start]
        chosen = chosen.astype(np.float64)
        sums += (chosen @ limbs[:, part].T.astype(np.float64)).astype(np.int64)
        in_bits = np.unpackbits(small[:, :, part].transpose(2, 0, 1)[..., np.newaxis], axis=3)
        planes += (chosen @ in_bits.reshape(part.stop - start, -1)).astype(np.int64)
        own_sums += (chosen @ own[part]).astype(np.int64)
    by_dealer = np.split(np.ascontiguousarray(sums.T), count)
    xors = np.packbits((planes & 1).astype(np.uint8).reshape(SUBSETS, count, 2, 8), axis=3)
    xors = np.ascontiguousarray(xors[..., 0].transpose(1, 2, 0))
    return [prime.from_limbs(one, 54) for one in by_dealer], xors, own_sums
