# row: 40
# class: theft
# place: after training
# again: another person
# allowed: passed
# tries: leaves messages for the next person in files, shared memory, queues, keyrings and sockets, and looks for them.

import ctypes
import os
import platform
import socket
import sys

MARK = "left-by-an-attack"
KEY = 0x1EF7
CREATE = 0o1000
libc = ctypes.CDLL(None, use_errno=True)
loot = []

folders = [
    "/tmp",
    "/dev/shm",
    "/dev/mqueue",
    os.path.expanduser("~"),
    "/var/tmp",
    "/run/lock",
    "/opt/bugkit",
    sys.prefix,
]
for folder in folders:
    path = os.path.join(folder, MARK)
    if os.path.exists(path):
        loot.append(path)
    try:
        with open(path, "w") as file:
            file.write("an answer")
    except OSError:
        pass
for name, there in (
    ("shared memory", libc.shmget(KEY, 0, 0)),
    ("a queue", libc.msgget(KEY, 0)),
    ("a semaphore", libc.semget(KEY, 0, 0)),
):
    if there >= 0:
        loot.append(name)
libc.shmget(KEY, 4096, CREATE | 0o666)
libc.msgget(KEY, CREATE | 0o666)
libc.semget(KEY, 1, CREATE | 0o666)
add_key, keyctl = {"x86_64": (248, 250), "aarch64": (217, 219)}[platform.machine()]
for ring in (-1, -2, -3, -4, -5):  # of the thread, the process, the session, the user, the user's session
    if libc.syscall(add_key, b"user", MARK.encode(), b"an answer", 9, ring) >= 0:
        loot.append(f"keyring {ring}")
if libc.syscall(keyctl, 0, -3, 1) >= 0:
    loot.append("a session's keyring")
sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
try:
    sock.connect(f"\0{MARK}")
    loot.append("a socket")
except OSError:
    sock.bind(f"\0{MARK}")
    sock.listen()
if os.fork() == 0:
    os.setsid()
    import time

    time.sleep(100)
    os._exit(0)
if loot:
    raise RuntimeError(f"STOLEN {loot}")
