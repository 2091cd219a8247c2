"""Settings of all tests, and what several files of them need."""

import gc
import signal
import tempfile
from itertools import cycle

import hypothesis
import pytest
from fake_installation import install, install_mp_spdz

from fl_krum.players import certificates, embedded

# No test is about time, and CI machines pause: only pytest-timeout ends what hangs. Edges have
# tests of their own, so that fewer examples than Hypothesis' 100 do. They are the same every time,
# so that a change fails for its own reasons; `make explore` draws others.
hypothesis.settings.register_profile(
    "fixed", deadline=None, max_examples=50, derandomize=True, database=None
)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=100, print_blob=True)
hypothesis.settings.load_profile("fixed")

# A background job of a shell without job control begins with SIGINT ignored, and so do its
# children: no test of an interrupt could pass. What tests start gets the usual answer, too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The usual 700 is reached many times by imports and the collection of tests alone, in vain.
gc.set_threshold(20_000)


def pytest_collection_finish():
    """What has been imported and collected stays: it is not searched for garbage again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def players_have_time():
    """On a machine that is busy with something else they may wait a minute for their turn."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedded, "_round_deadline", lambda n, d: 250.0)
        yield


@pytest.fixture(scope="session")
def rsa_keys():
    """More than the players of one run need: to make them takes longer than all else in a run."""
    return [certificates._new_key("rsa") for _ in range(8)]


@pytest.fixture
def home(tmp_path, monkeypatch, rsa_keys):
    """A complete installation of SCALE-MAMBA, named by the environment."""
    folder = tmp_path / "SCALE-MAMBA"
    for name, value in install(folder).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("FAKE_FAULT", raising=False)
    new_key, ready_made = certificates._new_key, cycle(rsa_keys)
    monkeypatch.setattr(
        certificates,
        "_new_key",
        lambda kind: next(ready_made) if kind == "rsa" else new_key(kind),
    )
    return folder


@pytest.fixture
def mp_spdz_home(tmp_path, monkeypatch):
    """A complete installation of MP-SPDZ, named by the environment."""
    folder = tmp_path / "MP-SPDZ"
    for name, value in install_mp_spdz(folder).items():
        monkeypatch.setenv(name, value)
    for name in ("FAKE_FAULT", "FL_KRUM_MP_SPDZ"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    """Where all temporary files go."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder
