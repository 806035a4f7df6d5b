# row: 42
# class: exhaust
# place: after training
# allowed: passed
# tries: lifts each limit that it was given.

import resource

loot = []
for name in ("RLIMIT_NPROC", "RLIMIT_AS", "RLIMIT_FSIZE", "RLIMIT_NOFILE", "RLIMIT_CORE"):
    which = getattr(resource, name)
    soft, hard = resource.getrlimit(which)
    if soft == resource.RLIM_INFINITY:
        continue
    for wanted in ((resource.RLIM_INFINITY, resource.RLIM_INFINITY), (hard, hard), (soft + 1, hard)):
        try:
            resource.setrlimit(which, wanted)
        except (OSError, ValueError):
            pass
    if resource.getrlimit(which)[0] != soft:
        loot.append(f"{name} from {soft} to {resource.getrlimit(which)[0]}")
if loot:
    raise RuntimeError(f"STOLEN {loot}")
