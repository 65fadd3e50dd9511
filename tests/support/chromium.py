"""A headless Chromium, controlled through its debugging pipe, without a driver or a port."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from tests.support import needs

Message = dict[str, Any]
EXECUTABLES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
         "--no-first-run", "--remote-debugging-pipe")  # fmt: skip
# Chromium reads from descriptor 3 and writes to 4.
ONTO_3_AND_4 = (
    "import os, sys; r, w = (os.dup(int(n)) for n in sys.argv[1:3]); "
    "a, b = os.dup(r), os.dup(w); os.dup2(a, 3); os.dup2(b, 4); os.execvp(sys.argv[3], sys.argv[3:])"
)


@dataclass(slots=True)
class Tab:
    """One tab: its command and response streams, and the events received so far."""

    commands: BinaryIO
    responses: BinaryIO
    session: str = ""
    number: int = 0
    events: list[Message] = field(default_factory=list)

    def send(self, method: str, **params: Any) -> Message:
        """Send one command and return its result."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        self.commands.write(json.dumps(message).encode() + b"\0")
        self.commands.flush()
        while (answer := self._next()).get("id") != self.number:
            self.events.append(answer)
        assert "error" not in answer, (method, answer)
        result: Message = answer["result"]
        return result

    def _next(self) -> Message:
        text = b""
        while not text.endswith(b"\0"):
            byte = self.responses.read(1)
            assert byte, "Chromium ended"
            text += byte
        message: Message = json.loads(text[:-1])
        return message

    def open(self, url: str) -> None:
        """Open a page and wait until all its images are loaded or failed, lazy ones included."""
        self.send("Page.navigate", url=url)
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._next())
        self.evaluate(
            "Promise.all([...document.images].map(i => { i.loading = 'eager';"
            " return i.complete || new Promise(done => { i.onload = i.onerror = done }) })).then(() => 0)"
        )

    def evaluate(self, expression: str) -> Any:
        """Return the JSON value of a JavaScript expression, awaiting a promise."""
        answer = self.send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def events_named(self, method: str) -> list[Message]:
        """Return the parameters of all events of this method so far."""
        return [event["params"] for event in self.events if event.get("method") == method]


@contextmanager
def open_tab(profile: Path, *, width: int = 1280, height: int = 9000) -> Iterator[Tab]:
    """Open a browser with one tab, tall enough to show a page without scrolling."""
    found = needs.command(*EXECUTABLES, package="chromium")
    (their_in, our_out), (our_in, their_out) = os.pipe(), os.pipe()
    command = [sys.executable, "-c", ONTO_3_AND_4, str(their_in), str(their_out)]
    process = subprocess.Popen(
        [*command, found, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
        pass_fds=(their_in, their_out), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(their_in)
    os.close(their_out)
    try:
        with os.fdopen(our_out, "wb") as commands, os.fdopen(our_in, "rb") as answers:
            tab = Tab(commands, answers)
            target = tab.send("Target.createTarget", url="about:blank")["targetId"]
            tab.session = tab.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "Log"):
                tab.send(f"{domain}.enable")
            tab.send(
                "Emulation.setDeviceMetricsOverride",
                width=width,
                height=height,
                deviceScaleFactor=1,
                mobile=False,
            )
            yield tab
            tab.session = ""
            tab.send("Browser.close")
        process.wait(20)
    finally:
        process.kill()
        process.wait()
