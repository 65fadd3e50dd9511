"""Check a site without changing it: its state, and the permissions of its credentials."""

from __future__ import annotations

from collections.abc import Awaitable

from galleryctl.engine.own_state import read_own_state
from galleryctl.engine.site import Site
from galleryctl.model.checkup import Check, CheckStatus
from galleryctl.model.command import command_line
from galleryctl.model.errors import GalleryctlError
from galleryctl.model.variable_text import displayed
from galleryctl.state.journal import read_journal
from galleryctl.state.state_file import State
from galleryctl.wix import endpoints
from galleryctl.wix.client import WixClient
from galleryctl.wix.errors import AuthError


def check_site_state(site: Site) -> list[Check]:
    """Check state, lock and journal of the site."""
    results: list[Check] = []
    for name, check in (("state", _check_state), ("lock", _check_lock), ("journal", _check_journal)):
        try:
            results.append(check(site))
        except GalleryctlError as error:
            results.append(failed_check(name, error))
    return results


async def check_permissions(client: WixClient, folder: str) -> list[Check]:
    """Check what the credentials may read and write; `folder` is the target of uploads. Nothing is written."""
    reading = await _run_check("read galleries", _check_read_galleries(client))
    if reading.status is CheckStatus.FAIL and reading.do == AuthError.advice:
        return [reading]  # without valid credentials every check fails: report it once
    return [
        reading,
        await _run_check("manage galleries", _check_manage_galleries(client)),
        await _run_check("media folder", _check_media_folder(client, folder)),
        await _run_check("manage media", _check_manage_media(client)),
    ]


async def _run_check(name: str, check: Awaitable[Check]) -> Check:
    try:
        return await check
    except GalleryctlError as error:
        return failed_check(name, error)


def failed_check(name: str, error: GalleryctlError) -> Check:
    """Return the error as a failed check."""
    where = f"{error.where}: " if error.where else ""
    return Check(name=name, status=CheckStatus.FAIL, finding=f"{where}{error.what}", do=error.do)


def _passed(name: str, finding: str) -> Check:
    return Check(name=name, status=CheckStatus.OK, finding=finding)


def _check_state(site: Site) -> Check:
    where = site.backend.location
    if site.backend.read() is None:
        return _passed("state", f"no state at {where} yet; the first apply creates it")
    state = read_own_state(site)
    return _passed("state", f"{where}, serial {state.serial}, {len(state.bindings.ids):,} resources")


def _check_lock(site: Site) -> Check:
    holder = site.backend.lock_holder()
    if holder is None:
        return _passed("lock", "free")
    do = "wait; if that run has ended: " + command_line("state", "unlock", holder.run)
    return Check(name="lock", status=CheckStatus.WARN, finding=f"held by {holder}", do=do)


def _check_journal(site: Site) -> Check:
    state = site.backend.read() or State.new(site.site_id)
    if not read_journal(site.journal, state).run:
        return _passed("journal", "no unfinished run")
    finding = "an unfinished or running apply"
    return Check(name="journal", status=CheckStatus.WARN, finding=finding, do="run apply: it continues from there")


async def _check_read_galleries(client: WixClient) -> Check:
    page = await client.list_galleries(0, 1)
    return _passed("read galleries", f"allowed; the site has {page.total:,}")


async def _check_manage_galleries(client: WixClient) -> Check:
    return _permission_check("manage galleries", endpoints.MANAGE_GALLERIES_SCOPE, await client.can_manage_galleries())


async def _check_manage_media(client: WixClient) -> Check:
    return _permission_check("manage media", endpoints.MANAGE_MEDIA_SCOPE, await client.can_manage_media())


def _permission_check(name: str, scope: str, allowed: bool | None) -> Check:
    if allowed is not False:
        return _passed(name, "allowed" if allowed else "cannot be determined; the first apply will show")
    return Check(
        name=name,
        status=CheckStatus.WARN,
        finding="not allowed: plan and drift work, apply does not",
        do=f"to apply, grant the key or the app the permission {scope}",
    )


async def _check_media_folder(client: WixClient, folder: str) -> Check:
    files = await client.list_files(folder)
    shown = displayed(folder)
    empty = f"{shown} is empty or does not exist yet; the first upload creates it"
    return _passed(
        "media folder", f"{shown} has {len(files):,} file{'s' if len(files) > 1 else ''}" if files else empty
    )
