"""Sessions that embedded players aggregate: the results are those in the clear, bit for bit."""

import numpy as np
import pytest

from fl_krum.federation.session import FederatedSession
from fl_krum.players.local_players import LocalPlayers
from fl_krum.program.krum_program import KrumProgram


def test_a_session_of_multi_krum_equals_plaintext_bit_for_bit():
    players = LocalPlayers(KrumProgram(5, 1, 5, rounds=2, average=3), "embedded")
    session = FederatedSession(clients=5, byzantine=1, rounds=2, aggregate=players)
    with players:
        records = session.run()
    assert session.settings["rule"] == "multi-krum" and session.settings["average"] == 3
    assert [record.matches_plaintext for record in records] == [True, True]
    for record in records:
        assert record.chosen == record.averaged[0] and len(record.averaged) == 3
        mean = record.updates[list(record.averaged)].mean(axis=0)
        np.testing.assert_allclose(record.vector, mean, rtol=1e-12)


@pytest.mark.parametrize("rule", ["mixed-krum", "clipped-krum"])
def test_a_session_of_the_rules_that_learn_equals_plaintext_bit_for_bit(rule):
    """Also where a client is left out, and the server divides by less."""
    players = LocalPlayers(KrumProgram(7, 2, 5, rounds=1, average=5, rule=rule), "embedded")
    session = FederatedSession(rounds=1, attack="below-protocol", aggregate=players)
    with players:
        records = session.run()
    assert session.settings["rule"] == rule and session.settings["average"] == 5
    for record in records:
        assert record.matches_plaintext and len(record.excluded) == 1
        weights = np.array(record.weights)
        assert weights.sum() == pytest.approx(1) and weights[record.excluded[0] - 1] == 0
        assert set(record.averaged) == set(np.flatnonzero(weights).tolist())
        assert record.chosen == weights.argmax()
        mean = weights @ record.updates
        np.testing.assert_allclose(record.vector, mean, rtol=1e-9)


def test_a_session_refuses_players_that_believe_everything():
    players = LocalPlayers(KrumProgram(7, 2, 5, rounds=5, check=False), "embedded")
    with pytest.raises(ValueError, match="for teaching only"):
        FederatedSession(aggregate=players)
