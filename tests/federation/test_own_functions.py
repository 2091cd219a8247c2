"""The user's own functions: nothing is shared with them, and mistakes in them are found and named.

Most sessions here are as small as they can be: three clients, one round, no models alongside.
"""

import functools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import trim_mean

import fl_krum
from fl_krum.aggregators import rules
from fl_krum.aggregators.rules import AGGREGATORS, rules_for
from fl_krum.federation.attacks import ATTACKS, Attack, sign_flip
from fl_krum.federation.own_functions import leaves_no_trace
from fl_krum.federation.session import FederatedSession, RoundError


def small(**arguments):
    return FederatedSession(**{"clients": 5, "byzantine": 1, "compare": False, **arguments})


def vectors(session):
    return [(record.vector, record.updates.tolist()) for record in session.run()]


# --- Nothing is shared ---------------------------------------------------------------------------


def step(vector, x, y, rng):
    """What every `train` below computes, with nothing but new arrays."""
    return vector + 0.25 * x.mean() - 0.125 * y.mean() + rng.normal(size=len(vector))


def in_place(vector, x, y, rng):
    vector += 0.25 * x.mean() - 0.125 * y.mean() + rng.normal(size=len(vector))
    return vector


def on_the_samples(vector, x, y, rng):
    result = step(vector, x, y, rng)
    x[:], y[:] = -7, 0
    vector.fill(np.nan)
    return result


_BUFFER = np.empty(5)


def in_one_buffer(vector, x, y, rng):
    _BUFFER[:] = step(vector, x, y, rng)
    return _BUFFER


class Estimator:
    """As scikit-learn's do, it keeps what it was given and goes on with it."""

    def fit(self, vector, x, y, rng):
        self.coef_ = vector.reshape(1, -1)
        self.coef_ += 0.25 * x.mean() - 0.125 * y.mean() + rng.normal(size=vector.shape)
        return self.coef_.ravel()


@pytest.mark.parametrize("compare", [False, True])
@pytest.mark.parametrize("train", [in_place, on_the_samples, in_one_buffer, Estimator().fit])
@pytest.mark.parametrize("attack", ["none", "label-flip", "sign-flip"])
def test_a_train_that_works_in_place_is_as_good_as_another(train, attack, compare):
    expected = vectors(small(train=step, rounds=3, attack=attack))
    session = small(train=train, rounds=3, attack=attack, compare=compare)
    start = session.start.tolist()
    assert vectors(session) == expected
    assert session.start.tolist() == start
    assert vectors(session) == expected


def test_the_smallest_case_that_was_wrong():
    def train(v, x, y, rng):
        v -= 1.0
        return v

    session = FederatedSession(byzantine=0, attack="none", rounds=1, compare=False, train=train)
    (record,) = session.run()
    np.testing.assert_allclose(record.updates, np.tile(session.start - 1, (7, 1)), atol=1e-5)


def spoils_honest(honest, f, rng, previous):
    honest *= 0
    return np.tile(previous, (f, 1))


def spoils_previous(honest, f, rng, previous):
    previous[:] = 1000
    return previous


def spoils_own(honest, f, rng, previous, own):
    own[:] = honest[0]
    return own


def returns_what_it_got(honest, f, rng, previous):
    return honest[:f]


@pytest.mark.parametrize(
    "attack", [spoils_honest, spoils_previous, spoils_own, returns_what_it_got]
)
@pytest.mark.parametrize("compare", [False, True])
def test_an_attack_cannot_change_what_others_sent(attack, compare):
    def honest_rows(session):
        return [np.delete(r.updates, session.byzantine_clients, axis=0) for r in session.run()]

    session = small(attack=attack, rounds=1, compare=compare)
    expected = honest_rows(small(attack="none", rounds=1))
    for _ in range(2):
        np.testing.assert_array_equal(honest_rows(session), expected)
    assert session.start.tolist() == small().start.tolist()


def test_an_attack_that_is_called_directly_leaves_its_arguments_alone():
    honest, previous, own = np.ones((4, 3)), np.zeros(3), np.full((1, 3), 5.0)
    for attack in (spoils_honest, spoils_previous):
        Attack("mine", attack)(honest, 1, np.random.default_rng(0), previous)
    Attack("mine", spoils_own)(honest, 1, np.random.default_rng(0), previous, own)
    assert (honest == 1).all() and (previous == 0).all() and (own == 5).all()


