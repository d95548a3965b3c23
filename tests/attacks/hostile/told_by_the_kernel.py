"""Hope: lists of the kernel's own (mounts, locks, sockets, swaps) name the paths of others."""

import glob
import os

from a3 import kit

GOAL = "read"
ROUTE = "proc"
SCORE = 29.29


def attack():
    """Read every such list, and the folders above the ones that are known."""
    for name in ("self/mountinfo", "self/mounts", "self/mountstats", "locks", "net/unix", "net/tcp", "net/netlink", "swaps",
                 "self/net/unix", "1/mountinfo", "keys", "key-users", "sched_debug", "timer_list", "kallsyms", "kmsg",
                 "kcore", "modules", "vmallocinfo", "sys/kernel/ns_last_pid", "sysvipc/shm", "sysvipc/sem", "diskstats"):
        kit.attempt(kit.read, f"/proc/{name}", 1 << 18)
    for pattern in ("/sys/*", "/sys/kernel/*/*", "/sys/fs/cgroup/*", "/run/*", "/dev/*", "/dev/mqueue/*", "/proc/self/map_files/*"):
        kit.attempt(glob.glob, pattern)
    path = kit.NEIGHBOUR
    while len(path) > 1:
        path = os.path.dirname(path)
        kit.attempt(os.listdir, path)
        kit.attempt(os.statvfs, path)
        kit.attempt(os.getxattr, path, "user.name")


word_embedding_backward = kit.in_one_test(attack)
