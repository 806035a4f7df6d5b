# row: 50
# class: exhaust
# place: after training
# allowed: too_much_output
# tries: prints without end from a process of its own, while it sleeps.

import subprocess
import time

subprocess.Popen(["yes"], start_new_session=True)
time.sleep(60)
