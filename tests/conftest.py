"""Settings of all tests, and what several files of them need."""

import tempfile

import hypothesis
import pytest
from fake_installation import install, install_mp_spdz

# No test is about time, and CI machines pause: only pytest-timeout ends what hangs. Edges have
# tests of their own, so that fewer examples than Hypothesis' 100 do.
hypothesis.settings.register_profile("lean", deadline=None, max_examples=50)
hypothesis.settings.load_profile("lean")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A complete installation of SCALE-MAMBA, named by the environment."""
    folder = tmp_path / "SCALE-MAMBA"
    for name, value in install(folder).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("FAKE_FAULT", raising=False)
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
