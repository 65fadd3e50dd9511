"""The engine on an emulated site in memory with a manual clock: apply, crash, edit and inspect."""

from __future__ import annotations

import asyncio
import hashlib
import io
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image

from galleryctl.emulator import Emulator, create_emulator
from galleryctl.emulator.credentials import Credentials, load_credentials
from galleryctl.emulator.faults.edits import apply_edits
from galleryctl.emulator.faults.injection import Faults, parse_faults
from galleryctl.emulator.faults.settings import update_settings
from galleryctl.engine.apply.run import ApplyResult
from galleryctl.engine.applying import apply_plan
from galleryctl.engine.progress import SilentProgress
from galleryctl.engine.site import PlanResult, Site, plan_site, revalidate
from galleryctl.engine.stop import Stop
from galleryctl.model.address import Address
from galleryctl.model.desired import (
    Bind,
    Desired,
    DesiredGallery,
    DesiredItem,
    ItemOrder,
    Limits,
    Moved,
    UnmanagedPolicy,
)
from galleryctl.model.fields import Fields, Json
from galleryctl.model.media import HostedVideo, Kind, LocalFile, Media, VideoHost
from galleryctl.model.position import SourcePosition
from galleryctl.model.waiting import WaitObserver, unobserved
from galleryctl.plan.changes import Plan
from galleryctl.plan.make import PlanOptions
from galleryctl.session.backends import emulator_endpoint
from galleryctl.session.locking import write_guard
from galleryctl.session.open import connect
from galleryctl.state.backend import LockInfo, StateBackend
from galleryctl.state.file_backend import FileStateBackend
from galleryctl.wix.client import WixClient
from galleryctl.wix.transport import Attempt, Timing
from galleryctl.wix.write_guard import WriteGuard

Doc = dict[str, Any]
MANIFEST_POSITION = SourcePosition("galleries/weddings.yaml", 1, 1)
ALLOW_ALL = PlanOptions(max_delete_percent=100, allow_empty=True, allow_recreate=True)


class Crash(BaseException):
    """A simulated end of the process, which no code may catch."""


@dataclass(slots=True)
class ManualClock:
    """A clock that advances only by `sleep`."""

    now: float = field(default_factory=time.time)

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


@cache
def emulator_credentials() -> Credentials:
    """Return the emulator's credentials, cached because creating them is slow."""
    return load_credentials(None)


