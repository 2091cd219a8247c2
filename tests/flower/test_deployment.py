"""A SuperLink with TLS, three SuperNodes with keys of their own, and the app of examples/flower.

What the SuperLink receives, sends and keeps is searched for the clients' words. The same search
finds them where the server is meant to see them: with Flower's own FedAvg.
"""

import json
import sys

import pytest
from repository import ROOT

flwr = pytest.importorskip("flwr", reason="Flower is not installed: pip install 'fl_krum[flower]'")
pytest.importorskip("psutil")

FOLDER = ROOT / "examples/flower"
CLIENTS = 3


@pytest.fixture(scope="module")
def example():
    """The modules of the example, as its scripts find them."""
    sys.path.insert(0, str(FOLDER))
    try:
        import deployment
        import hub
        import search
        import verify

        yield {"deployment": deployment, "hub": hub, "search": search, "verify": verify}
    finally:
        sys.path.remove(str(FOLDER))


@pytest.fixture(scope="module")
def runs(example, tmp_path_factory):
    """Folders of a secure run of two rounds and of one round of FedAvg, and what the SuperLink saw
    by then."""
    folder = tmp_path_factory.mktemp("runs")
    data = example["deployment"].digits(folder / "digits.csv")
    found = {}
    with example["deployment"].Deployment(CLIENTS, tap=True) as deployment:
        for strategy, rounds in (("secure-krum", 2), ("fedavg", 1)):
            save = folder / strategy
            config = {"data": str(data), "target": "digit", "save": str(save), "liars": 0}
            config |= {"byzantine": 0, "average": 1, "num-server-rounds": rounds}
            run = deployment.run(FOLDER, strategy=strategy, **config)
            status = run.wait(240)
            log = (deployment.folder / "run.log").read_text()
            assert status == 0, log
            kept = [*deployment.folder.glob("superlink.*"), deployment.folder / "run.log"]
            seen = {one.name: one.read_bytes() for one in kept if one.suffix != ".key"}
            found[strategy] = (save, deployment.tap.read_bytes(), seen, data)
    assert not deployment.folder.exists()
    return found


def test_each_round_is_that_of_krum_in_the_clear_bit_for_bit(example, runs):
    save, _, _, data = runs["secure-krum"]
    right = example["verify"].verify(save, 0, 1, CLIENTS, 0, str(data), "digit")
    assert list(right) == [(1, True), (2, True)]
    lines = [json.loads(line) for line in (save / "rounds.jsonl").read_text().splitlines()]
    assert sorted(lines[2]["clients"]) == ["node0", "node1", "node2"]
    assert lines[2]["accuracy"] > 0.8


def test_nothing_that_clients_trained_reaches_the_superlink(example, runs):
    save, traffic, kept, data = runs["secure-krum"]
    search = example["search"]
    words = search.clients_words(save, CLIENTS, 0, str(data), "digit")
    public = search.public_of(save / "model-001.npz")
    assert len(words) > 10_000
    assert search.found_in(traffic, public), "the global model went that way"
    assert search.found_in(b"".join(kept.values()), public), "and was kept"
    for name, content in {"traffic": traffic, **kept}.items():
        assert not search.found_in(content, words), name


def test_the_search_finds_what_is_sent_in_the_clear(example, runs):
    save, traffic, kept, data = runs["fedavg"]
    words = example["search"].clients_words(save, CLIENTS, 0, str(data), "digit")
    assert len(example["search"].found_in(traffic, words)) > 1000
    assert example["search"].found_in(b"".join(kept.values()), words)


def test_what_the_hub_signs_is_what_a_supernode_trusts(example):
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from flwr.supercore.fab import Fab
    from flwr.superlink.servicer.control.control_handlers import _format_verification
    from flwr.supernode.start_client_internal import _verify_fab

    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    form = serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    trusted = {"fpk_reviewer": key.public_key().public_bytes(*form).decode()}
    signed = _format_verification([example["hub"].sign(b"app", key, "fpk_reviewer")])
    forged = _format_verification([example["hub"].sign(b"app", other, "fpk_reviewer")])
    assert _verify_fab(Fab("", b"app", signed), trusted)
    assert not _verify_fab(Fab("", b"another app", signed), trusted)
    assert not _verify_fab(Fab("", b"app", forged), trusted)
    assert not _verify_fab(Fab("", b"app", signed), {"fpk_other": trusted["fpk_reviewer"]})
