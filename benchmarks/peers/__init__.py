"""Other frameworks for secure computation, running the same algorithm where the caller has them.

A peer has a ``name``, a ``version`` and ``measure(task) -> Sample``, as
`benchmarks.local_players.LocalEngine` has; making one raises `Unavailable` where it is not there.
"""

from benchmarks.local_players import LocalEngine
from benchmarks.peers.mp_spdz import MPSPDZ, MPSPDZAtlas, MPSPDZMalicious, MPSPDZSy
from benchmarks.peers.mpyc import MPyC

PEERS = {
    "mp-spdz": MPSPDZ,
    "mp-spdz-atlas": MPSPDZAtlas,
    "mp-spdz-sy": MPSPDZSy,
    "mp-spdz-malicious": MPSPDZMalicious,
    "mpyc": MPyC,
    "scale-mamba": lambda: LocalEngine("scale-mamba"),
}
