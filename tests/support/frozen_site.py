"""The workspace and the emulated site of the files in tests/frozen, restored with the original ids."""

from __future__ import annotations

import base64
import json
import re
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli_harness import CliHarness, Doc, call_emulator

FROZEN = Path(__file__).parents[1] / "frozen"
PASSPHRASE = "the passphrase of the frozen files"
WORKSPACE = """\
galleryctl: 1
backend: {type: local}
galleries: galleries/*.yaml
limits: {concurrency: 1, max_delete_percent: 100}
"""
ENCRYPTED = WORKSPACE + "state: {passphrase: '${STATE_PASSPHRASE}'}\n"

TITLES = ["The first dance", "Cake", "Welcome", "Words", "The film", "The song", "Bye"]
"""The titles on the site, in display order, once the manifest `after` is applied."""

TEXT = frozenset(("what", "why", "do", "message", "reason", "found"))
"""Members with text for people: their wording is not frozen."""
_UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_FILE = re.compile(r"\b[0-9a-f]{6}_[0-9a-f]{32}(?=~mv2|\b)")
_TIME = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)")
_CALL = re.compile(r"(GET|POST|PUT|PATCH|DELETE) /[\w/{}-]+")
_VOLATILE = {
    "run": "<run>", "who": "<who>", "at": "<seconds>", "seconds": "<seconds>", "digest": "<digest>", "signature": "<signature>",
}  # fmt: skip


def read(name: str) -> Any:
    """Return the JSON value in a frozen file."""
    return json.loads((FROZEN / name).read_text(encoding="utf-8"))


def make_site(data: Path) -> None:
    """Create in `data` the emulated site that the frozen state describes."""
    site = read("site.json")
    call_emulator(data, "GET", "/_emulator/settings")  # creates the credentials
    credentials = data / "credentials.json"
    document = json.loads(credentials.read_text(encoding="utf-8"))
    credentials.write_text(json.dumps({**document, "site_id": site["site_id"]}), encoding="utf-8")
    change(data, site["before"])


@dataclass(slots=True)
class Frozen(CliHarness):
    """A workspace to restore frozen files in; `site` is the folder of the site that all tests copy."""

    site: Path

    def restore(self, manifest: str = "before", *, encrypted: bool = False) -> None:
        """Restore the workspace with this manifest and its state, and the site that this state describes."""
        self.write("galleryctl.yaml", ENCRYPTED if encrypted else WORKSPACE)
        self.want(manifest)
        shutil.copytree(FROZEN / "photos", self.root / "photos")
        shutil.copytree(self.site, self._data)
        state = "state-format-1-encrypted.json" if encrypted else "state-format-1.json"
        shutil.copy(FROZEN / state, self.root / ".galleryctl/state.json")

    def want(self, manifest: str) -> None:
        """Replace the manifest by another frozen one."""
        self.write("galleries/weddings.yaml", (FROZEN / f"manifests/{manifest}.yaml").read_text("utf-8"))

    def change(self, *steps: Doc) -> None:
        """Apply these changes to the site."""
        change(self._data, steps)

    def assert_applied(self) -> Doc:
        """Check that the site is as the manifest `after` says, with nothing twice; return the items in state."""
        assert self.titles() == TITLES
        assert sorted(file["displayName"] for file in self.files()) == ["cake.jpg", "dance.jpg"]
        known: Doc = json.loads(self.run("state", "list", "--format", "json").out)["galleries"]["weddings"]["items"]
        assert {item["id"] for item in known.values()} == {item["id"] for item in self.items()}
        self.assert_no_changes()
        return known

    @property
    def _data(self) -> Path:
        return self.root / ".galleryctl/emulator/main"


def change(data: Path, steps: Sequence[Doc]) -> None:
    """Upload photos as the workspace would, then apply edits as the Editor would."""
    for step in steps:
        if "upload" in step:
            _upload(data, **step["upload"])
    if edits := [step for step in steps if "upload" not in step]:
        call_emulator(data, "POST", "/_emulator/edit", {"edits": edits})


def _upload(data: Path, *, path: str, id: str, label: str) -> None:  # noqa: A002 - its name in the file
    url = f"https://example.com/{path}"
    content = base64.b64encode((FROZEN / path).read_bytes()).decode()
    call_emulator(data, "POST", "/_emulator/sources", {"url": url, "bytes_b64": content})
    call_emulator(data, "POST", "/_emulator/settings", {"import_pending_reads": 0})
    with pytest.MonkeyPatch.context() as patch:
        token = id.partition("_")[2].partition("~")[0]
        patch.setattr(secrets, "token_hex", lambda _size=None: token)
        body = {"url": url, "displayName": Path(path).name, "labels": [label], "filePath": "/galleryctl"}
        file = call_emulator(data, "POST", "/site-media/v1/files/import", body)["file"]
    assert file["id"] == id


def normalised(value: Any, root: Path, known: str = "") -> Any:
    """Return a JSON value without values that differ between runs and without the wording of messages.

    Ids in `known` are kept; others become `<id N>`, with the same number for equal ids.
    """
    names: dict[str, str] = {}

    def named(found: re.Match[str]) -> str:
        return found[0] if found[0] in known else names.setdefault(found[0], f"<id {len(names) + 1}>")

    def plain(part: Any, name: str = "") -> Any:
        if name == "requests":  # which requests an apply needs, and how many, may change
            assert all(_CALL.fullmatch(call) and type(number) is int for call, number in part.items())
            return {"<METHOD path>": "<number>"} if part else {}
        if name in _VOLATILE and part is not None:
            return _VOLATILE[name]
        if isinstance(part, dict):
            return {named_text(key): plain(member, key) for key, member in part.items()}
        if isinstance(part, list):
            return [plain(element) for element in part]
        if isinstance(part, str):
            for_people = name in TEXT or (name == "allow" and not part.startswith("--"))
            return "<text>" if for_people and part else named_text(part)
        return part

    def named_text(text: str) -> str:
        text = text.replace(str(root), "<workspace>")
        return _TIME.sub("<time>", _FILE.sub(named, _UUID.sub(named, text)))

    return plain(value)
