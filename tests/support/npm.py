"""Packages of npm that tests need."""

from __future__ import annotations

import fcntl
import json
import subprocess
from pathlib import Path

from tests.support import needs


def install(folder: Path) -> str:
    """Install what the lock file in `folder` names, unless it is there, once for all workers; the path of Node."""
    node = needs.node()
    with (folder / ".install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _installed(folder):
            npm = needs.command("npm", package="npm")
            subprocess.run([npm, "ci"], cwd=folder, check=True, timeout=300)
    return node


def _installed(folder: Path) -> bool:
    """Whether all of the lock file is there; npm writes its own list when it has finished."""
    hidden = folder / "node_modules" / ".package-lock.json"
    wanted = json.loads((folder / "package-lock.json").read_text())["packages"]
    have = json.loads(hidden.read_text())["packages"] if hidden.is_file() else {}
    return all(have.get(name, {}).get("version") == entry["version"] for name, entry in wanted.items() if name)
