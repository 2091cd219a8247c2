# ruff: noqa: E501 (what stands in a file is one line here, too)
"""Lines of the verification, switched off one at a time: a test has to fail without each of them.

    python tests/fakes/mutants.py [WORD ...]

runs those whose file or line has one of the words, by default all, and says which ones survive.
"""

import importlib.machinery
import os
import sys
import tempfile
from pathlib import Path

import cryptography.x509  # noqa: F401 (before it forks)
import hypothesis  # noqa: F401
import numpy  # noqa: F401
import pytest
import scipy.stats  # noqa: F401

ROOT = Path(__file__).parents[2]
TESTS = "tests/mamba/test_"

# File of mamba/, what stands there, what stands there instead, and the test that fails then.
MUTANTS = [
    # --- what is verified, and when ---------------------------------------------------------------
    ("verification", "    if failed:", "    if False:", "verification.py -k false_product_is_not"),
    ("verification", "protocols.verify(masked=True)", "pass", "verification.py -k under_a_mask"),
    ("openings", "        protocols.verify()\n", "        pass\n", "verification.py -k is_not_opened"),
    ("comparison", "protocols.claims.converted = True", "pass", "verification.py -k has_come_to_it"),
    ("claims", "self.converted or not masked", "True", "verification.py -k has_come_to_it"),
    ("language/machine", "        self.protocols.verify()", "        pass",
     "active.py -k added_to_a_product"),
    ("multiplication", "protocols.claims.add(field, x, y, z)", "pass",
     "verification.py -k adds_to_a_product"),
    ("multiplication", "protocols.claims.bytes += [pairs] if len(left) else []", "pass",
     "verification.py -k columns"),
    # --- products of the prime field --------------------------------------------------------------
    ("product_check", "_sum(of_claim)", "field.zeros(1)", "product_check.py -k true_products"),
    ("product_check", "known[:, is_blinded:]", "known", "product_check.py -k true_products"),
    ("product_check", "hidden = random[", "hidden = 0 * random[",
     "product_check.py -k opened_is_uniform"),
    ("product_check", "rhos.append(field.random(stream, field.length(claim.z)))",
     "rhos.append(field.from_ints([1] * field.length(claim.z)))",
     "product_check.py -k cancel_without"),
    ("product_check", "total = field.add(total, field.inner_products(claim.z, rho",
     "total = field.add(field.zeros(1), field.inner_products(0 * claim.z, rho",
     "product_check.py -k zeros"),
    ("product_check", "return bool((cls.product(factors) == total).all())", "return True",
     "product_check.py -k true_products"),
    ("distance_check", "weights = [-u[i] * u[j]", "weights = [0 * u[j]",
     "product_check.py -k distances"),
    ("distance_check", "u.append(-sum(u) % field.P)", "u.append(1)",
     "product_check.py -k distances"),
    ("language/verified_integers", "            claims.distances.append(Distances(rows, couples, share))",
     "            pass", "side_by_side.py -k those_that_waited"),
    ("distance_check", "len(claim.couples) != len(every) or", "", "active.py -k any_couples"),
    # --- products of the small field --------------------------------------------------------------
    ("byte_check", "return bool((cls.product(factors) == total).all())", "return True",
     "byte_check.py -k true_products"),
    ("byte_check", "known ^= gf2_72.weigh(weights, group.z)", "pass",
     "byte_check.py -k true_products"),
    ("byte_check", "self._weights = [gf2_72.random(self._stream, group.count)",
     "self._weights = [gf2_72.zeros(group.count)", "byte_check.py -k true_products"),
    ("byte_check", "hidden = random.reshape", "hidden = (0 * random).reshape",
     "byte_check.py -k opened_is_uniform"),
    ("byte_check", "values[:, is_blinded : k - 1]", "values[:, : k - 1]",
     "byte_check.py -k true_products"),
    # --- masks ------------------------------------------------------------------------------------
    ("mask_proof", "    protocols.claims.products.append(Products(bits, bits, bits, dealer))",
     "    pass", "mask_proof.py -k false_dealer"),
    ("mask_proof", "        if (bytes_ > 1).any():", "        if False:",
     "mask_proof.py -k false_dealer"),
    ("mask_proof", "        protocols.claims.zeros.append(Zeros(prime.combine(weights, terms), dealer))",
     "        pass", "blame.py -k FalseParity"),
    ("mask_proof", "        _claim_bits(protocols, bits, dealer)\n        public",
     "        public", "mask_proof.py -k halves_must"),
    ("mask_proof", "    parities ^= np.stack(", "    np.stack(", "mask_proof.py -k is_uniform"),
    ("masks", "dealt = _deal_proven if protocols.active and protocols.is_holder else _deal",
     "dealt = _deal", "blame.py -k false_mask"),
    # --- what all must have been told alike -------------------------------------------------------
    ("agreement", "    if others:\n", "    if False:\n", "agreement.py -k what_they_noted"),
    ("coins", "        if found != low[1]:", "        if False:", "coins.py -k is_named"),
    ("coins", "        if others:", "        if False:", "coins.py -k is_used"),
    ("coins", 'b"before, of %d:" % dealer', 'b"before"', "coins.py -k another_one_is_bound"),
    ("collectors", "        protocols.agreement.note(_pack(fields, joined))", "        pass",
     "agreement.py -k collector"),
    ("comparison", '        protocols.agreement.note(b"".join', '        (b"".join',
     "agreement.py -k which_numbers"),
    ("masks", "            protocols.agreement.note(np.array(demand.pairs", "            (np.array(demand.pairs",
     "agreement.py -k which_numbers"),
    ("comparison", "mask.number), alike)", "mask.number))", "agreement.py -k which_numbers"),
    ("openings", "        protocols.agreement.note(alike)", "        pass",
     "agreement.py -k which_numbers"),
    ("language/values", 'self.machine.run("confirm")', "pass", "coins.py -k have_said"),
    ("openings", "    if not shamir.consistent(field, shares, protocols.threshold):",
     "    if False:", "deviations.py -k wrong_share_of_what"),
    ("openings", "    if often <= protocols.threshold:", "    if False:", "protocols.py -k without_shares"),
    # --- a long result ----------------------------------------------------------------------------
    ("result_check", "        if (prime.small_sums(rows, [opened])[0] != sums).any():", "        if False:",
     "active.py -k added_to_a_long_result"),
    ("result_check", "        protocols.agreement.note(seed)", "        pass",
     "agreement.py -k same_seed"),
    ("result_check", "        protocols.claims.products.append(Products(x, y, sums, owner=owner))",
     "        pass", "agreement.py -k sums_that_check"),
    ("result_check", "        protocols.verify()\n", "        pass\n",
     "agreement.py -k sums_that_check"),
    # --- who it was -------------------------------------------------------------------------------
    ("blame", "not is_dealt_well or (dealt != wanted).any() or ", "", "blame.py -k adds"),
    ("blame", "not is_dealt_well or ", "", "blame.py -k lie_on_no_polynomial"),
    ("blame", " or (made != total).any()", "", "blame.py -k was_dealt_something"),
    ("blame", "                    verdict.note_dispute(player, other)", "                    pass",
     "blame.py -k with_its_victim"),
    ("blame", " or len(others) > self._threshold\n", "\n", "blame.py -k contradicted_by_all"),
    ("blame", "    if not (nobody_goes_on or broken_off.keys() == {*others}):", "    if False:",
     "blame.py -k wrong_share_of_true"),
    ("blame", "prime.mul(z, z) if isinstance(claim, Products) else None",
     "None", "blame.py -k beside_honest_masks"),
    ("blame", "        verdict.alone |= {*dealers[is_false & ~np.isin(dealers, unsure)].tolist()}",
     "        pass", "blame.py -k false_mask"),
]  # fmt: skip


class _Changed(importlib.machinery.SourceFileLoader):
    """Loads a module of which the text has been changed; nothing of it is cached."""

    old, new = "", ""

    def get_code(self, fullname):
        text = Path(self.path).read_text(encoding="utf-8")
        if text.count(self.old) < 1:
            raise ValueError(f"{self.path} has no {self.old!r}")
        return compile(text.replace(self.old, self.new, 1), self.path, "exec")


def _one(number):
    """Run the test of a mutant; the exit status of pytest, 1 where it fails."""
    file, old, new, tests = MUTANTS[number]
    name = "mamba." + file.replace("/", ".")

    class Finder:
        @staticmethod
        def find_spec(fullname, path=None, target=None):
            if fullname != name:
                return None
            spec = importlib.machinery.PathFinder.find_spec(fullname, path)
            spec.loader = _Changed(fullname, spec.origin)
            spec.loader.old, spec.loader.new = old, new
            return spec

    sys.meta_path.insert(0, Finder)
    where, *more = tests.split(" -k ")
    options = ["-x", "-q", "-p", "no:nbval", "-p", "no:cacheprovider", "--timeout", "200"]
    return pytest.main([*options, TESTS + where, *(["-k", *more] if more else [])])


def _in_a_fork(number):
    """What pytest has printed, and its status; what takes long to import is there already."""
    with tempfile.TemporaryFile() as said:
        child = os.fork()
        if not child:
            os.dup2(said.fileno(), 1)
            os.dup2(said.fileno(), 2)
            status = 3
            try:
                status = int(_one(number))
            finally:
                sys.stdout.flush()
                os._exit(status)
        _, status = os.waitpid(child, 0)
        said.seek(0)
        return said.read().decode(errors="replace"), os.waitstatus_to_exitcode(status)


def main(words):
    survivors = 0
    os.chdir(ROOT)
    for number, (file, old, _, tests) in enumerate(MUTANTS):
        if words and not any(word in file or word in old for word in words):
            continue
        said, status = _in_a_fork(number)
        is_killed = status == 1 and "FAILED" in said
        survivors += not is_killed
        line = old.strip().partition("\n")[0]
        print(f"{'killed ' if is_killed else 'SURVIVES'} {file}: {line}   ({tests})", flush=True)
        if not is_killed:
            print(said[-300:])
    return survivors


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
