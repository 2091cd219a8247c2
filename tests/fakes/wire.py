"""What passes a host's network interface: ``python wire.py FILE`` writes it down until it is
ended, and `streams` puts the bytes of each TCP connection together."""

import socket
import struct
import sys
from collections import defaultdict

_ALL = 3  # ETH_P_ALL
_IPV4, _TCP, _ICMP, _UNREACHABLE = 0x0800, 6, 1, 3


def main(path):
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL))
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
    with open(path, "wb", buffering=0) as file:
        print("ready", flush=True)
        while True:
            frame = wire.recv(1 << 16)
            file.write(struct.pack(">I", len(frame)) + frame)


def streams(path):
    """The bytes of each direction of each connection, as far as they are without a gap: dict of
    (source, port, destination, port) to bytes; and the other kinds of frames that were there."""
    segments, others = defaultdict(dict), set()
    data = open(path, "rb").read()
    while len(data) > 4:
        (length,) = struct.unpack(">I", data[:4])
        frame, data = data[4 : 4 + length], data[4 + length :]
        kind = struct.unpack(">H", frame[12:14])[0]
        ip = frame[14:]
        if kind == _IPV4 and ip[9] == _ICMP and _after_header(ip)[0] == _UNREACHABLE:
            ip = _after_header(ip)[8:]  # a host that is gone: the segment for it is quoted
        if kind != _IPV4 or ip[9] != _TCP:
            others.add(kind if kind != _IPV4 else f"IP protocol {ip[9]}")
            continue
        size, header = struct.unpack(">H", ip[2:4])[0], 4 * (ip[0] & 15)
        tcp = ip[header:size]
        ports = struct.unpack(">HHI", tcp[:8])
        payload = tcp[4 * (tcp[12] >> 4) :]
        flow = socket.inet_ntoa(ip[12:16]), ports[0], socket.inet_ntoa(ip[16:20]), ports[1]
        if payload:
            known = segments[flow].get(ports[2], b"")
            segments[flow][ports[2]] = max(known, payload, key=len)  # a quotation may be cut short
    return {flow: _joined(parts) for flow, parts in segments.items()}, others


def _after_header(ip):
    return ip[4 * (ip[0] & 15) :]


def _joined(parts):
    start = min(parts)
    whole, at = b"", start
    for number in sorted(parts):
        if number > at:
            break
        whole += parts[number][at - number :]
        at = max(at, number + len(parts[number]))
    return whole


def records(stream):
    """The types of the TLS records that a stream consists of; ValueError for anything else."""
    types = []
    while stream:
        if len(stream) < 5:
            return types
        kind, version, length = struct.unpack(">BHH", stream[:5])
        if kind not in (20, 21, 22, 23) or version not in (0x0301, 0x0303) or length > 16640:
            raise ValueError(f"no TLS record: {stream[:16]!r}")
        types.append(kind)
        stream = stream[5 + length :]
    return types


if __name__ == "__main__":
    main(sys.argv[1])
