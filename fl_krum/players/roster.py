"""Who takes part from several hosts: keys, and the roster that all parties agree on.

Each host makes its own key, which never leaves it, and a certificate that this key has signed: it
is no authority's, and stands for one party alone. A roster holds names, addresses and certificates
of all parties, and no secret. Whoever could change it could pose as a party, so people compare its
digest in another way, by telephone for instance.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from ..aggregators.parameters import check_integer

FORMAT = "fl_krum roster 1"
DAYS, MOST_DAYS = 365, 3650  # that a key is good for
# Players of installations are called by their number in the run, and SCALE-MAMBA takes RSA keys
# only: what they are called before their number, and the kind of their keys.
ENGINES = {"scale-mamba": ("Player", "rsa"), "mp-spdz": ("P", "ec")}
NUMBERS = 16  # players that a run on such an installation can have, where nobody says otherwise
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]+(%[A-Za-z0-9]+)?")
_LARGEST = 1 << 20  # bytes of a roster that are read


@dataclass(frozen=True)
class Member:
    """One party: what everybody may know of it.

    Attributes
    ----------
    name : str
    address : str
        ``HOST:PORT`` at which all others reach its player; an IPv6 address in brackets.
    certificate : str
        PEM, signed by its own key.
    engines : mapping of str to tuple of str
        Where it has SCALE-MAMBA or MP-SPDZ too: the certificates of its player as number 0, 1, …
    """

    name: str
    address: str
    certificate: str
    engines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_name(self.name)
        split_address(self.address)
        _ = self.fingerprint

    @property
    def host(self) -> str:
        return split_address(self.address)[0]

    @property
    def port(self) -> int:
        return split_address(self.address)[1]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of its certificate, 64 hexadecimal digits; as ``openssl x509 -fingerprint``
        prints it, but for colons."""
        return hashlib.sha256(self._certificate().public_bytes(_der())).hexdigest()

    def as_player(self, engine: str, number: int) -> bytes:
        """The certificate, PEM, of its player with this number on an installation; ValueError."""
        known = self.engines.get(engine, ())
        if not known:
            raise ValueError(f"{self.name} has no key for {engine} in the roster")
        if number >= len(known):
            raise ValueError(f"{self.name} has no certificate for {engine} as player {number}")
        return known[number].encode("ascii")

    @property
    def expires(self) -> datetime:
        certificate = self._certificate()
        if hasattr(certificate, "not_valid_after_utc"):
            return certificate.not_valid_after_utc
        return certificate.not_valid_after.replace(tzinfo=timezone.utc)

    def _certificate(self):
        from cryptography import x509

        try:
            return x509.load_pem_x509_certificate(self.certificate.encode("ascii"))
        except ValueError:
            raise ValueError(f"the certificate of {self.name} cannot be read") from None

    def public_key(self):
        return self._certificate().public_key()

    def as_line(self) -> str:
        """What the roster's digest is made of."""
        line = f"{self.name} {self.address} {self.fingerprint}"
        for engine, certificates in sorted(self.engines.items()):
            line += f" {engine}:{hashlib.sha256(''.join(certificates).encode('ascii')).hexdigest()}"
        return line + "\n"

    def as_dict(self) -> dict:
        content = {"name": self.name, "address": self.address, "certificate": self.certificate}
        engines = {name: list(certificates) for name, certificates in self.engines.items()}
        return {**content, "engines": engines} if engines else content

    @classmethod
    def from_dict(cls, content) -> Member:
        try:
            engines = {
                str(name): tuple(map(str, certificates))
                for name, certificates in content.get("engines", {}).items()
            }
            name, address, certificate = (
                str(content[key]) for key in ("name", "address", "certificate")
            )
            return cls(name, address, certificate, engines)
        except (KeyError, TypeError, AttributeError):
            raise ValueError("a party has a name, an address and a certificate") from None

    def write(self, path: Path) -> None:
        Path(path).write_text(json.dumps(self.as_dict(), indent=2) + "\n", encoding="ascii")


