"""What some tests need beyond Python and git.

Where it is missing, the test is skipped, and the reason says which command enables it. With `--no-skips` it fails instead.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

OLDEST_NODE = 20


def command(*names: str, package: str) -> str:
    """Return the path of the first of these commands that is installed; skip the test where none is."""
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"needs {names[0]}: apt install {package}")
    return found


def node() -> str:
    """Return the path of Node; skip the test where it is missing or too old."""
    path = command("node", package="nodejs npm")
    if (version := _version(path)) < OLDEST_NODE:
        pytest.skip(f"needs Node {OLDEST_NODE} or newer, and this is Node {version}: see nodejs.org")
    return path


@cache
def _version(path: str) -> int:
    told = subprocess.run([path, "--version"], check=True, capture_output=True, text=True, timeout=30).stdout
    return int(told.removeprefix("v").partition(".")[0])


def linux(*files: str) -> None:
    """Skip the test on another system than Linux, or where the kernel does not have these files."""
    if sys.platform != "linux":
        pytest.skip("needs Linux: run it in a container or a virtual machine")
    if missing := [file for file in files if not Path(file).exists()]:
        pytest.skip(f"needs {missing[0]}: run it on a Linux kernel that has it")
