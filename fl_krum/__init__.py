"""Private, Byzantine-robust federated learning, small enough to read.

Clients train on their own data; Krum (Blanchard et al., NeurIPS 2017) picks the next global model
inside secure multiparty computation, so that nobody sees a client's vector and up to f Byzantine
clients cannot steer the result. The notebooks import what they need from here.
"""

import importlib

__version__ = "0.2.0"

# Imported when asked for: NumPy alone takes longer than the command line needs to get the players
# under way.
_HOMES = {
    "AGGREGATORS": "aggregators.rules",
    "ATTACKS": "federation.attacks",
    "Attack": "federation.attacks",
    "Dataset": "federation.dataset",
    "EstimatorModel": "federation.estimator_model",
    "Experiment": "experiments.experiment",
    "FederatedSession": "federation.session",
    "FixedPoint": "program.fixed_point",
    "KrumProgram": "program.krum_program",
    "KrumResult": "aggregators.krum",
    "LocalPlayers": "players.local_players",
    "LogisticModel": "federation.models",
    "Model": "federation.models",
    "PlayerError": "players.process",
    "ProgramError": "players.problems",
    "ProgramResult": "players.program_result",
    "RoundError": "federation.records",
    "TorchModel": "federation.torch_model",
    "clipped_krum": "aggregators.clipping",
    "engine_report": "players.installed",
    "krum": "aggregators.krum",
    "krum_scores": "aggregators.krum",
    "load_ipython_extension": "lesson.mamba_cell",
    "mean": "aggregators.rules",
    "mixed_krum": "aggregators.mixing",
    "multi_krum": "aggregators.krum",
    "print_versions": "players.installed",
    "run_program": "players.run_program",
    "sweep": "experiments.sweep",
    "weighted_mean": "aggregators.rules",
}
__all__ = sorted({*_HOMES} - {"TorchModel"})  # an extra: `import *` does without


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)


def __dir__():
    return sorted({*globals(), *_HOMES})
