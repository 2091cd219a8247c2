"""Addresses of players, looked up once, and sockets that notice when the other host is silent."""

import errno
import socket
import ssl
import sys

LOOPBACK = "127.0.0.1"
SILENCE = 15  # seconds until a host that does not answer any more counts as lost
_MACOS_KEEPALIVE = 0x10  # TCP_KEEPALIVE, which is TCP_KEEPIDLE there


def _numbers(*names):
    """Those that this system has of some errors; Windows has a second number for some."""
    every = [prefix + name for name in names for prefix in ("", "WSA")]
    return {getattr(errno, name) for name in every if hasattr(errno, name)}


UNREACHABLE = _numbers("EHOSTUNREACH", "ENETUNREACH", "ETIMEDOUT", "EHOSTDOWN")
_ENDED = _numbers("ECONNRESET", "ECONNABORTED", "EPIPE", "ENOTCONN", "EBADF")


def parse(text):
    """A port on loopback, ``HOST:PORT`` or ``[IPV6]:PORT`` as (host, port); ValueError else."""
    host, colon, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError(f"{text!r}: write an IPv6 address in brackets, [::1]:7100")
    if not port.isdecimal() or len(port) > 5 or not 0 < int(port) < 65536 or (colon and not host):
        raise ValueError(f"{text!r} is no HOST:PORT")
    return host or LOOPBACK, int(port)


def resolve(host, port):
    """Where to connect to: list of (family, address), in the order in which to try them; OSError
    when nobody knows the name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys((family, address) for family, _, _, _, address in found))


def listen(host, port, backlog):
    """A listening socket at one address of this machine; at all of them when host is ""."""
    if not host and socket.has_dualstack_ipv6():
        return socket.create_server(
            ("", port), family=socket.AF_INET6, backlog=backlog, dualstack_ipv6=True
        )
    family, address = resolve(host, port)[0] if host else (socket.AF_INET, ("", port))
    return socket.create_server(address[:2], family=family, backlog=backlog)


def notice_silence(connection):
    """Have the system find out that the other host has gone without a word, as when a cable is
    pulled: by unanswered probes, or by data that nobody confirms."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    wanted = {
        "TCP_KEEPIDLE": SILENCE // 3,
        "TCP_KEEPINTVL": SILENCE // 3,
        "TCP_KEEPCNT": 2,
        "TCP_USER_TIMEOUT": 1000 * SILENCE,
    }
    for name, value in wanted.items():  # no system has all of them
        option = getattr(socket, name, None)
        if name == "TCP_KEEPIDLE" and option is None and sys.platform == "darwin":
            option = _MACOS_KEEPALIVE
        if option is not None:
            connection.setsockopt(socket.IPPROTO_TCP, option, value)


def why_lost(error):
    """What an error of a connection tells of the player at its other end, in words."""
    if error.errno in UNREACHABLE or isinstance(error, TimeoutError):
        return "nothing comes from its host any more"
    if error.errno in _ENDED or isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return "it has ended"
    return str(error)
