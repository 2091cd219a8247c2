"""All squared distances of some vectors, verified by one inner product of their length.

Let D_ij = |w_i - w_j|^2 be claimed for all couples of vectors w_1, ..., w_n. Take public numbers
u_1, ..., u_n whose sum is 0. In sum u_i u_j D_ij over all i, j the squares |w_i|^2 come with the
factor u_i (u_1 + ... + u_n) = 0, so

    - sum over i < j of u_i u_j D_ij = |v|^2,   v = sum u_i w_i,

where v is linear in the shares and so local. One claim about v is left: <v, v> for
`mamba.product_check`. If some D_ij is off by e_ij, the left side is off by a polynomial of degree 2
in u_1, ..., u_(n-1), which is not 0: the coefficient of u_i u_j, for i < j < n, is
e_in + e_jn - e_ij, and that of u_i^2 is e_in. So it vanishes with a chance of 2/p at most (Schwartz
1980, Zippel 1979) when the u_i come from a coin that is tossed after the D_ij are shared.

That takes every couple once. Where some are not claimed, or one twice, each claim is an inner
product of its own, of the difference of its two vectors.
"""

from mamba import field
from mamba.long_sum import LONG, LongSum


def of_distances(claim, stream):
    """(X, Y) and Z of `mamba.claims.Distances`, with the u_i from a stream of uniform
    bytes."""
    count = len(claim.vectors)
    every = {frozenset((i, j)) for j in range(count) for i in range(j)}
    if len(claim.couples) != len(every) or set(map(frozenset, claim.couples)) != every:
        return _one_by_one(claim, stream)
    u = field.to_ints(field.random(stream, count - 1))
    u.append(-sum(u) % field.P)
    v = LongSum(field.from_ints(u), claim.vectors)
    v = v if field.length(v) >= LONG else v.columns(0, field.length(v))
    weights = [-u[i] * u[j] % field.P for i, j in claim.couples]
    total = field.inner_products(claim.z, field.from_ints(weights), len(weights))
    return [(v, v)], total


def _one_by_one(claim, stream):
    rho = field.random(stream, len(claim.couples))
    pairs = []
    for k, (i, j) in enumerate(claim.couples):
        difference = field.sub(claim.vectors[i], claim.vectors[j])
        pairs.append((field.mul(difference, rho[:, k : k + 1]), difference))
    return pairs, field.inner_products(claim.z, rho, len(claim.couples))
