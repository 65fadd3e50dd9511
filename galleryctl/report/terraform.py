"""The counts that GitLab shows in a merge request: its report type `terraform`.

A replacement counts as a create and a delete, as in GitLab's own conversion of Terraform plans.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

from galleryctl.model.outcome import OutcomeStatus, Report
from galleryctl.plan.changes import Action, Plan
from galleryctl.report.ranked_changes import shown_changes
from galleryctl.report.results import ReportContext, SiteResult


def results_counts(results: Sequence[SiteResult], _context: ReportContext) -> str:
    """Return the number of creates, updates and deletes of plans, or those that an apply has made.

    A failed run has no counts, so the object is empty: GitLab then says that the report is missing.
    """
    counted = [result for result in results if isinstance(result.subject, Plan | Report)]
    if len({result.site for result in counted}) < len({result.site for result in results}) or len(counted) < len(
        results
    ):
        return "{}\n"
    total: Counter[str] = Counter()
    for result in counted:
        total.update(_counts(result))
    replaced = total[Action.REPLACE]
    counts = {
        "create": total[Action.CREATE] + replaced,
        "update": total[Action.UPDATE],
        "delete": total[Action.DELETE] + replaced,
    }
    return json.dumps(counts) + "\n"


def _counts(result: SiteResult) -> Counter[str]:
    subject = result.subject
    if isinstance(subject, Report):
        return Counter(each.action for each in subject.outcomes if each.status is OutcomeStatus.DONE)
    counts: Counter[str] = Counter()
    for change in shown_changes(subject, drift=result.drift) if isinstance(subject, Plan) else ():
        counts[change.action.value] += 1
        counts[Action.DELETE.value] += change.deleted_items
    return counts
