"""Which of Flower's nodes is which party of the roster.

A SuperNode that authenticates itself with the key of the roster is known by it. Another one is
asked. It may say what it likes: whether it is that party is settled between the players, by TLS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from logging import WARNING

from flwr.app import ConfigRecord, Message, MessageType, RecordDict
from flwr.common.logger import log
from flwr.serverapp import Grid

from ..players.roster import Roster
from .mod import ASK
from .plan import KEY


class Nodes:
    """Names of nodes, as far as they are known.

    Parameters
    ----------
    roster : Roster
    simulation : str
        Folder of throw-away keys, or empty.
    messages : callable
        Makes messages of a record, nodes and a type, as a strategy of Flower does.
    """

    def __init__(self, roster: Roster, simulation: str, messages: Callable[..., Iterable[Message]]):
        self._roster, self._simulation, self._messages = roster, simulation, messages
        self._by_key = {_public_key(member.public_key()): member.name for member in roster}
        self._names: dict[int, str] = {}

    def identify(self, grid: Grid, nodes: Iterable[int], seconds: float) -> dict[int, str]:
        """The names of these nodes; one that has none after so many seconds is left out."""
        infos = list(grid.get_nodes())
        there = {info.node_id for info in infos}  # one that was started anew has another number
        self._names = {node: name for node, name in self._names.items() if node in there}
        for info in infos:
            name = self._by_key.get(_normal(getattr(info, "public_key", b"")))
            if name is not None:
                self._names[info.node_id] = name
        nodes = list(nodes)
        if new := [node for node in nodes if node not in self._names]:
            self._ask(grid, new, seconds)
        return {node: self._names[node] for node in nodes if node in self._names}

    def _ask(self, grid: Grid, nodes: list[int], seconds: float) -> None:
        question = ConfigRecord({ASK: True, "simulation": self._simulation})
        asked = self._messages(RecordDict({KEY: question}), nodes, MessageType.TRAIN)
        for reply in grid.send_and_receive(asked, timeout=seconds):
            node = reply.metadata.src_node_id
            if reply.has_error() or KEY not in reply.content.config_records:
                why = reply.error.reason if reply.has_error() else "it does not use secure_krum_mod"
                log(WARNING, "\tSecureKrum: node %d takes no part: %s", node, why)
                continue
            said = reply.content[KEY]
            name = str(said["name"])
            if said["roster"] != self._roster.digest or name not in self._roster.names:
                log(WARNING, "\tSecureKrum: node %d (%.64r) has another roster", node, name)
            elif name in self._names.values():
                log(WARNING, "\tSecureKrum: node %d is %s, as another says it is", node, name)
            else:
                self._names[node] = name


def _public_key(key) -> bytes:
    from cryptography.hazmat.primitives import serialization

    form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(*form)


def _normal(public: bytes) -> bytes:
    """A node's public key, in whatever form Flower has it, as DER; empty if it is none."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    loaders: tuple[Callable, ...] = (
        serialization.load_pem_public_key,
        serialization.load_ssh_public_key,
        serialization.load_der_public_key,
    )
    for load in loaders:
        try:
            return _public_key(load(public))
        except (ValueError, TypeError, UnsupportedAlgorithm):
            continue
    return b""
