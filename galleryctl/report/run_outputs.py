"""The result of a CI job as short values, which other jobs read: one line each, safe in a shell and in a dotenv file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from galleryctl.plan.changes import Plan
from galleryctl.plan.file.review import drift_digest, review_digest
from galleryctl.report.formatting import shorten
from galleryctl.report.results import SiteResult
from galleryctl.report.site_table import COUNTED_ACTIONS, site_rows
from galleryctl.report.summary import results_summary

_BY_URGENCY = (
    "failed",
    "rejected",
    "interrupted",
    "partial",
    "drift",
    "changes",
    "applied",
    "no drift",
    "no changes",
)
"""Results of a site; that of several is the first of these that one of them has."""
_SHORT_DIGEST = 16
"""Digits of the digests of several sites: GitLab allows 5 KB for all values."""
_MAX_REASON = 300
_NOT_PLAIN = re.compile(r"[^\w .,:/+%@=-]+")


def result_outputs(results: Sequence[SiteResult]) -> Mapping[str, str]:
    """Return the result, the counts by action, the digest and the reason of a failure.

    The digest of several sites is `NAME=DIGEST NAME=DIGEST`; a site without a plan has none.
    """
    rows = site_rows(results)
    found = {row.result for row in rows}
    result = next((word for word in _BY_URGENCY if word in found), "failed")
    totals = [sum(of_sites) for of_sites in zip(*(row.counts for row in rows), strict=True)]
    failed = {row.site for row in rows if row.is_failed}
    return {
        "result": result.replace(" ", "-"),
        **{action.value: str(total) for action, total in zip(COUNTED_ACTIONS, totals, strict=True)},
        "digest": _digests(results),
        "failure-reason": plain_line(_reason([each for each in results if each.site in failed])),
    }


def plain_line(text: str) -> str:
    """Return a text on one line, without characters that have an effect in a shell or a dotenv file."""
    return shorten(" ".join(_NOT_PLAIN.sub(" ", text).split()), _MAX_REASON)


def _digests(results: Sequence[SiteResult]) -> str:
    digests = {
        result.site: drift_digest(result.subject) if result.drift else review_digest(result.subject)
        for result in results
        if isinstance(result.subject, Plan)
    }
    if len(results) == 1:
        return next(iter(digests.values()), "")
    return " ".join(f"{site}={digest[:_SHORT_DIGEST]}" for site, digest in digests.items())


def _reason(failed: Sequence[SiteResult]) -> str:
    if not failed:
        return ""
    first = failed[0].subject
    reason = first.refusals[0].why if isinstance(first, Plan) and first.refusals else results_summary(failed[:1])
    named = f"{failed[0].site}: {reason}" if failed[0].site else reason
    return f"{named}, and {len(failed) - 1} more" if len(failed) > 1 else named
