"""Flower's Krum, MultiKrum and SecAgg+ beside Krum inside SMPC: what a liar and a server can do.

    python compare.py

Runs Flower's own functions on vectors in memory, in seconds, and prints what came of it. What is
said of `SecureKrum` in docs/flower.md, its tests and ``deployment.py`` show.
"""

from __future__ import annotations

import numpy as np
from flwr.app import Array, ArrayRecord, MetricRecord, RecordDict
from flwr.client.mod.secure_aggregation.secaggplus_mod import (
    SecAggPlusState,
    _collect_masked_vectors,
    _setup,
    _share_keys,
)
from flwr.common import bytes_to_ndarray, ndarrays_to_parameters
from flwr.common.secure_aggregation import secaggplus_utils as secagg
from flwr.common.secure_aggregation.crypto.shamir import combine_shares
from flwr.common.secure_aggregation.crypto.symmetric_encryption import (
    decrypt,
    encrypt,
    generate_shared_key,
)
from flwr.common.secure_aggregation.ndarrays_arithmetic import (
    factor_extract,
    parameters_addition,
    parameters_mod,
    parameters_subtraction,
)
from flwr.common.secure_aggregation.quantization import dequantize
from flwr.serverapp.strategy.multikrum import select_multikrum
from flwr.serverapp.strategy.strategy_utils import (
    aggregate_arrayrecords,
    validate_message_reply_consistency,
)
from flwr.supercore.primitives import asymmetric
from secure_krum_app import task

from fl_krum import FixedPoint, krum, multi_krum
from fl_krum.flower.arrays import SCALE, Layout, clipped

SHOWN = (1, 5, 10, 20)  # rounds
SETTINGS = {
    "sample_num": 5, "share_num": 5, "threshold": 3, "clipping_range": 8.0,
    "target_range": 1 << 22, "mod_range": 1 << 32, "max_weight": 1000.0,
}  # fmt: skip


def replies(rows, examples=None):
    """What clients send: their vectors, and how many examples they claim to have."""
    claims = examples or [100] * len(rows)
    return [
        RecordDict(
            {
                "arrays": ArrayRecord([np.asarray(row)]),
                "metrics": MetricRecord({"num-examples": claim, "client": i}),
            }
        )
        for i, (row, claim) in enumerate(zip(rows, claims, strict=True))
    ]


def flowers_choice(rows, f: int) -> int:
    return int(select_multikrum(replies(rows), f, 1)[0]["metrics"]["client"])


def different_choices(make, trials: int = 300) -> int:
    """How often Flower's Krum chooses another vector than Krum by its definition."""
    found = 0
    for seed in range(trials):
        rows = make(np.random.default_rng(seed))
        found += flowers_choice(rows, 2) != krum(rows.astype(np.float64), 2).index
    return found


def ordinary(rng):
    return rng.normal(size=(7, 1000)).astype(np.float32)


def weights_around_one(rng):
    """Clients a thousandth apart: float32 has no digits left for ‖x‖² + ‖y‖² − 2xy."""
    return (1 + 1e-3 * rng.normal(size=(7, 1000))).astype(np.float32)


def with_ties(rng):
    return rng.integers(0, 3, size=(7, 2)).astype(np.float64)


def claimed_examples(claim: int) -> np.ndarray:
    """MultiKrum's mean of four chosen vectors, 0 … 3, of which the last one claims so much."""
    rows = [np.full(1, float(i)) for i in range(4)]
    chosen = replies(rows, [100, 100, 100, claim])
    return aggregate_arrayrecords(chosen, "num-examples").to_numpy_ndarrays()[0]


def one_liars_reply(record: RecordDict) -> str:
    """What Flower's aggregation says to six ordinary replies and this one."""
    try:
        contents = [*replies(np.random.default_rng(0).normal(size=(6, 2))), record]
        validate_message_reply_consistency(contents, "num-examples", True)
        aggregate_arrayrecords(select_multikrum(contents, 2, 5), "num-examples")
    except Exception as error:
        return f"the run ends: {type(error).__name__}: {str(error)[:60]}"
    return "it is averaged"


# --- SecAgg+ --------------------------------------------------------------------------------------


def victim(number: int) -> SecAggPlusState:
    """A client after the first step, which has made its keys. What follows is Flower's code."""
    state = SecAggPlusState()
    state.nid = number
    _setup(state, dict(SETTINGS))
    return state


def server_that_swaps_keys(vector) -> np.ndarray:
    """One client's vector, by a server that puts keys of its own in place of the others'.

    A client gets the others' public keys from the server, unsigned. So the server can decrypt the
    shares of the client's seed that are meant for them, and knows all masks.
    """
    state = victim(1)
    fakes = {n: [asymmetric.generate_key_pairs() for _ in range(2)] for n in (2, 3, 4, 5)}
    keys = {"1": [state.pk1, state.pk2]}
    for number, pairs in fakes.items():
        keys[str(number)] = [asymmetric.public_key_to_bytes(public) for _, public in pairs]
    sent = _share_keys(state, keys)
    public = asymmetric.bytes_to_public_key(state.pk2)
    shares, back = [], []
    for number, ciphertext in zip(sent["dsts"], sent["ctxts"], strict=True):
        secret = generate_shared_key(fakes[number][1][0], public)
        _, _, seed_share, key_share = secagg.share_keys_plaintext_separate(
            decrypt(secret, ciphertext)
        )
        shares.append(seed_share)
        plain = secagg.share_keys_plaintext_concat(number, 1, seed_share, key_share)
        back.append(encrypt(secret, plain))
    received = {"ctxts": back, "srcs": list(fakes)}
    parameters = ndarrays_to_parameters([np.asarray(vector)])
    masked = _collect_masked_vectors(state, received, 1000, parameters)
    return unmask(masked["masked_params"], shares, state, fakes)


