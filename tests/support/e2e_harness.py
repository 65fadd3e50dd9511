"""A workspace against an emulator that is a process of its own, and the command line tool as a process of its own."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
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
ENVIRONMENT_NAMES = {"SITE": "site_id", "KEY": "api_key", "URL": "base_url"}
"""Environment variables of the workspace → names in the emulator's ready file."""
CREATE_ITEM_REQUESTS = {"method": "POST", "path": "/items$"}
"""Which requests make an item."""
WORKSPACE_YAML = """\
galleryctl: 1
backend: {type: wix, base_url: "${URL}"}
sites: {main: {site_id: "${SITE}", auth: {api_key: "${KEY}"}}}
galleries: galleries/*.yaml
limits: {max_requests_per_minute: 1000000, max_delete_percent: 100, concurrency: 4}
"""


@cache
def forkserver_context() -> ForkServerContext:
    """Makes processes by forking one that has imported what a command needs: most of a command's time is that."""
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
        ]
    )
    return context


def run_commands(lines: list[list[str]], environment: dict[str, str], stdin: str, out: str, err: str) -> None:
    """What the process of these command lines does, from its standard streams to its exit code."""
    from galleryctl.cli.main import run  # noqa: PLC0415 - imported in the process that runs it

    os.environ.update(environment)
    for number, path in enumerate((stdin, out, err)):
        descriptor = os.open(path, os.O_RDONLY if path == stdin else os.O_WRONLY)
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - multiprocessing took it away
    sys.exit(next((code for code in map(run, lines) if code), 0))


@dataclass(slots=True)
class RunningCommand:
    """A `galleryctl` under way, or over."""

    process: ForkServerProcess
    out_path: Path
    err_path: Path

    @property
    def out(self) -> str:
        """What it has written to its standard output so far."""
        return self.out_path.read_text(encoding="utf-8")

    @property
    def err(self) -> str:
        """What it has written to its standard error so far."""
        return self.err_path.read_text(encoding="utf-8")

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self.process.pid is not None
        return self.process.pid

    def send(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it, should it still run."""
        with suppress(ProcessLookupError):
            self.send(signal.SIGKILL)

    def wait(self) -> int:
        """Its exit code, once it has ended; the number of the signal that killed it, negative."""
        self.process.join(TIMEOUT)
        assert self.process.exitcode is not None, "it does not end"
        return self.process.exitcode

    def wait_for_stderr(self, text: str) -> None:
        """Return once it has written `text` to its standard error."""
        self._wait_until(lambda: text in self.err)

    def wait_for_question(self) -> None:
        """Return once it waits for a line on its standard input."""
        # The system call that it is in, and its first argument: the descriptor that it reads.
        needs.linux("/proc/self/syscall")
        place = Path(f"/proc/{self.pid}/syscall")
        self._wait_until(lambda: place.read_text().split()[1:2] == ["0x0"])

    def _wait_until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + TIMEOUT
        while not holds():
            assert self.process.is_alive(), f"it ended: {self.out}{self.err}"
            assert time.monotonic() < deadline, f"it does not come to that: {self.out}{self.err}"
            time.sleep(0.01)


def text_items(count: int, *, prefix: str = "T") -> list[str]:
    """That many text items, as YAML flow mappings; their titles are the prefix and a number of two digits."""
    return [f"{{key: t{n:02}, title: {prefix}{n:02}, text: '<p>{prefix}{n}</p>'}}" for n in range(count)]


@dataclass(slots=True)
class ServedWorkspace:
    """The workspace in `root`, whose site is the emulator that `ready` tells of."""

    root: Path
    ready: Doc
    http: httpx.Client

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a command in this workspace."""
        named = {name: str(self.ready[key]) for name, key in ENVIRONMENT_NAMES.items()}
        return os.environ | named | {"PYTHONPATH": str(PROJECT_ROOT)}

    def write(self, name: str, content: str | bytes) -> None:
        """Write a file of the workspace."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def write_photo(self, name: str, shade: int) -> None:
        """Write a photo; each shade is a content of its own."""
        self.write(f"photos/{name}.jpg", jpeg_bytes(shade))

    def write_gallery(self, items: Sequence[str], name: str = "weddings", *, head: str = "") -> None:
        """Write a manifest; each item is a YAML flow mapping."""
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
        """Start one process that runs the commands one after the other, up to the first that does not end with 0."""
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

    def run(self, *args: str) -> RunningCommand:
        """Run `galleryctl -C ROOT ARGS` to its end."""
        command = self.start(*args)
        command.wait()
        return command

    def apply(self) -> None:
        """Run `galleryctl apply --auto-approve`, which must go well."""
        ran = self.run("apply", "--auto-approve")
        assert ran.wait() == 0, ran.out + ran.err

    def assert_applied(self, titles: Sequence[str]) -> None:
        """The gallery shows these titles, and there is nothing left to do."""
        assert self.titles() == list(titles)
        assert self.run("plan", "--detailed-exitcode").wait() == 0

    def age_journal(self) -> None:
        """Make the journal of a broken-off run look old, so that the next run need not wait for reads to settle."""
        for journal in (self.root / ".galleryctl").glob("journal*"):
            journal.write_text(re.sub(r'"at":[0-9.]+', '"at":1.0', journal.read_text()))

    def call_control(self, path: str, body: Doc) -> Doc:
        """A control call of the emulator, which must go well."""
        response = self.http.post(f"/_emulator/{path}", json=body)
        assert response.status_code == 200, response.text
        answer: Doc = response.json()
        return answer

    def hold(self, when: str = "before", **which: Any) -> None:
        """Keep the requests that `which` describes unanswered, before or after they are carried out."""
        self.call_control("faults", {"script": [{"fault": "hold", "when": when, **which}]})

    def wait_for_held(self, count: int = 1) -> None:
        """Return once so many requests are held."""
        self.call_control("holds/wait", {"count": count, "timeout_ms": TIMEOUT * 1000})

    def release(self, *, drop: bool = False) -> None:
        """Let what is held go, and hold nothing more."""
        self.call_control("faults", {})
        self.call_control("holds/release", {"drop": drop})

    def call_api(self, method: str, path: str, body: Doc | None = None) -> Doc:
        """A call of the API with the site's own key."""
        headers = {"Authorization": self.ready["api_key"], "wix-site-id": self.ready["site_id"]}
        response = self.http.request(method, path, json=body, headers=headers)
        assert response.status_code == 200, response.text
        answer: Doc = response.json()
        return answer

    def titles(self, gallery: str = "Weddings") -> list[str]:
        """The titles of a gallery's items, in the order of display."""
        listed = self.call_api("GET", "/progallery/v2/galleries?limit=10")["galleries"]
        (found,) = [entry for entry in listed if entry.get("name") == gallery]
        items = self.call_api("GET", f"/progallery/v2/galleries/{found['id']}/items?itemLimit=100")["items"]
        return [item.get("title", "") for item in items]


@contextmanager
def serve_workspace(folder: Path) -> Iterator[ServedWorkspace]:
    """An emulator in a process of its own, and an empty workspace in `folder`."""
    with start_server(folder / "ready.json", "emulator", "--data", str(folder / "emulator"), "-q") as emulator:
        ready = emulator.ready
        with httpx.Client(base_url=ready["base_url"], timeout=TIMEOUT + 10) as http:
            served = ServedWorkspace(folder / "workspace", ready, http)
            served.write("galleryctl.yaml", WORKSPACE_YAML)
            yield served
        emulator.stop()
