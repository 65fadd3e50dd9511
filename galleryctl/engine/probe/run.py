"""Run a probe: ask each question within the limit of requests, and delete everything at the end."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field

from galleryctl.engine.probe.budget import RequestBudget, RequestLimitReached
from galleryctl.engine.probe.conclusions import unknown
from galleryctl.engine.probe.gallery import create_probe_gallery
from galleryctl.engine.probe.leftovers import Leftovers, delete_leftovers, find_leftovers
from galleryctl.engine.probe.marks import MARK_PREFIX
from galleryctl.engine.probe.probed_site import ProbedSite, UndecidedError, reads_pause
from galleryctl.engine.probe.questions import Question, all_questions, facts_not_probed
from galleryctl.engine.refresh.fetch import READ_LAG
from galleryctl.engine.refresh.listing import IncompleteListing
from galleryctl.model.errors import Refused
from galleryctl.model.probe import Conclusion, Fact, FactStatus
from galleryctl.wix.client import WixClient
from galleryctl.wix.errors import ApiError, AuthError, Unavailable
from galleryctl.wix.galleries import GALLERIES_PER_PAGE

_CLEAN_UP_REQUESTS = 12
"""Requests kept for the clean-up, besides those that list the galleries of the site."""
_LEAST_REQUESTS = 80
"""Requests that a probe needs for its questions."""
_MOST_FAILURES = 2
"""Questions in a row without an answer that end the probe."""


@dataclass(slots=True, kw_only=True)
class ProbeRun:
    """A probe that may begin: what is left of earlier ones was found, and nothing was written yet."""

    client: WixClient
    budget: RequestBudget
    leftovers: Leftovers
    max_requests: int
    mark: str = field(default_factory=lambda: MARK_PREFIX + secrets.token_hex(8))
    facts: list[Fact] = field(default_factory=list)
    preparation: int = 0
    clean_up: int = 0
    left: list[str] = field(default_factory=list)
    failures: int = 0
    """The number of questions in a row that the site did not answer."""

    async def run(self, stop: asyncio.Event, on_question: Callable[[str], None]) -> None:
        """Delete the leftovers, ask all questions, and delete what was created, also after an error or a cancellation.

        `on_question` is called with the name of each question; `stop` ends the probe before the next one. Raises
        ApiError if the gallery cannot be created.
        """
        site = ProbedSite(client=self.client, mark=self.mark)
        self.budget.limit = self.max_requests - _kept_requests(self.leftovers)
        try:
            await delete_leftovers(self.client, self.leftovers)
            self.preparation = self.budget.used
            await self._ask_all(site, stop, on_question)
        finally:
            self.budget.limit = self.max_requests
            before = self.budget.used
            await self._delete_all(site)
            self.clean_up = self.budget.used - before

    async def _ask_all(self, site: ProbedSite, stop: asyncio.Event, on_question: Callable[[str], None]) -> None:
        ended = ""
        for question in all_questions(self.mark):
            await asyncio.sleep(0)  # the embedded emulator never lets the event loop see a signal
            if not ended and stop.is_set():
                ended = "the probe was interrupted"
            before, prepared = self.budget.used, self.preparation
            if ended:
                conclusion = Conclusion(result="not reached", evidence=ended, status=FactStatus.NOT_REACHED)
            else:
                on_question(question.name)
                conclusion, ended = await self._ask(question, site)
            spent = self.budget.used - before - (self.preparation - prepared)
            self.facts.append(Fact(name=question.name, conclusion=conclusion, requests=spent))
        self.facts += facts_not_probed()

    async def _ask(self, question: Question, site: ProbedSite) -> tuple[Conclusion, str]:
        """Return the conclusion, and the reason to end the probe, if there is one."""
        try:
            if question.needs_gallery and not site.gallery:
                await self._create_gallery(site)
            conclusion = await question.ask(site)
        except UndecidedError as error:
            return unknown("not decided", str(error)), ""
        except RequestLimitReached as error:
            ended = error.what
        except ApiError as error:
            if (question.needs_gallery and not site.gallery) or (isinstance(error, AuthError) and not site.files):
                raise
            # A site may answer an odd request with a 5xx; two questions in a row mean that it is down.
            self.failures += isinstance(error, Unavailable)
            if not isinstance(error, AuthError) and self.failures < _MOST_FAILURES:
                return unknown("not decided", f"{error.call}: {error.what}"), ""
            ended = error.what
        else:
            self.failures = 0
            return conclusion, ""
        return Conclusion(result="not reached", evidence=ended, status=FactStatus.NOT_REACHED), ended

    async def _create_gallery(self, site: ProbedSite) -> None:
        before = self.budget.used
        try:
            await create_probe_gallery(site)
        finally:
            self.preparation += self.budget.used - before

    async def _delete_all(self, site: ProbedSite) -> None:
        """Delete the gallery and the files; what cannot be deleted is recorded, and the next probe finds it."""
        try:
            if site.gallery:
                await self.client.delete_gallery(site.gallery)
            elif site.gallery_in_doubt:  # the response to its create was lost, and reads may lag
                await self.client.waits.pause(reads_pause("the probe's gallery", READ_LAG))
            found = await (find_leftovers(self.client) if site.gallery_in_doubt else self._find_files())
            await delete_leftovers(self.client, found)
            await self._delete_files_not_found(site, {file.id for file in found.files})
        except (ApiError, RequestLimitReached, IncompleteListing) as error:
            names = [f"gallery {self.mark}", f"files with the label {self.mark}"]
            self.left += [f"{name}: {error.what}" for name in names]

    async def _delete_files_not_found(self, site: ProbedSite, found: Collection[str]) -> None:
        """Delete the files that the search does not find yet; a response may have named somebody else's file."""
        missed = [id_ for id_ in site.files if id_ not in found]
        files = await self.client.get_files(missed) if missed else ()
        if own := [file.id for file in files if self.mark in file.labels]:
            await self.client.delete_files(own, permanent=True)

    async def _find_files(self) -> Leftovers:
        return Leftovers(files=[f for f in await self.client.find_by_label_prefix(self.mark) if self.mark in f.labels])


async def begin_probe(client: WixClient, budget: RequestBudget) -> ProbeRun:
    """Look for leftovers, and return the probe. Raises Refused if the site has too many galleries, and ApiError."""
    max_requests = budget.limit
    leftovers = None
    with suppress(RequestLimitReached):
        leftovers = await find_leftovers(client)
    if leftovers is None or max_requests - budget.used - _kept_requests(leftovers) < _LEAST_REQUESTS:
        raise Refused(
            "the site has too many galleries for a probe",
            why=f"it lists them to find what an earlier probe left, and may send {max_requests} requests",
            do="probe a site with fewer galleries: it behaves the same",
        )
    return ProbeRun(client=client, budget=budget, leftovers=leftovers, max_requests=max_requests)


def _kept_requests(leftovers: Leftovers) -> int:
    """Return the number of requests to keep for the clean-up, which may have to list all galleries of the site."""
    return _CLEAN_UP_REQUESTS + leftovers.site_galleries // GALLERIES_PER_PAGE
