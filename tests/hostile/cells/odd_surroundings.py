# row: 76
# class: broken
# place: before everything
# allowed: passed
# tries: sets the clock back, and takes away its home, its time zone, its language and its folder.

import locale
import os
import time

for name in ("HOME", "PATH", "LANG", "TMPDIR", "USER"):
    os.environ.pop(name, None)
os.environ |= {"TZ": "Antarctica/Troll", "LC_ALL": "C", "PYTHONIOENCODING": "ascii"}
time.tzset()
locale.setlocale(locale.LC_ALL, "C")
os.makedirs("/tmp/a folder with blanks")
os.chdir("/tmp/a folder with blanks")
os.rmdir("/tmp/a folder with blanks")
time.time = time.localtime = lambda *_: -1e9
