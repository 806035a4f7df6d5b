"""``python -m bugkit.resident SOCKET SECONDS EXERCISE SOLUTION``, started by ``bugkit check``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from bugkit.exercise import Exercise
from bugkit.resident.server import Resident

if __name__ == "__main__":
    os.chdir("/")  # it keeps no folder from being removed
    address, seconds, exercise, solution = sys.argv[1:]
    Resident(Path(address), float(seconds)).serve(Exercise(Path(exercise), Path(solution)))
