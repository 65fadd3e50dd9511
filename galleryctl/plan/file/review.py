"""The review digest: one value for all plans in which a reviewer sees the same actions.

An approval in git names it. The plan is made again before it is applied, so the digest covers what a reviewer decides on,
and not what differs between two plans of the same changes: sort orders, times, serials, and the ids of resources that
are updated.
"""

from __future__ import annotations

from galleryctl.model.fields import Json
from galleryctl.model.media import HostedVideo, Media, RemoteFile
from galleryctl.model.variable_text import VariableText
from galleryctl.plan.changes import Action, Cause, Change, Plan, StateAction, StateChange
from galleryctl.plan.file.canonical import digest
from galleryctl.plan.file.texts import encode_value


def review_digest(plan: Plan) -> str:
    """Return the SHA-256 of the actions of a plan as a reviewer sees them, in hex."""
    return digest(
        {
            "site": encode_value(plan.site_id),
            "changes": [_reviewed(change) for change in plan.changes],
            "state": [_reviewed_state(change) for change in plan.state_changes],
        }
    )


def drift_digest(plan: Plan) -> str:
    """Return the SHA-256 of the drift in a plan, of what is tolerated and of what is held, in hex.

    Times and serials do not count.
    """
    return digest(
        {
            "site": encode_value(plan.site_id),
            "drift": [_reviewed(change) for change in plan.drift],
            "tolerated": [[str(t.address), t.field, t.until, t.reason, t.status.value] for t in plan.tolerated],
            "held": [[str(item.address), item.why] for item in plan.held],
        }
    )


def _reviewed(change: Change) -> Json:
    return {
        "address": str(change.address),
        "action": change.action.value,
        "deletes": [change.id, change.deleted_content] if change.action in (Action.DELETE, Action.REPLACE) else None,
        "fields": [[part.path, encode_value(part.before), encode_value(part.after)] for part in change.fields],
        "media": [change.media_before, _content(change.media)],
        "position": change.position,
        "guess": change.matched_by.value if change.matched_by.is_guess else None,
        "conflict": Cause.CONFLICT in change.causes,
    }


def _reviewed_state(change: StateChange) -> Json:
    return [str(change.address), change.action.value, change.detail if change.action is StateAction.ADOPT else ""]


def _content(media: Media) -> Json:
    if isinstance(media, HostedVideo | RemoteFile) and isinstance(media.url, VariableText):
        return encode_value(media.url)
    return media.url if isinstance(media, HostedVideo) else None if media is None else media.source
