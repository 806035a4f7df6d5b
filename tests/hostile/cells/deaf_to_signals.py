# row: 49
# class: exhaust
# place: after training
# seconds: 2
# allowed: timed_out
# tries: ignores every signal and swallows every interruption.

import signal

for number in range(1, signal.NSIG):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
