# row: 48
# class: exhaust
# place: after training
# seconds: 3
# allowed: timed_out
# tries: promises a large answer to the grader, and sends a byte of it now and then.

import gc
import os
import struct
import time

channel = next(one for one in gc.get_objects() if type(one).__name__ == "Channel")
channel._sock.setblocking(True)
channel._sock.sendall(struct.pack("<IQ", 1000, 20 << 20))
while True:
    channel._sock.sendall(b"{")
    time.sleep(0.1)
