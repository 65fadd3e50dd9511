"""Drift checks of single galleries for `events --drift`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from galleryctl.cli import output
from galleryctl.cli.failure import print_failure
from galleryctl.cli.options import CliSettings
from galleryctl.cli.run.plan import parse_address
from galleryctl.cli.workspace import get_workspace
from galleryctl.engine.site import load_state, plan_site
from galleryctl.model.bindings import Bindings
from galleryctl.model.desired import Desired
from galleryctl.model.errors import GalleryctlError
from galleryctl.plan.changes import Plan
from galleryctl.report.json import failure_json, plan_json
from galleryctl.session.background import in_background
from galleryctl.session.run import drift_options


@dataclass(slots=True)
class DriftWatcher:
    """Drift checks in the workspace that the options select; `drifted` is True once one has found drift."""

    settings: CliSettings
    drifted: bool = False

    async def check(self, gallery: str) -> bool:
        """Print how the gallery with that live id differs from its manifest; return False if the check failed."""
        try:
            plan = await in_background(lambda: self._plan(gallery))
        except (GalleryctlError, OSError) as error:
            await asyncio.to_thread(self._print_failure, error)
            return False
        self.drifted = self.drifted or (plan is not None and bool(plan.drift))
        await asyncio.to_thread(self._print_plan, gallery, plan)
        return True

    def _print_plan(self, gallery: str, plan: Plan | None) -> None:
        if plan is None:
            output.info(self.settings, f"Gallery {gallery} is not in a manifest; drift was not checked.")
        elif self.settings.format == "json":
            output.result(plan_json(plan, indent=None))
        else:
            output.print_result(plan, self.settings, drift=True)

    def _print_failure(self, error: GalleryctlError | OSError) -> None:
        if self.settings.format == "json" and isinstance(error, GalleryctlError):
            error.do = self.settings.for_this_workspace(error.do)
            output.result(failure_json(error, indent=None))
        else:
            print_failure(error, self.settings)

    async def _plan(self, gallery: str) -> Plan | None:
        """Return the plan of `galleryctl drift --target`, from the current files; None if the gallery is not managed."""
        workspace = get_workspace(self.settings)
        desired = workspace.load()
        async with workspace.open() as site:
            key = _gallery_key(gallery, desired, (await load_state(site)).bindings)
            if key is None:
                return None
            return (await plan_site(site, desired, drift_options((parse_address(key),)))).plan


def _gallery_key(gallery: str, desired: Desired, bindings: Bindings) -> str | None:
    """Return the key of the gallery with that live id: as recorded in state, else as bound in a manifest."""
    in_state = (address.gallery for address, id_ in bindings.ids.items() if id_ == gallery and address.item is None)
    bound = (each.address.gallery for each in desired.galleries if each.bind.id == gallery)
    return next(in_state, None) or next(bound, None)
