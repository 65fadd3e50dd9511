"""The state and the site during an apply, updated by its steps."""

from __future__ import annotations

from collections.abc import Mapping

from galleryctl.model.address import Address
from galleryctl.model.bindings import Bindings
from galleryctl.model.last_applied import NEVER_APPLIED, LastApplied, SortOrderFormat
from galleryctl.model.live import LiveGallery, LiveItem, SiteSnapshot
from galleryctl.model.media import LocalFile, MediaFile, RemoteFile
from galleryctl.state.journal import apply_result, merge_results
from galleryctl.state.journal_records import StepResult


class WorkingState:
    """Resources and files by address, id and source; steps add the ones that they create.

    `bindings` is the state with the findings of the plan, `before` without them, under the same addresses; `files` are the usable files of the
    Media Manager that the plan shows, by id.
    """

    def __init__(
        self, snapshot: SiteSnapshot, bindings: Bindings, *, before: Bindings, files: Mapping[str, MediaFile]
    ) -> None:
        self._snapshot = snapshot
        self._bindings = bindings
        self._before = before
        self._results: list[StepResult] = []
        self._gallery_ids = {address: id_ for address, id_ in bindings.ids.items() if address.item is None}
        self._media = dict(bindings.media)
        self._files = dict(files)
        self._listed: dict[Address | None, tuple[str, ...]] = {}
        self.galleries = {gallery.id: gallery for gallery in snapshot.galleries}
        self.items = {item.id: item for gallery in snapshot.galleries for item in gallery.items or ()}
        # An unconfirmed create made none of these, although a lagging read may still show deleted items.
        self.former_ids = frozenset({*before.ids.values(), *before.deposed, *self.galleries, *self.items})
        self.existing_ids = set(self.former_ids)

    def gallery_id(self, address: Address) -> str:
        """Return the live id of the gallery at `address`, or of its parent."""
        return self._gallery_ids[address.parent]

    def listed_ids(self, gallery: Address | None) -> tuple[str, ...]:
        """Return the ids of all items that a gallery had before the run, of all galleries for None.

        Those in state are among them: a lagging read may still show an item that was deleted.
        """
        if gallery not in self._listed:
            live = self._snapshot.galleries
            in_state = [*self._before.ids.items(), *((a, id_) for id_, a in self._before.deposed.items())]
            if gallery is None:
                ids = {g.id for g in live} | {id_ for address, id_ in in_state if address.item is None}
            else:
                items = {item.id for g in live if g.id == self._gallery_ids[gallery] for item in g.items or ()}
                ids = items | {id_ for address, id_ in in_state if address.item and address.parent == gallery}
            self._listed[gallery] = tuple(sorted(ids))
        return self._listed[gallery]

    def sort_order_format(self, gallery: Address) -> SortOrderFormat | None:
        """Return the format in which the site stores the sort orders of a gallery's items, None if it is unknown."""
        return self._bindings.sort_order_formats.get(gallery)

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
