"""The files that are uploaded again because the setting `privacy` changes what is sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from galleryctl.model.command import command_line
from galleryctl.model.media import LocalFile
from galleryctl.plan.changes import Change, Notice

_MAX_FILES = 100
"""The number of files in a notice."""


def private_copy_notices(changes: Iterable[Change], media: Mapping[str, str]) -> Iterator[Notice]:
    """Yield the notice that names the former copies of these files; `media` is source → file id, as state has it."""
    former: dict[str, str] = {}
    for change in changes:
        if isinstance(change.media, LocalFile) and change.media_before:
            others = change.media.possible_sources - {change.media.source}
            if change.media_before in {media.get(source) for source in others}:
                former[change.media_before] = change.media.path
    if not former:
        return
    names = [f"{path} (wix:{id_})" for id_, path in former.items()]
    more = f" and {len(names) - _MAX_FILES:,} more" if len(names) > _MAX_FILES else ""
    yield Notice(
        address=None,
        message=(
            f"files that are uploaded again because of privacy: {len(names):,}; their former copies stay in the Media "
            f"Manager until {command_line('media', 'gc')} deletes them: {', '.join(names[:_MAX_FILES])}{more}"
        ),
    )