def sorts_in_place(X, f):
    X.sort(axis=0)
    return X[len(X) // 2]


class Remembers:
    """A rule that keeps what it is given, and spoils it in the next round."""

    def __init__(self):
        self.kept = None

    def aggregate(self, X):
        if self.kept is not None:
            self.kept[:] = 1e6
        self.kept = X
        return X[0]


@pytest.mark.parametrize("rule", [sorts_in_place, Remembers()])
def test_a_rule_cannot_change_what_a_record_says(rule):
    records = small(aggregate=rule, rounds=2, attack="none").run()
    first = small(aggregate="krum", rounds=1, attack="none").run()[0]
    np.testing.assert_array_equal(records[0].updates, first.updates)
    assert all(np.abs(record.updates).max() < 100 for record in records)
    assert np.abs(records[0].vector).max() < 100


@given(st.sampled_from(["vector", "x", "y"]), st.floats(-100, 100), st.integers(0, 3))
def test_whatever_is_written_into_the_arguments_nothing_follows(name, value, seed):
    def train(vector, x, y, rng):
        result = step(vector, x, y, rng)
        {"vector": vector, "x": x, "y": y}[name][...] = value
        return result

    session = small(clients=3, byzantine=0, train=train, rounds=2, seed=seed, attack="none")
    expected = small(clients=3, byzantine=0, train=step, rounds=2, seed=seed, attack="none")
    assert vectors(session) == vectors(expected)


# --- What works ----------------------------------------------------------------------------------


def test_the_attack_of_the_documentation():
    def attack(honest, f, rng, previous):
        return np.tile(-honest.mean(0), (f, 1))

    session = small(attack=attack, rounds=1)
    updates = session.run()[0].updates
    liar = session.byzantine_clients[0]
    honest = np.delete(updates, liar, axis=0)
    np.testing.assert_allclose(updates[liar], -honest.mean(0), atol=1e-4)
    assert session.settings["attack"] == "attack"


def test_an_attack_may_be_a_partial_an_object_or_return_a_list():
    class Spiteful:
        def __call__(self, honest, f, rng, previous):
            return [9] * len(previous)

    strong = functools.partial(sign_flip, strength=9.0)
    for attack, name, parameters in (
        (strong, "sign_flip", {"strength": 9.0}),
        (Spiteful(), "Spiteful", {}),
        (lambda honest, f, rng, previous: previous.tolist(), "<lambda>", {}),
        (ATTACKS["gaussian"], "gaussian", {"deviation": 200.0}),
    ):
        session = small(attack=attack, rounds=1)
        session.run()
        assert session.settings["attack"] == name
        assert session.settings["attack_parameters"] == parameters


@pytest.mark.parametrize("name", rules_for(7, 1))
def test_a_rule_may_be_a_name(name):
    def run(rule):
        return FederatedSession(7, 1, rounds=1, aggregate=rule, compare=False).run()[0].vector

    assert run(name) == run(AGGREGATORS[name])


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        (fl_krum.mean, "mean"),
        (rules.median, "median"),
        (rules.geometric_median, "geometric-median"),
        (rules.centred_clipping, "centred-clipping"),
        (functools.partial(rules.geometric_median, steps=100), "geometric-median"),
        (functools.partial(fl_krum.multi_krum, m=4), "multi-krum"),
        (fl_krum.krum, "krum"),
    ],
)
def test_public_rules_are_rules_under_their_names(rule, name):
    session = small(aggregate=rule, rounds=1)
    assert session.settings["rule"] == name
    assert session.run()[0].vector == small(aggregate=name, rounds=1).run()[0].vector


def test_a_rule_may_return_a_list_or_whole_numbers():
    assert small(aggregate=lambda X, f: X[0].tolist(), rounds=1).run()[0].vector
    whole = small(aggregate=lambda X: np.rint(X[0]).astype(int), rounds=1).run()[0].vector
    assert all(isinstance(value, float) for value in whole)


# --- What does not ------------------------------------------------------------------------------


def refused(words, **arguments):
    """Refused when the session is made, or where that cannot be tried, in the first round."""
    with pytest.raises(ValueError, match=words):
        small(**{"rounds": 1, **arguments}).run()


def refused_at_the_door(words, **arguments):
    with pytest.raises(ValueError, match=words):
        small(**{"rounds": 1, **arguments})


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("medain", r"'medain' \(did you mean median\?\)"),
        ("Multi_Krum", "did you mean multi-krum"),
        (7, "got 7"),
        (None, "got None"),
        (lambda: 0, "cannot be called as rule"),
        (lambda X, f, g: X[0], "missing a required argument: 'g'"),
        (lambda X, *, f: X[0], "missing a required argument: 'f'"),
        (np.median, "axis"),
        (Remembers, "is a class; give an object of it"),
        (lambda X, f: X, r"shape \(5, 5\), not a vector of shape \(5,\)"),
        (lambda X, f: X[:1], r"\.ravel\(\)"),
        (lambda X, f: X[0, :4], r"shape \(4,\)"),
        (lambda X, f: X.mean(), r"shape \(\)"),
        (lambda X, f: None, "returned None"),
        (lambda X, f: "median", "returned a str"),
        (lambda X, f: X[0] * np.nan, "returned nan at coordinate 0: not a finite number"),
        (lambda X, f: X[0] / 0.0 * 0 + np.inf, "not a finite number"),
        (lambda X, f: X[0] + 1j, "complex"),
        (lambda X, f: X[0] > 0, "bool"),
        (lambda X, f: np.ma.masked_less(X[0], 9e9), "masked"),
        (lambda X, f: X[99], "IndexError"),
        (trim_mean, "round 1: the rule trim_mean: Proportion too big"),
        (functools.partial(fl_krum.multi_krum, m=9), "m = 9"),
        ("bulyan", "Bulyan needs"),
        (rules.bulyan, "Bulyan needs"),
    ],
)
def test_rules_that_are_none(rule, words):
    with np.errstate(all="ignore"):
        refused(words, aggregate=rule)
        if rule not in (np.median, trim_mean):
            refused_at_the_door(words, aggregate=rule)


