# row: -
# class: exhaust
# place: after training
# allowed: passed, raised, no_answer
# tries: hands open files to the grader over its own line, until it has no more numbers for them.

import gc
import json
import os
import socket
import struct

channel = next(one for one in gc.get_objects() if type(one).__name__ == "Channel")
head = json.dumps({"event": "steps", "steps": 1, "_arrays": []}).encode()
frame = struct.pack("<IQ", len(head), 0) + head
files = [os.open("/dev/null", os.O_RDONLY) for _ in range(200)]
channel._sock.setblocking(True)
for _ in range(50):
    socket.send_fds(channel._sock, [frame], files)
