"""The values that a change sends to the API: the new item, its media, its sort order and the id of its resource."""

from __future__ import annotations

from typing import assert_never

from galleryctl.engine.apply.working_state import WorkingState
from galleryctl.model.errors import StaleError
from galleryctl.model.media import HostedVideo, LocalFile, MediaFile, RemoteFile, WixFile
from galleryctl.plan.changes import Change
from galleryctl.wix.items import NewItem


def new_item(change: Change, state: WorkingState) -> NewItem:
    """Return the item that a create sends. Raises StaleError if its file no longer exists."""
    if change.kind is None:
        raise AssertionError(f"{change.address} is not an item")
    return NewItem(
        kind=change.kind, fields=change.write, file=media_to_send(change, state), sort_order=planned_sort_order(change)
    )


def media_to_send(change: Change, state: WorkingState) -> MediaFile | HostedVideo | None:
    """Return the uploaded file or the hosted video that the item will show, None if its media does not change.

    Raises StaleError if the Media Manager no longer has a file that the manifest refers to, or could not process it.
    """
    match change.media:
        case LocalFile() | RemoteFile():
            return state.uploaded_file(change.media)
        case WixFile(id=id_):
            file = state.file(id_)
            if file is None:
                raise StaleError(
                    f"the Media Manager has no usable file {id_}",
                    where=change.address,
                    do="correct the wix: reference, or give the path of the photo",
                )
            return file
        case HostedVideo() | None:
            return change.media
        case _:
            assert_never(change.media)


def planned_sort_order(change: Change) -> float:
    """Return the sort order that the plan gives to what `change` creates."""
    if change.sort_order is None:
        raise AssertionError(f"{change.action} of {change.address} has no sort order")
    return change.sort_order


def live_id(change: Change) -> str:
    """Return the id of the live resource that `change` updates or deletes."""
    if change.id is None:
        raise AssertionError(f"{change.action} of {change.address} has no id")
    return change.id
