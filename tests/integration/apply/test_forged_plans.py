"""Edited plans with a matching digest: rejected before anything is written, and never an internal error."""

from __future__ import annotations

import asyncio
import copy
import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from galleryctl.engine.apply.run import ApplyResult
from galleryctl.engine.applying import apply_plan
from galleryctl.engine.progress import SilentProgress
from galleryctl.engine.site import revalidate
from galleryctl.engine.stop import Stop
from galleryctl.model.desired import Desired, UnmanagedPolicy
from galleryctl.model.errors import InvalidInput, StaleError
from galleryctl.plan.file.canonical import digest
from galleryctl.plan.file.codec import decode_plan, encode_plan
from galleryctl.plan.fingerprint import fingerprint
from galleryctl.session.open import lock_owner
from galleryctl.wix.codec import decode_gallery
from tests.support.engine_harness import Doc, EngineHarness, make_desired, make_gallery, text_item, video_item

READS = ("GET", "HEAD")
LOOKS = ("/files/get-files", "/files/search")


class Forge:
    """A site with a managed and an unmanaged gallery, and a plan with every kind of change."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.world = self._site()

    def _site(self) -> EngineHarness:
        world = EngineHarness(Path(tempfile.mkdtemp(dir=self.root)))
        ours = (world.photo_item("a", 1), text_item("b"), video_item("c", 1), text_item("d"), text_item("e"))
        parties = make_gallery(text_item("x"), gallery="parties", name="Parties")
        assert world.apply(make_desired(*ours, others=[parties])).report.exit_code == 0
        text = {"type": "TEXT", "text": {"html": "<p>theirs</p>"}}
        (made,) = world.edit({"gallery": None, "set": {"name": "Theirs", "sortOrder": 77}})
        self.theirs = made["gallery"]["id"]
        self.ours = next(g["id"] for g in world.galleries() if g["name"] == "Weddings")
        inside = world.edit(
            {"gallery": self.theirs, "item": None, "set": {**text, "sortOrder": 1}},
            {"gallery": self.ours, "item": None, "set": {**text, "sortOrder": 900}},
        )
        self.strangers = [made["item"]["id"] for made in inside]
        self.before = self.untouched(world)
        self.document = json.loads(json.dumps(encode_plan(world.plan(self.desired(world)))))
        self.begun = self.moved_on(world)
        return world

    def desired(self, world: EngineHarness) -> Desired:
        """Create, update, replace, move and delete items; create and delete a gallery; upload a photo."""
        new = make_gallery(text_item("y"), world.photo_item("z", 5), gallery="new", name="New")
        items = (
            text_item("d"),
            world.photo_item("a", 2),
            text_item("c"),
            text_item("b", html="<p>New</p>"),
            world.photo_item("f", 3),
        )
        return make_desired(*items, others=[new], unmanaged=UnmanagedPolicy.KEEP)

    def untouched(self, world: EngineHarness) -> object:
        """Return the unmanaged gallery with its items, and the unmanaged item in the managed gallery."""
        items = [item for name in ("Theirs", "Weddings") for item in world.items(name)]
        gallery = next(g for g in world.galleries() if g["id"] == self.theirs)
        return gallery, [item for item in items if item["id"] in self.strangers]

    def fresh(self) -> EngineHarness:
        """Record the site and the state before the plan."""
        if self.moved_on(self.world) != self.begun:
            self.world.close()
            self.world = self._site()
        self.world.requests.clear()
        return self.world

    def moved_on(self, world: EngineHarness) -> object:
        """Return values that change with any write to the site or the state."""
        return world.emulator.pipeline.site.store.write_no, (world.root / "state.json").read_text(encoding="utf-8")


def written(request: str) -> bool:
    """Return True if the request changes the site."""
    return request.split(maxsplit=1)[0] not in READS and not request.endswith(LOOKS)


def apply(world: EngineHarness, document: Doc) -> ApplyResult:
    """The outcome of applying a saved plan."""

    async def run() -> ApplyResult:
        plan = decode_plan(document)
        async with world.open_site() as site:
            planned = await revalidate(site, plan)
            return await apply_plan(site, planned, owner=lock_owner("apply"), stop=Stop(), progress=SilentProgress())

    return asyncio.run(run())


def mended(document: Doc) -> Doc:
    """Return the document with a matching digest."""
    rest = {name: value for name, value in document.items() if name not in ("digest", "signature")}
    return {**document, "digest": digest(rest)}


@pytest.fixture(scope="module")
def forge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forge]:
    made = Forge(tmp_path_factory.mktemp("forge"))
    yield made
    made.world.close()


def change(document: Doc, address: str) -> Doc:
    """Return the first change of this address."""
    found: Doc = next(c for c in document["changes"] if c["address"] == address)
    return found


def without(document: Doc, address: str) -> None:
    document["changes"] = [c for c in document["changes"] if c["address"] != address]


FORGERIES: dict[str, tuple[Callable[[Doc, Forge], object], str]] = {
    "a gallery that is not there": (
        lambda d, _f: (d["ids"].update(weddings="nowhere"), change(d, "weddings/f")), "weddings/f",
    ),
    "an item that is not there": (
        lambda d, _f: change(d, "weddings/b").update(id="nowhere"), "weddings/b",
    ),
    "an item of somebody else": (
        lambda d, f: change(d, "weddings/b").update(id=f.strangers[1]), "weddings/b",
    ),
    "an item under the address of another": (
        lambda d, _f: change(d, "weddings/b").update(address="weddings/bb"), "weddings/bb",
    ),
    "an item in another gallery": (
        lambda d, _f: change(d, "weddings/b").update(address="parties/b"), "parties/b",
    ),
    "a create in a gallery that nobody knows": (
        lambda d, _f: change(d, "weddings/f").update(address="nowhere/f"), "nowhere/f",
    ),
    "a delete in a gallery that nobody knows": (
        lambda d, _f: change(d, "weddings/e").update(address="nowhere/e"), "nowhere/e",
    ),
    "a create without the gallery that is to be made": (lambda d, _f: without(d, "new"), "new/y"),
    "an update in a gallery that is yet to be made": (
        lambda d, _f: change(d, "weddings/b").update(address="new/b"), "new/b",
    ),
    "a replacement in a gallery that is yet to be made": (
        lambda d, _f: change(d, "weddings/c").update(address="new/c"), "new/c",
    ),
    "a gallery that is an item": (
        lambda d, _f: change(d, "parties").update(
            {name: change(d, "weddings/b")[name] for name in ("id", "fingerprint", "action")}
        ),
        "parties",
    ),
    "a delete of another content than it says": (
        lambda d, _f: change(d, "weddings/e").update(deleted_content="0" * 32), "weddings/e",
    ),
    "a file outside": (
        lambda d, _f: change(d, "weddings/f")["media"].update(path="../secret.jpg"), "weddings/f",
    ),
    "a file that is not there": (
        lambda d, _f: change(d, "weddings/f")["media"].update(path="photos/none.jpg"), "weddings/f",
    ),
    "a file by its whole path": (
        lambda d, f: change(d, "weddings/f")["media"].update(path=f"{f.world.root}/photos/f.jpg"), "weddings/f",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_plan_is_one_error_before_the_first_write(forge: Forge, name: str) -> None:
    world = forge.fresh()
    document = copy.deepcopy(forge.document)
    edit, address = FORGERIES[name]
    edit(document, forge)
    with pytest.raises((StaleError, InvalidInput)) as caught:
        apply(world, mended(document))
    assert address in str(caught.value)
    assert not any(written(request) for request in world.requests)


def test_the_plan_as_it_was_made_is_applied(forge: Forge) -> None:
    world = forge.fresh()
    assert apply(world, mended(forge.document)).report.exit_code == 0
    assert world.plan(forge.desired(world)).is_empty
    assert forge.untouched(world) == forge.before


def test_a_gallery_that_was_not_listed_is_not_deleted(forge: Forge) -> None:
    """Its listing lagged: its items are unknown."""
    world = forge.fresh()
    world.settings(stale_writes=2)
    (made,) = world.edit({"gallery": None, "set": {"name": "Late", "sortOrder": 78}})
    text = {"type": "TEXT", "text": {"html": "<p>late</p>"}, "sortOrder": 1}
    world.edit({"gallery": made["gallery"]["id"], "item": None, "set": text})
    document = copy.deepcopy(forge.document)
    gallery = decode_gallery(next(g for g in world.galleries() if g["name"] == "Late"))
    assert gallery is not None
    document["changes"] = [change(document, "parties")]
    document["changes"][0].update(id=gallery.id, fingerprint=fingerprint(gallery))
    world.faults(script=[{"fault": "stale", "path": "/galleries$", "nth": 1}])
    report = apply(world, mended(document)).report
    assert "changed after its deletion was planned" in report.outcomes[0].reason
    assert len(world.items("Late")) == 1


MEMBERS = ("address", "action", "kind", "id", "write", "media", "sort_order", "fingerprint", "deleted_content")
VALUES: dict[str, list[Any]] = {
    "address": ["weddings/new", "theirs", "theirs/x", "new", "new/a", "parties/x", "weddings"],
    "action": ["create", "update", "replace", "delete"],
    "kind": ["image", "video", "text", None],
    "id": [None, "", "nowhere", "../x"],
    "write": [{}, {"title": 5, "tags": "x", "html": [1], "exif": "x", "link.url": {}}, {"name": ["x"]}],
    "media": [
        None,
        {"type": "local", "path": "photos/../../x", "sha256": "", "size": 0, "mime_type": ""},
        {"type": "remote", "url": "ftp://x"},
        {"type": "wix", "id": "", "filename": "", "width": 0, "height": 0},
        {"type": "hosted", "host": "youtube", "url": "x"},
    ],
    "sort_order": [None, 0, 1e300, -1e-300],
    "fingerprint": [None, "x"],
    "deleted_content": [None, "x"],
}


def forged(document: Doc, forge: Forge, data: st.DataObject) -> Doc:
    """Return the document after a few edits: members swapped or replaced by odd values, changes removed or doubled."""
    document = copy.deepcopy(document)
    changes = document["changes"]
    for _ in range(data.draw(st.integers(1, 3), label="edits")):
        one_, other = (data.draw(st.sampled_from(changes)) for _ in range(2))
        match data.draw(st.sampled_from(("member", "odd", "identity", "drop", "double", "known")), label="edit"):
            case "member":
                name = data.draw(st.sampled_from(MEMBERS))
                one_[name] = copy.deepcopy(other[name])
            case "odd":
                name = data.draw(st.sampled_from(MEMBERS))
                strangers = [forge.theirs, *forge.strangers] if name == "id" else []
                one_[name] = copy.deepcopy(data.draw(st.sampled_from([*VALUES[name], *strangers])))
            case "identity":
                one_.update(id=other["id"], fingerprint=other["fingerprint"], action=other["action"])
            case "drop" if len(changes) > 1:
                changes.remove(one_)
            case "double":
                changes.append({**copy.deepcopy(one_), "address": other["address"]})
            case _:
                document["ids"][one_["address"]] = other["id"] or "nowhere"
    return mended(document)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_forgery_ends_in_a_report_or_an_error_and_touches_nothing_else(forge: Forge, data: st.DataObject) -> None:
    world = forge.fresh()
    document = forged(forge.document, forge, data)
    try:
        report = apply(world, document).report
    except (StaleError, InvalidInput) as error:
        event(type(error).__name__)
        assert not any(written(request) for request in world.requests)
    else:
        event(f"exit {report.exit_code}")
    assert forge.untouched(world) == forge.before
