"""The commits of a checkout, read with git: nothing that a file or the configuration of the repository names is run.

Only commands that compare commits and trees are used: they run no hooks, filters, text conversions or credential
helpers, and nothing is fetched. git gets no variable of the job but PATH, and no configuration but ours.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from galleryctl.model.errors import GalleryctlError
from galleryctl.model.waiting import Waiting, WaitKind, WaitObserver, unobserved

_SECONDS = 120
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SETTINGS = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.pager": "cat",
    "diff.external": "",
    "protocol.allow": "never",
    "safe.directory": "*",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """A working tree; `top` is its first folder."""

    top: Path
    on_wait: WaitObserver = unobserved

    @classmethod
    def of(cls, folder: Path, *, on_wait: WaitObserver = unobserved) -> Checkout:
        """Return the working tree that a folder is in. Raises GalleryctlError."""
        if not folder.is_dir():
            raise GalleryctlError("not a folder", where=folder)
        top = _git(folder, on_wait, "rev-parse", "--show-toplevel")
        return cls(top=Path(top.decode(errors="surrogateescape").rstrip("\n")), on_wait=on_wait)

    def head(self) -> str:
        """Return the commit that is checked out."""
        return self.commit("HEAD")

    def commit(self, ref: str) -> str:
        """Return the commit of a branch, tag or commit. Raises GalleryctlError."""
        do = "fetch it first: in actions/checkout with fetch-depth: 0, in GitLab CI with GIT_DEPTH: 0"
        text = _git(self.top, self.on_wait, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}", what=f"unknown commit {ref!r:.100}", do=do)  # fmt: skip
        found = text.decode(errors="replace").strip()
        if not _COMMIT.fullmatch(found):
            raise GalleryctlError(f"unknown commit {ref!r:.100}", where=self.top, do=do)
        return found

    def changed_files(self, since: str) -> tuple[PurePosixPath, ...]:
        """Return the files that the checked out commit changed, compared with where it left the history of `since`."""
        do = "fetch the whole history: in actions/checkout with fetch-depth: 0, in GitLab CI with GIT_DEPTH: 0"
        start = _git(self.top, self.on_wait, "merge-base", self.commit(since), self.head(), what=f"no common commit with {since!r:.100}", do=do)  # fmt: skip
        names = _git(self.top, self.on_wait, "diff-tree", "-r", "-z", "--name-only", "--no-renames", "--no-ext-diff", "--no-textconv", start.decode().split("\n")[0], self.head())  # fmt: skip
        return tuple(PurePosixPath(name) for name in _names(names))

    def blobs(self, folder: PurePosixPath) -> Mapping[PurePosixPath, str]:
        """Return the hash of each regular file of the checked out commit below a folder."""
        listed = _git(self.top, self.on_wait, "--literal-pathspecs", "ls-tree", "-r", "-z", "--full-tree", self.head(), "--", str(folder))  # fmt: skip
        entries = (entry.partition("\t") for entry in _names(listed))
        parts = ((meta.split(" "), PurePosixPath(name)) for meta, _, name in entries)
        return {name: meta[2] for meta, name in parts if meta[0].startswith("100")}


def _names(listed: bytes) -> Sequence[str]:
    return [name.decode(errors="surrogateescape") for name in listed.split(b"\0") if name]


def _git(folder: Path, on_wait: WaitObserver, *arguments: str, what: str = "git failed", do: str = "") -> bytes:
    """Return what git prints. Raises GalleryctlError."""
    settings = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
    environ = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.devnull,
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
    }
    waiting = Waiting(kind=WaitKind.PROGRAM, what=f"git {arguments[0]}", seconds=_SECONDS, at_most=True)
    try:
        with on_wait(waiting):
            ran = subprocess.run(  # noqa: S603 - fixed commands; names follow --end-of-options or are hashes
                ["git", "--no-pager", *settings, *arguments],  # noqa: S607 - the git of the job
                cwd=folder,
                env=environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
    except FileNotFoundError as error:
        raise GalleryctlError("git is not installed", do="install git in the image of the job") from error
    except subprocess.TimeoutExpired as error:
        raise GalleryctlError(f"git was not done within {_SECONDS} seconds", where=folder) from error
    if ran.returncode:
        why = ran.stderr.decode(errors="replace").strip()[:500]
        raise GalleryctlError(what, where=folder, why=why, do=do)
    return ran.stdout
