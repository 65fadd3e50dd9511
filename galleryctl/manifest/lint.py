"""`lint` of a workspace: its manifests, and the headers of the photos and videos that they show."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from galleryctl.manifest.files.tree import WorkspaceFiles
from galleryctl.manifest.lint_rules import lint, problem_findings
from galleryctl.manifest.load import load_manifests
from galleryctl.manifest.photo_facts import own_facts_reader
from galleryctl.manifest.workspace import load_workspace
from galleryctl.model.errors import InvalidInput
from galleryctl.model.lint import LintReport, Severity
from galleryctl.model.media import LocalFile


def lint_workspace(
    root: Path, environ: Mapping[str, str], site: str | None = None, *, fail_on: Severity = Severity.ERROR
) -> LintReport:
    """Return the findings about the manifests of the workspace in `root`, and the files that they show.

    Neither the site nor the state is accessed, and no variable needs to be set. The problems of invalid manifests are
    findings. Raises InvalidInput if galleryctl.yaml is invalid, GalleryctlError for an unknown site.
    """
    config = load_workspace(root, environ)
    name = next(iter(config.sites)) if site is None else site
    try:
        desired = load_manifests(config, name, keep_unset=True)
    except InvalidInput as error:
        return LintReport(findings=problem_findings(error.problems, config.lint), items=0, fail_on=fail_on)
    read_facts = own_facts_reader(WorkspaceFiles(root))
    items = [item for gallery in desired.galleries for item in gallery.items]
    paths = {item.media.path for item in items if isinstance(item.media, LocalFile)}
    facts = {path: read_facts(path) for path in sorted(paths)}
    return LintReport(findings=lint(desired, facts, config.lint), items=len(items), fail_on=fail_on)
