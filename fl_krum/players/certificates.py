"""A certification authority and one key and certificate per player, made for one run.

Players talk to each other over mutually authenticated TLS: each shows a certificate that the run's
own authority has signed and that bears its name, ``CN=Player3``. The authority's key never leaves
this process's memory and is forgotten at the end of `issue`, so that no further player can be made.
Embedded players are given their own key through a pipe; SCALE-MAMBA's read it from a file, and the
caller picks a private folder.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ROOT = "RootCA.crt"
AUTHORITY = "RootCA"
_PEM = serialization.Encoding.PEM


@dataclass(frozen=True)
class Identity:
    """What one player shows and proves: certificate and private key, both PEM."""

    name: str
    certificate: bytes
    key: bytes

    def write(self, folder: Path) -> list[Path]:
        """Write NAME.crt, and NAME.key readable by its owner alone; return both paths."""
        certificate = folder / f"{self.name}.crt"
        certificate.write_bytes(self.certificate)
        key = folder / f"{self.name}.key"
        write_private(key, self.key)
        return [certificate, key]


@dataclass(frozen=True)
class Certificates:
    """The root certificate (PEM) of one run and the identities of its players 0…N-1."""

    root: bytes
    players: tuple[Identity, ...]
    authority: str = AUTHORITY  # the common name of the root certificate

    def write(self, folder: Path) -> list[Path]:
        """Write RootCA.crt and every player's files to ``folder``; return the paths of the keys."""
        (folder / ROOT).write_bytes(self.root)
        return [player.write(folder)[1] for player in self.players]


def issue(count: int, key_type: str = "ec", days: int = 1, prefix: str = "Player") -> Certificates:
    """Make an authority and the identities of ``count`` players.

    Parameters
    ----------
    count : int
        Number of players N, named Player0 … Player{N-1}, or with another ``prefix``.
    key_type : {"ec", "rsa"}
        EC P-256, or RSA 2048, the only kind that SCALE-MAMBA takes.
    days : int
        How long the certificates are valid from now on.
    prefix : str
        What the players are called before their number.
    """
    root_key = _new_key(key_type)
    root_name = _name(AUTHORITY)
    root = (
        _builder(root_name, root_name, root_key.public_key(), root_key.public_key(), days)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    players = tuple(_identity(f"{prefix}{i}", root_key, key_type, days) for i in range(count))
    return Certificates(root.public_bytes(_PEM), players)


def self_signed(name: str, days: int) -> Identity:
    """Make an identity that nobody vouches for: those who know its fingerprint trust it."""
    key = _new_key("ec")
    certificate = _player(name, name, key, key, days)
    return Identity(name, certificate.public_bytes(_PEM), _private(key))


def numbered(prefix: str, count: int, key_type: str, days: int) -> tuple[bytes, tuple[bytes, ...]]:
    """A key, and certificates that it has signed for itself as ``PREFIX0`` … ``PREFIX{count - 1}``:
    SCALE-MAMBA's and MP-SPDZ's players are called by their numbers, which differ from run to run.
    """
    key = _new_key(key_type)
    names = [f"{prefix}{i}" for i in range(count)]
    certificates = (_player(name, name, key, key, days) for name in names)
    return _private(key), tuple(one.public_bytes(_PEM) for one in certificates)


def write_private(path: Path, content: bytes) -> None:
    """Write a new file that only its owner can read (on Windows: as the folder allows)."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(content)


def _identity(name: str, root_key, key_type: str, days: int) -> Identity:
    key = _new_key(key_type)
    certificate = _player(name, AUTHORITY, key, root_key, days)
    return Identity(name, certificate.public_bytes(_PEM), _private(key))


def _player(name: str, issuer: str, key, issuer_key, days: int) -> x509.Certificate:
    """A certificate of a player, who is no authority for others."""
    return (
        _builder(_name(name), _name(issuer), key.public_key(), issuer_key.public_key(), days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(digital_signature=True), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage(
                [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
            ),
            critical=False,
        )
        # TLS libraries of today match the subject alternative name rather than the common name.
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )


def _private(key) -> bytes:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(_PEM, form, serialization.NoEncryption())


def _builder(subject, issuer, key, issuer_key, days: int) -> x509.CertificateBuilder:
    """What every certificate has; OpenSSL's strict mode asks for the key identifiers too."""
    now = datetime.now(timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))  # hosts' clocks differ
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False
        )
    )


def _new_key(key_type: str):
    if key_type == "ec":
        return ec.generate_private_key(ec.SECP256R1())
    if key_type == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    raise ValueError(f"key_type must be 'ec' or 'rsa', not {key_type!r}")


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _key_usage(**allowed: bool) -> x509.KeyUsage:
    uses = dict.fromkeys(
        (
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    return x509.KeyUsage(**{**uses, **allowed})
