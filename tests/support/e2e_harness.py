"""A workspace with the emulator and each command in separate processes."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

from galleryctl.http import httpx
from tests.support import needs
from tests.support.engine_harness import jpeg_bytes
from tests.support.processes import PROJECT_ROOT, TIMEOUT, start_server

Doc = dict[str, Any]
ENVIRONMENT_NAMES = {"WIX_SITE_ID": "site_id", "WIX_API_KEY": "api_key", "GALLERYCTL_API_URL": "base_url"}
"""Environment variables of the workspace → names in the emulator's ready file."""
CREATE_ITEM_REQUESTS = {"method": "POST", "path": "/items$"}
"""Matches the requests that create an item."""
WORKSPACE_YAML = """\
galleryctl: 1
backend: {type: wix}
sites: {main: {site_id: "${WIX_SITE_ID}", auth: {api_key: "${WIX_API_KEY}"}}}
galleries: galleries/*.yaml
limits: {max_requests_per_minute: 1000000, max_delete_percent: 100, concurrency: 4}
"""


@cache
def forkserver_context() -> ForkServerContext:
    """Return a context that forks processes from one with all imports done, which take most of a command's time."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        [
            "galleryctl.cli.main",
            "galleryctl.cli.run.apply",
            "galleryctl.cli.commands.apply",
            "galleryctl.cli.commands.plan",
            "galleryctl.report.text",
            "galleryctl.report.json",
            "jsonschema",
            "PIL.JpegImagePlugin",
            "anyio._backends._asyncio",
            "galleryctl.plan.file.codec",
            "getpass",
            "httpcore",
            "tenacity.asyncio",
            "galleryctl.report.render",
            "galleryctl.cli.run.plan",
            "pytest",  # the main module, which each process imports
            "tests.support.e2e_harness",  # this module, with the emulator: each process unpickles its `run_commands`
        ]
    )
    return context


def run_commands(lines: list[list[str]], environment: dict[str, str], stdin: str, out: str, err: str) -> None:
    """Run these command lines in this process, from replacing its standard streams to its exit code."""
    from galleryctl.cli.main import run  # noqa: PLC0415 - imported in the process that runs the commands

    os.environ.update(environment)
    for number, path in enumerate((stdin, out, err)):
        descriptor = os.open(path, os.O_RDONLY if path == stdin else os.O_WRONLY)
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - multiprocessing has closed it
    sys.exit(next((code for code in map(run, lines) if code), 0))


@dataclass(slots=True)
class RunningCommand:
    """A `galleryctl` process, running or ended."""

    process: ForkServerProcess
    out_path: Path
    err_path: Path

    @property
    def out(self) -> str:
        """The standard output so far."""
        return self.out_path.read_text(encoding="utf-8")

    @property
    def err(self) -> str:
        """The standard error so far."""
        return self.err_path.read_text(encoding="utf-8")

    @property
    def pid(self) -> int:
        """The process id."""
        assert self.process.pid is not None
        return self.process.pid

    def send(self, number: int) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill the process if it is still running."""
        with suppress(ProcessLookupError):
            self.send(signal.SIGKILL)

    def wait(self, *, within: float = TIMEOUT) -> int:
        """Wait for the end and return the exit code, or the negative number of the signal that killed the process."""
        self.process.join(within)
        assert self.process.exitcode is not None, "it does not end"
        return self.process.exitcode

    def wait_for_stderr(self, text: str) -> None:
        """Wait until standard error contains `text`."""
        self._wait_until(lambda: text in self.err)

    def wait_for_question(self) -> None:
        """Wait until the process reads a line from its standard input."""
        # the current system call and its first argument, the descriptor being read
        needs.linux("/proc/self/syscall")
        place = Path(f"/proc/{self.pid}/syscall")
        self._wait_until(lambda: place.read_text().split()[1:2] == ["0x0"])

    def _wait_until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + TIMEOUT
        while not condition():
            assert self.process.is_alive(), f"the process ended: {self.out}{self.err}"
            assert time.monotonic() < deadline, f"timeout: {self.out}{self.err}"
            time.sleep(0.01)


def text_items(count: int, *, prefix: str = "T") -> list[str]:
    """Return `count` text items as YAML flow mappings, titled by the prefix and a number of two digits."""
    return [f"{{key: t{n:02}, title: {prefix}{n:02}, text: '<p>{prefix}{n}</p>'}}" for n in range(count)]


