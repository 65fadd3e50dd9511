"""Says why a file of the workspace cannot be used, and what to do."""

from __future__ import annotations

import os
import re
import shlex
import stat
from pathlib import Path
from typing import NamedTuple

from galleryctl.manifest.files.search import placeholder_names

POINTER_BYTES = 512
"""The number of bytes that `describe_pointer` needs."""
_LFS_START = b"version https://git-lfs.github.com/spec/"
_LFS_DIGEST = re.compile(r"^oid sha256:([0-9a-f]{64})$", re.MULTILINE)
_ANNEX_START = re.compile(r"/?(?:\.git/)?annex/objects/")
"""The content of an unlocked file of git-annex that is not here."""
_ANNEX_LINK = re.compile(r"(?:^|/)\.git/annex/objects/")
_ANNEX_DIGEST = re.compile(r"/SHA256E?-s[0-9]+--([0-9a-f]{64})")
_FILE_TYPES = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class Unusable(NamedTuple):
    """Why a file cannot be used, and the SHA-256 of its content if a pointer to it says so, else ""."""

    why: str
    sha256: str = ""


def describe_pointer(path: str, head: bytes) -> Unusable | None:
    """Return why a file is only a pointer to its content, with the command that fetches it; None if it is none."""
    text = head.decode("utf-8", "replace")
    if head.startswith(_LFS_START):
        why = f"{path} is a Git LFS pointer, not the file itself; fetch it: git lfs pull --include={shlex.quote(path)}"
        return Unusable(why, _first_group(_LFS_DIGEST, text))
    if _ANNEX_START.match(text):
        why = f"{path} is a git-annex pointer, not the file itself; fetch it: {_annex_get(path)}"
        return Unusable(why, _first_group(_ANNEX_DIGEST, text))
    return None


def describe_missing(root: Path, path: str) -> Unusable | None:
    """Return why there is nothing at a path: a link to nothing, or a file elsewhere; None without a trace of a file."""
    folder, name = (root / path).parent, (root / path).name
    if placeholder := next((each for each in placeholder_names(name) if os.path.lexists(folder / each)), None):
        return Unusable(f"{path} is not on this machine, only its placeholder {placeholder} of a cloud; download it")
    try:
        target = os.readlink(root / path)  # noqa: PTH115 - the text of the link
    except OSError:
        return None
    if _ANNEX_LINK.search(target):
        why = f"{path} is a git-annex link, and its content is not here; fetch it: {_annex_get(path)}"
        return Unusable(why, _first_group(_ANNEX_DIGEST, target))
    return Unusable(f"{path} is a link to {target}, which does not exist; restore that file, or remove the link")


def type_problem(path: str, real: Path) -> str:
    """Return what the path is instead of a file; "" for a folder and for a file."""
    try:
        mode = real.stat().st_mode
    except OSError:
        return ""
    kind = next((name for is_type, name in _FILE_TYPES if is_type(mode)), "")
    return f"{path} is {kind}, not a file; replace or remove it" if kind else ""


def _annex_get(path: str) -> str:
    return f"git annex get {shlex.quote(path)}"


def _first_group(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""
