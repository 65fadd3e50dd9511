"""The work of `ci propose`: what `drift --accept` and `import` wrote, as a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import click

from galleryctl.cli import output
from galleryctl.cli.options import CliSettings
from galleryctl.cli.run.ci_job import CiResult, current_job, forge_timing
from galleryctl.cli.wait_lines import print_waits
from galleryctl.forge.checkout import Checkout
from galleryctl.forge.job import CiJob
from galleryctl.forge.open import open_forge
from galleryctl.forge.proposal import Proposal, ProposalResult, blob_hash, write_proposal
from galleryctl.forge.sections import MAX_COMMENT
from galleryctl.forge.shorten import fit_texts
from galleryctl.manifest.files.tree import WorkspaceFiles, open_regular_file
from galleryctl.manifest.load import find_manifests
from galleryctl.manifest.validate import partial_workspace
from galleryctl.model.errors import GalleryctlError, InvalidInput, Problem
from galleryctl.report.formatting import pluralize
from galleryctl.report.markdown_text import code_span, link_target

_BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*")
_MAX_FILE_BYTES = 10 * 1024 * 1024
_TOLERATED_FILE = "galleryctl.tolerated.yaml"
_MESSAGES = {
    ProposalResult.CREATED: "Opened the pull request.",
    ProposalResult.UPDATED: "Updated the pull request.",
    ProposalResult.UNCHANGED: "The pull request is up to date.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeOptions:
    """The options of `ci propose`."""

    branch: str
    base: str
    title: str


async def propose_changes(settings: CliSettings, options: ProposeOptions) -> CiResult:
    """Open or update the pull request, and return what was done. Raises GalleryctlError."""
    job = current_job()
    if job.is_fork or job.is_pull_request:
        output.info(settings, "Note: changes are not proposed from a pull request.")
        return CiResult(action="skipped", message="Nothing was proposed.")
    checkout = Checkout.of(settings.directory, on_wait=print_waits(settings))
    base, branch = options.base or job.branch, options.branch or _default_branch(settings.directory, checkout)
    for name, option in ((base, "--base"), (branch, "--branch")):
        if not _is_branch(name):
            raise click.UsageError(f"{option}: {name!r} is not the name of a branch.")
    if base == branch:
        raise click.UsageError("--branch must not be the branch into which the changes are to be merged.")
    files, existing = _changed_manifests(settings.directory, checkout)
    if not files:
        return CiResult(action="unchanged", message="No manifest has changed; nothing was proposed.")
    proposal = Proposal(
        branch=branch,
        base=base,
        parent=checkout.head(),
        title=options.title,
        body=_body(job, files),
        files=files,
        existing=existing,
    )
    async with open_forge(job, timing=forge_timing(settings)) as forge:
        proposed = await write_proposal(forge, proposal)
    if proposed.result is ProposalResult.FOREIGN_COMMITS:
        raise GalleryctlError(
            "the branch has commits of somebody else; nothing was proposed",
            where=branch,
            do="merge or delete the branch, or give another one with --branch",
        )
    return CiResult(action=proposed.result.value, message=_MESSAGES[proposed.result], url=proposed.url)


def _default_branch(folder: Path, checkout: Checkout) -> str:
    """Return a branch of this workspace alone: each run replaces what the last one proposed there."""
    parts = _below(folder, checkout).parts
    return "-".join(["galleryctl/proposal", *(re.sub("[^A-Za-z0-9_]+", "_", part) for part in parts)])


def _below(folder: Path, checkout: Checkout) -> PurePosixPath:
    return PurePosixPath(folder.resolve().relative_to(checkout.top.resolve()).as_posix())


def _changed_manifests(folder: Path, checkout: Checkout) -> tuple[Mapping[str, str | None], frozenset[str]]:
    """Return the manifests that differ from the checked out commit, by path, and the files that it has."""
    below = _below(folder, checkout)
    blobs = checkout.blobs(below)
    problems: list[Problem] = []
    workspace = partial_workspace(folder)
    manifests = set(find_manifests(workspace, WorkspaceFiles(folder), problems))
    changed: dict[str, str | None] = {}
    for name in sorted({*manifests, _TOLERATED_FILE}):
        path = below / name
        content = _content(folder / name, problems)
        if content is not None and blobs.get(path) != blob_hash(content, blobs.get(path, "")):
            changed[str(path)] = _text(path, content, problems)
    if problems:
        raise InvalidInput(tuple(problems))
    return changed, frozenset(map(str, blobs))


def _content(path: Path, problems: list[Problem]) -> bytes | None:
    try:
        with open_regular_file(path) as stream:
            content = stream.read(_MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        problems.append(Problem(None, f"cannot read {path}: {error.strerror or error}"))
        return None
    if len(content) > _MAX_FILE_BYTES:
        problems.append(Problem(None, f"{path} is longer than {_MAX_FILE_BYTES:,} bytes"))
        return None
    return content


def _text(path: PurePosixPath, content: bytes, problems: list[Problem]) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        problems.append(Problem(None, f"{path} is not UTF-8"))
        return ""


def _body(job: CiJob, files: Mapping[str, str | None]) -> str:
    return "\n\n".join(_paragraphs(job, files)) + "\n"


def _paragraphs(job: CiJob, files: Mapping[str, str | None]) -> Iterator[str]:
    yield f"galleryctl wrote {pluralize(len(files), 'manifest')}, to match what people changed on the site."
    listed = "\n".join(f"- {code_span(path)}" for path in sorted(files))
    (fitted,) = fit_texts([listed], MAX_COMMENT - 1_000, "- …")
    yield fitted
    if target := link_target(job.page):
        yield f"Written by [this job]({target}). The branch is replaced by the next run, unless somebody commits to it."


def _is_branch(name: str) -> bool:
    return bool(_BRANCH.fullmatch(name)) and ".." not in name and not name.endswith((".lock", ".", "/"))
