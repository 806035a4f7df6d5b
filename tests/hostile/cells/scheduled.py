# row: 55
# class: survive
# place: after training
# allowed: passed
# tries: has itself started again later by cron, at, systemd and the shell's start files.

import os
import subprocess

line = "* * * * * touch /tmp/left-by-an-attack\n"
for words in (
    ["crontab", "-"],
    ["at", "now + 1 minute"],
    ["systemd-run", "--on-active=5", "touch", "/tmp/left-by-an-attack"],
):
    try:
        subprocess.run(words, input=line, text=True, capture_output=True, timeout=5)
    except (OSError, subprocess.TimeoutExpired):
        pass
for path in ("/etc/cron.d/left", "/var/spool/cron/root", "/etc/profile.d/left.sh", "~/.bashrc", "~/.profile"):
    try:
        with open(os.path.expanduser(path), "a") as file:
            file.write(line)
    except OSError:
        pass
