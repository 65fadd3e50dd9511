"""The work of `doctor`: checks in the order in which a command needs their subjects."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from galleryctl.cli.installation import check_installation
from galleryctl.cli.options import CliSettings
from galleryctl.cli.workspace import observe_waits
from galleryctl.engine.doctor import check_permissions, check_site_state, failed_check
from galleryctl.manifest.validate import referenced_variables, validate
from galleryctl.manifest.workspace import WORKSPACE_FILE, WorkspaceConfig, load_workspace
from galleryctl.model.checkup import Check, CheckStatus, Diagnosis
from galleryctl.model.command import command_line
from galleryctl.model.errors import GalleryctlError, InvalidInput
from galleryctl.model.waiting import Waiting, WaitKind
from galleryctl.network import NetworkSettings
from galleryctl.report.checkup import command_result_summary
from galleryctl.session.credential_command import CREDENTIAL_COMMAND
from galleryctl.session.open import WorkspaceSite
from galleryctl.waits import Waits
from galleryctl.wix.connection import check_connection

_MAX_CLOCK_SKEW = 60.0
"""Seconds by which the clocks may differ without a warning."""
_MAX_PROBLEMS_SHOWN = 3
"""Problems of a file shown; `validate` lists all."""


def diagnose(settings: CliSettings) -> Diagnosis:
    """Run the checks, except those that depend on a failed one."""
    return Diagnosis(checks=tuple(_with_options(_run_checks(settings), settings)))


def _with_options(checks: Iterable[Check], settings: CliSettings) -> Iterator[Check]:
    return (replace(check, do=settings.for_this_workspace(check.do)) for check in checks)


def _run_checks(settings: CliSettings) -> Sequence[Check]:
    root = settings.directory
    if not (root / WORKSPACE_FILE).is_file():
        missing = Check(
            name="workspace",
            status=CheckStatus.WARN,
            finding=f"{root / WORKSPACE_FILE} does not exist; only the installation was checked",
            do="change to a workspace, specify one with -C, or create one: " + command_line("init"),
        )
        return (*check_installation(), missing)
    try:
        config = load_workspace(root, os.environ)
    except InvalidInput as error:
        invalid = _invalid_input_check("workspace", error)
        return (*check_installation(), invalid, *_check_variables(settings, sites=True))
    on_wait = observe_waits(settings)
    sites = [WorkspaceSite(config=config, name=name, on_wait=on_wait) for name in config.sites]
    backend = sites[0].backend  # any site's: all sites have the same kind
    try:
        url, where = backend.url, f"{root / WORKSPACE_FILE}: {backend.description}"
    except GalleryctlError as error:  # the job does not allow this address
        return (*check_installation(backend.extras), failed_check("workspace", error))
    checks = [*check_installation(backend.extras), Check(name="workspace", status=CheckStatus.OK, finding=where)]
    checks += [*_check_variables(settings, sites=url is not None), _check_manifests(config)]
    try:
        config.check_site(sites[0].name if settings.site is None else settings.site)
    except GalleryctlError as error:
        return (*checks, failed_check("site", error))
    for site in sites if settings.site is None else [site for site in sites if site.name == settings.site]:
        prefix = f"{site.name}: " if len(sites) > 1 else ""
        of_site = replace(settings, site=site.name) if prefix else settings
        found = _with_options(asyncio.run(_check_site(site)), of_site)
        checks += [replace(check, name=prefix + check.name) for check in found]
    return checks


def _invalid_input_check(name: str, error: InvalidInput) -> Check:
    shown = "; ".join(map(str, error.problems[:_MAX_PROBLEMS_SHOWN]))
    more = len(error.problems) - _MAX_PROBLEMS_SHOWN
    return Check(
        name=name,
        status=CheckStatus.FAIL,
        finding=shown + (f"; and {more:,} more" if more > 0 else ""),
        do="list all problems: " + command_line("validate"),
    )


def _check_variables(settings: CliSettings, *, sites: bool) -> Iterator[Check]:
    """Check the environment variables that a command for the site of the options needs, those of sites with `sites`."""
    prints_credentials = bool(os.environ.get(CREDENTIAL_COMMAND))
    names = referenced_variables(settings.directory, sites=sites, site=settings.site, auth=not prints_credentials)
    for name in names:
        finding = "set" if os.environ.get(name) else "empty" if name in os.environ else "not set"
        status = CheckStatus.OK if finding == "set" else CheckStatus.FAIL
        do = "" if finding == "set" else f"export {name}=..."
        yield Check(name=f"variable {name}", status=status, finding=finding, do=do)


def _check_manifests(config: WorkspaceConfig) -> Check:
    try:
        validation = validate(config.root, os.environ)
    except InvalidInput as error:
        return _invalid_input_check("manifests", error)
    return Check(name="manifests", status=CheckStatus.OK, finding=command_result_summary(validation))


async def _check_site(workspace: WorkspaceSite) -> list[Check]:
    """Check the state of one site, the network and the permissions."""
    folder = workspace.backend.data_folder
    if folder is not None and not folder.exists():
        unused = "the embedded emulator has no data yet; the first plan creates it"
        return [Check(name="emulator", status=CheckStatus.OK, finding=unused)]
    checks: list[Check] = []
    if (url := workspace.backend.url) is not None:
        try:
            checks.append(Check(name="network settings", status=CheckStatus.OK, finding=NetworkSettings().check(url)))
        except GalleryctlError as error:
            return [failed_check("network settings", error)]
    try:
        async with workspace.open() as site:
            checks += check_site_state(site)
            network = await _check_network(url, site.client.waits)
            checks += network
            if all(check.status is not CheckStatus.FAIL for check in network):
                checks += await check_permissions(site.client, site.folder)
    except GalleryctlError as error:
        checks.append(failed_check("site", error))
    return checks


async def _check_network(base_url: str | None, waits: Waits) -> list[Check]:
    """Check the network and the clock; there is nothing to check for a backend in this process."""
    if base_url is None:
        return []
    try:
        with waits.during(Waiting(kind=WaitKind.RESPONSE, what=f"a response from {base_url}")):
            response = await check_connection(base_url, clock=time.time)
    except GalleryctlError as error:
        return [Check(name="network", status=CheckStatus.FAIL, finding=f"{base_url}: {error.what}", do=error.do)]
    return [
        Check(name="network", status=CheckStatus.OK, finding=f"{base_url} responds"),
        _check_clock(response.clock_offset),
    ]


def _check_clock(ahead: float | None) -> Check:
    if ahead is None:
        return Check(name="clock", status=CheckStatus.OK, finding="cannot be compared: the API sends no date")
    if abs(ahead) <= _MAX_CLOCK_SKEW:
        return Check(name="clock", status=CheckStatus.OK, finding="in sync with the API")
    direction = "behind" if ahead > 0 else "ahead of"
    return Check(
        name="clock",
        status=CheckStatus.WARN,
        finding=f"this machine is {abs(ahead):,.0f} seconds {direction} the API",
        do="synchronize the clock (NTP): locks, tokens and webhooks depend on it",
    )