@dataclass(frozen=True)
class Roster:
    """All parties, in an order that is a part of what they agree on.

    Raises
    ------
    ValueError
        A name, an address or a certificate is there twice.
    """

    members: tuple[Member, ...]

    def __post_init__(self) -> None:
        for what in ("name", "address", "fingerprint"):
            values = [getattr(member, what) for member in self.members]
            twice = next((value for value in values if values.count(value) > 1), None)
            if twice is not None:
                raise ValueError(f"two parties of the roster have the {what} {twice}")

    @classmethod
    def of(cls, members: Iterable[Member]) -> Roster:
        return cls(tuple(members))

    @classmethod
    def read(cls, path) -> Roster:
        """From a file; ValueError that names the file when it is none."""
        try:
            content = json.loads(_read(Path(path)))
            if content.get("format") != FORMAT:
                raise ValueError(f"it does not begin with the format {FORMAT!r}")
            return cls.of(Member.from_dict(one) for one in content["members"])
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise ValueError(f"{path} is not a roster: {error}") from None

    def write(self, path) -> None:
        content = {"format": FORMAT, "members": [member.as_dict() for member in self.members]}
        Path(path).write_text(json.dumps(content, indent=2) + "\n", encoding="ascii")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(member.name for member in self.members)

    @property
    def digest(self) -> str:
        """What people compare: SHA-256 of a line ``NAME ADDRESS FINGERPRINT`` for each party, and
        of its certificates for other engines, where it has any."""
        lines = "".join(one.as_line() for one in self.members)
        return hashlib.sha256(lines.encode("ascii")).hexdigest()

    def hosts(self, names: Iterable[str] | None = None) -> list[str]:
        """Hosts of these parties, by default all, in their order: what `fl_krum.players.deploy`
        wants for the players of another engine, which have ports and keys of their own.

        Raises
        ------
        ValueError
            A party is reached by IPv6 alone, which these engines do not know.
        """
        members = [self[name] for name in self.names if names is None or name in {*names}]
        for member in members:
            if ":" in member.host:
                raise ValueError(
                    f"{member.name} has the IPv6 address {member.host}; players of SCALE-MAMBA and "
                    "MP-SPDZ are reached by names and IPv4 addresses alone"
                )
        return [member.host for member in members]

    def __iter__(self) -> Iterator[Member]:
        return iter(self.members)

    def __len__(self) -> int:
        return len(self.members)

    def __getitem__(self, name: str) -> Member:
        for member in self.members:
            if member.name == name:
                return member
        raise ValueError(f"there is no {name!r} in the roster: it has {', '.join(self.names)}")


def make_key(
    name: str,
    address: str,
    folder,
    days: int = DAYS,
    engines: Iterable[str] = (),
    numbers: int = NUMBERS,
) -> Member:
    """Make a private key, ``NAME.key``, which its owner alone can read, and ``NAME.json``, which
    goes to all others; for each of ``engines`` another key, ``NAME.ENGINE.key``, with certificates
    for as many numbers of players.

    Raises
    ------
    ValueError
        A key of this name is there already, or name, address or days make no sense.
    """
    from . import certificates

    check_name(name)
    split_address(address)
    check_integer("days", days, 1, MOST_DAYS)
    folder, engines = Path(folder), tuple(engines)
    key, public = folder / f"{name}.key", folder / f"{name}.json"
    if key.exists() or public.exists():
        raise ValueError(f"{key if key.exists() else public} is there already")
    if unknown := sorted(set(engines) - ENGINES.keys()):
        raise ValueError(f"engine {unknown[0]!r}: choose of {', '.join(ENGINES)}")
    identity = certificates.self_signed(name, days)
    of_engines = {}
    for engine in engines:
        prefix, kind = ENGINES[engine]
        content, issued = certificates.numbered(prefix, numbers, kind, days)
        certificates.write_private(engine_key(key, engine), content)
        of_engines[engine] = tuple(one.decode("ascii") for one in issued)
    member = Member(name, address, identity.certificate.decode("ascii"), of_engines)
    certificates.write_private(key, identity.key)
    member.write(public)
    return member


def read_key(path: Path, roster: Roster, name: str) -> bytes:
    """A party's private key; ValueError when others can read it, or it is not the one of the
    certificate in the roster."""
    from cryptography.hazmat.primitives import serialization

    mode = path.stat().st_mode
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ValueError(f"{path} can be read by others: chmod 600 {path}")
    key = path.read_bytes()
    form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    try:
        public = serialization.load_pem_private_key(key, None).public_key()
    except (ValueError, TypeError):  # whose words may quote it
        raise ValueError(f"{path} is not a private key that fl_krum made") from None
    if public.public_bytes(*form) != roster[name].public_key().public_bytes(*form):
        raise ValueError(f"{path} is not the key of {name}'s certificate in the roster")
    return key


def check_dates(roster: Roster, names) -> None:
    """ValueError when a certificate is good no more."""
    now = datetime.now(timezone.utc)
    for name in names:
        if (expires := roster[name].expires) < now:
            raise ValueError(f"the certificate of {name} was good until {expires:%Y-%m-%d}")


def engine_key(key: Path, engine: str) -> Path:
    """Where a party's key for an installation lies, beside its own."""
    return Path(key).with_suffix(f".{engine}.key")


def read_member(path) -> Member:
    """From the file that `make_key` wrote."""
    try:
        return Member.from_dict(json.loads(_read(Path(path))))
    except ValueError as error:
        raise ValueError(f"{path} is not what `fl-krum key` writes: {error}") from None


def check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"the name {name[:80]!r}: up to 64 letters, digits and . _ - are allowed, a letter or "
            "digit first"
        )


def split_address(address: str) -> tuple[str, int]:
    """Host and port of ``HOST:PORT`` or ``[IPV6]:PORT``; ValueError for anything else."""
    host, _, port = address.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError(f"the address {address[:80]!r}: write IPv6 in brackets, as [::1]:7100")
    is_port = port.isascii() and port.isdigit() and len(port) < 6 and 0 < int(port) < 65536
    if not is_port or not _HOST.fullmatch(host):
        raise ValueError(f"the address {address[:80]!r} is not HOST:PORT")
    return host, int(port)


def _read(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise ValueError(f"it is longer than {_LARGEST} bytes")
    return content.decode("ascii")


def _der():
    from cryptography.hazmat.primitives import serialization

    return serialization.Encoding.DER
