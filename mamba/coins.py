"""Coins: random numbers that nobody knows before all have what is to be tested.

A coin tests what players have dealt, so nobody may know it while they could still deal something
else to suit it, nobody may choose it, and all must have the same one. The last t + 1 holders, at
least one of whom is honest, toss it together, in one round (Blum, 1983, with a commitment that was
made when the players started):

- Each of them has drawn a random number and hashed it again and again: v_(k-1) = H(v_k), a chain
  of which the end v_0 was sent to all with the keys (Lamport, Communications of the ACM, 1981).
  For its part of coin k it reveals v_k. Everybody hashes this once and compares it with v_(k-1),
  so it can reveal nothing but what it was bound to, and whose part is another one is named.
- The coin is the sum of G(v_k) of all of them. H and G are SHA-256 of different prefixes and of
  the dealer's number, taken as random oracles: v_k and G(v_k) are unknown as long as the dealer
  does not reveal v_k, and who copies another one's v_0 cannot reveal anything.

*When it is known.* Each of these holders is sent shares of all that is dealt, and reveals v_k only
then. So before the last honest one of them has all, a part is missing. What was dealt is fixed by
then: the shares of the first t holders are drawn from keys, and those of the honest others have
come. What collectors tell later than that is compared before anything is opened
(`mamba.agreement`).

*That all have the same.* A dealer could have sent two holders two ends v_0. So a digest of the ends
travels with each v_k: every honest holder compares its own with that of an honest dealer, before it
does anything because of the coin. Those that go on have the same coin, so values may be opened
because of it at once.

Half way through a chain its dealer sends the end of the next one with v_k. That binds it as well:
no value of the next chain is revealed before, and the digests are compared with the first of them.

The other way is for random numbers of a program, which are shared as any number is and opened when
it says so, after `confirm`.
"""

import hashlib

from mamba import field as prime
from mamba.protocol_error import ProtocolError

SIZE = 32  # bytes of what is revealed, and of a digest
_LENGTH = 1 << 10  # coins of a chain


class Coins:
    """What one player has revealed of coins, or been told.

    Parameters
    ----------
    me : int
    dealers : sequence of int
        The last t + 1 holders.
    randomness : mamba.randomness.Randomness

    Attributes
    ----------
    end : bytes
        Of this player's own first chain, to be sent to all before the first coin; of a player that
        reveals nothing, as many zeros.
    """

    def __init__(self, me, dealers, randomness):
        self._me, self._dealers, self._randomness = me, dealers, randomness
        self._count = 0  # of coins so far; chain k is for _LENGTH of them
        self._chains: dict[int, list[bytes]] = {}
        # Of each chain and dealer, how many values were revealed, and the last one.
        self._known: dict[int, dict[int, tuple[int, bytes]]] = {}
        self._digests: dict[int, bytes] = {}  # of the ends of each chain
        self.end = self._begin(0) if me in dealers else bytes(SIZE)

    def be_told(self, ends, chain=0):
        """The ends of all dealers' chains, by dealer."""
        own = [bytes(ends[dealer]) for dealer in self._dealers]
        self._known[chain] = {d: (0, end) for d, end in zip(self._dealers, own, strict=True)}
        self._digests[chain] = hashlib.sha256(b"ends of chain %d:" % chain + b"".join(own)).digest()
        for old in (self._known, self._digests):
            old.pop(chain - 2, None)

    def take(self):
        """The number of the next coin, and how many bytes each dealer tells of it."""
        self._count += 1
        return self._count - 1, SIZE * (3 if self._renews(self._count - 1) else 2)

    def reveal(self, number):
        """What this player tells of a coin: its value, a digest of all ends, at times a new end."""
        chain, place = divmod(number, _LENGTH)
        more = self._begin(chain + 1) if self._renews(number) else b""
        return self._chains[chain][place] + self._digests[chain] + more

    def join(self, number, told):
        """The coin, given what each dealer told of it, this player included.

        Raises
        ------
        ProtocolError
            A dealer was bound to another value, or to two.
        """
        chain, place = divmod(number, _LENGTH)
        for dealer, data in told.items():
            self._check(dealer, chain, place + 1, bytes(data[:SIZE]))
        digest = self._digests[chain]
        others = [d for d, data in told.items() if bytes(data[SIZE : 2 * SIZE]) != digest]
        if others:
            odd = ", ".join(f"player {dealer}" for dealer in others)
            raise ProtocolError(
                f"what random numbers players are bound to has been told player {self._me} "
                f"otherwise than {odd}; a player departed from the protocol"
            )
        if self._renews(number):
            self.be_told({dealer: data[2 * SIZE :] for dealer, data in told.items()}, chain + 1)
        parts = [_number(dealer, bytes(data[:SIZE])) for dealer, data in told.items()]
        return sum(parts) % prime.P

    def _renews(self, number):
        return number % _LENGTH == _LENGTH // 2

    def _begin(self, chain):
        """The end of a new chain of this player's own."""
        values = [self._randomness.bytes(SIZE)]
        for _ in range(_LENGTH):
            values.append(_hashed(self._me, values[-1]))
        self._chains[chain] = values[-2::-1]
        self._chains.pop(chain - 2, None)
        return values[-1]

    def _check(self, dealer, chain, place, value):
        """Of two coins that were told in one exchange the later one may come here first."""
        seen, known = self._known[chain][dealer]
        low, high = sorted([(seen, known), (place, value)])
        found = high[1]
        for _ in range(high[0] - low[0]):
            found = _hashed(dealer, found)
        if found != low[1]:
            raise ProtocolError(
                f"player {dealer} told another random number than it is bound to; player {dealer} "
                "departed from the protocol"
            )
        self._known[chain][dealer] = high


