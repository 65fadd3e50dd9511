"""`galleryctl` in a separate interpreter, for commands that serve until they are stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tests.support.cli_harness import CommandResult

PROJECT_ROOT = Path(__file__).parents[2]
TIMEOUT = 30
"""Seconds to wait for a step that normally takes one."""
GALLERYCTL_COMMAND = (
    sys.executable,
    "-c",
    "import sys; from galleryctl.cli.main import main; sys.argv[0] = 'galleryctl'; main()",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningServer:
    """A serving command: its process and its ready file."""

    process: subprocess.Popen[str]
    ready_file: Path

    @property
    def ready(self) -> dict[str, Any]:
        """The content of the ready file."""
        ready: dict[str, Any] = json.loads(self.ready_file.read_text(encoding="utf-8"))
        return ready

    def stop(self, number: signal.Signals = signal.SIGTERM) -> CommandResult:
        """Send the signal; return the exit code and the output."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=TIMEOUT)
        return CommandResult(code=self.process.returncode, out=out or "", err=err or "")


@contextmanager
def start_server(
    ready_file: Path,
    *args: str,
    environment: dict[str, str] | None = None,
    out: int | IO[bytes] = subprocess.PIPE,
    err: int | IO[bytes] = subprocess.PIPE,
) -> Iterator[RunningServer]:
    """Start `galleryctl ARGS --ready-file FILE`, wait for that file, and kill the process at the end of the block.

    `environment` extends this process's environment.
    """
    ready_file.unlink(missing_ok=True)
    process = subprocess.Popen(
        [*GALLERYCTL_COMMAND, *args, "--ready-file", str(ready_file)],
        env=os.environ | {"PYTHONPATH": str(PROJECT_ROOT)} | (environment or {}),
        stdout=out,
        stderr=err,
        text=True,
    )
    try:
        deadline = time.monotonic() + TIMEOUT
        while not ready_file.exists():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline, "it does not get ready"
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.02)
        yield RunningServer(process=process, ready_file=ready_file)
    finally:
        process.kill()
        process.communicate()