class WithMomentum:
    def __init__(self, result):
        self.result, self.calls = result, 0

    def aggregate(self, X):
        self.calls += 1
        return self.result(X)


@pytest.mark.parametrize(
    ("result", "words"),
    [(lambda X: X.T, "shape"), (lambda X: None, "None"), (lambda X: X[0] * np.inf, "finite")],
)
def test_objects_are_not_tried_but_checked(result, words):
    refused(f"round 1: the rule WithMomentum .*{words}", aggregate=WithMomentum(result))
    rule = WithMomentum(lambda X: X[0])
    session = small(aggregate=rule, rounds=2)
    assert rule.calls == 0
    session.run()
    assert rule.calls == 2


@pytest.mark.parametrize(
    ("attack", "words"),
    [
        ("ALIE", r"did you mean alie"),
        ("sing-flip", "did you mean sign-flip"),
        (3.5, "got 3.5"),
        (lambda honest, f: honest[0], "cannot be called as attack"),
        (lambda honest, f, rng, previous, strength: previous, "'strength'"),
        (lambda honest, f, rng, previous: np.zeros((3, 5)), r"neither a vector of shape \(5,\)"),
        (lambda honest, f, rng, previous: np.zeros(4), r"shape \(4,\)"),
        (lambda honest, f, rng, previous: honest, r"f = 1 rows, \(1, 5\)"),
        (lambda honest, f, rng, previous: None, "None"),
        (lambda honest, f, rng, previous: "nothing", "returned a str"),
        (lambda honest, f, rng, previous: 1 / 0, "ZeroDivisionError"),
        (Remembers, "is a class"),
    ],
)
def test_attacks_that_are_none(attack, words):
    refused_at_the_door(words, attack=attack)


@pytest.mark.parametrize(
    ("train", "words"),
    [
        ("sgd", "train must be a function"),
        (lambda vector, x, y: vector, "cannot be called as train"),
        (lambda vector, x, y, rng, epochs: vector, "'epochs'"),
        (lambda vector, x, y, rng: vector[:2], r"client 1: train \(<lambda>\) returned the shape"),
        (lambda vector, x, y, rng: None, "client 1: .*returned None"),
        (lambda vector, x, y, rng: vector * np.nan, "client 1: .*nan at coordinate 0"),
        (lambda vector, x, y, rng: [vector], r"\.ravel"),
    ],
)
def test_trains_that_are_none(train, words):
    refused(words, train=train, attack="none")


def test_a_function_that_keeps_something_is_not_tried():
    seen = []

    def rule(X, f):
        seen.append(X)
        return X[0]

    small(aggregate=rule)
    assert seen == []

    def quiet(X, f):
        return np.sort(X, axis=0)[f]

    count = 0

    def counts(X, f):
        nonlocal count
        count += 1
        return X[0]

    def marks(X, f):
        marks.calls = 1
        return X[0]

    assert leaves_no_trace(quiet) and leaves_no_trace(fl_krum.mean)
    for one in (rule, counts, marks, in_one_buffer, Remembers().aggregate, lambda X: quiet(rule)):
        assert not leaves_no_trace(one)


def test_errors_of_a_users_function_stay_what_they_are():
    class Own(Exception):
        pass

    calls = []

    def train(vector, x, y, rng):
        calls.append(1)
        if len(calls) > 12:
            raise Own("out of data")
        return vector

    session = small(train=train, rounds=9)
    with pytest.raises(Own, match="out of data") as caught:
        session.run()
    assert caught.value.round == 4
    assert [record.round for record in caught.value.records] == [1, 2, 3]
    assert caught.value.__notes__ == [
        "(in client 1: train (train))", "(in round 4 of the session)",
    ]  # fmt: skip


def test_the_finished_rounds_come_with_the_error():
    def train(vector, x, y, rng):
        return vector + 700.0

    with pytest.raises(RoundError, match="round 3: client 1 .*out of range") as caught:
        small(train=train, rounds=9, attack="none").run()
    assert caught.value.round == 3
    assert [record.round for record in caught.value.records] == [1, 2]
