"""The engine of real SCALE-MAMBA players: what stands here only looks for the installation."""

from __future__ import annotations

import os
from pathlib import Path

from .run import EngineStatus, PreparedRun

HOME = "SCALE_MAMBA_HOME"


class ScaleMambaEngine:
    """Starts ``PlayerBinary.x``; see `fl_krum.engines.run.Engine`."""

    name = "scale-mamba"

    def status(self) -> EngineStatus:
        home = os.environ.get(HOME)
        if not home:
            return EngineStatus(False, f"{HOME} does not name an installation of SCALE-MAMBA")
        if not Path(home).is_dir():
            return EngineStatus(False, f"{HOME}={home}: there is no such folder")
        if not (Path(home) / "PlayerBinary.x").is_file():
            return EngineStatus(False, f"{HOME}={home}: PlayerBinary.x is missing; run make there")
        return EngineStatus(False, "this version of fl_krum does not start SCALE-MAMBA players yet")

    def prepare(self, program, folder: Path, views: bool = False) -> PreparedRun:
        raise ValueError(self.status().reason)
