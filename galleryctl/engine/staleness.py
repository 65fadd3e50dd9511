"""Check that a plan is not stale: its resources are unchanged on the site, and its uploads are in the workspace.

A saved plan is a file that anyone can edit: everything that an apply relies on is checked here, before the first write.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from galleryctl.manifest.files.tree import WorkspaceFileError, WorkspaceFiles, normalize_path
from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.errors import StaleError
from galleryctl.model.fields import Json, manifest_name
from galleryctl.model.live import LiveGallery, LiveItem, SiteSnapshot
from galleryctl.model.media import LocalFile
from galleryctl.model.variable_text import displayed
from galleryctl.plan.changes import Action, Change, Plan
from galleryctl.plan.fingerprint import content_digest, fingerprint, fingerprint_with_items
from galleryctl.plan.identity.moved import AddressMoves
from galleryctl.plan.stale import changed_since

_MAX_VALUE_LENGTH = 60
"""The number of characters of a value in a message."""


def apply_findings(bindings: Bindings, plan: Plan) -> Bindings:
    """Return `bindings` with the findings of the plan: new addresses, matches, protected and forgotten addresses."""
    bindings = AddressMoves(addresses=plan.moves).renamed(bindings)
    kept = bindings.without(plan.forget)
    # Items whose address takes over an adopted one: only the state knows that they are to be deleted.
    deletes = ((change.id, change.address) for change in plan.changes if change.action is Action.DELETE)
    superseded = {
        id_: address
        for id_, address in deletes
        if id_ and bindings.ids.get(address) == id_ and plan.ids.get(address, id_) != id_
    }
    return replace(
        kept,
        ids={**kept.ids, **plan.ids},
        deposed={**bindings.deposed, **superseded},
        media={**bindings.media, **plan.media},
        records={**kept.records, **plan.records},
        released={**bindings.released, **plan.released},
        protected=plan.protected,
        approvals=kept.approvals | ({plan.approval} if plan.approval else set()),
    )


def check_fresh(plan: Plan, snapshot: SiteSnapshot, bindings: Bindings, root: Path) -> None:
    """Raise StaleError, listing the reasons, if a resource in the plan or a local file in `root` changed.

    It reads all local files that the changes show, also uploaded ones: what was uploaded may be gone from the site.
    """
    now = _Current.build(plan, snapshot, apply_findings(bindings, plan))
    files = WorkspaceFiles(root)
    stale = [f"{c.address}: {why}" for c in plan.changes if (why := now.stale_reason(c) or _file_reason(c, files))]
    stale += [f"{address}: {why}" for address, why in now.adoptions_gone(plan)]
    if stale:
        raise StaleError(
            f"the plan is stale: {len(stale)} of {len(plan.changes)} resources changed; nothing was applied",
            why="\n  ".join(stale),
            do="create a new plan and review it",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Current:
    """The current site, and the bindings with the findings of the plan."""

    galleries: Mapping[str, LiveGallery]
    items: Mapping[str, Mapping[str, LiveItem]]
    """The items of each gallery, by their ids."""
    bindings: Bindings
    created_galleries: frozenset[Address]
    """The galleries that the plan creates."""

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
        """Return why `change` is stale, "" if it is not."""
        if change.address.item is None:
            return self._name_taken(change) or self._difference(change, self.galleries)
        parent = change.address.parent
        if parent in self.created_galleries:
            return "" if change.action is Action.CREATE else "its gallery does not exist yet"
        if parent not in self.bindings.ids:
            return "its gallery is not in state"
        items = self.items.get(self.bindings.ids[parent])
        if items is None:
            return "" if change.action is Action.DELETE else "its gallery no longer exists on the site"
        return self._difference(change, items)

    def _name_taken(self, change: Change) -> str:
        """Return the reason if the site has a new gallery with the name of the one to create, else ""."""
        if (
            change.action is not Action.CREATE or change.reason
        ):  # a recreated one may share the name of an unmanaged one
            return ""
        known = set(self.bindings.ids.values())
        same = [
            g.id
            for g in self.galleries.values()
            if g.name == change.write.get("name", change.name) and g.id not in known
        ]
        return f"gallery {same[0]} with this name was created meanwhile" if same else ""

    def _difference(self, change: Change, live: Mapping[str, LiveGallery | LiveItem]) -> str:
        known = self.bindings.ids.get(change.address)
        if change.id is None:
            return "it was created meanwhile" if known in live else ""
        resource = live.get(change.id)
        if resource is None:
            return "" if change.action is Action.DELETE else "it no longer exists on the site"
        if _fingerprint_for(resource, change) != change.fingerprint:
            return _changed_fields(change, resource)
        if change.deleted_content is not None and change.deleted_content != content_digest(resource):
            return "the plan was edited: its deleted_content is not that of the resource"
        if change.action is not Action.DELETE and known != change.id:
            return "another resource has its address now"
        return ""

    def adoptions_gone(self, plan: Plan) -> Iterator[tuple[Address, str]]:
        """Yield the addresses of the plan's adoptions whose resource no longer exists, with the reason."""
        changed = {change.address for change in plan.changes}
        for address, id_ in plan.ids.items():
            items = self.items.get(self.bindings.ids.get(address.parent, ""), {})
            exists = id_ in self.galleries if address.item is None else id_ in items
            if not exists and address not in changed:
                yield address, f"{id_}, which it adopts, no longer exists on the site"


def _file_reason(change: Change, tree: WorkspaceFiles) -> str:
    """Return why the local file that `change` shows is not the planned one, "" if it is."""
    if not isinstance(change.media, LocalFile):
        return ""
    try:
        found = tree.digests(normalize_path(change.media.path))
    except (WorkspaceFileError, OSError) as error:
        return str(error)
    same = found.sha256 == change.media.sha256 and change.media.content in ("", found.content)
    return "" if same else f"the file {change.media.path} changed since the plan was made"


def _changed_fields(change: Change, resource: LiveGallery | LiveItem) -> str:
    """Return the fields that changed on the site, before and after, as far as the plan recorded them."""
    parts = ", ".join(
        f"{manifest_name(part.path, change.kind)} {_format_value(part.before)} → {_format_value(part.after)}"
        for part in changed_since(change, resource)
    )
    if parts:
        return f"{parts} (changed on the site)"
    elsewhere = ", but not in a field that the plan changes" if change.action is Action.UPDATE else ""
    return f"it was changed on the site{elsewhere}"


def _format_value(value: Json) -> str:
    """Return `value` as JSON on one line, truncated."""
    text = json.dumps(displayed(value) if isinstance(value, str) else value, ensure_ascii=False, default=dict)
    return text if len(text) <= _MAX_VALUE_LENGTH else f"{text[: _MAX_VALUE_LENGTH - 1]}…"


def _fingerprint_for(resource: LiveGallery | LiveItem, change: Change) -> str:
    """Return the current fingerprint to compare with that of `change`; a deleted gallery includes its items."""
    if isinstance(resource, LiveGallery) and change.action is Action.DELETE:
        return fingerprint_with_items(resource)
    return fingerprint(resource)
