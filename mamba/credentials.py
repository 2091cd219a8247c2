"""What a player shows and proves to the others: the run's root certificate, its own, its key."""

import contextlib
import hashlib
import os
import shutil
import ssl
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

_OPEN_FILES = "/dev/fd"  # where a file descriptor has a path: Linux, macOS, BSD
_PIPE = 1 << 14  # bytes that every pipe takes without a reader


@dataclass(frozen=True)
class Credentials:
    """Certificates and the private key, PEM.

    Attributes
    ----------
    root : bytes
        Of the authority of a run; or the certificates of all players, where each has signed its
        own.
    certificate, key : bytes
    fingerprints : tuple of str
        SHA-256 of each player's certificate, where these were agreed on before; else a player is
        known by its name, which the authority vouches for.
    """

    root: bytes
    certificate: bytes
    key: bytes = field(repr=False)
    fingerprints: tuple[str, ...] = ()

    @classmethod
    def read(cls, folder, player):
        """From ``RootCA.crt``, ``Player<player>.crt`` and ``Player<player>.key`` in a folder."""
        own = Path(folder) / f"Player{player}"
        paths = own.with_name("RootCA.crt"), own.with_suffix(".crt"), own.with_suffix(".key")
        root, certificate, key = (path.read_bytes() for path in paths)
        return cls(root, certificate, key)

    def context(self, purpose):
        """For one side of a connection, ``ssl.PROTOCOL_TLS_CLIENT`` or ``_SERVER``; OSError or
        ValueError when these are no certificates."""
        context = ssl.SSLContext(purpose)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.check_hostname = False  # the name to check is the player's, see `number`
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=self.root.decode("ascii"))
        with _as_file(self.certificate) as certificate, _as_file(self.key) as key:
            context.load_cert_chain(certificate, key)
        if purpose is ssl.PROTOCOL_TLS_SERVER:
            context.num_tickets = 0  # connections are never resumed
        return context

    def number(self, connection):
        """Which player is at the other end, by the certificate that it has shown; None when it is
        none."""
        if self.fingerprints:
            shown = hashlib.sha256(connection.getpeercert(binary_form=True)).hexdigest()
            return self.fingerprints.index(shown) if shown in self.fingerprints else None
        subject = connection.getpeercert().get("subject", ())
        name = dict(pair for entry in subject for pair in entry).get("commonName", "")
        number = name.removeprefix("Player")
        return int(number) if f"Player{number}" == name and _is_number(number) else None


def _is_number(text):
    return text.isascii() and text.isdigit() and str(int(text[:9])) == text


@contextlib.contextmanager
def _as_file(content):
    """A path that can be read once. Python's ssl takes a key from a path alone; this is one of a
    pipe, so that nothing is left on a disk whatever happens, where the system has such paths."""
    if len(content) <= _PIPE and os.path.isdir(_OPEN_FILES):
        read, write = os.pipe()
        try:
            os.write(write, content)
            os.close(write)
            yield f"{_OPEN_FILES}/{read}"
        finally:
            os.close(read)
        return
    folder = Path(tempfile.mkdtemp(prefix="fl_krum-"))
    try:
        path = folder / "pem"
        path.write_bytes(content)
        yield path
    finally:
        shutil.rmtree(folder, ignore_errors=True)
