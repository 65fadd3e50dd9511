"""The state and the site during an apply, updated by its steps."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.last_applied import NEVER_APPLIED, LastApplied
from galleryctl.model.live import LiveGallery, LiveItem, SiteSnapshot
from galleryctl.model.media import LocalFile, MediaFile, RemoteFile
from galleryctl.state.journal import apply_result, merge_results
from galleryctl.state.journal_records import StepResult


class WorkingState:
    """Resources and files by address, id and source; steps add the ones that they create.

    `bindings` is the state with the findings of the plan, `known` are the ids that the state had before; `files` are
    the usable files of the Media Manager that the plan shows, by id.
    """

    def __init__(
        self, snapshot: SiteSnapshot, bindings: Bindings, *, known: Collection[str], files: Mapping[str, MediaFile]
    ) -> None:
        self._bindings = bindings
        self._results: list[StepResult] = []
        self._gallery_ids = {address: id_ for address, id_ in bindings.ids.items() if address.item is None}
        self._media = dict(bindings.media)
        self._files = dict(files)
        self.galleries = {gallery.id: gallery for gallery in snapshot.galleries}
        self.items = {item.id: item for gallery in snapshot.galleries for item in gallery.items or ()}
        # An unconfirmed create made none of these, although a lagging read may still show deleted items.
        self.existing_ids = {*known, *self.galleries, *self.items}

    def gallery_id(self, address: Address) -> str:
        """Return the live id of the gallery at `address`, or of its parent."""
        return self._gallery_ids[address.parent]

    def record(self, address: Address) -> LastApplied:
        """Return the last applied values of `address` before the run."""
        return self._bindings.records.get(address, NEVER_APPLIED)

    def file(self, id_: str) -> MediaFile | None:
        """Return the usable file of the Media Manager with that id."""
        return self._files.get(id_)

    def uploaded_file(self, source: LocalFile | RemoteFile) -> MediaFile:
        """Return the file with this content."""
        return self._files[self._media[source.source]]

    def add_file(self, source: LocalFile | RemoteFile, file: MediaFile) -> None:
        """Record that `source` was uploaded as `file`."""
        self._files[file.id] = file
        self._media[source.source] = file.id

    def add_gallery(self, address: Address, gallery: LiveGallery) -> None:
        """Record that `gallery` was created at `address`."""
        self.galleries[gallery.id] = gallery
        self.existing_ids.add(gallery.id)
        self._gallery_ids[address] = gallery.id

    def add_item(self, item: LiveItem) -> None:
        """Record that `item` was created."""
        self.items[item.id] = item
        self.existing_ids.add(item.id)

    def add_result(self, result: StepResult) -> None:
        """Record the result of a step for `updated_state`."""
        self._results.append(result)

    def updated_state(self) -> Bindings:
        """Return the bindings including the results of the finished steps."""
        return apply_result(self._bindings, merge_results(self._results))
