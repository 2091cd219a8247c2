"""What a training message says of a round, beside the global model: names, numbers, patterns.

A client builds the program itself (`fl_krum.players.agreement`), so nothing here is a program.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..players.agreement import Agreement

KEY = "secure-krum"  # of the ConfigRecord in a message


class Refused(ValueError):
    """This client takes no part; the message is a sentence that says why, and holds no value."""


@dataclass(frozen=True)
class Plan:
    """One round, as the server proposes it.

    Attributes
    ----------
    agreement : Agreement
        Who takes part, and what is computed.
    roster : str
        Digest of the server's roster.
    scale : float
        Differences are multiplied by it before they are rounded.
    stays : tuple of str
        Patterns of names of arrays that are not averaged.
    patience, deadline : float
        Seconds, as for `fl_krum.players.host_player.HostPlayer`.
    simulation : str
        Folder of throw-away keys on this very machine; empty where clients have keys of their own.
    """

    agreement: Agreement
    roster: str
    scale: float
    stays: tuple[str, ...] = ()
    patience: float = 60.0
    deadline: float = 600.0
    simulation: str = ""

    def as_config(self) -> dict:
        """Plain values, for a ConfigRecord."""
        return {
            "agreement": self.agreement.as_json(),
            "roster": self.roster,
            "scale": self.scale,
            "stays": list(self.stays),
            "patience": self.patience,
            "deadline": self.deadline,
            "simulation": self.simulation,
        }

    @classmethod
    def from_config(cls, content: Mapping) -> Plan:
        """From a ConfigRecord.

        Raises
        ------
        Refused
            It does not make sense.
        """
        try:
            scale = float(content["scale"])
            if not 0 < scale < 2.0**40:
                raise ValueError("the scale is a positive number")
            return cls(
                Agreement.from_json(str(content["agreement"])),
                str(content["roster"]),
                scale,
                tuple(map(str, content["stays"])),
                float(content["patience"]),
                float(content["deadline"]),
                str(content.get("simulation", "")),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise Refused(f"the server's plan makes no sense: {error}") from None
