"""Packages of npm that tests need."""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
from pathlib import Path


def install(folder: Path) -> str:
    """Install what the lock file in `folder` names, unless it is there, once for all workers; the path of Node."""
    node, npm = shutil.which("node"), shutil.which("npm")
    assert node, f"node is needed for {folder.name}"
    with (folder / ".install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _installed(folder):
            assert npm, f"npm is needed for {folder.name}"
            subprocess.run([npm, "ci"], cwd=folder, check=True, timeout=300)
    return node


def _installed(folder: Path) -> bool:
    """Whether all of the lock file is there; npm writes its own list when it has finished."""
    hidden = folder / "node_modules" / ".package-lock.json"
    wanted = json.loads((folder / "package-lock.json").read_text())["packages"]
    have = json.loads(hidden.read_text())["packages"] if hidden.is_file() else {}
    return all(
        have.get(name, {}).get("version") == entry["version"] for name, entry in wanted.items() if name
    )
