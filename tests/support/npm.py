"""npm packages that tests need."""

from __future__ import annotations

import fcntl
import json
import subprocess
from pathlib import Path

from tests.support import needs


def install(folder: Path) -> str:
    """Install the packages of the lock file in `folder`, once for all test workers, and return the path of Node."""
    node = needs.node()
    with (folder / ".install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _installed(folder):
            npm = needs.command("npm", package="npm")
            subprocess.run([npm, "ci"], cwd=folder, check=True, timeout=300)
    return node


def _installed(folder: Path) -> bool:
    """Return True if npm finished installing this lock file: it then writes its own list of packages."""
    hidden = folder / "node_modules" / ".package-lock.json"
    locked = json.loads((folder / "package-lock.json").read_text())["packages"]
    installed = json.loads(hidden.read_text())["packages"] if hidden.is_file() else {}
    return all(installed.get(name, {}).get("version") == entry["version"] for name, entry in locked.items() if name)
