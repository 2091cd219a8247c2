"""Players that cheat on purpose: what comes of it where players are believed, and where not."""

import numpy as np
import pytest
from mamba_players import run_program

from fl_krum.aggregators.krum import krum
from fl_krum.players.embedded import CHEATS
from fl_krum.program.krum_program import KrumProgram
from mamba.cheats import KINDS
from mamba.protocols import ProtocolError, Protocols

NAMED, SENT_A_SHARE = ("product", "read", "stories", "mask"), ("share", "last")
FEW, MANY = KrumProgram(n=5, f=1, d=5), KrumProgram(n=7, f=2, d=5)  # "read" takes seven clients
WORDS = np.random.default_rng(1).integers(0, 2**28, (7, 5))


def right(program):
    return krum(WORDS[: program.n].astype(object), program.f).vector.tolist()


def run(kind, active):
    """(what the server is told, what the last player says)."""
    said, program = [], MANY if kind == "read" else FEW

    class Cheats(KINDS[kind]):
        def __init__(self, network, notes, **choice):
            super().__init__(network, program=program.source(), say=said.append, **choice)

    class Follows(Protocols):
        def __init__(self, network, notes, **choice):
            super().__init__(network, program=program.source(), **choice)

    n = program.n
    software = dict.fromkeys(range(n), (Follows, None, None)) | {n: (Cheats, None, None)}
    words = [[], *WORDS[:n].tolist()]
    seen = run_program(program.source(), words, liars=software, active=active)
    return seen[0].outputs, said


def test_both_sides_of_the_process_boundary_know_the_same_kinds():
    assert KINDS.keys() == CHEATS.keys() == {*NAMED, *SENT_A_SHARE}


def test_among_players_that_are_believed_a_cheat_is_chosen_or_reads_or_changes_the_result():
    assert run("product", False)[0][1:] == WORDS[4].tolist() != right(FEW)
    # Comparisons at random have the right outcome in two of five runs.
    assert any(run("mask", False)[0] != [1, *right(FEW)] for _ in range(20))
    assert run("last", False)[0] == [1, *(word + 2**16 for word in right(FEW))]
    outputs, said = run("read", False)
    odd = int(((WORDS[0].astype(object) - WORDS[1]) ** 2).sum()) % 2
    assert outputs == [1, *right(MANY)]  # and nobody notices
    assert [line.rpartition(" ")[2] for line in said] == [["even", "odd"][odd]]


@pytest.mark.parametrize(
    ("kind", "active", "message"),
    [
        ("share", False, "player 5, or one that dealt it a wrong share, departed"),
        ("stories", False, "player 5 told another random number than it is bound to"),
        *((kind, True, "; player [57] departed from the protocol$") for kind in NAMED),
        *((kind, True, "; player 5, or one that dealt it a wrong share,") for kind in SENT_A_SHARE),
    ],
)
def test_a_cheat_that_is_noticed_ends_the_run(kind, active, message):
    with pytest.raises(ProtocolError, match=message):
        run(kind, active)
