"""`approvals` of galleryctl.yaml: consent to plans that a safety check rejected."""

from __future__ import annotations

from galleryctl.manifest.values import get_string
from galleryctl.manifest.yaml.nodes import YamlDocument
from galleryctl.model.desired import Approval
from galleryctl.model.errors import Problem


def read_approvals(document: YamlDocument, problems: list[Problem]) -> tuple[Approval, ...]:
    """Return the approvals, which the schema has checked; duplicates are added to `problems`."""
    node = document.root.part("approvals") if document.root else None
    approvals: dict[str, Approval] = {}
    for entry in (node.items or ()) if node else ():
        digest, reason, deletes = get_string(entry, "digest"), get_string(entry, "reason"), entry.part("deletes")
        if digest is None or reason is None or deletes is None or not isinstance(deletes.value, int | float):
            continue
        approval = Approval(digest=digest, deletes=int(deletes.value), reason=reason, at=document.at(entry))
        first = approvals.setdefault(digest, approval)
        if first is not approval:
            problems.append(Problem(approval.at, f"duplicate digest in approvals, first at {first.at}"))
    return tuple(approvals.values())
