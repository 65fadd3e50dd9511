"""An apply whose files are copied while it runs, so that a test can put them back as a kill at that moment leaves them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from galleryctl.http import httpx
from tests.support.cli_harness import CliHarness

FOLDER = ".galleryctl"
JOURNAL = f"{FOLDER}/journal-main.jsonl"
_SITE = "emulator/main"


@dataclass(slots=True)
class KilledRun:
    """A run that can be killed after each line of its journal.

    `copies` has the files of the state and the site, each time that the journal had grown. The requests of a step lie
    between its two lines, so a copy is made before the first request of each step, and one when the journal is complete.
    """

    copies: Path
    lines: list[bytes] = field(default_factory=list)

    def look(self, root: Path) -> None:
        """Copy the files if the journal has grown."""
        journal = root / JOURNAL
        lines = journal.read_bytes().splitlines(keepends=True) if journal.exists() else []
        if len(lines) > len(self.lines):
            self.lines = lines
            shutil.copytree(root / FOLDER, self.copies / str(len(lines)))

    def leave(self, root: Path, line_count: int, *, sent: bool = True) -> None:
        """Put the files in `root` as a kill after that many lines leaves them, in the middle of the next line.

        Each step that was begun is done on the site; unless `sent` the last one of them is not.
        """
        copies = sorted(int(path.name) for path in self.copies.iterdir())
        later = (copy for copy in copies if copy > line_count or (copy == line_count and not sent))
        shutil.rmtree(root / FOLDER)
        shutil.copytree(self.copies / str(copies[0]), root / FOLDER)  # the state as it was before the run
        shutil.rmtree(root / FOLDER / _SITE)
        shutil.copytree(self.copies / str(next(later, copies[-1])) / _SITE, root / FOLDER / _SITE)
        torn = b"".join(line[: len(line) // 2] for line in self.lines[line_count : line_count + 1])
        (root / JOURNAL).write_bytes(b"".join(self.lines[:line_count]) + torn)


def watch_apply(studio: CliHarness, copies: Path) -> KilledRun:
    """Apply, and copy the files whenever the journal has grown."""
    run = KilledRun(copies)
    send, unlink = httpx.ASGITransport.handle_async_request, Path.unlink

    async def watched_send(transport: httpx.ASGITransport, request: httpx.Request) -> httpx.Response:
        run.look(studio.root)
        return await send(transport, request)

    def watched_unlink(path: Path, missing_ok: bool = False) -> None:  # the complete journal is removed
        run.look(studio.root)
        unlink(path, missing_ok=missing_ok)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx.ASGITransport, "handle_async_request", watched_send)
        patch.setattr(Path, "unlink", watched_unlink)
        studio.apply()
    return run
