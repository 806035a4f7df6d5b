# row: 12
# class: forge
# place: before everything
# allowed: ended_early
# tries: leaves by sys.exit before anything was wrong.

import sys

sys.exit(0)
