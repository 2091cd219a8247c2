"""What all tests of the command line start from."""

import pytest

from fl_krum.players.scale_mamba import SCALE_MAMBA_HOME


@pytest.fixture(autouse=True)
def no_installation(monkeypatch):
    """`auto` means embedded players, whatever is installed here."""
    monkeypatch.delenv(SCALE_MAMBA_HOME, raising=False)
