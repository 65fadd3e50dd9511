"""`approvals` of galleryctl.yaml: consent to plans that a safety check rejected."""

from __future__ import annotations

import math

from galleryctl.manifest.values import get_string
from galleryctl.manifest.yaml.nodes import YamlDocument
from galleryctl.model.desired import Approval
from galleryctl.model.errors import Problem


def read_approvals(document: YamlDocument, problems: list[Problem]) -> tuple[Approval, ...]:
    """Return the valid approvals; duplicates are added to `problems`, and the schema reports what is invalid."""
    entries = document.root.part("approvals") if document.root else None
    approvals: dict[str, Approval] = {}
    for entry in (entries.items or ()) if entries else ():
        digest, reason, node = get_string(entry, "digest"), get_string(entry, "reason"), entry.part("deletes")
        deletes = node.value if node else None
        if digest is None or reason is None or not isinstance(deletes, int | float) or not math.isfinite(deletes):
            continue
        approval = Approval(digest=digest, deletes=int(deletes), reason=reason, at=document.at(entry))
        first = approvals.setdefault(digest, approval)
        if first is not approval:
            problems.append(Problem(approval.at, f"duplicate digest in approvals, first at {first.at}"))
    return tuple(approvals.values())
