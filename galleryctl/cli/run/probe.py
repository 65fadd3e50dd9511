"""The work of `probe`: ask for consent, probe, print the facts, write the profile."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click

from galleryctl.cli import output
from galleryctl.cli.confirm import confirm, require_tty
from galleryctl.cli.interrupts import cancel_on_signal, raise_on_signal, stop_on_signal
from galleryctl.cli.options import CliSettings
from galleryctl.cli.state_lock import print_takeover
from galleryctl.cli.workspace import get_workspace
from galleryctl.cli.write_files import require_replaceable, write_generated
from galleryctl.engine.probe.questions import with_item_order
from galleryctl.manifest.profile import PROFILE_HEADER, SiteProfile, profile_yaml
from galleryctl.model.desired import ItemOrder
from galleryctl.model.probe import FactStatus, ProbeReport
from galleryctl.model.variable_text import displayed
from galleryctl.report.probe import probe_json, probe_text
from galleryctl.session.probe import ProbeConsent, ProbeHooks, probe_workspace
from galleryctl.state.backend import LockInfo

_NEXT = "the next probe of the site deletes what this one has left"


async def run_probe(
    settings: CliSettings, *, ask: bool, item_order: str | None, out: Path | None, lock_timeout: float | None
) -> int:
    """Probe the site, print the facts and write the profile; return the exit code."""
    if ask:
        require_tty("give --auto-approve: the probe creates a gallery and files on the site, and deletes them again")
    workspace = get_workspace(settings)
    file = Path(f"profile-{workspace.name}.yaml") if out is None else out
    require_replaceable(settings.directory, str(file), PROFILE_HEADER)
    hooks = _Terminal(settings, ask=ask)
    report = await probe_workspace(workspace, hooks, lock_timeout=lock_timeout)
    if report is None:
        output.info(settings, "Nothing was created.")
        return 1
    if item_order:
        report = replace(report, facts=with_item_order(report.facts, ItemOrder(item_order)))
    code = output.outcome(probe_json(report) if settings.format == "json" else probe_text(report))
    if report.count(FactStatus.NOT_REACHED):
        output.info(settings, "No profile was written, because not all questions were reached.")
    else:
        _write_profile(settings, report, file, item_order or (_ask_item_order() if ask else None))
    return report.exit_code or code


def _ask_item_order() -> str | None:
    """Return the direction of display, as the user sees it on a page of the site; None if the user does not know."""
    question = "Open a page with a gallery. Which item comes first: the one with the lowest sort order (ascending), or \
the highest (descending)?"
    choices = click.Choice(["ascending", "descending", "unknown"])
    answer: str = click.prompt(question, type=choices, default="unknown", err=True)
    return None if answer == "unknown" else answer


def _write_profile(settings: CliSettings, report: ProbeReport, file: Path, item_order: str | None) -> None:
    profile = SiteProfile(
        site_id=report.site_id,
        item_order=ItemOrder(item_order) if item_order else None,
        switches=report.switches,
    )
    write_generated(settings.directory, {str(file): profile_yaml(profile, datetime.now(UTC))})
    output.info(settings, f"The profile is in {file}. To use it, add to galleryctl.yaml: profile: {file}")


class _Terminal(ProbeHooks):
    """Hooks that ask for consent, handle signals and show each question."""

    def __init__(self, settings: CliSettings, *, ask: bool) -> None:
        self._settings = settings
        if ask:
            self.approve = self._confirm

    def _confirm(self, consent: ProbeConsent) -> bool:
        info = output.stderr  # also with -q: it is part of the question
        info(f"galleryctl will probe site {consent.site} ({displayed(consent.site_id)}) at {consent.api}:")
        info(f"  create the gallery {consent.gallery} with about 6 items")
        info(f"  upload about 4 files of 1 kB to the Media Manager, labelled {consent.gallery}")
        info(f"  delete all of these permanently; at most {consent.max_requests} requests")
        for name in consent.leftovers:
            info(f"  delete {name}, which an earlier probe has left")
        for name in consent.foreign:
            info(f"  leave gallery {name} alone: it looks like a probe's, but has other items")
        return confirm(f"Probe site {consent.site}?")

    def blocking(self) -> AbstractContextManager[object]:
        return raise_on_signal()

    def cancellable(self) -> AbstractContextManager[object]:
        return cancel_on_signal()

    def on_takeover(self, former: LockInfo) -> None:
        print_takeover(self._settings, former)

    def writing(self, stop: asyncio.Event) -> AbstractContextManager[object]:
        notify = partial(output.info, self._settings)
        return stop_on_signal(stop, notify, units="requests", do=_NEXT)

    def on_question(self, name: str) -> None:
        output.info(self._settings, f"Probing: {name}")
