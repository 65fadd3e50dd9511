"""Whether the one who signed a lock is a process of this machine that still runs."""

from __future__ import annotations

import os
import socket
from datetime import datetime
from pathlib import Path

from galleryctl.state.backend import LockInfo

_CLOCK_SLACK = 2.0
"""Seconds by which a process may seem to begin after it signed: clocks are read in whole seconds."""


def is_local(info: LockInfo) -> bool:
    """Whether it was signed on this machine."""
    return info.who.rpartition("@")[2] == socket.gethostname()


def process_exists(pid: int) -> bool:
    """Whether this machine has a process with that number, whichever it is."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def is_alive(info: LockInfo) -> bool:
    """Whether the process that signed still runs, given that `info` is of this machine.

    Its number may have gone to another process since, which began after the lock was signed. Where the system does not
    tell when a process began, any with that number counts.
    """
    if not process_exists(info.pid):
        return False
    began = _start_time(info.pid)
    try:
        signed = datetime.fromisoformat(info.since).timestamp()
    except ValueError:
        return True
    return began is None or began <= signed + _CLOCK_SLACK


def _start_time(pid: int) -> float | None:
    """When that process began, in seconds since the epoch; None when /proc does not say. See proc_pid_stat(5)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
        boot = Path("/proc/stat").read_text(encoding="utf-8").partition("\nbtime ")[2].split()[0]
        return int(boot) + int(fields.split()[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return None
