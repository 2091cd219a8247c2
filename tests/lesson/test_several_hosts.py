"""Parties of the notebook on several hosts: folders, keys, and rounds in which some are missing."""

import stat

import numpy as np
import pytest

from fl_krum.aggregators.krum import krum
from fl_krum.lesson.several_hosts import SeveralHosts
from fl_krum.players import namespaces

VECTORS = np.array([[1, 2, 3], [1.5, 2, 3], [0, 2, 3], [1, 2, 2.5], [99, 99, 99]])


@pytest.fixture(scope="module")
def hosts():
    with SeveralHosts() as made:
        yield made
    assert not any(folder.exists() for folder in made.folders.values())


def test_without_network_namespaces_all_are_on_loopback(monkeypatch):
    monkeypatch.setattr(namespaces, "why_not", lambda: "none here")
    with SeveralHosts(clients=3) as made:
        assert "loopback" in made.where and "none here" in made.where
        assert {member.host for member in made.roster} == {"127.0.0.1"}


def test_each_folder_has_one_private_key_and_what_everybody_may_know(hosts):
    for name, folder in hosts.folders.items():
        assert [path.name for path in folder.glob("*.key")] == [f"{name}.key"]
        assert stat.S_IMODE((folder / f"{name}.key").stat().st_mode) == 0o600
        assert {path.stem for path in folder.glob("*.json")} == {*hosts.names}


@pytest.mark.long  # the notebook on several hosts runs the same round, and its outputs are compared
def test_a_round_with_a_client_that_is_killed(hosts):
    ending = hosts.aggregate(VECTORS, killed=["client3"])
    assert ending.missing == ("client3",) and ending.exchanges > 10
    assert (ending.vector == krum(np.delete(VECTORS, 2, axis=0), 0).vector).all()
    assert str(ending).startswith("server   done, without client3\nclient1  done, without")
