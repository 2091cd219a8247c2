"""The attacks against ByzFL and krum, and what they do to the mean and to Krum."""

import json

import numpy as np
import pytest
from repository import VECTORS
from scipy.stats import norm

from fl_krum.aggregators.krum import krum
from fl_krum.aggregators.rules import AGGREGATORS, mean
from fl_krum.federation.attacks import ATTACKS, flip_labels
from fl_krum.federation.quiet_attacks import DIRECTIONS, alie_z, fang_bound
from fl_krum.federation.session import FederatedSession

FILE = VECTORS / "attacks.json"
CASES = json.loads(FILE.read_text(encoding="utf-8"))["cases"]
FILE = VECTORS / "distance_attacks.json"
DISTANCE_CASES = json.loads(FILE.read_text(encoding="utf-8"))["cases"]
FORGED = [name for name, attack in ATTACKS.items() if attack.forge]


def forge(name, honest, f, previous=None, seed=0, **strength):
    previous = np.zeros(np.shape(honest)[1]) if previous is None else previous
    return ATTACKS[name](honest, f, np.random.default_rng(seed), previous, **strength)


@pytest.fixture
def federation():
    """(honest, previous): five honest models a step of about 1 away from the global one."""
    rng = np.random.default_rng(7)
    previous = rng.normal(size=20)
    return previous + rng.choice([-1.0, 1.0], 20) + 0.1 * rng.normal(size=(5, 20)), previous


# --- Outside truth -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key, name, strength",
    [
        ("sign-flip, strength 1", "sign-flip", {"strength": 1.0}),
        ("inner-product, epsilon 0.5", "inner-product", {"epsilon": 0.5}),
        ("alie, z 1.5", "alie", {"z": 1.5}),
    ],
)
@pytest.mark.parametrize("case", CASES)
def test_frozen_vectors_of_byzfl_and_krum(case, key, name, strength):
    sent = forge(name, case["honest"], case["f"], **strength)
    assert sent.shape == (case["f"], len(case[key]))
    np.testing.assert_allclose(sent, [case[key]] * case["f"], rtol=1e-14)


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("name, strength", [("min-max", {}), ("min-sum", {"bound": np.min})])
@pytest.mark.parametrize("case", DISTANCE_CASES)
def test_frozen_vectors_of_the_authors_of_min_max_and_min_sum(case, name, strength, direction):
    sent = forge(name, case["honest"], 2, direction=direction, **strength)
    expected = case[f"{name}, {direction}"]  # their search and ours stop within 1e-5 of gamma
    longest = 1e-5 * max(1.0, np.std(case["honest"], axis=0).max())
    np.testing.assert_allclose(sent, [expected] * 2, atol=3 * longest)


@pytest.mark.parametrize(
    "n, f, fraction",
    [(50, 24, 24 / 26), (50, 12, 24 / 38), (7, 2, 3 / 5), (7, 3, 3 / 4), (9, 3, 4 / 6)],
)
def test_alie_z_leaves_enough_supporters(n, f, fraction):
    assert alie_z(n, f) == pytest.approx(norm.ppf(fraction), rel=1e-12)


@pytest.mark.parametrize("n, f", [(7, 1), (7, 0), (4, 1), (2, 0)])
def test_alie_z_is_zero_when_too_few_collude(n, f):
    assert alie_z(n, f) == 0.0


# --- Laws of every attack ------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORGED)
@pytest.mark.parametrize("f", [0, 1, 2])
def test_shape_range_and_inputs_untouched(name, f, federation):
    honest, previous = federation
    before = honest.copy(), previous.copy()
    sent = forge(name, honest, f, previous)
    assert sent.shape == (f, 20) and sent.dtype == np.float64
    assert (np.abs(sent) < 1000).all()
    sent += 1  # nothing that was sent shares memory with the inputs
    assert (honest == before[0]).all() and (previous == before[1]).all()


@pytest.mark.parametrize("name", FORGED)
def test_the_same_seed_sends_the_same(name, federation):
    honest, previous = federation
    assert np.array_equal(*(forge(name, honest, 2, previous, seed=3) for _ in range(2)))


@pytest.mark.parametrize("name", sorted(set(FORGED) - {"outlier"}))
def test_only_updates_count_so_moving_all_models_moves_what_is_sent(name, federation):
    honest, previous = federation
    moved = forge(name, honest + 10, 2, previous + 10)
    np.testing.assert_allclose(moved, forge(name, honest, 2, previous) + 10, atol=1e-4)


# --- What they do --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sign-flip", "gaussian", "outlier"])
def test_large_attacks_ruin_the_mean_but_not_krum(name, federation):
    honest, previous = federation
    models = np.vstack([honest, forge(name, honest, 2, previous)])
    step = honest.mean(axis=0) - previous
    away = mean(models) - previous
    if name == "gaussian":
        assert np.linalg.norm(away) > 10 * np.linalg.norm(step)
    else:
        assert away @ step < -0.4 * step @ step
    assert krum(models, 2).index < 5


