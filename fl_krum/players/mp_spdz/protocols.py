"""The protocols of MP-SPDZ that krum.mpc can run with, and what security each gives.

All of them share values as SCALE-MAMBA and the embedded players do: Shamir's polynomials of degree
t, honest majority. ``FL_KRUM_MP_SPDZ`` names the one to take.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

VARIABLE = "FL_KRUM_MP_SPDZ"


@dataclass(frozen=True)
class Protocol:
    """One of MP-SPDZ's programs.

    Attributes
    ----------
    name : str
    active : bool
        Whether players that deviate are found out, which ends the run (active security with abort).
    """

    name: str
    active: bool

    @property
    def player(self) -> str:
        """The program that is one player."""
        return f"{self.name}-party.x"

    @property
    def security(self) -> str:
        """The security it gives, in one line."""
        kind = "active security with abort" if self.active else "semi-honest"
        return f"Shamir shares, honest majority, {kind} ({VARIABLE}={self.name})"


PROTOCOLS = {
    protocol.name: protocol
    for protocol in (
        Protocol("shamir", active=False),
        Protocol("atlas", active=False),
        Protocol("sy-shamir", active=True),
        Protocol("malicious-shamir", active=True),
    )
}


def find(environ: Mapping[str, str]) -> Protocol:
    """The protocol that `FL_KRUM_MP_SPDZ` names, or shamir; ValueError when there is none such."""
    name = environ.get(VARIABLE) or "shamir"
    if name not in PROTOCOLS:
        raise ValueError(f"{VARIABLE}={name}: choose one of {', '.join(PROTOCOLS)}")
    return PROTOCOLS[name]
