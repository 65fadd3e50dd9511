"""What earlier runs left, for commands that write state without looking at the whole site."""

from __future__ import annotations

from galleryctl.engine.site import Known, Site, recall
from galleryctl.model.errors import StateError


async def recall_settled(site: Site) -> Known:
    """As `recall`; StateError when a broken-off run may have made what only an apply finds out."""
    known = await recall(site)
    if known.pending:
        raise StateError(
            "a run was broken off, and what it had done is not known yet",
            where=site.journal.location,
            do="run `galleryctl apply` first: it finds that out",
        )
    return known
