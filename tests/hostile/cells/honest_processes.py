# row: -
# class: honest
# place: after training
# allowed: passed
# tries: spreads work over processes and threads, with shared memory, queues and locks.

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import shared_memory

with multiprocessing.get_context("fork").Pool(2) as pool:
    assert pool.map(abs, range(-5, 5)) == [5, 4, 3, 2, 1, 0, 1, 2, 3, 4]
with ThreadPoolExecutor(4) as pool:
    assert sum(pool.map(float, range(10))) == 45
with ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as pool:
    assert list(pool.map(pow, [2, 3], [2, 2])) == [4, 9]
memory = shared_memory.SharedMemory(create=True, size=1 << 20)
memory.buf[:3] = b"abc"
memory.close()
memory.unlink()
queue = multiprocessing.Queue()
queue.put("there")
assert queue.get(timeout=5) == "there"
