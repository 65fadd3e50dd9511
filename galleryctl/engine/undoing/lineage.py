"""Check that the ids of a run are those of the state."""

from __future__ import annotations

from galleryctl.engine.site import Site
from galleryctl.model.command import command_line
from galleryctl.model.errors import StateError
from galleryctl.plan.history.record import RunRecord
from galleryctl.state.state_file import State


def check_lineage(record: RunRecord, state: State, site: Site) -> None:
    """Raise StateError if the run does not belong to the history of the state."""
    by_hand = (
        "correct the manifests by hand: "
        + command_line("history", str(record.header.number))
        + " shows the former values"
    )
    restored = f"restore a version of it with serial {record.header.serial} or later, if one is listed: "
    restored += command_line("state", "versions")
    why, way_out = "", f"{restored}; otherwise {by_hand}"
    if record.site_id != site.site_id:
        why, way_out = f"the run was made on site {record.site_id}, this is {site.site_id}", by_hand
    elif not state.lineage:
        why = "the state was not found"
    elif record.header.lineage not in ("", state.lineage):
        # A restored version keeps the lineage of the state that it replaces.
        why, way_out = f"the run wrote lineage {record.header.lineage}, the state has {state.lineage}", by_hand
    elif state.serial < record.header.serial:
        why = f"the run wrote serial {record.header.serial}, the state is at serial {state.serial}"
    if why:
        raise StateError(
            f"run {record.header.number} cannot be undone: the state was lost or replaced since",
            where=site.backend.location,
            why=f"{why}; the ids of the history cannot be trusted",
            do=way_out,
        )
