"""The check of `apply --require-undiverged`: nothing was merged since the commit that is applied."""

from __future__ import annotations

from galleryctl.cli.options import CliSettings
from galleryctl.cli.run.ci_job import current_job, forge_timing
from galleryctl.cli.wait_lines import print_waits
from galleryctl.forge.checkout import Checkout
from galleryctl.forge.open import open_forge
from galleryctl.model.errors import GalleryctlError, Refused


async def check_undiverged(settings: CliSettings) -> None:
    """Raise Refused if the base branch has commits that the checked out commit lacks; the forge is asked, not git."""
    job = current_job()
    base = job.base or job.branch
    if not base:
        raise GalleryctlError(
            "the base branch is not known",
            where="the environment",
            do="run this in a job of a branch or a pull request",
        )
    head = Checkout.of(settings.directory, on_wait=print_waits(settings)).head()
    async with open_forge(job, timing=forge_timing(settings)) as forge:
        behind = await forge.commits_behind(base, head)
    if behind:
        commits = "1 commit" if behind == 1 else f"{behind:,} commits"
        raise Refused(
            "the branch is behind its base; nothing was applied",
            why=f"{base} has {commits} that {head[:12]} does not have",
            do="update the branch and review the new plan, or let the job of the newest commit apply",
        )
