"""The refusals of an unclear identity: why, and the manifest lines that decide it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from galleryctl.model.address import Address
from galleryctl.model.live import LiveItem
from galleryctl.plan.changes import Notice, Refusal
from galleryctl.plan.identity.items import ItemMatch
from galleryctl.plan.resources import item_title

_MAX_LISTED = 10


def tie_refusal(address: Address, live: Sequence[LiveItem]) -> Refusal:
    """Return the refusal of an entry whose content several live items show."""
    return Refusal(
        address=address,
        why=f"{len(live)} items show its content, and any of them may be it: {_listed(live)}",
        allow=f"adopt: {{{address.item}: ID}} for the right one, or foreign: [ID] for each that is not yours",
    )


def lookalike_refusal(address: Address, live: Sequence[LiveItem]) -> Refusal:
    """Return the refusal of a create of what an unmanaged item shows already."""
    items = "an item that is not in state shows" if len(live) == 1 else f"{len(live)} items that are not in state show"
    one, others = live[0].id if len(live) == 1 else "ID", ", ".join(item.id for item in live)
    return Refusal(
        address=address,
        why=f"it would be created, but {items} its content already: {_listed(live)}",
        allow=f"adopt: {{{address.item}: {one}}} to manage it; foreign: [{others}] to create another one; "
        "or plan with the state that has it (see 'Share state' in the documentation)",
    )


def guess_refusal(gallery: Address, guesses: Mapping[Address, ItemMatch]) -> Refusal:
    """Return the refusal of a plan with guesses in a gallery."""
    described = [f"{a.item} is {_described(match.live)} by {match.matched_by}" for a, match in guesses.items()]
    adopted = _shortened([f"{address.item}: {match.live.id}" for address, match in guesses.items()])
    count = "1 match is a guess" if len(guesses) == 1 else f"{len(guesses)} matches are guesses"
    return Refusal(
        address=gallery,
        why=f"{count}: {_shortened(described)}",
        allow=f"check them, then adopt: {{{adopted}}} for those that are right and foreign: [ID] for those that are not; "
        "or accept all with --adopt-guesses",
    )


def guess_notice(address: Address, match: ItemMatch) -> Notice:
    """Return the remark about a match that somebody has to confirm."""
    message = f"matched {_described(match.live)} by {match.matched_by} (guess): please verify"
    return Notice(address=address, message=message)


def unknown_removed_refusal(gallery: Address | None, unknown: Collection[Address], deleted: Address) -> Refusal:
    """Return the refusal of a delete next to keys in `removed` that the state does not have."""
    keys = ", ".join(str(address.item or address.gallery) for address in sorted(unknown))
    return Refusal(
        address=gallery,
        why=f"removed: names {keys}, which is not in state, and {deleted} would be deleted: is it the same, renamed?",
        allow=f"if so, write its old key in removed:, or rename it with moved: [{{from: {deleted}, to: {min(unknown)}}}]; "
        "if not, take the unknown key out of removed:",
    )


def _listed(items: Sequence[LiveItem]) -> str:
    return _shortened([_described(item) for item in items])


def _described(item: LiveItem) -> str:
    title = item_title(item)
    return f"{title!r} (id {item.id})" if title else item.id


def _shortened(parts: Sequence[str]) -> str:
    return ", ".join(_first(parts))


def _first(parts: Sequence[str]) -> Iterator[str]:
    yield from parts[:_MAX_LISTED]
    if len(parts) > _MAX_LISTED:
        yield f"and {len(parts) - _MAX_LISTED} more"