def test_sign_flip_turns_the_mean_round_beyond_h_over_f(federation):
    honest, previous = federation
    for strength, sign in [(2.4, 1), (2.6, -1)]:
        models = np.vstack([honest, forge("sign-flip", honest, 2, previous, strength=strength)])
        step = honest.mean(axis=0) - previous
        assert np.sign((mean(models) - previous) @ step) == sign


def test_gaussian_sends_each_client_its_own_noise():
    sent = forge("gaussian", np.zeros((5, 10_000)), 2, previous=np.full(10_000, 3.0))
    assert not np.array_equal(*sent)
    assert sent.mean() == pytest.approx(3.0, abs=6)
    assert sent.std() == pytest.approx(200.0, rel=0.03)


def test_alie_stays_inside_the_spread_and_passes_krum(federation):
    honest, previous = federation
    sent = forge("alie", honest, 2, previous)
    assert (sent > honest.min(axis=0)).all() and (sent < honest.max(axis=0)).all()
    assert krum(np.vstack([honest, sent]), 2).index >= 5


def test_inner_product_passes_krum_late_in_training_only(federation):
    honest, previous = federation
    early = np.vstack([honest, forge("inner-product", honest, 2, previous)])
    assert krum(early, 2).index < 5
    late = previous + np.random.default_rng(8).normal(size=(5, 20))  # no common direction left
    late = np.vstack([late, forge("inner-product", late, 2, previous)])
    assert krum(late, 2).index >= 5


# --- Attacks that search -------------------------------------------------------------------------


def spread_out(seed, h=5, d=6):
    """(honest, previous): updates that differ as much as they are long, as late in training."""
    rng = np.random.default_rng(seed)
    previous = rng.normal(size=d)
    return previous + rng.normal(0.1, 1.0, size=(h, d)), previous


def distances(X):
    return np.linalg.norm(X[:, None] - X[None], axis=2)


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("seed", range(10))
def test_min_max_is_as_far_from_a_client_as_two_clients_from_each_other(seed, direction):
    honest, previous = spread_out(seed)
    sent = forge("min-max", honest, 2, previous, direction=direction)[0]
    farthest = np.linalg.norm(honest - sent, axis=1).max()
    largest = distances(honest).max()
    assert farthest <= largest * (1 + 1e-12)
    assert farthest == pytest.approx(largest, rel=1e-4)  # the constraint is met with equality


@pytest.mark.parametrize("bound", [np.max, np.min])
@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("seed", range(10))
def test_min_sum_has_the_sum_of_squares_of_an_honest_client(seed, direction, bound):
    honest, previous = spread_out(seed)
    sent = forge("min-sum", honest, 2, previous, direction=direction, bound=bound)[0]
    total = np.square(honest - sent).sum()
    limit = bound(np.square(distances(honest)).sum(axis=1))
    assert total <= limit * (1 + 1e-12)
    assert total == pytest.approx(limit, rel=1e-4)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_clients_that_agree_leave_nowhere_to_go(direction):
    honest = np.full((5, 3), 2.0)
    for name in ("min-max", "min-sum"):
        sent = forge(name, honest, 2, direction=direction)
        np.testing.assert_allclose(sent, honest[:2], atol=1e-4)


def test_an_unknown_direction_is_refused():
    with pytest.raises(ValueError, match="one of std, unit, sign; got 'up'"):
        forge("min-max", np.eye(5), 1, direction="up")


@pytest.mark.parametrize("n, f", [(7, 2), (9, 3), (15, 6), (15, 2)])
@pytest.mark.parametrize("seed", range(10))
def test_fang_makes_krum_choose_its_vector_as_far_out_as_halving_finds(seed, n, f):
    honest, previous = spread_out(seed, h=n - f, d=30)
    sent = forge("fang", honest, f, previous)
    assert krum(np.vstack([honest, sent]), f).index >= n - f
    step = sent[0] - previous
    assert ((step > 0) == (honest.mean(axis=0) < previous)).all()  # every coordinate goes back ...
    strength = np.abs(step[0])
    np.testing.assert_allclose(np.abs(step), strength)  # ... equally far
    halvings = np.log2(fang_bound(honest, f, previous) / strength)
    assert halvings == pytest.approx(round(halvings), abs=1e-6) and halvings > -1e-6
    if halvings > 0.5:
        twice = previous + 2 * (sent - previous)
        assert krum(np.vstack([honest, twice]), f).index < n - f


