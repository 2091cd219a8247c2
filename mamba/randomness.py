"""Cryptographic randomness in bulk: the AES-256 keystream in counter mode, keyed by the operating
system.

A generator is a key and a position; two players who hold the same key draw the same bytes.
"""

import hashlib
import os

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CTR

_ZEROS = memoryview(bytes(1 << 20))  # what the keystream is added to; not made anew each time


class Randomness:
    """A stream of uniform bytes.

    Parameters
    ----------
    key : bytes, optional
        32 bytes that two players have in common; from ``os.urandom`` when not given.
    label : str
        Tells the streams of one key apart.
    """

    def __init__(self, key=None, label=""):
        key = os.urandom(32) if key is None else key
        stream_key = hashlib.blake2b(label.encode(), key=key, digest_size=32).digest()
        # Every stream has a key of its own, so the counter may always start at zero.
        self._stream = Cipher(AES256(stream_key), CTR(bytes(16))).encryptor()

    def bytes(self, count):
        """The next `count` bytes of the stream."""
        if count <= len(_ZEROS):
            return self._stream.update(_ZEROS[:count])
        found = bytearray(count)
        for start in range(0, count, len(_ZEROS)):
            found[start : start + len(_ZEROS)] = self.bytes(min(len(_ZEROS), count - start))
        return found


def from_coin(coin, label):
    """The stream of everybody who knows a coin, a number below 2^127; labels tell streams
    apart."""
    return Randomness(coin.to_bytes(16, "little").ljust(32, b"\0"), label)
