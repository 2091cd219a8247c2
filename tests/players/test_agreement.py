"""What parties agree on, and what they refuse."""

import numpy as np
import parties
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_krum.aggregators.krum import krum
from fl_krum.players.agreement import Agreement, Limits

PROGRAM = "a = sint.get_private_input_from(0)\nprint_ln('%s', a.reveal())\n"


@pytest.fixture(scope="module")
def roster(tmp_path_factory):
    return parties.make_roster(tmp_path_factory.mktemp("keys"), 7)


def test_an_agreement_is_the_program(roster):
    agreement = parties.agreement(7, f=2, d=5, average=3, threshold=2)
    program = agreement.program
    assert (program.n, program.f, program.d, program.average) == (7, 2, 5, 3)
    assert program.threshold == 2
    assert Agreement.from_json(agreement.as_json()) == agreement


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"f": 3}, "f"),
        ({"d": 0}, "d"),
        ({"threshold": 4}, "threshold"),
        ({"parties": ["server", "a", "a", "b"]}, "named twice"),
        ({"parties": ["server", "a/b", "c", "d"]}, "the name"),
        ({"round": 0}, "round"),
        ({"session": ""}, "session"),
        ({"session": 3}, "session"),
        ({"text": "x"}, "text"),
        ({"unheard": 1}, "unheard"),
        ({"d": "5"}, "d"),
        ({"fixed_point": [99, 1]}, "bits"),
        ({"parties": None}, "no sense"),
    ],
)
def test_what_is_no_agreement(change, message):
    import json

    content = {**json.loads(parties.agreement(7, f=2).as_json()), **change}
    with pytest.raises(ValueError, match=f"the agreement makes no sense.*{message}|{message}"):
        Agreement.from_json(json.dumps(content))


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"min_clients": 8}, "client1 does not take part: n = 7, and it insists on at least 8"),
        ({"min_threshold": 4}, "client1 does not take part: t = 3, and it insists on at least 4"),
        ({"min_average": 2}, "client1 does not take part: m = 1, and it insists on at least 2"),
        ({"max_byzantine": 1}, "client1 does not take part: f = 2, and it insists on at most 1"),
        ({"roster": "0" * 64}, "the roster has the digest"),
    ],
)
def test_what_a_party_refuses(roster, limits, message):
    with pytest.raises(ValueError, match=message):
        Limits(**limits).check(parties.agreement(7, f=2), roster, "client1")


def test_the_rule_is_agreed_on_and_says_how_many_vectors_are_in_the_result(roster):
    for rule, fewest in (("krum", 1), ("mixed-krum", 5), ("clipped-krum", 3)):
        agreement = parties.agreement(7, f=2, rule=rule)
        assert Agreement.from_json(agreement.as_json()).program.rule == rule
        assert agreement.without({"client3"}).program.rule == rule
        Limits(min_average=fewest).check(agreement, roster, "client1")
        with pytest.raises(ValueError, match=f"= {fewest}, and it insists on at least"):
            Limits(min_average=fewest + 1).check(agreement, roster, "client1")


def test_what_a_party_takes(roster):
    limits = Limits(7, 3, 1, 2, roster.digest)
    limits.check(parties.agreement(7, f=2), roster, "client1")


def test_parties_that_are_not_in_the_roster(roster):
    with pytest.raises(ValueError, match="client9 is none of the parties"):
        Limits().check(parties.agreement(7), roster, "client9")
    with pytest.raises(ValueError, match="there is no 'client8' in the roster"):
        Limits().check(parties.agreement(8), roster, "client1")


@given(n=st.integers(4, 12), seed=st.integers(0, 999), data=st.data())
def test_without_a_client_krum_chooses_what_it_chooses_when_it_leaves_that_client_out(
    n, seed, data
):
    """Counted in f, an absent client changes nothing for the others: n − f − 2 neighbours."""
    f = data.draw(st.integers(1, (n - 3) // 2)) if n > 4 else 0
    gone = data.draw(st.sets(st.integers(0, n - 1), min_size=0, max_size=f))
    agreement = parties.agreement(n, f=f).without({f"client{one + 1}" for one in gone})
    words = np.random.default_rng(seed).integers(0, 9, (n, 3))
    left = [row for row in range(n) if row not in gone]
    those = krum(words[left], agreement.f)
    assert left[those.index] == krum(words, f, sorted(gone)).index
    assert agreement.program.n - agreement.f - 2 == n - f - 2


def test_who_may_be_missing():
    agreement = parties.agreement(7, f=2, threshold=3)
    smaller = agreement.without({"client3", "client7"})
    assert smaller.parties == ("server", "client1", "client2", "client4", "client5", "client6")
    assert (smaller.f, smaller.threshold, smaller.number) == (0, 2, agreement.number + 1)
    with pytest.raises(ValueError, match="client1, client2, client3 are missing, and f = 2"):
        agreement.without({"client1", "client2", "client3"})
    with pytest.raises(ValueError, match="without server there is no round"):
        agreement.without({"server"})
    with pytest.raises(ValueError, match="client1 is missing, and no client may be: f = 0"):
        parties.agreement(3).without({"client1"})


def test_a_program_of_ones_own_needs_all(roster):
    agreement = Agreement(("server", "client1", "client2"), text=PROGRAM)
    Limits().check(
        Agreement(("server", "client1", "client2", "client3"), text=PROGRAM), roster, "server"
    )
    with pytest.raises(ValueError, match="this program needs all its players"):
        agreement.without({"client1"})
    assert agreement.program.threshold == 1
