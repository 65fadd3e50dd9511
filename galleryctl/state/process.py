"""Checks whether the holder of a lock is a running process of this machine."""

from __future__ import annotations

import os
import socket
from datetime import datetime
from pathlib import Path

from galleryctl.state.backend import LockInfo

_CLOCK_SLACK = 2.0
"""Seconds by which a process may seem to start after it took the lock: both clocks are read in whole seconds."""


def is_local(info: LockInfo) -> bool:
    """Return True if the lock was taken on this machine."""
    return info.who.rpartition("@")[2] == socket.gethostname()


def process_exists(pid: int) -> bool:
    """Return True if this machine has a process with that id, even one that started later."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def is_alive(info: LockInfo) -> bool:
    """Return True if the process that took the lock, on this machine, is still running.

    Its id may since belong to another process, which started after the lock was taken. Where the system does not report
    start times, any process with that id counts.
    """
    if not process_exists(info.pid):
        return False
    start = _start_time(info.pid)
    try:
        locked = datetime.fromisoformat(info.since).timestamp()
    except ValueError:
        return True
    return start is None or start <= locked + _CLOCK_SLACK


def _start_time(pid: int) -> float | None:
    """Return that process's start in epoch seconds, None if /proc does not have it. See proc_pid_stat(5)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
        boot = Path("/proc/stat").read_text(encoding="utf-8").partition("\nbtime ")[2].split()[0]
        return int(boot) + int(fields.split()[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return None
