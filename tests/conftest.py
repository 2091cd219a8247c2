"""Settings of all tests, and what several files of them need."""

import hypothesis
import pytest
from fake_installation import install

# No test is about time, and CI machines pause: only pytest-timeout ends what hangs.
hypothesis.settings.register_profile("no deadline", deadline=None)
hypothesis.settings.load_profile("no deadline")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A complete installation of SCALE-MAMBA, named by the environment."""
    folder = tmp_path / "SCALE-MAMBA"
    for name, value in install(folder).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("FAKE_FAULT", raising=False)
    return folder
