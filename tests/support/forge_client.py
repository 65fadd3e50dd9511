"""A client of the stand-in for a forge, in process and without waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from galleryctl.forge.client import Forge
from galleryctl.forge.job import CiJob, ForgeKind
from galleryctl.forge.open import open_forge
from galleryctl.forge.rest import ForgeTiming
from galleryctl.http import httpx
from galleryctl.model.secret import Secret
from galleryctl.waits import Waits
from tests.support.forge_stand_in import TOKEN, ForgeStandIn

_T = TypeVar("_T")
JOB = CiJob(
    forge=ForgeKind.GITHUB,
    api_url="http://127.0.0.1:9",
    repository="studio/galleries",
    run=12,
    attempt=1,
    commit="a" * 40,
    branch="main",
    base="",
    pull_request=5,
    is_pull_request=False,
    is_fork=False,
    page="https://forge/run/12",
    token=Secret(TOKEN),
    token_variable="GITHUB_TOKEN",
)


async def no_sleep(_seconds: float) -> None:
    """Do not wait."""


def job_on(kind: ForgeKind) -> CiJob:
    """Return the job of a repository on that forge."""
    return JOB if kind is ForgeKind.GITHUB else replace(JOB, forge=kind, repository="7", token_variable="GITLAB_TOKEN")


async def with_forge(
    stand_in: ForgeStandIn, use: Callable[[Forge], Awaitable[_T]], *, timing: ForgeTiming | None = None, login: str = ""
) -> _T:
    """Return what `use` returns for a client of the stand-in."""
    timing = timing or ForgeTiming(waits=Waits(sleep=no_sleep), random=lambda: 0.0)
    transport = httpx.ASGITransport(app=stand_in)
    async with open_forge(job_on(stand_in.kind), timing=timing, login=login, transport=transport) as forge:
        return await use(forge)


def ask(
    stand_in: ForgeStandIn, use: Callable[[Forge], Awaitable[_T]], *, timing: ForgeTiming | None = None, login: str = ""
) -> _T:
    """Run `with_forge` in a new event loop."""
    return asyncio.run(with_forge(stand_in, use, timing=timing, login=login))
