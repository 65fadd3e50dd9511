"""Check where output goes: a pull request must not turn a plan or a state into a program, a manifest or a workflow."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from galleryctl.manifest.workspace import WORKSPACE_FILE
from galleryctl.model.errors import GalleryctlError
from galleryctl.model.tolerated import TOLERATED_FILE
from galleryctl.model.waiting import Waiting, WaitKind, WaitObserver, unobserved

_RESERVED_PREFIX = ".git"
"""Git and its hosts read names that begin so: `.git`, `.github`, `.gitattributes`, `.gitlab-ci.yml`."""
_HEAD_BYTES = 4096
_GIT_SECONDS = 10.0
"""Seconds after which git is no longer waited for; it answers in milliseconds."""


def check_output(
    path: Path,
    *,
    root: Path,
    patterns: Iterable[str],
    start: re.Pattern[bytes] | None,
    on_wait: WaitObserver = unobserved,
) -> None:
    """Raise GalleryctlError unless a command may write `path`.

    Pipes and devices may be written. A file must not be one that git or its host reads, known to git, or a manifest of
    the workspace in `root`, whose `patterns` are those of the manifests. An existing file must be empty, or begin with
    `start` as earlier outputs of the same kind do; None leaves that to its reader.
    """
    if is_stream(path):
        return
    if why := _reason(path, root, tuple(patterns), start, on_wait):
        raise GalleryctlError("nothing was written: output may not go to this file", where=path, why=why, do=_ADVICE)


_ADVICE = "choose another file, for example in a folder of its own that .gitignore lists"


def is_stream(path: Path) -> bool:
    """Return True for `/dev/stdout`, a pipe or a device: there is no file to protect."""
    if os.path.abspath(path).startswith(("/dev/", "/proc/")):  # noqa: PTH100 - the links there lead to open files
        return True
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _reason(
    path: Path, root: Path, patterns: Sequence[str], start: re.Pattern[bytes] | None, on_wait: WaitObserver
) -> str:
    """Return why the file must not be written, "" if it may."""
    try:
        real, real_root = path.resolve(), root.resolve()
    except (OSError, RuntimeError, ValueError) as error:
        return str(error)
    top = _git_top(real)
    outer = top or (real_root if real.is_relative_to(real_root) else Path(real.anchor))
    if why := _reason_of_names(real.relative_to(outer)):
        return why
    if real.is_relative_to(real_root) and _is_workspace_file(real.relative_to(real_root).as_posix(), patterns):
        return f"{WORKSPACE_FILE} makes it a file of the workspace"
    if top is not None and _is_tracked(real, top, on_wait):
        return "git tracks it"
    if start is not None and not _is_replaceable(real, start):
        return "it exists, and is not an earlier output of the same kind"
    return ""


def _reason_of_names(inner: Path) -> str:
    """Return why nothing may be written to a path in a working tree, by its names only."""
    reserved = next((part for part in inner.parts if part.casefold().startswith(_RESERVED_PREFIX)), "")
    if not reserved:
        return ""
    return "git or its host reads it" if reserved == inner.name else f"it is in {reserved}"


def _is_replaceable(path: Path, start: re.Pattern[bytes]) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return True  # the command that writes it reports an error
    except OSError:
        return False
    return not head or start.match(head) is not None


def _is_workspace_file(inner: str, patterns: Sequence[str]) -> bool:
    """Return True if a path in the workspace is, or would be, read as a manifest or as a setting."""
    parts = PurePosixPath(inner.casefold()).parts
    names = (WORKSPACE_FILE, TOLERATED_FILE, *patterns)
    return any(_matches(parts, PurePosixPath(pattern.casefold()).parts) for pattern in names)


def _matches(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Return True if the parts of a path match those of a pattern, in which `**` is any number of folders."""
    if not pattern or not parts:
        return not parts and all(part == "**" for part in pattern)
    if pattern[0] == "**":
        return _matches(parts, pattern[1:]) or _matches(parts[1:], pattern)
    return fnmatchcase(parts[0], pattern[0]) and _matches(parts[1:], pattern[1:])


def _git_top(path: Path) -> Path | None:
    """Return the working tree that a path is in, None if it is in none.

    A repository cannot contain a folder named `.git`, so a pull request cannot place one to have its configuration used.
    """
    return next((folder for folder in path.parents if os.path.lexists(folder / ".git")), None)


def _is_tracked(path: Path, top: Path, on_wait: WaitObserver) -> bool:
    """Return True if git tracks the file; False if git is not installed or fails."""
    git = shutil.which("git")
    if git is None:
        return False
    # The folder is given, so that git does not search for one; the option disables a program that git would run.
    command = [git, f"--git-dir={top / '.git'}", f"--work-tree={top}", "-c", "core.fsmonitor=false"]
    inner = path.relative_to(top).as_posix()
    listed = [*command, "--literal-pathspecs", "ls-files", "-z", "--cached", "--", inner]
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    what = f"git to say whether it tracks {path}"
    try:
        with on_wait(Waiting(kind=WaitKind.PROGRAM, what=what, seconds=_GIT_SECONDS, at_most=True)):
            # Arguments are a list, and the path follows `--`.
            ran = subprocess.run(  # noqa: S603 - see above
                listed, cwd=top, env=environment, capture_output=True, timeout=_GIT_SECONDS, check=False
            )
    except (OSError, subprocess.SubprocessError):
        return False
    return bool(ran.stdout)
