"""The kinds of player that can be started, and how one is picked.

``embedded`` is this project's own player, always there. ``scale-mamba`` is the real SCALE-MAMBA,
installed by the user, whose folder the environment variable ``SCALE_MAMBA_HOME`` names; ``mp-spdz``
is the real MP-SPDZ, named by ``MP_SPDZ_HOME``. All run the same program and give the same result.
`fl_krum.players.engine` says what an engine has to provide, docs/engines.md which to take when.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from ..aggregators.parameters import did_you_mean
from .embedded import EmbeddedEngine
from .engine import SECURITIES, Engine
from .mp_spdz.engine import MpSpdzEngine
from .scale_mamba import SCALE_MAMBA_HOME
from .scale_mamba.engine import ScaleMambaEngine

ENGINES: dict[str, Callable[[], Engine]] = {
    engine.name: engine for engine in (EmbeddedEngine, ScaleMambaEngine, MpSpdzEngine)
}


def find_engine(name: str = "auto") -> Engine:
    """The engine of that name, usable on this machine or not; its ``status()`` tells.

    ``auto`` is scale-mamba when `SCALE_MAMBA_HOME` is set, else embedded. Somebody who names an
    installation wants it used, so a broken one is not passed over in silence.

    Raises
    ------
    ValueError
        There is no engine of that name.
    """
    if name == "auto":
        name = ScaleMambaEngine.name if os.environ.get(SCALE_MAMBA_HOME) else EmbeddedEngine.name
    if name not in ENGINES:
        known = ("auto", *ENGINES)
        raise ValueError(
            f"unknown engine {name!r}: choose one of {', '.join(known)}{did_you_mean(name, known)}"
        )
    return ENGINES[name]()


def choose_engine(engine: str | Engine, security: str | None = None) -> Engine:
    """An engine by its name, or as it is, with this security; by default its own.

    Embedded players have either security. Real ones have what they are built for: SCALE-MAMBA's are
    active, MP-SPDZ's what ``FL_KRUM_MP_SPDZ`` says.

    Raises
    ------
    ValueError
        There is no such engine, or it has no such security.
    """
    kind = find_engine(engine) if isinstance(engine, str) else engine
    if security is None:
        return kind
    if security not in SECURITIES:
        raise ValueError(f"security {security!r}: choose one of {', '.join(SECURITIES)}")
    if isinstance(kind, EmbeddedEngine):
        return EmbeddedEngine(security, kind.cheat)
    status = kind.status()
    if status.usable and security not in status.security:
        raise ValueError(
            f"the {kind.name} players are not what security {security!r} asks for: "
            f"{status.security}"
        )
    return kind
