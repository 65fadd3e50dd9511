"""Questions about a gallery: read lag, the order of items, sort orders, and the limits of its requests."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from contextlib import suppress
from itertools import pairwise

from galleryctl.engine.probe.conclusions import describe_error, member_at, show, unknown
from galleryctl.engine.probe.marks import contains_mark
from galleryctl.engine.probe.probed_site import WAITS, ProbedSite, UndecidedError, reads_pause
from galleryctl.model.fields import Json
from galleryctl.model.probe import Conclusion
from galleryctl.plan.ordering.floats import coarsest, stored_format
from galleryctl.wix import endpoints
from galleryctl.wix.codec import as_array, as_object, as_string, decode_sort_order
from galleryctl.wix.errors import ApiError, Conflict, InvalidRequest, NotFound, is_rejection

_FIRST_ORDER, _STEP = 4096.0, 1024.0
"""The sort orders of the first items: whole 32-bit floats of at most six digits, which every format stores."""
_PRECISE_ORDERS = (1234567.8901234, 0.123456789)
"""Two numbers that no coarser format stores, large and small."""
_ITEM_LIMITS = (500, 200, 100, 50)


async def create_probe_gallery(site: ProbedSite) -> None:
    """Create the gallery with a text item. Raises ApiError, also if the response names another gallery."""
    item: dict[str, Json] = {"sortOrder": _FIRST_ORDER, "title": "first", "text": {"html": text_html(site.mark)}}
    body: dict[str, Json] = {"gallery": {"name": site.mark, "items": [item]}}
    site.gallery_in_doubt = True
    try:
        reply = await site.client.send_raw(endpoints.CREATE_GALLERY, json=body)
    except ApiError as error:
        site.gallery_in_doubt = not is_rejection(error)
        raise
    id_ = as_string(as_object(reply.get("gallery")).get("id"))
    if not id_ or not await _shows_mark(site, id_):
        raise reply.malformed("the response does not name the gallery that was created")
    site.gallery, site.gallery_in_doubt = id_, False


async def _shows_mark(site: ProbedSite, gallery_id: str) -> bool:
    """Return True once a read of the gallery shows this run's mark: a response may name somebody else's gallery."""
    async for _ in site.looks("the new gallery"):
        with suppress(NotFound):
            reply = await site.client.send_raw(endpoints.GET_GALLERY, gallery_id, params={"itemLimit": 1})
            if contains_mark(reply.get("gallery"), site.mark):
                return True
    return False


def text_html(mark: str, number: int = 0) -> str:
    """Return HTML that no rewriting is expected to change: with a class, in lower case."""
    return f'<p class="font_8">{mark} {number}</p>' if number else f'<p class="font_8">{mark}</p>'


async def probe_read_lag(site: ProbedSite) -> Conclusion:
    """Create two items, and list until each is shown: with the consistency token, and without."""
    seconds = [await _seconds_until_listed(site, number, consistent=number == 1) for number in (1, 2)]
    with_token = seconds[0]
    site.reads_settle, site.read_lag = with_token is not None, with_token or 0.0
    texts = ["not within " + f"{sum(WAITS):.1f} s" if each is None else f"{each:.1f} s" for each in seconds]
    is_late = [each is None or each > 0 for each in seconds]
    switches = {"honour_consistent": not is_late[0]} if any(is_late) else {}
    evidence = f"new items are listed after {texts[0]} with X-Wix-Consistent, {texts[1]} without"
    return Conclusion(result="reads lag" if any(is_late) else "no lag seen", evidence=evidence, switches=switches)


async def _seconds_until_listed(site: ProbedSite, number: int, *, consistent: bool) -> float | None:
    item: dict[str, Json] = {"title": f"item {number}", "text": {"html": text_html(site.mark, number)}}
    created = await site.create_item({**item, "sortOrder": _FIRST_ORDER + number * _STEP})
    async for waited in site.looks("a new item"):
        listed = await site.list_items(consistent=consistent)
        if any(each.get("id") == created.get("id") for each in listed):
            site.items |= {as_string(each.get("id")): each for each in listed}
            return waited
    return None


async def probe_listed_order(site: ProbedSite) -> Conclusion:
    """List the items, and compare their order with their sort orders."""
    listed = await site.list_items()
    orders = [order for each in listed if (order := decode_sort_order(each)) is not None]
    site.items |= {as_string(each.get("id")): each for each in listed}
    site.text = as_string(listed[0].get("id")) if listed else ""
    evidence = f"sortOrder: {', '.join(f'{order:g}' for order in orders)}"
    if len(orders) < 2:  # noqa: PLR2004 - a pair
        return unknown("fewer than two items are listed", evidence)
    for name, sign in (("ascending", 1), ("descending", -1)):
        if all(sign * one < sign * other for one, other in pairwise(orders)):
            return Conclusion(result=name, evidence=evidence, switches={"item_order": name})
    return Conclusion(result="neither ascending nor descending", evidence=evidence)


async def probe_repeated_order(site: ProbedSite) -> Conclusion:
    """Create an item with the sort order of another one."""
    taken = decode_sort_order(_text_item(site))
    item: dict[str, Json] = {"title": "repeated", "text": {"html": text_html(site.mark, 9)}, "sortOrder": taken}
    try:
        created = await site.create_item(item)
    except (Conflict, InvalidRequest) as error:
        evidence = describe_error(error)
        switches: dict[str, Json] = {"repeated_sort_order_status": error.status} if error.status in (400, 409) else {}
        return Conclusion(result=f"rejected with {error.status}", evidence=evidence, switches=switches)
    stored = decode_sort_order(created)
    evidence = f"sent {taken}, answered {stored}"
    if stored != taken:
        return unknown("the site chose another sort order", evidence)
    return Conclusion(result="accepted", evidence=evidence)


def _text_item(site: ProbedSite) -> Mapping[str, Json]:
    if site.text not in site.items:
        raise UndecidedError("the gallery has no text item")
    return site.items[site.text]


async def probe_sort_orders(site: ProbedSite) -> Conclusion:
    """Move an item to two places whose numbers only a double holds."""
    formats, shown = [], []
    for sent in _PRECISE_ORDERS:
        before = decode_sort_order(_text_item(site))
        stored = decode_sort_order((await site.update_item(site.text, {"sortOrder": sent})).stored)
        shown.append(f"{sent!r} → {stored!r}")
        if stored == before:
            return unknown("the write was not taken", "; ".join(shown))
        formats.append(stored_format(sent, stored))
    evidence = "; ".join(shown)
    known = [each for each in formats if each is not None]
    if len(known) < len(formats):
        return Conclusion(result="another form", evidence=evidence)
    found = coarsest(known)
    return Conclusion(result=found.value, evidence=evidence, switches={"sort_order_precision": found.name.lower()})


async def probe_kind_change(site: ProbedSite) -> Conclusion:
    """Send a text for an image item."""
    if not site.image:
        raise UndecidedError("the gallery has no image item")
    patch: dict[str, Json] = {"id": site.image, "text": {"html": text_html(site.mark)}}
    try:
        reply = await site.client.send_raw(endpoints.UPDATE_ITEM, site.gallery, site.image, json={"item": patch})
    except InvalidRequest as error:
        return Conclusion(result=f"rejected with {error.status}", evidence=describe_error(error))
    answered = as_object(reply.get("item"))
    return Conclusion(result="accepted", evidence=f"answered type {show(answered.get('type'))}")


async def probe_item_limit(site: ProbedSite) -> Conclusion:
    """List items with larger and smaller limits."""
    rejected = []
    for limit in _ITEM_LIMITS:
        try:
            await site.list_items(limit=limit)
        except InvalidRequest:
            rejected.append(limit)
            continue
        evidence = f"itemLimit {', '.join(map(str, rejected))} rejected" if rejected else "larger values were not tried"
        switches: dict[str, Json] = {"item_limit_max": limit} if rejected else {}
        return Conclusion(result=f"{limit} accepted", evidence=evidence, switches=switches)
    return Conclusion(result=f"less than {_ITEM_LIMITS[-1]}", evidence="all tried values were rejected")


async def probe_bulk_delete(site: ProbedSite) -> Conclusion:
    """Delete an item together with one that does not exist."""
    other = next((id_ for id_ in site.items if id_ not in (site.text, site.image)), "")
    if not other:
        raise UndecidedError("the gallery has no other item")
    try:
        ids: list[Json] = [other, str(uuid.uuid4())]
        reply = await site.client.send_raw(endpoints.DELETE_ITEMS, site.gallery, json={"itemIds": ids})
    except ApiError as error:
        if error.status not in (400, 404, 409, 428):
            raise
        result = "an id that is gone rejects the others"
        return Conclusion(result=result, evidence=describe_error(error), switches={"bulk_delete_unknown": "reject"})
    deleted = [each for each in as_array(reply.get("itemIds")) if isinstance(each, str)]
    if other not in deleted:
        return unknown("the response does not name the deleted item", f"itemIds: {show(list(deleted))}")
    evidence = f"{len(ids)} ids sent, {len(deleted)} answered"
    return Conclusion(
        result="an id that is gone is skipped", evidence=evidence, switches={"bulk_delete_unknown": "skip"}
    )


async def probe_gallery_updates(site: ProbedSite, name: str) -> tuple[str, ...]:
    """Rename and move the gallery; return the paths whose values were not taken."""
    before = as_object((await site.client.send_raw(endpoints.GET_GALLERY, site.gallery)).get("gallery"))
    sent: dict[str, Json] = {"id": site.gallery, "name": name}
    if (order := decode_sort_order(before)) is not None:
        sent["sortOrder"] = order + max(_STEP, abs(order) / 4)
    await site.client.send_raw(endpoints.UPDATE_GALLERY, site.gallery, json={"gallery": sent})
    await site.client.waits.pause(reads_pause("the gallery's update", site.read_lag))
    stored = as_object((await site.client.send_raw(endpoints.GET_GALLERY, site.gallery)).get("gallery"))
    paths = [path for path in ("name", "sortOrder") if path in sent]
    return tuple(path for path in paths if member_at(stored, path) == member_at(before, path))
