"""The rules that players compute, in plain Python integers, written from the papers.

No NumPy, no code of fl_krum, and no distances taken apart: mixtures and centres are vectors here,
scaled so that they are whole numbers.
"""

STEPS = 16


def squared_distance(a, b):
    return sum((x - y) ** 2 for x, y in zip(a, b, strict=True))


def order_by_score(vectors, near):
    """Positions, the smallest Krum score first, then the smallest position."""
    scores = []
    for i, one in enumerate(vectors):
        others = [squared_distance(one, v) for j, v in enumerate(vectors) if j != i]
        scores.append(sum(sorted(others)[:near]))
    return sorted(range(len(vectors)), key=lambda i: (scores[i], i))


def left(X, excluded):
    return [i for i in range(len(X)) if i not in set(excluded)]


def krum_of_weights(X, f, m, excluded=()):
    rows = left(X, excluded)
    order = order_by_score([X[i] for i in rows], len(X) - f - 2)
    chosen = {rows[k] for k in order[:m]}
    return [int(i in chosen) for i in range(len(X))]


def mixed_weights(X, f, m, excluded=()):
    rows = left(X, excluded)
    groups = []
    for i in rows:
        others = sorted((squared_distance(X[i], X[j]), j) for j in rows if j != i)
        groups.append([i] + [j for _, j in others[: len(X) - f - 1]])
    mixtures = [[sum(column) for column in zip(*(X[j] for j in g), strict=True)] for g in groups]
    weights = [0] * len(X)
    for k in order_by_score(mixtures, len(X) - f - 2)[:m]:
        for j in groups[k]:
            weights[j] += 1
    return weights


def clipped_weights(X, f, m, excluded=()):
    rows = left(X, excluded)
    chosen = [i for i, one in enumerate(krum_of_weights(X, f, m, excluded)) if one]
    centre = [sum(column) for column in zip(*(X[i] for i in chosen), strict=True)]  # m times it
    lengths = {i: squared_distance([m * x for x in X[i]], centre) for i in rows}
    radius = sorted(lengths.values())[-(-len(rows) // 2) - 1]
    steps = {}
    for i in rows:
        steps[i] = max(s for s in range(STEPS + 1) if s * s * lengths[i] <= STEPS * STEPS * radius)
    weights = [0] * len(X)
    for i in rows:
        weights[i] = m * steps[i]
        if i in chosen:
            weights[i] += STEPS * len(rows) - sum(steps.values())
    return weights
