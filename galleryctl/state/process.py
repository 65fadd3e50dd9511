"""Identifies processes, so that a lock can tell whether its holder is still running."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from galleryctl.state.backend import LockInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessIdentity:
    """One process among all that ever run; "" and 0 where the system does not report it.

    `boot` is the kernel's random id of this start of the machine, `namespace` identifies the process ids and the clock
    that the process sees, `started` is its start in clock ticks since boot.
    """

    boot: str = ""
    namespace: str = ""
    started: int = 0


class HolderStatus(StrEnum):
    """The status of the process that took a lock, as far as this process can tell."""

    RUNNING = "running"
    ENDED = "ended"
    UNKNOWN = "unknown"


def current_process() -> ProcessIdentity:
    """Return the identity of this process; an empty one where /proc does not show it, as on macOS."""
    proc = Path("/proc")
    try:
        # A /proc of another namespace of processes would describe other processes.
        if str((proc / "self").readlink()) != str(os.getpid()):
            return ProcessIdentity()
        boot = (proc / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        # The start of a process is counted by the clock of its time namespace, which older kernels do not have.
        spaces = [proc / "self/ns/pid", *(each for each in [proc / "self/ns/time"] if os.path.lexists(each))]
        namespace = " ".join(str(each.readlink()) for each in spaces)
    except (OSError, ValueError):
        return ProcessIdentity()
    status = _read_status(os.getpid())
    return ProcessIdentity(boot=boot, namespace=namespace, started=status[1]) if status and boot else ProcessIdentity()


def holder_status(info: LockInfo) -> HolderStatus:
    """Return the status of the process that took the lock.

    ENDED is proven: the process would be visible here, and its id is free or belongs to a process with another start.
    Without the identity, a process of this host with that id counts as running.
    """
    here = current_process()
    # Copies of a running virtual machine have one boot id; they are usually given names of their own.
    is_local = info.who.rpartition("@")[2] == socket.gethostname()
    if is_local and info.boot and (info.boot, info.namespace) == (here.boot, here.namespace):
        return _visible_status(info)
    is_running = not info.boot and is_local and _process_exists(info.pid)
    return HolderStatus.RUNNING if is_running else HolderStatus.UNKNOWN


def _visible_status(info: LockInfo) -> HolderStatus:
    if not _process_exists(info.pid):
        return HolderStatus.ENDED
    status = _read_status(info.pid)
    if status is None:  # /proc can hide the processes of other users
        return HolderStatus.RUNNING
    state, started = status
    has_ended = state in "ZX" or started != info.started  # Z: it has ended, and its parent has not asked for the result
    return HolderStatus.ENDED if has_ended else HolderStatus.RUNNING


def _process_exists(pid: int) -> bool:
    """Return True if this machine has a process with that id, even one that started later."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _read_status(pid: int) -> tuple[str, int] | None:
    """Return the state and the start of a process, None if /proc does not have it. See proc_pid_stat(5)."""
    try:
        # The name before the last parenthesis may contain spaces and parentheses.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return fields[0], int(fields[19])
    except (OSError, ValueError, IndexError):
        return None
