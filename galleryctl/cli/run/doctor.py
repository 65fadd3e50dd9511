"""Everything that can keep galleryctl from working, looked at in the order in which it is met."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from galleryctl.cli.installation import check_installation
from galleryctl.cli.options import CliSettings
from galleryctl.engine.doctor import check_permissions, check_site_state, failed_check
from galleryctl.manifest.validate import referenced_variables, validate
from galleryctl.manifest.workspace import WORKSPACE_FILE, WorkspaceConfig, load_workspace
from galleryctl.model.checkup import Check, CheckStatus, Diagnosis
from galleryctl.model.errors import GalleryctlError, InvalidInput
from galleryctl.report.checkup import command_result_summary
from galleryctl.session.open import WorkspaceSite
from galleryctl.wix.probe import probe

_MAX_CLOCK_SKEW = 60.0
"""Seconds by which two clocks may differ before it is worth a word."""
_MAX_PROBLEMS_SHOWN = 3
"""Problems that are shown; `validate` lists them all."""


def diagnose(settings: CliSettings) -> Diagnosis:
    """What was found; each thing is looked at as far as what it needs is fine."""
    root = settings.directory
    if not (root / WORKSPACE_FILE).is_file():
        nowhere = Check(
            name="workspace",
            status=CheckStatus.WARN,
            finding=f"{root / WORKSPACE_FILE} does not exist, so only the installation was looked at",
            do="go to a workspace, give it with -C, or make one: galleryctl init",
        )
        return Diagnosis(checks=(*check_installation(), nowhere))
    try:
        config = load_workspace(root, os.environ)
    except InvalidInput as error:
        return Diagnosis(
            checks=(
                *check_installation(),
                _invalid_input_check("workspace", error),
                *_check_variables(root, sites=True),
            )
        )
    sites = [WorkspaceSite(config=config, name=name) for name in config.sites]
    backend = sites[0].backend  # of whichever site: they have one kind
    where = f"{root / WORKSPACE_FILE}: {backend.description}"
    checks = [*check_installation(backend.extras), Check(name="workspace", status=CheckStatus.OK, finding=where)]
    checks += [*_check_variables(root, sites=backend.url is not None), _check_manifests(config)]
    if settings.site is not None and settings.site not in config.sites:
        unknown = f"the workspace has no site {settings.site!r}"
        checks.append(
            Check(name="site", status=CheckStatus.FAIL, finding=unknown, do=f"it has: {', '.join(config.sites)}")
        )
        return Diagnosis(checks=tuple(checks))
    for site in sites if settings.site is None else [site for site in sites if site.name == settings.site]:
        prefix = f"{site.name}: " if len(sites) > 1 else ""
        found = asyncio.run(_check_site(site))
        checks += [replace(check, name=prefix + check.name) for check in found]
    return Diagnosis(checks=tuple(checks))


def _invalid_input_check(name: str, error: InvalidInput) -> Check:
    shown = "; ".join(map(str, error.problems[:_MAX_PROBLEMS_SHOWN]))
    more = len(error.problems) - _MAX_PROBLEMS_SHOWN
    return Check(
        name=name,
        status=CheckStatus.FAIL,
        finding=shown + (f"; and {more:,} more" if more > 0 else ""),
        do="galleryctl validate lists all problems",
    )


def _check_variables(root: Path, *, sites: bool) -> Iterator[Check]:
    """Check the environment variables that the files name; without `sites` not those of the sites."""
    for name in referenced_variables(root, sites=sites):
        what = "set" if os.environ.get(name) else "empty" if name in os.environ else "not set"
        mark = CheckStatus.OK if what == "set" else CheckStatus.FAIL
        do = "" if what == "set" else f"export {name}=..."
        yield Check(name=f"variable {name}", status=mark, finding=what, do=do)


def _check_manifests(config: WorkspaceConfig) -> Check:
    try:
        found = validate(config.root, os.environ)
    except InvalidInput as error:
        return _invalid_input_check("manifests", error)
    return Check(name="manifests", status=CheckStatus.OK, finding=command_result_summary(found))


async def _check_site(workspace: WorkspaceSite) -> list[Check]:
    """One site: its state, and the way to it."""
    folder = workspace.backend.data_folder
    if folder is not None and not folder.exists():
        unused = "the embedded emulator has no data yet; the first plan makes it"
        return [Check(name="emulator", status=CheckStatus.OK, finding=unused)]
    checks: list[Check] = []
    try:
        async with workspace.open() as site:
            checks += check_site_state(site)
            reach = await _check_network(workspace.backend.url)
            checks += reach
            if all(check.status is not CheckStatus.FAIL for check in reach):
                checks += await check_permissions(site.client, site.folder)
    except GalleryctlError as error:
        checks.append(failed_check("site", error))
    return checks


async def _check_network(base_url: str | None) -> list[Check]:
    """The network and the clocks; a backend in this process needs neither."""
    if base_url is None:
        return []
    try:
        answer = await probe(base_url, clock=time.time)
    except GalleryctlError as error:
        return [Check(name="network", status=CheckStatus.FAIL, finding=f"{base_url}: {error.what}", do=error.do)]
    return [
        Check(name="network", status=CheckStatus.OK, finding=f"{base_url} answers"),
        _check_clock(answer.clock_offset),
    ]


def _check_clock(ahead: float | None) -> Check:
    if ahead is None:
        return Check(name="clock", status=CheckStatus.OK, finding="the API does not tell its time")
    if abs(ahead) <= _MAX_CLOCK_SKEW:
        return Check(name="clock", status=CheckStatus.OK, finding="agrees with the API's")
    behind = "behind" if ahead > 0 else "ahead of"
    return Check(
        name="clock",
        status=CheckStatus.WARN,
        finding=f"this machine's is {abs(ahead):,.0f} seconds {behind} the API's",
        do="set the clock, best by NTP: times of locks, tokens and webhooks are compared",
    )
