"""A workspace on the embedded emulator: run commands, inspect the site, edit it as the Wix Editor would."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from galleryctl.cli.main import run
from galleryctl.emulator import Emulator, create_emulator
from galleryctl.http import httpx

Doc = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResult:
    """The exit code, standard output and standard error of a command."""

    code: int
    out: str
    err: str

    @property
    def requests(self) -> list[str]:
        """`METHOD path` of each request of a command that was run with -vv."""
        return [line.split(" → ")[0] for line in self.err.splitlines() if " → " in line]


@dataclass(slots=True)
class CliHarness:
    """A workspace in `root` and the emulated site of its local backend."""

    root: Path
    capture: pytest.CaptureFixture[str]

    def write(self, name: str, text: str) -> None:
        """Write a file of the workspace."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def write_photo(self, name: str, shade: int) -> None:
        """Create a photo; its content depends on `shade` alone."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (64, 48), (shade % 256, shade // 256 % 256, 90)).save(path, "JPEG")

    def write_gallery(self, items: Sequence[str], *, name: str = "weddings", head: str = "") -> None:
        """Write a gallery manifest; each item is a YAML flow mapping."""
        lines = "".join(f"  - {item}\n" for item in items)
        head = head or "bind: {name: Weddings, create: true}\nname: Weddings\n"
        self.write(f"galleries/{name}.yaml", f"gallery: {name}\n{head}items:\n{lines or '  []'}\n")

    def run(self, *args: str) -> CommandResult:
        """Run `galleryctl -C ROOT ARGS`."""
        self.capture.readouterr()
        code = run(["-C", str(self.root), *args])
        out, err = self.capture.readouterr()
        return CommandResult(code=code, out=out, err=err)

    def copyable(self, command: str) -> str:
        """Return the command as messages show it."""
        return f"galleryctl -C {self.root} {command}"

    def apply(self, *args: str) -> CommandResult:
        """Run `apply --auto-approve` and check that it succeeds."""
        ran = self.run("apply", "--auto-approve", *args)
        assert ran.code == 0, ran.out + ran.err
        return ran

    def assert_no_changes(self) -> None:
        """Check that the next plan is empty."""
        ran = self.run("plan", "--detailed-exitcode")
        assert ran.code == 0, ran.out + ran.err

    def call_api(self, method: str, path: str, body: Doc | None = None) -> Doc:
        """Call the emulator with the site's own key."""
        return call_emulator(self.root / ".galleryctl/emulator/main", method, path, body)

    def galleries(self) -> list[Doc]:
        """Return the live galleries, as the API lists them."""
        galleries: list[Doc] = self.call_api("GET", "/progallery/v2/galleries?limit=10")["galleries"]
        return galleries

    def items(self, gallery: str = "Weddings") -> list[Doc]:
        """Return the live items of the gallery with this name, in sort order."""
        (found,) = [g for g in self.galleries() if g.get("name") == gallery]
        items: list[Doc] = []
        while len(items) < found["totalItems"]:
            page = f"/progallery/v2/galleries/{found['id']}/items?itemLimit=100&itemOffset={len(items)}"
            items += self.call_api("GET", page)["items"]
        return items

    def titles(self, gallery: str = "Weddings") -> list[str]:
        """Return the titles of the live items, in display order."""
        return [item.get("title") or "" for item in self.items(gallery)]

    def files(self) -> list[Doc]:
        """Return the files in all folders of the Media Manager."""
        files: list[Doc] = []
        paging: Doc = {"limit": 100}
        while True:
            page = self.call_api("POST", "/site-media/v1/files/search", {"search": "", "paging": paging})
            files += page["files"]
            if not page["nextCursor"]["hasNext"]:
                return files
            paging["cursor"] = page["nextCursor"]["cursors"]["next"]

    def edit(self, *edits: Doc) -> list[Doc]:
        """Edit the site as the Editor would."""
        results: list[Doc] = self.call_api("POST", "/_emulator/edit", {"edits": list(edits)})["results"]
        return results

    def state(self) -> Doc:
        """Return the content of the state file."""
        state: Doc = json.loads((self.root / ".galleryctl/state.json").read_text(encoding="utf-8"))
        return state


def call_emulator(data: Path, method: str, path: str, body: Doc | None = None) -> Doc:
    """Send a request with the key of the emulated site in `data`, check that it succeeds, and return the response."""
    emulator = create_emulator(data)
    try:
        return asyncio.run(_call(emulator, method, path, body))
    finally:
        emulator.close()


async def _call(emulator: Emulator, method: str, path: str, body: Doc | None) -> Doc:
    ready = emulator.ready
    headers = {"Authorization": ready.api_key, "wix-site-id": ready.site_id}
    transport = httpx.ASGITransport(app=emulator.app)
    async with httpx.AsyncClient(transport=transport, base_url=ready.base_url, headers=headers) as http:
        response = await http.request(method, path, json=body)
    assert response.status_code == 200, response.text
    document: Doc = response.json()
    return document
