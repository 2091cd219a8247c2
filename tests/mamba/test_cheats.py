"""Players that cheat on purpose: what comes of it where players are believed, and where not."""

import numpy as np
import pytest
from mamba_players import run_program

from fl_krum.aggregators.krum import krum
from fl_krum.players.embedded import CHEATS
from fl_krum.program.krum_program import KrumProgram
from mamba.cheats import KINDS
from mamba.protocols import ProtocolError, Protocols

WORDS = np.random.default_rng(1).integers(0, 2**28, (7, 5))
PROGRAM = KrumProgram(n=7, f=2, d=5)
NAMED, SENT_A_SHARE = ("product", "read", "stories", "mask"), ("share", "last")
RIGHT = krum(WORDS.astype(object), 2).vector.tolist()


def run(kind, active):
    """(what the server is told, what player 7 says)."""
    said = []

    class Cheats(KINDS[kind]):
        def __init__(self, network, notes, **choice):
            super().__init__(network, program=PROGRAM.source(), say=said.append, **choice)

    class Follows(Protocols):
        def __init__(self, network, notes, **choice):
            super().__init__(network, program=PROGRAM.source(), **choice)

    software = dict.fromkeys(range(7), (Follows, None, None)) | {7: (Cheats, None, None)}
    seen = run_program(PROGRAM.source(), [[], *WORDS.tolist()], liars=software, active=active)
    return seen[0].outputs, said


def test_both_sides_of_the_process_boundary_know_the_same_kinds():
    assert KINDS.keys() == CHEATS.keys() == {*NAMED, *SENT_A_SHARE}


def test_among_players_that_are_believed_a_cheat_is_chosen_or_reads_or_changes_the_result():
    assert run("product", False)[0][1:] == WORDS[6].tolist() != RIGHT
    assert run("mask", False)[0] != [1, *RIGHT]
    assert run("last", False)[0] == [1, *(word + 2**16 for word in RIGHT)]
    outputs, said = run("read", False)
    odd = int(((WORDS[0].astype(object) - WORDS[1]) ** 2).sum()) % 2
    assert outputs == [1, *RIGHT]  # and nobody notices
    assert [line.rpartition(" ")[2] for line in said] == [["even", "odd"][odd]]


@pytest.mark.parametrize(
    ("kind", "active", "message"),
    [
        ("share", False, "player 7, or one that dealt it a wrong share, departed"),
        ("stories", False, "player 7 told another random number than it is bound to"),
        *((kind, True, "; player 7 departed from the protocol$") for kind in NAMED),
        *((kind, True, "; player 7, or one that dealt it a wrong share,") for kind in SENT_A_SHARE),
    ],
)
def test_a_cheat_that_is_noticed_ends_the_run(kind, active, message):
    with pytest.raises(ProtocolError, match=message):
        run(kind, active)
