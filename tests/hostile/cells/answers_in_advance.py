# row: 8
# class: forge
# place: after training
# allowed: failed, no_answer
# tries: sends a report and a hundred answers before anything is asked.

import gc
import time

channel = next(one for one in gc.get_objects() if type(one).__name__ == "Channel")
report = {"status": "ok", "error": None, "steps": 200, "seconds": 1.0, "names": ["predict"]}
channel.send({"report": report}, {"curve": np.array([9, 0.01])})
for number in range(100):
    channel.send({"kind": "array", "outcome": "passed"}, {"value": np.full(500 if number % 2 else 20, 0.01)})
time.sleep(5)
