# row: -
# class: honest
# place: after training
# allowed: passed
# tries: warns and logs on standard error.

import logging
import sys
import warnings

warnings.warn("the learning rate is large")
warnings.simplefilter("always")
np.log(np.zeros(3)), np.float64(1) / 0
logging.basicConfig(level=logging.DEBUG)
logging.getLogger("training").error("done")
print("to standard error", file=sys.stderr, flush=True)
