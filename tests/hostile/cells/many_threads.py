# row: 42
# class: exhaust
# place: after training
# allowed: passed
# tries: starts threads until there are no more.

import threading

stop = threading.Event()
threads = []
try:
    while len(threads) < 1000:
        thread = threading.Thread(target=stop.wait, daemon=True)
        thread.start()
        threads.append(thread)
except RuntimeError:
    pass
stop.set()
if len(threads) > 256:
    raise RuntimeError(f"STOLEN {len(threads)} threads")
