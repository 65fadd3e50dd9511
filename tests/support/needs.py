"""Requirements of some tests beyond Python and git.

If one is missing, the test is skipped with the command that enables it as the reason; with `--no-skips` it fails.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

OLDEST_NODE = 20


def command(*names: str, package: str) -> str:
    """Return the path of the first of these commands that is installed, or skip the test."""
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"needs {names[0]}: apt install {package}")
    return found


def act() -> str:
    """Return the path of act, or skip the test."""
    found = shutil.which("act")
    if found is None:
        pytest.skip("needs act: python -m pip install --group runners")
    return found


def node() -> str:
    """Return the path of Node, or skip the test if it is missing or too old."""
    path = command("node", package="nodejs npm")
    if (version := _version(path)) < OLDEST_NODE:
        pytest.skip(f"needs Node {OLDEST_NODE} or newer, and this is Node {version}: see nodejs.org")
    return path


@cache
def _version(path: str) -> int:
    output = subprocess.run([path, "--version"], check=True, capture_output=True, text=True, timeout=30).stdout
    return int(output.removeprefix("v").partition(".")[0])


def linux(*files: str) -> None:
    """Skip the test on systems other than Linux, or if the kernel does not provide these files."""
    if sys.platform != "linux":
        pytest.skip("needs Linux: run it in a container or a virtual machine")
    if missing := [file for file in files if not Path(file).exists()]:
        pytest.skip(f"needs {missing[0]}: run it on a Linux kernel that has it")


def file_of_distribution(name: str, file: str) -> Path:
    """Return a file of an installed distribution, whose code is not run, or skip the test."""
    try:
        return Path(str(distribution(name).locate_file(file)))
    except PackageNotFoundError:
        pytest.skip(f"needs {name}: pip install {name}")
