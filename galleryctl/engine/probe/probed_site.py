"""The probe's own gallery and files, and the requests about them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from galleryctl.engine.probe.conclusions import ProbeWrite
from galleryctl.model.fields import Json
from galleryctl.model.waiting import Waiting, WaitKind
from galleryctl.wix import endpoints
from galleryctl.wix.client import WixClient
from galleryctl.wix.codec import JsonObject, as_array, as_object, as_string
from galleryctl.wix.messages import JsonReply

WAITS = (0.0, 0.5, 1.0, 2.0, 4.0)
"""Seconds before each read that looks for a write."""


def reads_pause(subject: str, seconds: float, *, before: float = 0.0) -> Waiting:
    """Return a pause before a read that looks for `subject`."""
    return Waiting(kind=WaitKind.READS, what=f"reads to show {subject}", seconds=seconds, before=before)


class UndecidedError(Exception):
    """A question that the observations do not decide; the text says why."""


@dataclass(slots=True, kw_only=True)
class ProbedSite:
    """The things that the probe has created, and the findings that later questions depend on."""

    client: WixClient
    mark: str
    gallery: str = ""
    """The id of the gallery; "" before it is created."""
    gallery_in_doubt: bool = False
    """True if the gallery may have been created, although no response says so."""
    text: str = ""
    image: str = ""
    """The ids of the items that are updated; "" before they are created."""
    files: list[str] = field(default_factory=list)
    photo: Mapping[str, Json] = field(default_factory=dict)
    """The descriptor of the uploaded photo, if it is READY."""
    items: dict[str, Mapping[str, Json]] = field(default_factory=dict)
    """The items as the last read showed them, by id."""
    writes: list[ProbeWrite] = field(default_factory=list)
    ignored: set[str] = field(default_factory=set)
    """The paths of the fields whose updates are not taken."""
    clears_are_ignored: bool = False
    reads_settle: bool = True
    """False if reads did not show a write after all waits."""
    read_lag: float = 0.0
    """Seconds after which reads showed a write."""

    async def looks(self, subject: str, *, first: float = 0.0) -> AsyncIterator[float]:
        """Wait before each read that looks for `subject`, and yield the seconds waited so far; `first` is the first wait."""
        waited = 0.0
        for wait in (max(WAITS[0], first), *WAITS[1:]):
            if wait:
                await self.client.waits.pause(reads_pause(subject, wait, before=waited))
            waited += wait
            yield waited

    async def create_item(self, item: Mapping[str, Json]) -> Mapping[str, Json]:
        """Create an item and return the response."""
        reply = await self.client.send_raw(endpoints.CREATE_ITEM, self.gallery, json={"item": item})
        created = as_object(reply.get("item"))
        if not as_string(created.get("id")):
            raise UndecidedError("the response to the create has no item")
        return created

    async def list_items(self, *, limit: int = 100, consistent: bool = True) -> list[Mapping[str, Json]]:
        """Return the items as the API lists them."""
        params = {"itemOffset": 0, "itemLimit": limit}
        reply = await self.client.send_raw(endpoints.LIST_ITEMS, self.gallery, params=params, consistent=consistent)
        return [as_object(item) for item in as_array(reply.get("items"))]

    async def read_item(self, answered: JsonObject) -> Mapping[str, Json]:
        """Return the item of a response as a read shows it, once the read shows that write."""
        if not self.reads_settle:
            raise UndecidedError("reads do not show writes")
        id_, revision = answered.get("id"), answered.get("updatedDate")
        async for _ in self.looks("an update", first=self.read_lag):
            found = [item for item in await self.list_items() if item.get("id") == id_]
            if found and revision in (None, found[0].get("updatedDate")):
                self.items[as_string(id_)] = found[0]
                return found[0]
        raise UndecidedError(f"reads did not show the write within {sum(WAITS):.0f} seconds")

    async def update_item(self, id_: str, patch: Mapping[str, Json]) -> ProbeWrite:
        """Send a patch, read the item and return the write; members left out of the patch were not sent."""
        before = self.items[id_]
        reply = await self.client.send_raw(
            endpoints.UPDATE_ITEM, self.gallery, id_, json={"item": {"id": id_, **patch}}
        )
        answered = as_object(reply.get("item"))
        stored = await self.read_item(answered if answered.get("id") == id_ else {**answered, "id": id_})
        write = ProbeWrite(before=before, sent=patch, answered=answered, stored=stored)
        self.writes.append(write)
        return write

    def writable(self, id_: str, name: str) -> Mapping[str, Json]:
        """Return a member of an item to send back with a change: without what only the site writes."""
        member = as_object(self.items[id_].get(name))
        info = as_object(member.get("imageInfo"))
        if not info:
            return member
        return {**member, "imageInfo": {key: value for key, value in info.items() if key != "url"}}

    def can_try(self, path: str) -> str:
        """Return the item whose field at `path` takes updates; "" if there is none."""
        if path in self.ignored:
            return ""
        name = path.partition(".")[0]
        return {"image": self.image, "text": self.text}.get(name, self.image or self.text)

    async def upload(self, *, name: str, mime: str, content: bytes) -> Mapping[str, Json]:
        """Upload a file with the mark as its label, and return its descriptor."""
        generated = await self.generate_upload(name=name, mime=mime, size=len(content))
        reply = await self.client.upload_raw(generated, content, mime)
        return self.add_file(as_object(reply.get("file")))

    async def generate_upload(self, *, name: str, mime: str, size: int, resumable: bool = False) -> JsonReply:
        """Return the response to the request for an upload URL, which alone creates nothing."""
        endpoint = endpoints.RESUMABLE_URL if resumable else endpoints.UPLOAD_URL
        body: dict[str, Json] = {"mimeType": mime, "fileName": name, "sizeInBytes": str(size), "labels": [self.mark]}
        return await self.client.send_raw(endpoint, json={**body, **({"uploadProtocol": "TUS"} if resumable else {})})

    def add_file(self, file: Mapping[str, Json]) -> Mapping[str, Json]:
        """Record a file to be deleted, and return its descriptor."""
        id_ = as_string(file.get("id"))
        if not id_:
            raise UndecidedError("the response has no file")
        self.files.append(id_)
        return file

    async def read_file(self, id_: str) -> Mapping[str, Json]:
        """Return the descriptor of a file."""
        reply = await self.client.send_raw(endpoints.GET_FILES, json={"fileIds": [id_]})
        found = [as_object(file) for file in as_array(reply.get("files"))]
        return next((file for file in found if file.get("id") == id_), {})