def unmask(masked, shares, state, fakes) -> np.ndarray:
    """Take off the masks that the server knows by now."""
    arrays = [bytes_to_ndarray(one) for one in masked]
    shapes = [array.shape for array in arrays]
    draw = secagg.pseudo_rand_gen
    seed = combine_shares(shares[: SETTINGS["threshold"]])
    arrays = parameters_subtraction(arrays, draw(seed, SETTINGS["mod_range"], shapes))
    for number, pairs in fakes.items():
        key = generate_shared_key(pairs[0][0], asymmetric.bytes_to_public_key(state.pk1))
        mask = draw(key, SETTINGS["mod_range"], shapes)
        change = parameters_subtraction if state.nid > number else parameters_addition
        arrays = change(arrays, mask)
    weight, arrays = factor_extract(parameters_mod(arrays, SETTINGS["mod_range"]))
    arrays = dequantize(arrays, SETTINGS["clipping_range"], SETTINGS["target_range"])
    return arrays[0] * SETTINGS["target_range"] / weight


# --- Training -------------------------------------------------------------------------------------


def accuracies(rule, clients: int = 7, liars: int = 2, rounds: int = 20) -> list[float]:
    """Test accuracy of the app's training after each round, with the model of every next round made
    of the old one and of what clients return by ``rule(model, trained, counts)``."""
    x, y, classes = task.test_set("", "")
    model, found = task.start(x.shape[1], classes), []
    for number in range(1, rounds + 1):
        trained, counts = [], []
        for client in range(clients):
            own_x, own_y, _ = task.partition("", "", client, clients)
            new = task.train(model, own_x, own_y, np.random.default_rng([client, number]))
            liar = client >= clients - liars
            trained.append(task.reversed_model(model, new) if liar else new)
            counts.append(len(own_y))
        model = rule(model, trained, counts)
        found.append(task.accuracy(model, x, y))
    return found


def flowers(select):
    """A rule of Flower: which replies are selected, and their weighted mean."""

    def rule(model, trained, counts):
        contents = [
            RecordDict(
                {
                    "arrays": ArrayRecord({name: Array(a) for name, a in one.items()}),
                    "metrics": MetricRecord({"num-examples": count}),
                }
            )
            for one, count in zip(trained, counts, strict=True)
        ]
        mean = aggregate_arrayrecords(select(contents), "num-examples")
        return {name: array.numpy() for name, array in mean.items()}

    return rule


def inside_smpc(f: int, m: int):
    """What SecureKrum's players compute, bit for bit, in the clear."""

    def rule(model, trained, counts):
        layout, point = Layout.of(model), FixedPoint()
        rows = [clipped(layout.difference(one, model), SCALE, point) for one in trained]
        mean = multi_krum(point.decode(point.encode(np.array(rows))), f, m)
        return layout.moved(model, mean / SCALE)

    return rule


RULES = {
    "FedAvg": flowers(lambda contents: contents),
    "Flower's Krum": flowers(lambda contents: select_multikrum(contents, 2, 1)),
    "Flower's MultiKrum, 5": flowers(lambda contents: select_multikrum(contents, 2, 5)),
    "SecureKrum, m = 1": inside_smpc(2, 1),
    "SecureKrum, m = 5": inside_smpc(2, 5),
}


def main() -> None:
    print("Flower's Krum against Krum by its definition, n = 7, f = 2, other choices of 300:")
    print(f"  normal vectors, float32, d = 1000         {different_choices(ordinary):4}")
    print(f"  weights around 1, clients 0.001 apart      {different_choices(weights_around_one):4}")
    print(f"  small integers, with ties                  {different_choices(with_ties):4}")
    rows = np.random.default_rng(0).normal(size=(4, 2))
    print(f"n = 4, f = 3: Flower chooses client {flowers_choice(rows, 3)}; fl_krum says: ", end="")
    try:
        krum(rows, 3)
    except ValueError as error:
        print(error)
    print("MultiKrum's mean of 0, 1, 2, 3 (1.5), the last one claiming so many examples:")
    for claim in (100, 10**9, -299):
        print(f"  {claim:>11}: {claimed_examples(claim)[0]:.6g}")
    print(
        f"  fl_krum, where nobody claims anything: {multi_krum(np.arange(4.0)[:, None], 0, 4)[0]}"
    )
    print("One client of seven sends")
    zero = replies(np.zeros((1, 2)), [0])[0]
    longer, bare = replies(np.zeros((1, 3)))[0], RecordDict({"arrays": ArrayRecord([np.zeros(2)])})
    for what, record in (("another shape", longer), ("no metrics", bare)):
        print(f"  {what}: {one_liars_reply(record)}")
    only = select_multikrum([zero], 0, 1)
    try:
        aggregate_arrayrecords(only, "num-examples")
    except ZeroDivisionError as error:
        print(f"  num-examples 0, and is chosen by Krum: the run ends: {error}")
    vector = np.array([0.25, -1.5, 3.0])
    found = server_that_swaps_keys(vector)
    print(f"SecAgg+, a server that swaps keys: the client has {vector}, the server reads {found}")
    print("Digits, 7 clients, 2 of them send four times what they learnt, reversed; accuracy after")
    print(f"{'round':24}" + "".join(f"{number:8}" for number in SHOWN))
    for name, rule in RULES.items():
        found = accuracies(rule)
        print(f"{name:24}" + "".join(f"{found[number - 1]:8.1%}" for number in SHOWN))


if __name__ == "__main__":
    main()
