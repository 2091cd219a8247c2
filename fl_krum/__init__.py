"""Private, Byzantine-robust federated learning, small enough to read.

Clients train on their own data; Krum (Blanchard et al., NeurIPS 2017) picks the next global model
inside secure multiparty computation, so that nobody sees a client's vector and up to f Byzantine
clients cannot steer the result. The notebooks import what they need from here.
"""

import importlib
import sys
from types import ModuleType

__all__ = ["FixedPoint", "KrumProgram", "KrumResult", "krum", "krum_scores", "multi_krum"]
__version__ = "0.1.0"

_HOMES = {"FixedPoint": "fixed_point", "KrumProgram": "program"}  # all others are in krum.py


class _Package(ModuleType):
    """Imports what is named in ``__all__`` when it is asked for.

    NumPy takes longer to import than the command line needs to get the players under way.
    """

    def __getattr__(self, name):
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f".{_HOMES.get(name, 'krum')}", __name__), name)

    def __dir__(self):
        return [*super().__dir__(), *__all__]

    # The function, although `import` also wants to put the module of this name here.
    krum = property(lambda self: self.__getattr__("krum"), lambda self, module: None)


sys.modules[__name__].__class__ = _Package
