"""A `galleryctl` command in a fresh process, with its memory and its time."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support import needs
from tests.support.processes import PROJECT_ROOT

_CODE = """
import atexit, resource, shutil, sys
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
from galleryctl.cli.main import main
atexit.register(shutil.copyfile, "/proc/self/status", sys.argv.pop(1))
sys.argv[0] = "galleryctl"
main()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """An ended command: its exit code (negative if a signal killed it), its output, its seconds, and its peak memory."""

    code: int
    out: str
    err: str
    seconds: float
    megabytes: float


def run_measured(
    folder: Path,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    timeout: float,
    interrupt_when: Callable[[], bool] | None = None,
) -> Measured:
    """Run `galleryctl ARGUMENTS`; kill it after `timeout` seconds. Once `interrupt_when`, send it SIGINT.

    The memory is that of /proc, which begins with the program: getrusage also counts what its parent had before.
    """
    needs.linux("/proc/self/status")
    status = folder / "status"
    began = time.monotonic()
    with (
        (folder / "out").open("w+", encoding="utf-8") as out,
        (folder / "err").open("w+", encoding="utf-8") as err,
        subprocess.Popen(
            [sys.executable, "-c", _CODE, str(status), *arguments],
            env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT), **environment},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
        ) as process,
    ):
        if interrupt_when is not None:
            while not interrupt_when() and process.poll() is None and time.monotonic() < began + timeout:
                time.sleep(0.02)
            process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            status.write_text(Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8"), encoding="utf-8")
            process.kill()
            process.wait()
        seconds = time.monotonic() - began
        for stream in (out, err):
            stream.seek(0)
        peak = re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="utf-8") if status.exists() else "")
        return Measured(
            code=process.returncode,
            out=out.read(),
            err=err.read(),
            seconds=seconds,
            megabytes=int(peak[1]) / 1024 if peak else float("nan"),
        )
