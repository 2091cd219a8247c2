"""A match: disguised vectors, the same result as ours, and nobody reaches anybody else's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fl_krum.contest.guest import Limits
from fl_krum.contest.hand_in import HandIn
from fl_krum.contest.match import DIMENSION, Disguise, Setting, play
from fl_krum.federation.session import FederatedSession

SETTING = Setting(seeds=(5,), rounds=2, limits=Limits(60.0))

KRUM = HandIn("krum.py", """
import numpy as np

def rule(X, f):
    squares = ((X[:, None] - X[None]) ** 2).sum(axis=2)
    scores = np.sort(squares, axis=1)[:, 1 : len(X) - f - 1].sum(axis=1)
    return X[scores.argmin()]
""")  # fmt: skip
FLIP = """
def attack(honest, f, rng, previous):
    return previous - 4.0 * (honest - previous).mean(axis=0)
"""
VANDAL = """
import sys
import numpy, sklearn.linear_model, fl_krum.aggregators.krum

for module in (numpy, numpy.ndarray, sklearn.linear_model, fl_krum.aggregators.krum):
    for name in ("mean", "sort", "argmin", "median", "SGDClassifier", "krum"):
        try:
            setattr(module, name, lambda *a, **k: 1 / 0)
        except TypeError:
            pass
sys.modules["numpy"] = None

def attack(honest, f, rng, previous):
    return previous - 4.0 * (sum(honest - previous) / len(honest))
"""


@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_a_disguise_comes_off_exactly(seed, dimension):
    disguise = Disguise(dimension, seed)
    vectors = np.random.default_rng(0).normal(size=(3, dimension))
    worn = disguise.put_on(vectors)
    assert (disguise.take_off(worn) == vectors).all()
    assert (disguise.take_off(worn[0]) == vectors[0]).all()
    np.testing.assert_allclose(np.sort(np.abs(worn)), np.sort(np.abs(vectors)))


def test_krum_as_a_hand_in_is_krum():
    for attack in ("sign-flip", "fang"):
        ours, theirs = play("krum", attack, SETTING), play(KRUM, attack, SETTING)
        assert theirs.failed is None and theirs.accuracy == ours.accuracy


def test_a_sign_flip_as_a_hand_in_is_one():
    theirs = play("median", HandIn("flip.py", FLIP), SETTING)
    np.testing.assert_allclose(
        theirs.accuracy, play("median", "sign-flip", SETTING).accuracy, atol=0.01
    )


def test_vandalism_stays_at_home():
    """It spoils NumPy, scikit-learn and our Krum; its opponents, and ours, are as before."""
    before = play(KRUM, HandIn("flip.py", FLIP), SETTING)
    beside = play(KRUM, HandIn("vandal.py", VANDAL), SETTING)
    assert beside.failed is None
    np.testing.assert_allclose(beside.accuracy, before.accuracy, atol=0.01)
    assert play(KRUM, HandIn("flip.py", FLIP), SETTING) == before
    assert np.mean([1.0]) == 1.0


def test_a_model_trained_beforehand_is_of_no_use():
    """The digits are public; but the coordinates are in disguise."""
    session = FederatedSession(
        dataset="digits", dimension=DIMENSION, byzantine=0, attack="none", seed=5, rounds=2
    )
    vector = session.start
    for number in range(5):
        vector = session.clients.pooled(vector, number)
    assert session.accuracy(vector) > 0.9
    source = f"def rule(X, f):\n    return {vector.round(4).tolist()}"
    cheat = play(HandIn("cheat.py", source), "none", SETTING)
    assert cheat.failed is None and cheat.accuracy[0] < 0.4


@pytest.mark.parametrize(
    ("rule", "attack", "who"),
    [
        ("def rule(X, f): return X", FLIP, "rule.py"),
        (KRUM.source, "def attack(honest, f, rng, previous): return 3", "attack.py"),
    ],
)
def test_whoever_fails_is_named(rule, attack, who):
    outcome = play(HandIn("rule.py", rule), HandIn("attack.py", attack), SETTING)
    assert outcome.failed.name == who and outcome.accuracy == ()


def test_huge_numbers_ruin_a_model_and_nothing_else():
    huge = HandIn("huge.py", "def rule(X, f): return [1e300] * X.shape[1]")
    outcome = play(huge, "none", SETTING)
    assert outcome.failed is None and outcome.accuracy[0] < 0.3