@cache
def jpeg_bytes(shade: int) -> bytes:
    """Return a small photo; its content depends on `shade` alone."""
    out = io.BytesIO()
    Image.new("RGB", (16, 12), (shade % 256, shade // 256, 90)).save(out, "JPEG")
    return out.getvalue()


@dataclass(slots=True)
class EngineHarness:
    """A workspace's folder and an emulated site."""

    root: Path
    read_lag: float = 5.0
    workers: int = 4
    clock: ManualClock = field(default_factory=ManualClock)
    on_attempt: Callable[[Attempt], None] = lambda _attempt: None
    """Called before and after each attempt at a request."""
    after_plan: Callable[[PlanResult], None] = lambda _planned: None
    """Called after planning and before anything is written."""
    on_wait: WaitObserver = unobserved
    """Observes the waits."""
    state_backend: Callable[[], StateBackend] | None = None
    """Opens the storage of the state; by default a file."""
    stop: Stop = field(default_factory=Stop)
    """Set to interrupt an apply, as Ctrl-C does."""
    requests: list[str] = field(default_factory=list)
    """`METHOD path` of each request of the last run."""
    emulator: Emulator = field(init=False)

    def __post_init__(self) -> None:
        self.emulator = create_emulator(None, clock=self.clock.time, keys=emulator_credentials())

    def close(self) -> None:
        self.emulator.close()

    def plan(self, desired: Desired, options: PlanOptions = ALLOW_ALL) -> Plan:
        """Return the plan, as `galleryctl plan` does."""
        return asyncio.run(self._plan(desired, options))

    def apply(self, desired: Desired, options: PlanOptions = ALLOW_ALL) -> ApplyResult:
        """Plan and apply, as `galleryctl apply --auto-approve` does."""
        return asyncio.run(self._run_apply(lambda site: plan_site(site, desired, options)))

    def apply_saved(self, plan: Plan) -> ApplyResult:
        """Apply a saved plan, as `galleryctl apply PLAN` does."""
        return asyncio.run(self._run_apply(lambda site: revalidate(site, plan)))

    async def _plan(self, desired: Desired, options: PlanOptions) -> Plan:
        async with self.open_site() as site:
            return (await plan_site(site, desired, options)).plan

    async def _run_apply(self, make_plan: Callable[[Site], Awaitable[PlanResult]]) -> ApplyResult:
        owner = LockInfo(run=uuid.uuid4().hex[:12], who="test@here", pid=1, since="now", operation="apply")
        async with self.open_site() as site:
            with site.backend.lock(owner):
                planned = await make_plan(site)
                self.after_plan(planned)
                return await apply_plan(site, planned, owner=owner, stop=self.stop, progress=SilentProgress())

    @asynccontextmanager
    async def open_site(self) -> AsyncIterator[Site]:
        """Open the site as commands do."""
        state = self.state_backend() if self.state_backend else FileStateBackend(self.root / "state.json")
        async with self._client(write_guard(state.state_lock)) as client:
            yield self._site(client, state)

    @asynccontextmanager
    async def _client(self, before_write: WriteGuard | None = None) -> AsyncIterator[WixClient]:
        self.requests.clear()
        async with connect(
            emulator_endpoint(self.emulator, Limits()),
            before_write=before_write,
            timing=Timing(clock=self.clock.time, now=self.clock.time, sleep=self.clock.sleep, random=lambda: 0.5),
            on_request=self._observe,
            on_wait=self.on_wait,
        ) as client:
            yield client

    def _observe(self, attempt: Attempt) -> None:
        if attempt.phase == "before":
            self.requests.append(attempt.call)
        self.on_attempt(attempt)

    def _site(self, client: WixClient, state: StateBackend) -> Site:
        return Site(
            site_id=self.emulator.ready.site_id,
            root=self.root,
            client=client,
            backend=state,
            journal=state.journal(self.root / "journal.jsonl"),
            folder="galleryctl",
            workers=self.workers,
            read_lag=self.read_lag,
        )

    def settings(self, **changes: Json) -> None:
        """Change settings of the emulator."""
        site = self.emulator.pipeline.site
        site.settings = update_settings(site.settings, changes)

    def faults(self, **faults: Json) -> None:
        """Replace the faults to inject; without arguments, inject none."""
        self.emulator.pipeline.faults = parse_faults(faults) if faults else Faults()

    def edit(self, *edits: Doc) -> list[Doc]:
        """Edit the site as the Editor would."""
        site = self.emulator.pipeline.site
        with site.transaction():
            results: list[Doc] = apply_edits(site, {"edits": list(edits)})["results"]
        site.outbox.clear()
        return results

    def state_ids(self) -> Mapping[Address, str]:
        """Return the live ids in state."""
        state = FileStateBackend(self.root / "state.json").read()
        return {} if state is None else state.bindings.ids

    def galleries(self) -> list[Doc]:
        """Return the galleries of the site."""
        return self.emulator.pipeline.site.store.fetch_documents("SELECT doc FROM galleries ORDER BY seq")

    def items(self, gallery: str = "Weddings") -> list[Doc]:
        """Return the items of the galleries with this name, in display order."""
        ids = [g["id"] for g in self.galleries() if g.get("name") == gallery]
        sql = "SELECT doc FROM items WHERE gallery = ? ORDER BY sort_order, seq"
        return [item for id_ in ids for item in self.emulator.pipeline.site.store.fetch_documents(sql, id_)]

    def titles(self, gallery: str = "Weddings") -> list[str]:
        """Return the titles of the items, in display order."""
        return [item.get("title") or "" for item in self.items(gallery)]

    def files(self) -> list[Doc]:
        """Return the files of the Media Manager."""
        return self.emulator.pipeline.site.store.fetch_documents("SELECT doc FROM files WHERE trashed = 0 ORDER BY seq")

    def upload(self, name: str, shade: int) -> None:
        """Upload a photo as the Editor would: without a label of galleryctl."""
        asyncio.run(self._upload(name, jpeg_bytes(shade)))

    async def _upload(self, name: str, data: bytes) -> None:
        async def content() -> AsyncIterator[bytes]:
            yield data

        async with self._client() as client:
            await client.upload(name=name, mime="image/jpeg", size=len(data), open_bytes=content)

    def photo_item(self, key: str, shade: int, **fields: Json) -> DesiredItem:
        """Write a photo into the workspace and return an item for it."""
        path = self.root / f"photos/{key}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(jpeg_bytes(shade))
        data = jpeg_bytes(shade)
        file = LocalFile(
            path=f"photos/{key}.jpg",
            sha256=hashlib.sha256(data).hexdigest(),
            size=len(data),
            mime_type="image/jpeg",
        )
        return make_item(key, Kind.IMAGE, file, {"title": key, **fields})


def make_item(key: str, kind: Kind, media: Media, fields: Fields, *, protect: bool = False) -> DesiredItem:
    """Return an item of the gallery `weddings`."""
    return DesiredItem(
        address=Address("weddings", key), kind=kind, media=media, fields=fields, at=MANIFEST_POSITION, protect=protect
    )


def text_item(key: str, **fields: Json) -> DesiredItem:
    """Return a text item."""
    return make_item(key, Kind.TEXT, None, {"title": key, "html": f"<p>{key}</p>", **fields})


def video_item(key: str, number: int, **fields: Json) -> DesiredItem:
    """Return an item for a video on Vimeo."""
    video = HostedVideo(host=VideoHost.VIMEO, url=f"https://vimeo.com/{number}")
    return make_item(key, Kind.VIDEO, video, {"title": key, **fields})


def make_desired(
    *items: DesiredItem,
    gallery: str = "weddings",
    name: str = "Weddings",
    unmanaged: UnmanagedPolicy = UnmanagedPolicy.KEEP,
    moved: Sequence[tuple[str, str]] = (),
    item_order: ItemOrder = ItemOrder.ASCENDING,
    others: Sequence[DesiredGallery] = (),
) -> Desired:
    """Return manifests with one gallery of these items, and the `others`."""
    return Desired(
        galleries=(make_gallery(*items, gallery=gallery, name=name, unmanaged=unmanaged), *others),
        item_order=item_order,
        moved=tuple(Moved(source=Address.parse(a), target=Address.parse(b), at=MANIFEST_POSITION) for a, b in moved),
    )


def make_gallery(
    *items: DesiredItem, gallery: str, name: str, unmanaged: UnmanagedPolicy = UnmanagedPolicy.KEEP
) -> DesiredGallery:
    """Return a gallery of these items, created if it does not exist."""
    return DesiredGallery(
        address=Address(gallery),
        bind=Bind(name=name, create=True),
        fields={"name": name},
        items=tuple(replace(item, address=Address(gallery, item.address.item)) for item in items),
        at=MANIFEST_POSITION,
        protect=False,
        unmanaged=unmanaged,
    )


def kinds_and_titles(items: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Return the type and title of each item."""
    return [(item["type"], item.get("title") or "") for item in items]
