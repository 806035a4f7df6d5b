# row: 39
# class: theft
# place: after training
# allowed: passed
# tries: fetches packages and files by the tools that are at hand.

import shutil
import subprocess
import sys
import urllib.request

tools = [
    [sys.executable, "-m", "pip", "install", "--retries", "0", "--timeout", "1", "--no-deps", "-t", "/tmp/p", "sixer"],
    ["wget", "-q", "-t", "1", "-T", "2", "-O", "/tmp/page", "http://192.0.2.1/"],
    ["curl", "-s", "-m", "2", "http://192.0.2.1/"],
]
loot = []
for words in tools:
    if shutil.which(words[0]) and subprocess.run(words, capture_output=True, timeout=60).returncode == 0:
        loot.append(words[0])
for url in ("http://127.0.0.1:%d/" % HOST["tcp"], "https://192.0.2.1/"):
    try:
        loot.append(urllib.request.urlopen(url, timeout=1).status)
    except OSError:
        pass
if loot:
    raise RuntimeError(f"STOLEN {loot}")
