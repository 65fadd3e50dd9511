"""Look at a site without changing it: its state, and what its key may do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from galleryctl.engine.site import Site
from galleryctl.model.checkup import Check, CheckStatus
from galleryctl.model.errors import GalleryctlError
from galleryctl.wix import endpoints
from galleryctl.wix.client import WixClient
from galleryctl.wix.errors import AuthError


def check_site_state(site: Site) -> list[Check]:
    """State, lock and journal of the site."""
    return [_check_state(site), _check_lock(site), _check_journal(site)]


async def check_permissions(client: WixClient, folder: str) -> list[Check]:
    """What the key may read and change; `folder` is where uploads go. Nothing is written."""
    reading = await _run_check("read galleries", lambda: _check_read_galleries(client))
    if reading.status is CheckStatus.FAIL and reading.do == AuthError.advice:
        return [reading]  # who is not known may do nothing; once is enough
    return [
        reading,
        await _run_check("manage galleries", lambda: _check_manage_galleries(client)),
        await _run_check("media folder", lambda: _check_media_folder(client, folder)),
        await _run_check("manage media", lambda: _check_manage_media(client)),
    ]


async def _run_check(name: str, check: Callable[[], Awaitable[Check]]) -> Check:
    """What `look` finds, or what went wrong with it."""
    try:
        return await check()
    except GalleryctlError as error:
        return failed_check(name, error)


def failed_check(name: str, error: GalleryctlError) -> Check:
    """A failure as a check."""
    where = f"{error.where}: " if error.where else ""
    return Check(name=name, status=CheckStatus.FAIL, finding=f"{where}{error.what}", do=error.do)


def _check_state(site: Site) -> Check:
    try:
        state = site.backend.read()
    except GalleryctlError as error:
        return failed_check("state", error)
    where = site.backend.location
    if state is None:
        return Check(name="state", status=CheckStatus.OK, finding=f"none yet at {where}; the first apply writes it")
    if state.site_id != site.site_id:
        return Check(
            name="state",
            status=CheckStatus.FAIL,
            finding=f"{where} is of site {state.site_id}, not of {site.site_id}",
            do="give each site its own state: write {site} into the workspace's `state`",
        )
    known = len(state.bindings.ids)
    return Check(
        name="state", status=CheckStatus.OK, finding=f"{where}, serial {state.serial}, {known:,} resources known"
    )


def _check_lock(site: Site) -> Check:
    try:
        holder = site.backend.lock_holder()
    except GalleryctlError as error:
        return failed_check("lock", error)
    if holder is None:
        return Check(name="lock", status=CheckStatus.OK, finding="free")
    do = f"wait; if that run is over: galleryctl state unlock {holder.run}"
    return Check(name="lock", status=CheckStatus.WARN, finding=f"held by {holder}", do=do)


def _check_journal(site: Site) -> Check:
    try:
        broken_off = bool(site.journal.read())
    except GalleryctlError as error:
        return failed_check("journal", error)
    if not broken_off:
        return Check(name="journal", status=CheckStatus.OK, finding="no run was broken off")
    return Check(
        name="journal",
        status=CheckStatus.WARN,
        finding="a run was broken off, or is at work",
        do="run apply: it goes on from there",
    )


async def _check_read_galleries(client: WixClient) -> Check:
    page = await client.list_galleries(0, 1)
    return Check(name="read galleries", status=CheckStatus.OK, finding=f"allowed; the site has {page.total:,}")


async def _check_manage_galleries(client: WixClient) -> Check:
    return _permission_check("manage galleries", endpoints.MANAGE_GALLERIES_SCOPE, await client.can_manage_galleries())


async def _check_manage_media(client: WixClient) -> Check:
    return _permission_check("manage media", endpoints.MANAGE_MEDIA_SCOPE, await client.can_manage_media())


def _permission_check(name: str, scope: str, allowed: bool | None) -> Check:
    if allowed:
        return Check(name=name, status=CheckStatus.OK, finding="allowed")
    if allowed is None:
        return Check(name=name, status=CheckStatus.OK, finding="not told by the API; the first apply shows it")
    return Check(
        name=name,
        status=CheckStatus.WARN,
        finding="not allowed: plan and drift work, apply does not",
        do=f"to apply, give the key or the app the permission {scope}",
    )


async def _check_media_folder(client: WixClient, folder: str) -> Check:
    files = await client.list_files(folder)
    found = f"{folder} has {len(files):,} files" if files else f"{folder} is empty, or made with the first upload"
    return Check(name="media folder", status=CheckStatus.OK, finding=found)
