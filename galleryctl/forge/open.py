"""Open the client of the forge that a CI job runs on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from galleryctl.forge.client import Forge
from galleryctl.forge.github import GITHUB_HEADERS, GitHub
from galleryctl.forge.gitlab import GitLab
from galleryctl.forge.job import CiJob, ForgeKind
from galleryctl.forge.rest import ForgeTiming, open_rest
from galleryctl.http import httpx


@asynccontextmanager
async def open_forge(
    job: CiJob, *, timing: ForgeTiming, login: str = "", transport: httpx.AsyncBaseTransport | None = None
) -> AsyncIterator[Forge]:
    """Return a client with the token of the job; `login` is the name of its account, if known.

    Raises GalleryctlError without a usable token.
    """
    token = job.required_token().reveal()
    if job.forge is ForgeKind.GITHUB:
        credentials, headers = {"Authorization": f"Bearer {token}"}, GITHUB_HEADERS
    else:
        credentials, headers = {"PRIVATE-TOKEN": token}, {"Accept": "application/json"}
    async with open_rest(job.api_url, credentials, headers=headers, timing=timing, transport=transport) as api:
        yield GitHub(api, job, login=login) if job.forge is ForgeKind.GITHUB else GitLab(api, job, login=login)