@dataclass(slots=True)
class ServedWorkspace:
    """The workspace in `root`, whose site is the emulator that `ready` describes."""

    root: Path
    ready: Doc
    http: httpx.Client

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables of a command in this workspace."""
        named = {name: str(self.ready[key]) for name, key in ENVIRONMENT_NAMES.items()}
        return os.environ | named | {"PYTHONPATH": str(PROJECT_ROOT)}

    def write(self, name: str, content: str | bytes) -> None:
        """Write a file of the workspace."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def write_photo(self, name: str, shade: int) -> None:
        """Write a photo; its content depends on `shade` alone."""
        self.write(f"photos/{name}.jpg", jpeg_bytes(shade))

    def write_gallery(self, items: Sequence[str], name: str = "weddings", *, head: str = "") -> None:
        """Write a gallery manifest; each item is a YAML flow mapping."""
        title = name.capitalize()
        lines = "".join(f"  - {item}\n" for item in items)
        start = f"gallery: {name}\nbind: {{name: {title}, create: true}}\nname: {title}\nprotect: false\n"
        self.write(f"galleries/{name}.yaml", f"{start}{head}items:\n{lines or '  []'}\n")

    def start(self, *args: str, stdin: str = os.devnull, stderr: Path | None = None) -> RunningCommand:
        """Start `galleryctl -C ROOT ARGS`; `stdin` and `stderr` may be a terminal."""
        return self.start_all(args, stdin=stdin, stderr=stderr)

    def start_all(
        self, *commands: Sequence[str], stdin: str = os.devnull, stderr: Path | None = None
    ) -> RunningCommand:
        """Start one process that runs the commands in order, up to the first that fails."""
        folder = self.root.parent / "output"
        folder.mkdir(exist_ok=True)
        number = len(list(folder.iterdir()))
        out, err = folder / f"{number}.out", stderr or folder / f"{number}.err"
        for path in (out, err):
            path.touch()
        lines = [["-C", str(self.root), *args] for args in commands]
        arguments = (lines, self.environment, stdin, str(out), str(err))
        process = forkserver_context().Process(target=run_commands, args=arguments)
        process.start()
        return RunningCommand(process, out, err)

    def spawn(self, *command: str) -> subprocess.Popen[str]:
        """Start a program with the environment of the workspace, with pipes for its output: a process of its own."""
        return subprocess.Popen(
            command,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *args: str) -> RunningCommand:
        """Run `galleryctl -C ROOT ARGS` and return the ended process."""
        command = self.start(*args)
        command.wait()
        return command

    def apply(self) -> None:
        """Run `galleryctl apply --auto-approve` and check that it succeeds."""
        ran = self.run("apply", "--auto-approve")
        assert ran.wait() == 0, ran.out + ran.err

    def assert_applied(self, titles: Sequence[str]) -> None:
        """Check that the gallery has these titles and that the next plan is empty."""
        assert self.titles() == list(titles)
        assert self.run("plan", "--detailed-exitcode").wait() == 0

    def age_journal(self) -> None:
        """Make an interrupted run's journal look old, so that the next run does not wait for the API's read lag."""
        for journal in (self.root / ".galleryctl").glob("journal*"):
            journal.write_text(re.sub(r'"at":[0-9.]+', '"at":1.0', journal.read_text()))

    def call_control(self, path: str, body: Doc) -> Doc:
        """Send a control request to the emulator and check that it succeeds."""
        response = self.http.post(f"/_emulator/{path}", json=body)
        assert response.status_code == 200, response.text
        answer: Doc = response.json()
        return answer

    def hold(self, when: str = "before", **which: Any) -> None:
        """Hold the requests that match `which` without a response, before or after they take effect."""
        self.call_control("faults", {"script": [{"fault": "hold", "when": when, **which}]})

    def wait_for_held(self, count: int = 1) -> None:
        """Wait until `count` requests are held."""
        self.call_control("holds/wait", {"count": count, "timeout_ms": TIMEOUT * 1000})

    def release(self, *, drop: bool = False) -> None:
        """Release the held requests and hold no more."""
        self.call_control("faults", {})
        self.call_control("holds/release", {"drop": drop})

    def call_api(self, method: str, path: str, body: Doc | None = None) -> Doc:
        """Send a request with the site's key and check that it succeeds."""
        headers = {"Authorization": self.ready["api_key"], "wix-site-id": self.ready["site_id"]}
        response = self.http.request(method, path, json=body, headers=headers)
        assert response.status_code == 200, response.text
        answer: Doc = response.json()
        return answer

    def titles(self, gallery: str = "Weddings") -> list[str]:
        """Return the titles of a gallery's items, in display order."""
        listed = self.call_api("GET", "/progallery/v2/galleries?limit=10")["galleries"]
        (found,) = [entry for entry in listed if entry.get("name") == gallery]
        items = self.call_api("GET", f"/progallery/v2/galleries/{found['id']}/items?itemLimit=100")["items"]
        return [item.get("title", "") for item in items]


@contextmanager
def serve_workspace(folder: Path) -> Iterator[ServedWorkspace]:
    """Start an emulator process and yield an empty workspace in `folder`."""
    with start_server(folder / "ready.json", "emulator", "--data", str(folder / "emulator"), "-q") as emulator:
        ready = emulator.ready
        with httpx.Client(base_url=ready["base_url"], timeout=TIMEOUT + 10) as http:
            served = ServedWorkspace(folder / "workspace", ready, http)
            served.write("galleryctl.yaml", WORKSPACE_YAML)
            yield served
        emulator.stop()
