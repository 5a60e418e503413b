# SPDX-License-Identifier: GPL-2.0-or-later
"""Waiting for what will happen, never for time to pass."""

import os
import select
import time

DEADLINE_S = 30.0


def within(seconds):
    """The deadline for what is promised within so many seconds on an idle machine: a soak has one, and holds to it.
    Elsewhere at least 5 s: it tells "soon" from what would come by itself, or by some time-out, much later."""
    return seconds if os.environ.get("DISTCC_SOAK") else max(5, seconds)


def until(condition, what, deadline_s=DEADLINE_S):
    """Polls condition() every 10 ms until it is true and returns its value.

    Only for facts that no descriptor announces (a process gone, a line in a foreign file); fails
    the test with `what` after the deadline.
    """
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {deadline_s} s in vain for {what}")
        select.select([], [], [], 0.01)


def for_exit(process, deadline_s=DEADLINE_S):
    """The return code of a subprocess.Popen."""
    return process.wait(timeout=deadline_s)


def pid_exists(pid):
    """Is there a process, not counting zombies?"""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def processes_with(marker):
    """pids of live processes whose environment holds the text NAME=VALUE in `marker`."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            with open(f"/proc/{entry}/environ", "rb") as environ:
                if marker.encode() in environ.read().split(b"\0") and pid_exists(int(entry)):
                    found.append(int(entry))
        except OSError:
            continue
    return found


def for_bytes(sock, count):
    """Exactly so many bytes of a socket, or what came before its end. (MSG_WAITALL is not enough for
    sockets with a timeout.)"""
    data = b""
    while len(data) < count:
        part = sock.recv(count - len(data))
        if not part:
            break
        data += part
    return data