def _hashed(dealer, value):
    return hashlib.sha256(b"before, of %d:" % dealer + value).digest()


def _number(dealer, value):
    part = hashlib.sha256(b"part, of %d:" % dealer + value).digest()
    return int.from_bytes(part, "little") % prime.P


def toss(protocols):
    """A coin for the holders, in one round, when they have been sent all that it is to test.

    Returns
    -------
    int, below p
    """
    coins, others = protocols.coins, protocols.all_but_me(protocols.holders)
    number, size = coins.take()
    is_dealer = protocols.me in protocols.sent
    own = coins.reveal(number) if is_dealer else b""
    received = protocols.exchange(
        dict.fromkeys(others, own) if is_dealer else {},
        dict.fromkeys(protocols.all_but_me(protocols.sent), size),
        inner=True,
    )
    told = {dealer: received.get(dealer, own) for dealer in protocols.sent}
    try:
        coin = coins.join(number, told)
    except ProtocolError as error:
        raise ProtocolError(f"exchange {protocols.network.rounds}: {error}") from None
    protocols.note_opened(prime, prime.from_ints([coin]))
    return coin


def toss_for_all(protocols):
    """A coin that players without shares are told, too; a field array of one element."""
    if not protocols.is_holder:
        return protocols.note_opened(prime, protocols.hear(prime, 1))
    return protocols.tell(prime, prime.from_ints([protocols.toss()]))


def confirm(protocols):
    """Holders wait until all have what they are sent; one round of empty messages.

    The first t holders draw their shares and wait for nothing. Did they open a random number that
    was dealt at once, a dealer that sends late would know it, from their shares and its own, before
    it has dealt what the number is to test. So no holder goes on before every other one says that
    it has all: then the shares of the honest ones, t + 1 at least, fix what was dealt. Players that
    hold no shares need not wait: without the holders' shares there is nothing to know.
    """
    if not protocols.is_holder:
        return
    others = protocols.all_but_me(protocols.holders)
    protocols.exchange(dict.fromkeys(others, b""), dict.fromkeys(others, 0), inner=True)
