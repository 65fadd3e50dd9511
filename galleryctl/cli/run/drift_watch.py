"""Drift checks of single galleries, while events come in."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from galleryctl.cli import output
from galleryctl.cli.failure import print_failure
from galleryctl.cli.options import CliSettings
from galleryctl.cli.run.plan import parse_address, print_plan
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
    """Checks in the workspace that the options name; `drifted` says whether any of them found drift."""

    settings: CliSettings
    drifted: bool = False

    async def check(self, gallery: str) -> bool:
        """Print how the gallery of that live id differs from its manifest; False when that could not be found out."""
        try:
            plan = await in_background(lambda: self._plan(gallery))
        except (GalleryctlError, OSError) as error:
            await asyncio.to_thread(self._print_failure, error)
            return False
        self.drifted = self.drifted or (plan is not None and not plan.is_empty)
        await asyncio.to_thread(self._print_plan, gallery, plan)
        return True

    def _print_plan(self, gallery: str, plan: Plan | None) -> None:
        if plan is None:
            output.info(self.settings, f"Gallery {gallery} is in no manifest: there is nothing to compare.")
        elif self.settings.format == "json":
            output.result(plan_json(plan, indent=None))
        else:
            print_plan(plan, self.settings, drift=True)

    def _print_failure(self, error: GalleryctlError | OSError) -> None:
        if self.settings.format == "json" and isinstance(error, GalleryctlError):
            output.result(failure_json(error, indent=None))
        else:
            print_failure(error, self.settings)

    async def _plan(self, gallery: str) -> Plan | None:
        """What `galleryctl drift --target` plans, from the files as they are now; None for a gallery that is not ours."""
        workspace = get_workspace(self.settings)
        desired = workspace.load()
        async with workspace.open() as site:
            key = _gallery_key(gallery, desired, (await load_state(site)).bindings)
            if key is None:
                return None
            return (await plan_site(site, desired, drift_options((parse_address(key),)))).plan


def _gallery_key(gallery: str, desired: Desired, bindings: Bindings) -> str | None:
    """The key of the gallery with that live id: as state knows it, else as a manifest binds it."""
    known = (address.gallery for address, ident in bindings.ids.items() if ident == gallery and address.item is None)
    bound = (wanted.address.gallery for wanted in desired.galleries if wanted.bind.id == gallery)
    return next(known, None) or next(bound, None)
