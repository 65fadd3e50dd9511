"""Whether a plan still fits: what it touches is on the site as the plan saw it, and what it uploads is in the workspace.

A saved plan is a file, and files get edited: whatever an apply relies on is looked at here, before the first write.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from galleryctl.manifest.files.tree import WorkspaceFileError, WorkspaceFiles
from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.errors import StaleError
from galleryctl.model.fields import Json
from galleryctl.model.live import LiveGallery, LiveItem, SiteSnapshot
from galleryctl.model.media import LocalFile
from galleryctl.plan.changes import Action, Change, Plan
from galleryctl.plan.fingerprint import fingerprint, fingerprint_with_items
from galleryctl.plan.stale import changed_since

_MAX_VALUE_LENGTH = 60
"""Characters of a value in a message."""


def apply_findings(bindings: Bindings, plan: Plan) -> Bindings:
    """The bindings with what the plan found out: pairs and files recognised, what to protect and what to forget."""
    ids = {address: id_ for address, id_ in bindings.ids.items() if address not in plan.forget}
    return replace(
        bindings,
        ids={**ids, **plan.ids},
        media={**bindings.media, **plan.media},
        protected=plan.protected,
    )


def check_fresh(plan: Plan, snapshot: SiteSnapshot, bindings: Bindings, root: Path) -> None:
    """Raise StaleError, listing what is not so, unless every resource that the plan touches is as the plan saw it.

    `root` is the workspace: every file that is to be uploaded lies in it.
    """
    seen = _Current.build(plan, snapshot, apply_findings(bindings, plan))
    tree = WorkspaceFiles(root)
    stale = [
        f"{c.address}: {why}" for c in plan.changes if (why := seen.stale_reason(c) or seen.unreadable_reason(c, tree))
    ]
    if stale:
        raise StaleError(
            f"the site is not as the plan saw it ({len(stale)} of {len(plan.changes)} resources); nothing was applied",
            why="\n  ".join(stale),
            do="make a new plan and review it",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Current:
    """The site as it is now, and what is known of it once the plan is adopted."""

    galleries: Mapping[str, LiveGallery]
    items: Mapping[str, Mapping[str, LiveItem]]
    """The items of each gallery, by their ids."""
    bindings: Bindings
    created_galleries: frozenset[Address]
    """The galleries that the plan makes."""

    @classmethod
    def build(cls, plan: Plan, snapshot: SiteSnapshot, bindings: Bindings) -> _Current:
        creates = (change.address for change in plan.changes if change.action is Action.CREATE)
        return cls(
            galleries={gallery.id: gallery for gallery in snapshot.galleries},
            items={gallery.id: {item.id: item for item in gallery.items or ()} for gallery in snapshot.galleries},
            bindings=bindings,
            created_galleries=frozenset(address for address in creates if address.item is None),
        )

    def stale_reason(self, change: Change) -> str:
        """What is not as `change` needs it, "" when all is."""
        if change.address.item is None:
            return self._name_taken(change) or self._difference(change, self.galleries)
        parent = change.address.parent
        if parent in self.created_galleries:
            return "" if change.action is Action.CREATE else "its gallery is yet to be made"
        if parent not in self.bindings.ids:
            return "its gallery is not known"
        items = self.items.get(self.bindings.ids[parent])
        if items is None:
            return "" if change.action is Action.DELETE else "its gallery is gone from the site"
        return self._difference(change, items)

    def _name_taken(self, change: Change) -> str:
        """Whether a gallery of this name came to a site that had none: a second one would be taken for it."""
        if change.action is not Action.CREATE or change.reason:  # one that is made anew has a name of its own
            return ""
        known = set(self.bindings.ids.values())
        same = [g.id for g in self.galleries.values() if g.name == change.name and g.id not in known]
        return f"gallery {same[0]} of this name was made meanwhile" if same else ""

    def _difference(self, change: Change, live: Mapping[str, LiveGallery | LiveItem]) -> str:
        known = self.bindings.ids.get(change.address)
        if change.id is None:
            return "it was created meanwhile" if known in live else ""
        resource = live.get(change.id)
        if resource is None:
            return "" if change.action is Action.DELETE else "it is gone from the site"
        if _fingerprint_for(resource, change) != change.fingerprint:
            return _changed_fields(change, resource)
        if change.action is not Action.DELETE and known != change.id:
            return "another resource has its address now"
        return ""

    def unreadable_reason(self, change: Change, tree: WorkspaceFiles) -> str:
        """Why the file that `change` uploads cannot be read, "" when it can or need not be."""
        if not isinstance(change.media, LocalFile) or change.media.source in self.bindings.media:
            return ""
        try:
            tree.existing_path(change.media.path)
        except WorkspaceFileError as error:
            return str(error)
        return ""


def _changed_fields(change: Change, resource: LiveGallery | LiveItem) -> str:
    """Return the fields that changed on the site, before and after, as far as the plan recorded them."""
    parts = ", ".join(
        f"{part.path} {_format_value(part.before)} → {_format_value(part.after)}"
        for part in changed_since(change, resource)
    )
    if parts:
        return f"{parts} (changed on the site)"
    elsewhere = ", but not in a field that the plan changes" if change.action is Action.UPDATE else ""
    return f"it was changed on the site{elsewhere}"


def _format_value(value: Json) -> str:
    """Return `value` as JSON on one line, without its end where it is long."""
    text = json.dumps(value, ensure_ascii=False, default=dict)
    return text if len(text) <= _MAX_VALUE_LENGTH else f"{text[: _MAX_VALUE_LENGTH - 1]}…"


def _fingerprint_for(resource: LiveGallery | LiveItem, change: Change) -> str:
    """What `change` remembers of its resource: with a gallery that is deleted all that is in it goes."""
    if isinstance(resource, LiveGallery) and change.action is Action.DELETE:
        return fingerprint_with_items(resource)
    return fingerprint(resource)
