"""Create each resource exactly once, even if the response to a create is lost or names another resource.

After a lost response the resource is looked up by its sort order before the create is sent again with the same one. If
the look-up misses it, because reads may lag behind writes, the API rejects the second create: its sort order is taken.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Generic

from galleryctl.engine.refresh.listing import read_galleries, read_items
from galleryctl.engine.refresh.lookup import Lookup, OrderReading, R, find_created, find_created_item
from galleryctl.model.errors import GalleryctlError, StateError
from galleryctl.model.last_applied import SortOrderFormat
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.model.waiting import Waiting, WaitKind
from galleryctl.plan.ordering.floats import stored_format
from galleryctl.state.journal_records import SentItem
from galleryctl.wix.client import WixClient
from galleryctl.wix.endpoints import CREATE_GALLERY, CREATE_ITEM
from galleryctl.wix.errors import ApiError, Conflict, ResponseLost
from galleryctl.wix.items import NewItem

_MAX_ATTEMPTS = 4
"""How often a create is sent if its response is lost each time."""
_PAUSE = 2.0
"""Seconds between two look-ups of a create: reads may lag behind writes by a few seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemCreate:
    """A create of an item, and what a look-up of it depends on.

    `shown` are the contents that were sent, now or by an earlier run; `others` are the sort orders of the other items
    that the run creates in the gallery. `listed_ids` are the ids that the site or state had before the run, `known_ids`
    also those that it created.
    """

    gallery_id: str
    new: NewItem
    shown: Collection[SentItem]
    others: Collection[float]
    listed_ids: Collection[str]
    known_ids: Collection[str]
    recorded: SortOrderFormat | None = None
    """The format of sort orders in state."""

    async def look_up(self, client: WixClient) -> Lookup[LiveItem]:
        """Read the gallery and return what the create made."""
        live = await read_items(client, await client.get_gallery(self.gallery_id))
        new_items = [item for item in live.loaded_items if item.id not in self.listed_ids]
        orders = OrderReading.of_items(live, self.recorded)
        return find_created_item(self.new.sort_order, self.shown, new_items, orders, others=self.others)


async def create_item_once(client: WixClient, create: ItemCreate, *, maybe_sent: bool) -> tuple[LiveItem, bool]:
    """Create the item, or find it if an earlier attempt created it; return it, and True if it was found.

    `maybe_sent` is True if an earlier run may have sent the create. Raises ApiError.
    """
    call = _CreateCall(
        call=CREATE_ITEM.name,
        sort_order=create.new.sort_order,
        known_ids=create.known_ids,
        find=lambda: create.look_up(client),
    )
    return await call.run(client, lambda: client.create_item(create.gallery_id, create.new), maybe_sent=maybe_sent)


async def create_gallery_once(
    client: WixClient,
    name: str,
    sort_order: float,
    items: Sequence[NewItem],
    *,
    known_ids: Collection[str],
    maybe_sent: bool,
) -> LiveGallery:
    """Create the gallery and return it as read back: only a read returns the ids of its items. Raises ApiError.

    `known_ids` are the ids that it cannot have; `maybe_sent` is as in `create_item_once`. Raises ResponseLost if an
    interrupted run created the gallery: only the next plan can compare its items.
    """

    async def find() -> Lookup[LiveGallery]:
        galleries = await read_galleries(client)
        orders = OrderReading.of(gallery.sort_order for gallery in galleries)
        candidates = [gallery for gallery in galleries if gallery.id not in known_ids]
        return find_created(sort_order, candidates, orders, others=(), is_alike=lambda _: False)

    call = _CreateCall(call=CREATE_GALLERY.name, sort_order=sort_order, known_ids=known_ids, find=find)
    gallery, found = await call.run(
        client, lambda: client.create_gallery(name, sort_order, items), maybe_sent=maybe_sent
    )
    if found and maybe_sent:
        raise ResponseLost(
            f"an earlier run already created gallery {gallery.id}",
            call=CREATE_GALLERY.name,
            do="apply again: the new plan compares its items",
        )
    try:
        created = await read_items(client, gallery)
    except GalleryctlError as error:
        message = f"gallery {gallery.id} was created, but its items could not be read back: {error.what}"
        raise ResponseLost(message, call=CREATE_GALLERY.name) from error
    orders = {item.sort_order for item in created.loaded_items}
    if items and not any(stored_format(item.sort_order, order) for item in items for order in orders):
        # It may be that of another create, whose response has not arrived yet.
        raise ResponseLost(f"gallery {gallery.id} has none of the items that were sent", call=CREATE_GALLERY.name)
    return created


@dataclass(frozen=True, slots=True, kw_only=True)
class _CreateCall(Generic[R]):
    """A create: its sort order, the ids that it cannot have, and the look-up of what it made."""

    call: str
    sort_order: float
    known_ids: Collection[str]
    find: Callable[[], Awaitable[Lookup[R]]]

    async def run(self, client: WixClient, create: Callable[[], Awaitable[R]], *, maybe_sent: bool) -> tuple[R, bool]:
        """Return the created resource, and True if a look-up found it; `maybe_sent`: an earlier run may have sent it."""
        failure: ApiError | None = None
        for number in range(_MAX_ATTEMPTS):
            try:
                answer = await self._send(create, failure)
            except ResponseLost as error:
                failure = error
            except Conflict as error:
                # On the first attempt, the sort order belongs to a resource that someone else created.
                if failure is None and not maybe_sent:
                    raise
                failure = failure or error
            else:
                if self._is_valid(answer):
                    return answer, False
                failure = ResponseLost(f"the response is about another resource, {answer.id}", call=self.call)
            if (resource := await self._look_up(client, failure, before=_PAUSE * number)) is not None:
                return resource, True
        raise failure or AssertionError("unreachable: only a lost response or a conflict gets here")

    async def _send(self, create: Callable[[], Awaitable[R]], failure: ApiError | None) -> R:
        """Return the answer to `create`; after a `failure`, errors say that an earlier attempt may have taken effect."""
        try:
            return await create()
        except (ResponseLost, Conflict):
            raise
        except ApiError as error:
            if failure is not None:
                error.add_earlier_attempt()
            raise
        except StateError as error:
            if failure is None:
                raise
            unrepeated = ApiError(f"{failure.what}; it was not repeated: {error.what}", call=self.call, do=error.do)
            unrepeated.effect_unknown = True
            raise unrepeated from error

    def _is_valid(self, answer: R) -> bool:
        """Return True if the answer can be about this create: its id is new, and it has the sort order, maybe rounded."""
        return answer.id not in self.known_ids and stored_format(self.sort_order, answer.sort_order) is not None

    async def _look_up(self, client: WixClient, cause: ApiError, *, before: float) -> R | None:
        """Return the created resource if it can be found; a second look-up follows, because a read may lag.

        `before` is the number of seconds that earlier look-ups have waited.
        Raises ResponseLost if that fails, or if only a person can tell which resource was created.
        """
        try:
            lookup = await self.find()
            if lookup.found is None and not lookup.candidates:
                what = f"reads to show what {self.call} may have created"
                await client.waits.pause(Waiting(kind=WaitKind.READS, what=what, seconds=_PAUSE, before=before))
                lookup = await self.find()
        except GalleryctlError as error:
            raise ResponseLost(f"{cause.what}; looking it up failed, too: {error.what}", call=cause.call) from error
        if lookup.candidates:
            ids = ", ".join(candidate.id for candidate in lookup.candidates)
            what = f"{cause.what}; it may have created {ids}, but that is not certain: {lookup.reason}"
            raise ResponseLost(what, call=cause.call, do="plan again: the plan asks which it is")
        return lookup.found
