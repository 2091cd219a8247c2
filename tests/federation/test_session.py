"""Sessions: same seed, same run; Krum survives what ruins the mean; errors at the door."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from fl_krum.aggregators.krum import krum
from fl_krum.aggregators.rules import AGGREGATORS, rules_for
from fl_krum.federation.attacks import ATTACKS
from fl_krum.federation.session import FederatedSession
from fl_krum.players.local_players import LocalPlayers
from fl_krum.program.fixed_point import FixedPoint
from fl_krum.program.krum_program import KrumProgram


@pytest.fixture(scope="module")
def records():
    return FederatedSession().run()


class FakePlayers:
    """Stands in for LocalPlayers: Krum on the words, in this process."""

    def __init__(self, n=7, f=2, d=5, rounds=5, fixed_point=None):
        fixed_point = fixed_point or FixedPoint()
        self.program = SimpleNamespace(n=n, f=f, d=d, rounds=rounds, fixed_point=fixed_point)
        self.received = []

    def aggregate(self, updates):
        self.received.append(updates)
        words = self.program.fixed_point.encode(updates)
        return self.program.fixed_point.decode(krum(words, self.program.f).vector)


def same_run(one, other):
    """Whether two lists of records agree in all but the time."""
    return [(r.vector, r.accuracy_mean, r.chosen) for r in one] == [
        (r.vector, r.accuracy_mean, r.chosen) for r in other
    ]


def test_default_session_krum_learns_while_the_mean_is_ruined(records):
    assert [record.round for record in records] == [1, 2, 3, 4, 5]
    accuracy = [record.accuracy for record in records]
    assert accuracy[-1] >= 0.9
    assert accuracy[0] < accuracy[-1] - 0.05  # it is seen to learn
    assert all(record.accuracy_mean < 0.5 for record in records)
    assert all(record.matches_plaintext is True for record in records)
    assert all(record.accuracy_krum == record.accuracy for record in records)
    assert not any(record.byzantine_chosen for record in records)
    assert all(record.seconds >= 0 for record in records)


@pytest.mark.parametrize("seed", range(4))
def test_other_seeds_tell_the_same_story(seed):
    session = FederatedSession(seed=seed)
    last = session.run()[-1]
    assert last.accuracy > 0.85 > 0.5 > last.accuracy_mean
    assert session.settings["start_accuracy"] < 0.6


def test_vector_is_the_chosen_row_of_the_updates(records):
    for record in records:
        assert record.updates.shape == (7, 5)
        assert record.vector == record.updates[record.chosen].tolist()
        assert np.abs(record.updates).max() < 100  # far from the bound, 2048


def test_same_seed_same_run_and_a_session_can_run_twice(records):
    session = FederatedSession()
    assert same_run(records, session.run())
    assert same_run(records, session.run())
    assert not same_run(records, FederatedSession(seed=1).run())


def test_rounds_come_one_by_one(records):
    seen = []
    session = FederatedSession()
    iterator = session.rounds()
    assert same_run([next(iterator)], records[:1])
    session.run(callback=seen.append)
    assert same_run(seen, records)


def test_players_give_the_run_of_plain_krum(records):
    players = FakePlayers()
    assert same_run(records, FederatedSession(aggregate=players).run())
    assert len(players.received) == 5


def test_a_wrong_result_does_not_match():
    players = FakePlayers()
    aggregate = players.aggregate
    players.aggregate = lambda updates: aggregate(updates) + [2.0**-16, 0, 0, 0, 0]
    assert [r.matches_plaintext for r in FederatedSession(aggregate=players).run()] == [False] * 5


def test_session_with_the_mean_goes_the_way_of_accuracy_mean():
    records = FederatedSession(aggregate=AGGREGATORS["mean"]).run()
    assert all(record.matches_plaintext is None for record in records)
    assert [r.accuracy for r in records] == [r.accuracy_mean for r in records]


def test_without_comparisons_the_models_are_the_same():
    records = FederatedSession(attack="alie", rounds=3).run()
    bare = FederatedSession(attack="alie", rounds=3, compare=False).run()
    assert [r.vector for r in bare] == [r.vector for r in records]
    assert all(r.accuracy_krum == r.accuracy for r in bare)
    assert {r.accuracy_mean for r in bare} | {r.accuracy_alone for r in bare} == {None}


def test_alone_and_pooled_are_what_they_say():
    session = FederatedSession(rounds=2, partition="dirichlet", alpha=0.3, seed=1)
    first, second = session.run()
    honest = [row for row in range(7) if row not in session.byzantine_clients]
    assert session.clients.honest == honest
    alone = session.clients.alone([session.start] * 5, 1)
    np.testing.assert_array_equal(  # in round 1 they are what the clients send
        session.fixed_point.decode(session.fixed_point.encode(alone)), first.updates[honest]
    )
    assert first.accuracy_alone == np.mean([session.accuracy(model) for model in alone])
    alone = session.clients.alone(alone, 2)
    assert second.accuracy_alone == np.mean([session.accuracy(model) for model in alone])
    pooled = session.clients.pooled(session.clients.pooled(session.start, 1), 2)
    assert second.accuracy_pooled == session.accuracy(pooled)
    assert second.accuracy_pooled > second.accuracy_alone


def test_alone_and_pooled_depend_on_neither_the_rule_nor_the_attack():
    def reached(**arguments):
        return [
            (r.accuracy_alone, r.accuracy_pooled)
            for r in FederatedSession(rounds=2, seed=1, **arguments).run()
        ]

    assert reached() == reached(attack="fang") == reached(aggregate=AGGREGATORS["mean"])
    assert reached(attack="label-flip") == reached()  # of the honest, whose labels are right
    assert FederatedSession(attack="none").clients.honest == list(range(7))  # then all are


@pytest.mark.parametrize("rule", rules_for(7, 2))
def test_every_rule_runs(rule):
    records = FederatedSession(rounds=2, aggregate=AGGREGATORS[rule]).run()
    assert len(records[-1].vector) == 5
    assert records[0].matches_plaintext is (True if rule == "krum" else None)


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("partition", ["iid", "dirichlet"])
def test_every_attack_stays_in_the_range_of_the_words(attack, partition):
    session = FederatedSession(attack=attack, partition=partition, alpha=0.1, rounds=2)
    for record in session.run():
        assert np.isfinite(record.updates).all()
        assert 0 <= record.accuracy <= 1 and 0 <= record.accuracy_mean <= 1


def test_without_byzantine_clients_every_attack_is_the_same():
    run = FederatedSession(clients=3, byzantine=0, attack="none", rounds=2).run()
    assert same_run(run, FederatedSession(clients=3, byzantine=0, attack="alie", rounds=2).run())
    assert run[-1].accuracy_mean > 0.8


def test_label_flipping_clients_train_on_other_labels():
    honest, flipped = (
        FederatedSession(attack=attack, rounds=1).run()[0].updates
        for attack in ("none", "label-flip")
    )
    changed = np.flatnonzero(np.any(honest != flipped, axis=1))
    assert tuple(changed) == FederatedSession().byzantine_clients


@pytest.mark.parametrize("attack, trained", [("none", 7), ("label-flip", 7), ("sign-flip", 5)])
def test_who_sends_nothing_of_it_need_not_train(attack, trained):
    seen = []
    session = FederatedSession(
        attack=attack, rounds=1, compare=False, train=lambda vector, *_: seen.append(1) or vector
    )
    session.run()
    assert len(seen) == trained


def test_byzantine_values_are_clipped_but_honest_ones_are_refused():
    def infinite(honest, f, rng, previous, own=None):
        return np.tile([np.inf, -np.inf, np.nan, 1e9, 1.0], (f, 1))

    session = FederatedSession(attack=infinite, rounds=1)
    low, high = session.fixed_point.range()
    sent = session.run()[0].updates[list(session.byzantine_clients)]
    np.testing.assert_array_equal(sent, [[high, low, 0, high, 1]] * 2)
    assert session.settings["attack"] == "infinite"

    with pytest.raises(ValueError, match="out of range"):
        FederatedSession(train=lambda vector, x, y, rng: vector + 5000.0).run()


def test_local_training_is_an_argument():
    seen = []

    def train(vector, x, y, rng):
        seen.append(len(y))
        return vector + rng.normal(size=5)

    session = FederatedSession(train=train, rounds=1)
    session.run()
    sizes = {len(part) for part in session.parts}
    pooled = sum(len(session.parts[client]) for client in session.clients.honest)
    assert set(seen) == sizes | {pooled}


def test_byzantine_clients_depend_on_the_seed_not_on_the_split():
    picks = {FederatedSession(seed=seed).byzantine_clients for seed in range(6)}
    assert len(picks) > 1
    assert all(len(pick) == 2 and set(pick) <= set(range(7)) for pick in picks)
    skewed = FederatedSession(partition="dirichlet").byzantine_clients
    assert skewed == FederatedSession().byzantine_clients


@pytest.mark.parametrize(
    ("dataset", "dimension"), [("breast_cancer", 1), ("breast_cancer", 31), ("digits", 650)]
)
def test_other_dimensions(dataset, dimension):
    record = FederatedSession(dataset=dataset, dimension=dimension, rounds=1).run()[0]
    assert len(record.vector) == dimension and record.matches_plaintext


def test_digits_learn_ten_classes():
    assert FederatedSession(dataset="digits", dimension=210, rounds=5).run()[-1].accuracy > 0.8


def test_settings_are_ready_for_json():
    session = FederatedSession(attack=ATTACKS["alie"], seed=3)
    settings = json.loads(json.dumps(session.settings))
    assert settings["attack"] == "alie" and settings["clients"] == 7 and settings["seed"] == 3
    assert settings["start_accuracy"] == session.accuracy(session.start)


def test_coarser_fixed_point_of_the_program_is_used():
    coarse = FixedPoint(bits=12, fraction=4)
    session = FederatedSession(aggregate=FakePlayers(fixed_point=coarse), rounds=2)
    for record in session.run():
        assert record.matches_plaintext
        np.testing.assert_array_equal(record.updates, np.round(record.updates * 16) / 16)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"aggregate": AGGREGATORS["bulyan"]}, "Bulyan needs n >= 4f"),
        ({"clients": 6}, "2f \\+ 2 < n"),
        ({"clients": 2, "byzantine": 0}, "at least n = 3"),
        ({"byzantine": -1}, "f >= 0"),
        ({"dimension": 0}, "dimension must be 1 to 31 on breast_cancer, got 0"),
        ({"dataset": "digits", "dimension": 5}, "dimension must be 10 to 650 in steps of 10"),
        ({"dataset": "iris"}, "dataset must be one of breast_cancer, digits"),
        ({"rounds": 0}, "rounds must be at least 1; got rounds = 0"),
        ({"rounds": 1.5}, "rounds must be an integer; got rounds = 1.5"),
        ({"seed": -1}, "seed must be 0 to 4294967295; got seed = -1"),
        ({"attack": "nuke"}, "attack must be one of none, sign-flip, .*; got 'nuke'"),
        ({"partition": "sorted"}, "partition must be one of iid, dirichlet, .*got 'sorted'"),
        ({"partition": "dirichlet", "alpha": 0}, "alpha must be a number above 0"),
        ({"clients": 300, "byzantine": 1}, "clients must be 1 to 199 for 398 samples"),
        ({"aggregate": FakePlayers(n=9)}, "program is for n = 9, not for 7"),
        ({"aggregate": FakePlayers(f=1)}, "program is for f = 1, not for 2"),
        ({"aggregate": FakePlayers(d=6)}, "program is for d = 6, not for 5"),
        ({"aggregate": FakePlayers(rounds=4)}, "program ends after 4 rounds, not 5"),
    ],
)
def test_errors_at_the_door(arguments, message):
    with pytest.raises(ValueError, match=message):
        FederatedSession(**arguments)


def test_settings_name_the_rule_and_the_engine():
    players = FakePlayers()
    players.engine = "embedded"
    for aggregate, rule, engine in (
        (krum, "krum", None),
        (players, "krum", "embedded"),
        (AGGREGATORS["krum"], "krum", None),
        (AGGREGATORS["median"], "median", None),
        (lambda X, f: X[0], "<lambda>", None),
    ):
        settings = FederatedSession(aggregate=aggregate).settings
        assert (settings["rule"], settings["engine"]) == (rule, engine)


# --- clients that are missing -----------------------------------------------------------------


def test_a_missing_client_is_left_out_and_counts_as_one_of_the_f():
    session = FederatedSession(rounds=8, dropout=0.2, seed=3, compare=False)
    model = session.start
    records = session.run()
    assert len({record.absent for record in records}) > 2
    for record in records:
        assert record.absent == tuple(sorted(record.absent))
        if len(record.absent) > 2:
            assert record.vector == list(model) and record.chosen is None
        else:
            left = np.delete(record.updates, [one - 1 for one in record.absent], 0)
            expected = krum(left, 2 - len(record.absent)).vector
            assert record.vector == expected.tolist()
            assert record.matches_plaintext is True
            assert record.chosen + 1 not in record.absent
        model = np.array(record.vector)
    again = FederatedSession(rounds=8, dropout=0.2, seed=3, compare=False).run()
    assert [record.absent for record in again] == [record.absent for record in records]


def test_a_round_in_which_too_many_are_missing_leaves_the_model_as_it_is():
    session = FederatedSession(rounds=4, dropout=0.9, seed=1, compare=False)
    for record in session.rounds():
        assert record.absent == session.absent
        if len(record.absent) > 2:
            assert record.matches_plaintext is None
    assert record.vector == session.start.tolist()


def test_players_leave_a_missing_client_out_too():
    with LocalPlayers(KrumProgram(n=5, f=1, d=5, rounds=3)) as players:
        session = FederatedSession(
            5, 1, rounds=3, dropout=0.25, seed=2, compare=False, aggregate=players
        )
        records = session.run()
    clear = FederatedSession(5, 1, rounds=3, dropout=0.25, seed=2, compare=False).run()
    assert any(record.absent for record in records)
    assert [r.vector for r in records] == [r.vector for r in clear]
    assert all(record.excluded == () for record in records)


@pytest.mark.parametrize("dropout", [-0.1, 1.0, 2, float("nan")])
def test_a_dropout_that_is_none(dropout):
    with pytest.raises(ValueError, match="dropout is a probability from 0 to below 1"):
        FederatedSession(dropout=dropout)
