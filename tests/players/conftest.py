"""A clock for deadlines; the folders of several hosts, made once for each kind of engine."""

import shutil
import sys
from functools import cache
from types import SimpleNamespace

import pytest
from deployed import HOSTS, exchange_certificates, program
from fake_installation import install, install_mp_spdz

from fl_krum.players import supervisor
from fl_krum.players.deploy import deploy

HOMES = {"scale-mamba": "home", "mp-spdz": "mp_spdz_home"}


@pytest.fixture
def deadline_when(monkeypatch):
    """Let the supervisor's clock stand still until ``condition(players)``; then all deadlines are
    over. However busy the machine is, what is late then is late for its own reasons."""

    def set_clock(condition):
        now, wait = [0.0], supervisor.Supervisor._wait

        def watched(self, phase, until, done, stall=None):
            def look():
                if condition(self.players):
                    now[0] = 1e9
                return done()

            wait(self, phase, until, look, stall)

        monkeypatch.setattr(supervisor, "time", SimpleNamespace(monotonic=lambda: now[0]))
        monkeypatch.setattr(supervisor.Supervisor, "_wait", watched)

    return set_clock


@pytest.fixture
def python_of_the_hosts(monkeypatch):
    """One that has NumPy."""
    monkeypatch.setenv("PYTHON", sys.executable)


@pytest.fixture(params=HOMES)
def engine(request, python_of_the_hosts):
    """Both kinds of folder, with a stand-in installation of the kind."""
    request.getfixturevalue(HOMES[request.param])
    return request.param


@pytest.fixture(scope="session")
def deployed(tmp_path_factory):
    """``deployed(engine, …)``: what `deploy` makes, once for each of its options, to be copied."""
    installs = {"scale-mamba": install, "mp-spdz": install_mp_spdz}

    @cache
    def make(engine, check=True, own_keys=False):
        folder = tmp_path_factory.mktemp(engine)
        with pytest.MonkeyPatch.context() as patch:
            for name, value in installs[engine](folder / "home").items():
                patch.setenv(name, value)
            patch.delenv("FAKE_FAULT", raising=False)
            made = deploy(
                program(check=check), HOSTS, folder / "players", engine=engine, own_keys=own_keys
            )
        if own_keys:
            exchange_certificates(made, short_keys=True)
        return folder / "players"

    return make


def copied(players, folder):
    shutil.copytree(players, folder / "players", symlinks=True)
    return [folder / "players" / f"player{i}-{host}" for i, host in enumerate(HOSTS)]


@pytest.fixture
def folders(engine, deployed, tmp_path):
    """One for each player, of two rounds."""
    return copied(deployed(engine), tmp_path)


@pytest.fixture
def believing_folders(engine, deployed, tmp_path):
    """The same where clients are believed: no interpreter with NumPy beside each player."""
    return copied(deployed(engine, check=False), tmp_path)


@pytest.fixture
def folders_of_own_keys(engine, deployed, tmp_path):
    """Of hosts that have made their keys and exchanged their certificates; they believe clients."""
    if not shutil.which("openssl"):
        pytest.skip("there is no openssl")
    return copied(deployed(engine, check=False, own_keys=True), tmp_path)
