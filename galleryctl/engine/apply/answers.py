"""The last applied values of a resource after the API's answer to a create or an update."""

from __future__ import annotations

from dataclasses import dataclass, replace

from galleryctl.model.last_applied import LastApplied, value_digest
from galleryctl.model.live import LiveGallery, LiveItem
from galleryctl.model.media import HostedVideo, MediaFile, WixFile
from galleryctl.plan.answers import answered_fields
from galleryctl.plan.changes import Action, Change
from galleryctl.plan.compare import changed_paths
from galleryctl.plan.diff import MEDIA_PATH
from galleryctl.plan.identity.evidence import media_digest
from galleryctl.plan.three_way import answered_base


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedValues:
    """The record of a resource after an answer, and what the answer shows of the values that were sent.

    `not_taken` are the paths that still have the value from before, `other_form` those that the site stores in another
    form than was sent.
    """

    record: LastApplied
    not_taken: tuple[str, ...] = ()
    other_form: tuple[str, ...] = ()


def applied_values(
    change: Change,
    record: LastApplied,
    before: LiveItem | LiveGallery | None,
    answer: LiveItem | LiveGallery,
    file: MediaFile | WixFile | HostedVideo | None = None,
    *,
    was_read: bool = False,
) -> AppliedValues:
    """Return the record after `answer`; `before` is the resource before an update, `file` the media that was sent.

    `was_read` is True if `answer` is not the API's answer, but what was read later.
    """
    fields_before = before.fields if before is not None else {}
    fields = answered_fields(
        record.fields,
        named=(path for path in change.named if path != MEDIA_PATH),
        cleared=change.cleared,
        write=change.write,
        before=fields_before,
        answer=answer.fields,
        was_read=was_read,
    )
    bases, not_taken = dict(fields.bases), list(fields.not_taken)
    if isinstance(answer, LiveItem):
        record = replace(
            record,
            sort_order=record.sort_order if change.sort_order is None else answer.sort_order,
            revision=_revision(change, record, answer),
        )
        if change.media is not None and file is not None and MEDIA_PATH in change.named:
            shown = media_digest(answer.media)
            shown_before = media_digest(before.media) if isinstance(before, LiveItem) else ""
            sent = media_digest(WixFile(id=file.id) if isinstance(file, MediaFile) else file)
            if shown == shown_before and shown != sent:
                not_taken.append(MEDIA_PATH)
            else:
                base = bases.get(MEDIA_PATH)
                source = media_digest(change.media)
                bases[MEDIA_PATH] = answered_base(base, sent=source, before=shown_before, answered=shown)
    return AppliedValues(record=replace(record, fields=bases), not_taken=tuple(not_taken), other_form=fields.other_form)


def _revision(change: Change, record: LastApplied, answer: LiveItem) -> str:
    """Return the digest of the time of the answer, "" if it is unknown or if the item has drift that was not written.

    It means that nobody has changed the item since: a later difference would be taken for the form that the site stores.
    That is not so for a value that a person has changed and that is tolerated.
    """
    written = {*change.named, *change.cleared}
    has_drift = change.action is Action.UPDATE and not written.issuperset(changed_paths(answer, record))
    return value_digest(answer.updated) if answer.updated and not has_drift else ""
