"""How long a whole check takes, in the sandbox and without, beside `jupyter execute` of the same notebook once.

Also what listing costs. Run it by hand on a quiet machine: ``python benchmarks/speed.py [ROUNDS]``. Rounds are
interleaved; ratios are of medians. Memory is the largest resident size of the trusted process and of a run's process.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
NOTEBOOK = next((ROOT / "exercises").glob("ex03_*/ex03.ipynb"))
CHECK = [sys.executable, "-m", "bugkit", "check", "ex03", "--cold"]
BARE = [*CHECK, "--no-sandbox"]
LIST = [sys.executable, "-m", "bugkit", "list"]


def wall(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=False, capture_output=True)
    return time.perf_counter() - start


def cpu(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def peaks(command: list[str]) -> tuple[int, int]:
    """Peak resident MiB of the process itself, and of its largest descendant."""
    process = psutil.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    own = below = 0

    def watch() -> None:
        nonlocal own, below
        while process.is_running():
            try:
                own = max(own, process.memory_info().rss)
                below = max([below, *(child.memory_info().rss for child in process.children(recursive=True))])
            except psutil.Error:
                pass
            time.sleep(0.02)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    process.wait()
    return own >> 20, below >> 20


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copy(NOTEBOOK, folder)
        execute = [str(Path(sys.executable).with_name("jupyter")), "execute", copy]
        checks, bares, executes, lists = [], [], [], []
        for _ in range(rounds):
            checks.append(wall(CHECK))
            bares.append(wall(BARE))
            executes.append(wall(execute))
            lists.append(cpu(LIST))
    check, bare, once = (statistics.median(times) for times in (checks, bares, executes))
    own, below = peaks(CHECK)
    print(f"cores {os.cpu_count()}, {rounds} rounds")
    print(f"bugkit check, 3 seeds     {check:6.2f} s")
    print(f"the same, no sandbox      {bare:6.2f} s   ratio {check / bare:.2f}")
    print(f"jupyter execute, once     {once:6.2f} s   ratio {check / once:.2f}")
    print(f"bugkit list               {statistics.median(lists):6.2f} s of CPU")
    print(f"trusted process           {own:6d} MiB, largest run {below} MiB")


if __name__ == "__main__":
    main()
