"""Experiments of the lesson: they are what they say, and show what the notebooks claim."""

from fl_krum.aggregators.rules import AGGREGATORS
from fl_krum.federation.session import FederatedSession
from fl_krum.lesson.experiments import accuracy_alone, accuracy_table, minority_session


def test_the_table_holds_the_accuracies_of_the_sessions():
    rules = ["krum", "mean", "alone", "pooled"]
    table = accuracy_table(rules, ["none", "outlier"], seeds=(3, 4), rounds=2)
    assert table.shape == (4, 2, 2)
    session = FederatedSession(aggregate=AGGREGATORS["mean"], attack="outlier", rounds=2, seed=3)
    last = session.run()[-1]
    assert table[1:, 1, 0].tolist() == [last.accuracy, last.accuracy_alone, last.accuracy_pooled]
    assert (table[1, 1] < 0.3).all() and (table[0, 1] > 0.8).all()


def test_the_table_trains_nothing_twice():
    seen = []

    def train(vector, x, y, rng):
        seen.append((vector.tobytes(), len(x), rng.bit_generator.state["state"]["state"]))
        return vector + 0.01 * rng.normal(size=5)

    rules, attacks = ["krum", "median"], ["outlier", "gaussian"]
    accuracy_table(rules, attacks, rounds=2, train=train)
    assert len(seen) == len(set(seen)) < len(rules) * len(attacks) * 2 * 5


def test_a_client_alone_reaches_less_than_all_together():
    session = FederatedSession(
        byzantine=0, attack="none", aggregate=AGGREGATORS["mean"], dataset="digits", dimension=650,
        partition="dirichlet", rounds=3,
    )  # fmt: skip
    alone = accuracy_alone(session, rounds=3)
    assert len(alone) == 7
    assert max(alone) < session.run()[-1].accuracy


def test_krum_forgets_a_minority_that_the_mean_keeps():
    by_krum, by_mean = (minority_session(rule, rounds=4) for rule in ("krum", "mean"))
    assert by_krum.accuracy_rare == 0 and by_mean.accuracy_rare > 0.5
    assert min(by_krum.accuracy_common, by_mean.accuracy_common) > 0.9
    assert len(by_krum.chosen) == 4 and not set(by_krum.chosen) & set(by_krum.minority)