@pytest.mark.parametrize("n, f", [(5, 1), (7, 2), (9, 3), (15, 6)])
def test_krum_never_chooses_a_step_beyond_fangs_bound(n, f):
    rng = np.random.default_rng(n)
    for seed in range(50):
        honest, previous = spread_out(seed, h=n - f, d=3)
        signs = rng.choice([-1.0, 1.0], 3)
        sent = previous - 1.0001 * fang_bound(honest, f, previous) * signs
        assert krum(np.vstack([np.tile(sent, (f, 1)), honest]), f).index >= f


def test_fang_stays_at_the_old_model_when_krum_cannot_be_won(federation):
    honest, previous = federation
    sent = forge("fang", honest, 2, previous)
    assert krum(np.vstack([honest, sent]), 2).index < 5
    np.testing.assert_allclose(sent, [previous] * 2, atol=1e-5)


def test_fang_needs_a_krum_to_attack():
    with pytest.raises(ValueError, match="2f \\+ 2 < n"):
        forge("fang", np.eye(4), 3)


# --- The attack that knows the rule ---------------------------------------------------------------


@pytest.mark.parametrize("harm", ["progress", "distance"])
@pytest.mark.parametrize("name", ["krum", "multi-krum", "mixed-krum", "clipped-krum", "median"])
def test_tailored_harms_a_rule_about_as_much_as_any_attack_or_more(name, harm):
    rule = AGGREGATORS[name]

    def damage(honest, sent, previous):
        result, mean = rule(np.vstack([honest, sent]), 2), honest.mean(axis=0)
        if harm == "distance":
            return np.linalg.norm(result - mean)
        return (previous - result) @ (mean - previous)

    for seed in range(3):
        honest, previous = spread_out(seed, d=30)
        sent = ATTACKS["tailored"].against(rule)(honest, 2, None, previous, harm=harm)
        done = damage(honest, sent, previous)
        for other in ("sign-flip", "inner-product", "alie", "min-max", "fang"):
            least = damage(honest, forge(other, honest, 2, previous), previous)
            assert done >= least - 0.05 * abs(least), other


def test_tailored_is_bound_to_the_rule_of_its_session_and_no_other_attack_is():
    tried = []

    def rule(X, f):
        tried.append(len(X))
        return X[0]

    FederatedSession(7, 2, attack="tailored", aggregate=rule, rounds=1, compare=False).run()
    assert len(tried) > 100 and set(tried) == {7}
    assert [name for name, attack in ATTACKS.items() if attack.knows_rule] == ["tailored"]
    assert ATTACKS["fang"].against(rule) is ATTACKS["fang"]


def test_tailored_refuses_a_harm_that_is_none():
    with pytest.raises(ValueError, match="harm must be one of distance, progress; got 'loss'"):
        forge("tailored", np.eye(5), 1, harm="loss")


# --- Label flipping and no attack ----------------------------------------------------------------


def test_flip_labels_mirrors_the_classes():
    assert flip_labels([0, 1, 1, 0]).tolist() == [1, 0, 0, 1]
    assert flip_labels(np.arange(10)).tolist() == list(range(9, -1, -1))
    assert flip_labels([2, 0], classes=range(10)).tolist() == [7, 9]
    assert flip_labels(["cat", "dog"]).tolist() == ["dog", "cat"]
    y = np.random.default_rng(9).integers(0, 10, 100)
    assert (flip_labels(flip_labels(y)) == y).all()


def test_flip_labels_refuses_what_it_cannot_flip():
    with pytest.raises(ValueError, match=r"at least two classes; got \[1\]"):
        flip_labels([1, 1])
    with pytest.raises(ValueError, match=r"label 7 is not one of the classes \[0, 1\]"):
        flip_labels([0, 7], classes=[0, 1])


def test_only_label_flip_flips_labels():
    assert [name for name, attack in ATTACKS.items() if attack.flips_labels] == ["label-flip"]


@pytest.mark.parametrize("name", ["none", "label-flip"])
def test_honest_senders_send_what_they_trained(name):
    honest, own = np.zeros((5, 3)), np.ones((2, 3))
    assert forge(name, honest, 2, own=own).tolist() == own.tolist()
    with pytest.raises(ValueError, match="give own"):
        forge(name, honest, 2)
    with pytest.raises(ValueError, match=r"own must hold finite numbers, shape \(2, 3\)"):
        forge(name, honest, 2, own=own[:1])


# --- Errors at the door --------------------------------------------------------------------------


def test_bad_arguments():
    honest = np.zeros((5, 3))
    with pytest.raises(ValueError, match=r"previous must hold finite numbers, shape \(3,\)"):
        forge("sign-flip", honest, 2, previous=np.zeros(4))
    with pytest.raises(ValueError, match="the number f of Byzantine clients must be at least 0"):
        forge("sign-flip", honest, -1)
    with pytest.raises(ValueError, match="nan is not a finite number"):
        forge("sign-flip", honest * np.nan, 2)
    with pytest.raises(ValueError, match="minority, 0 <= 2f < n; got f = 5, n = 10"):
        forge("alie", honest, 5)
