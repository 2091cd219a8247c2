"""Certificates, judged by OpenSSL: two ends of a TLS connection in memory."""

import os
import ssl
import stat

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from fl_krum.players.certificates import issue, write_private


@pytest.fixture(params=["ec", "rsa"])
def folder(request, tmp_path):
    issue(2, request.param).write(tmp_path)
    return tmp_path


def context(folder, player, side, authority=None):
    result = ssl.SSLContext(side)
    result.minimum_version = ssl.TLSVersion.TLSv1_3
    result.verify_mode = ssl.CERT_REQUIRED
    result.verify_flags |= ssl.VERIFY_X509_STRICT
    result.load_verify_locations((authority or folder) / "RootCA.crt")
    result.load_cert_chain(folder / f"Player{player}.crt", folder / f"Player{player}.key")
    return result


def handshake(client_context, server_context, name):
    """Both ends of a connection in memory, after the handshake."""
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname=name)
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    done = set()
    for end in [client, server] * 4:
        try:
            end.do_handshake()
            done.add(end)
        except ssl.SSLWantReadError:
            pass
    assert done == {client, server}
    return client, server


def test_players_recognise_each_other(folder):
    client, server = handshake(
        context(folder, 1, ssl.PROTOCOL_TLS_CLIENT),
        context(folder, 0, ssl.PROTOCOL_TLS_SERVER),
        "Player0",
    )
    assert client.getpeercert()["subject"] == ((("commonName", "Player0"),),)
    assert server.getpeercert()["subject"] == ((("commonName", "Player1"),),)


def test_another_player_of_the_same_run_is_told_apart(folder):
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        handshake(
            context(folder, 1, ssl.PROTOCOL_TLS_CLIENT),
            context(folder, 0, ssl.PROTOCOL_TLS_SERVER),
            "Player1",
        )


def test_a_player_of_another_run_is_refused(folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    issue(2).write(other)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(
            context(folder, 1, ssl.PROTOCOL_TLS_CLIENT),
            context(other, 0, ssl.PROTOCOL_TLS_SERVER),
            "Player0",
        )


@pytest.mark.skipif(os.name != "posix", reason="file modes are a matter of POSIX")
def test_keys_are_for_their_owner_alone(folder):
    for i in range(2):
        assert stat.S_IMODE((folder / f"Player{i}.key").stat().st_mode) == 0o600


def test_the_authority_leaves_no_key(folder):
    names = {"RootCA.crt", "Player0.crt", "Player0.key", "Player1.crt", "Player1.key"}
    assert {file.name for file in folder.iterdir()} == names


@pytest.mark.parametrize(("kind", "expected"), [("ec", ec.SECP256R1), ("rsa", 2048)])
def test_keys_are_of_the_kind_that_was_asked_for(kind, expected):
    player = issue(1, kind).players[0]
    key = load_pem_private_key(player.key, password=None)
    if kind == "ec":
        assert isinstance(key.curve, expected)
    else:
        assert isinstance(key, rsa.RSAPrivateKey) and key.key_size == expected
    assert x509.load_pem_x509_certificate(player.certificate).public_key() == key.public_key()


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="dsa"):
        issue(1, "dsa")


def test_a_private_file_is_never_overwritten(tmp_path):
    write_private(tmp_path / "key", b"first")
    with pytest.raises(FileExistsError):
        write_private(tmp_path / "key", b"second")
