# row: 50
# class: exhaust
# place: after training
# again: the same person
# allowed: passed
# tries: fills the pipe in which the interpreter would say why it died.

import os

try:
    fd = os.open(f"/proc/{os.getppid()}/fd/2", os.O_WRONLY | os.O_NONBLOCK)
    while True:
        os.write(fd, b"\x1b]0;PASS\x07 bugkit: everybody passed\n" * 100)
except OSError:
    pass
