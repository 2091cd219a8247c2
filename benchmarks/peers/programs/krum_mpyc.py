"""Oblivious Krum for MPyC, the same algorithm as mamba/krum.mpc; one party is one process of it.

    python krum_mpyc.py FOLDER f d -M 8 -I i [MPyC's options]

Party 0 is the server; party i = 1 ... n has client i's words in FOLDER/words<i>.npy. Only the
chosen vector is revealed, and only to party 0, which writes it to FOLDER/chosen.npy. Every party
prints, as JSON, how long the computation took it and how many bytes it sent.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
from mpyc.runtime import mpc

BITS = 28


def read_words(folder, d):
    """This party's own input; the server gives zeros, which nobody uses."""
    return np.load(folder / f"words{mpc.pid}.npy") if mpc.pid else np.zeros(d, dtype=np.int64)


def squared_distances(vectors):
    """Distances of all pairs, from one matrix product: |a - b|^2 = |a|^2 + |b|^2 - 2 a.b"""
    n = len(vectors)
    products = vectors @ vectors.T
    squares = products[list(range(n)), list(range(n))]
    return squares.reshape(n, 1) + squares.reshape(1, n) - products * 2


def neighbour_bits(distances, n, near, bits):
    """1 where client j is among the nearest of client i, else 0: shape (n, n - 1), j != i."""
    others = [[j for j in range(n) if j != i] for i in range(n)]
    triples = [(i, j, k) for i in range(n) for j in range(n - 1) for k in range(j + 1, n - 1)]
    nearer = distances[[i for i, _, _ in triples], [others[i][k] for i, _, k in triples]]
    further = distances[[i for i, _, _ in triples], [others[i][j] for i, j, _ in triples]]
    later_wins = mpc.np_sgn(nearer - further, l=bits, LT=True)
    count = np.zeros((n * (n - 1), len(triples)), dtype=np.int64)  # ranks are sums of these bits
    start = np.zeros(n * (n - 1), dtype=np.int64)
    for c, (i, j, k) in enumerate(triples):
        count[i * (n - 1) + j, c], count[i * (n - 1) + k, c] = 1, -1
        start[i * (n - 1) + k] += 1
    ranks = count @ later_wins + start
    return mpc.np_sgn(ranks - near, l=n.bit_length() + 1, LT=True).reshape(n, n - 1)


def choice_bits(scores, n, bits):
    """1 for the client whose score no other beats, of equal ones the first; else 0: shape (n,)."""
    pairs = [(i, j) for i in range(n) for j in range(i)]
    beaten = mpc.np_sgn(
        scores[[i for i, _ in pairs]] - scores[[j for _, j in pairs]], l=bits, LT=True
    )
    sign = np.zeros((n * (n - 1), len(pairs)), dtype=np.int64)
    start = np.zeros(n * (n - 1), dtype=np.int64)
    for c, (i, j) in enumerate(pairs):
        sign[i * (n - 1) + j, c] = 1
        sign[j * (n - 1) + i - 1, c] = -1
        start[j * (n - 1) + i - 1] = 1
    return mpc.np_prod((sign @ beaten + start).reshape(n, n - 1), axis=1)


async def main(folder, f, d):
    n = len(mpc.parties) - 1
    near = n - f - 2
    distance_bits = 2 * BITS + (d - 1).bit_length() + 1
    score_bits = distance_bits + (near - 1).bit_length()
    secint = mpc.SecInt(score_bits)
    await mpc.start()
    begin = time.perf_counter()
    words = secint.array(read_words(folder, d))
    vectors = mpc.np_vstack(mpc.input(words, senders=list(range(1, n + 1))))
    distances = squared_distances(vectors)
    kept = neighbour_bits(distances, n, near, distance_bits)
    to_others = distances[
        [i for i in range(n) for _ in range(n - 1)],
        [j for i in range(n) for j in range(n) if j != i],
    ].reshape(n, n - 1)
    scores = mpc.np_sum(kept * to_others, axis=1)
    chosen = choice_bits(scores, n, score_bits) @ vectors
    result = await mpc.output(chosen, receivers=[0])
    if mpc.pid == 0:
        np.save(folder / "chosen.npy", np.array(result, dtype=np.int64))
    seconds = time.perf_counter() - begin
    sent = sum(one.protocol.nbytes_sent for one in mpc.parties if one.pid != mpc.pid)
    print(json.dumps({"seconds": seconds, "bytes": sent}), flush=True)
    await mpc.shutdown()


if __name__ == "__main__":
    mpc.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
