"""Private, Byzantine-robust federated learning, small enough to read.

Clients train on their own data; Krum (Blanchard et al., NeurIPS 2017) picks the next global model
inside secure multiparty computation, so that nobody sees a client's vector and up to f Byzantine
clients cannot steer the result. The notebooks import what they need from here.
"""

from .fixed_point import FixedPoint
from .krum import KrumResult, krum, krum_scores, multi_krum
from .program import KrumProgram

__all__ = ["FixedPoint", "KrumProgram", "KrumResult", "krum", "krum_scores", "multi_krum"]
__version__ = "0.1.0"
