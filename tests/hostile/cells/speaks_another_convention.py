# row: 41
# class: theft
# place: after training
# allowed: passed
# tries: makes system calls by 32-bit conventions, whose numbers the filter does not know.

import ctypes
import mmap
import os
import platform

codes = {
    # mov eax, 20 (getpid); int 0x80; ret, and the same in x32: mov eax, 0x40000027; syscall; ret
    "x86_64": [b"\xb8\x14\x00\x00\x00\xcd\x80\xc3", b"\xb8\x27\x00\x00\x40\x0f\x05\xc3"],
}
loot = []
for code in codes.get(platform.machine(), []):
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(code)
    call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
    child = os.fork()
    if child == 0:
        os._exit(0 if call() > 0 else 1)
    if os.waitpid(child, 0)[1] == 0:
        loot.append(code.hex())
if loot:
    raise RuntimeError(f"STOLEN {loot}")
