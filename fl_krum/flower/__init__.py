"""Krum inside secure multiparty computation as a Flower strategy.

Flower comes with ``pip install 'fl_krum[flower]'``.

| file | |
|---|---|
| `strategy.py` | `SecureKrum`, for the ServerApp: proposes rounds, runs the server's player |
| `mod.py` | `secure_krum_mod`, for the ClientApp: hands what was trained to this client's player |
| `grid.py` | Flower's grid, for a run that outlasts a SuperLink that is too busy |
| `nodes.py` | which of Flower's nodes is which party of the roster |
| `plan.py` | what a training message says of a round: names and numbers, never a program |
| `arrays.py` | the arrays of a model as one vector of differences, and back |
| `simulation.py` | throw-away keys, where all clients run on one machine |
| `simulated_players.py` | and their players |

Flower carries what is public: the global model, and who takes part. Clients' vectors go from player
to player, over connections that these open themselves (`fl_krum.players.host_player`).
"""

from typing import TYPE_CHECKING

from .mod import secure_krum_mod

if TYPE_CHECKING:
    from .strategy import SecureKrum

__all__ = ["SecureKrum", "secure_krum_mod"]


def __getattr__(name: str):
    """The strategy, when it is asked for: a deployment starts each ClientApp anew for each message,
    and the strategy's imports are a third of those of its module."""
    if name == "SecureKrum":
        from .strategy import SecureKrum

        return SecureKrum
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
