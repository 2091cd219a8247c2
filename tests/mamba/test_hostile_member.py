"""A party that sends anything, behind TLS, where it has a right to be: bounded, and named."""

import hashlib
import ssl

import hostile_member as hostile
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fl_krum.players.certificates import self_signed
from fl_krum.players.embedded import free_ports
from mamba.credentials import Credentials

LONGEST = 400  # characters of a line


@pytest.fixture(scope="module")
def credentials():
    own = [self_signed(f"party{i}", 1) for i in range(hostile.PLAYERS)]
    ders = [ssl.PEM_cert_to_DER_cert(one.certificate.decode()) for one in own]
    prints = tuple(hashlib.sha256(der).hexdigest() for der in ders)
    root = b"".join(one.certificate for one in own)
    return [Credentials(root, one.certificate, one.key, prints) for one in own]


@settings(max_examples=5)
@given(seed=st.integers(0, 2**32 - 1))
def test_whatever_a_member_sends_the_others_end_with_one_line_that_names_it(credentials, seed):
    script = hostile.script(seed)
    ends = hostile.play(credentials, free_ports(hostile.PLAYERS), script)
    for end in ends:
        assert "\n" not in end.line and len(end.line) < LONGEST, script
    if any(end.blames_the_honest for end in ends):
        return
    for end in ends:
        assert not end.line or f"player {hostile.LIAR}" in end.line, script
        # Nobody honest is left out, whomever the liar names.
        assert not end.said or {*end.said.again} <= {hostile.LIAR}, script
